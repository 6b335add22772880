/* keys_get.c: the keys of the process, read again when their directory changes. */
#include <sys/stat.h>

#include "cgi.h"
#include "conf.h"
#include "keys_int.h"

#define TICK_S 2 /* a file system may count time in steps as long */

/* Has the directory changed?  A file is replaced by rename, so its time tells. */
static int
has_changed(const struct keys *ks, const char *dir)
{
	struct stat sb;

	return stat(dir, &sb) == 0 &&
	    (sb.st_mtim.tv_sec != ks->seen.tv_sec ||
		sb.st_mtim.tv_nsec != ks->seen.tv_nsec);
}

/* A list as young as the change it shows may miss another in the same tick. */
static int
is_young(const struct keys *ks)
{
	return ks->listed_at <= ks->seen.tv_sec + TICK_S;
}

static int
same_files(const struct keys *one, const struct keys *other)
{
	if (one->signer != other->signer || one->n_files != other->n_files)
		return 0;
	for (size_t i = 0; i < one->n_files; i++)
		if (one->file[i].ino != other->file[i].ino ||
		    strcmp(one->file[i].name, other->file[i].name) != 0)
			return 0;
	return 1;
}

/* List the directory once more; of what is the same nothing is read anew. */
static void
list_again(struct process *pr, const char *dir)
{
	const int changed = pr->keys == NULL || has_changed(pr->keys, dir) ||
	    (pr->keys->next_at != 0 && time(NULL) >= pr->keys->next_at);
	struct keys *fresh;

	if ((!changed && !is_young(pr->keys)) ||
	    (fresh = keys_list(dir)) == NULL)
		return;
	if (!changed && same_files(pr->keys, fresh)) {
		pr->keys->listed_at = fresh->listed_at;
		keys_free(fresh);
	} else if (pr->once || keys_any(fresh)) {
		fresh->is_brief = pr->once;
		keys_free(pr->keys);
		pr->keys = fresh;
		pr->keys_free = keys_free;
	} else { /* gone bad under us: what is known still serves */
		keys_free(fresh);
	}
}

/* What could not be read may be mended since: the directory does not tell. */
static void
try_again(struct keys *ks, int64_t now)
{
	const int later = ks->tried_at != 0 && ks->tried_at != now;

	for (size_t i = 0; later && i < ks->n_files; i++)
		if (ks->file[i].is_lost)
			ks->file[i].was_read = ks->file[i].is_lost = 0;
	ks->tried_at = now;
}

struct keys *
keys_get(struct req *rq)
{
	struct process *pr = rq->pr;

	if (pr->keys != NULL && pr->keys->checked_at == rq->now)
		return pr->keys;
	list_again(pr, rq->conf->keys);
	if (pr->keys != NULL) {
		pr->keys->checked_at = rq->now;
		try_again(pr->keys, rq->now);
	}
	return pr->keys;
}

void
keys_look_again(struct req *rq)
{
	if (rq->pr->keys != NULL)
		rq->pr->keys->checked_at = 0;
}
