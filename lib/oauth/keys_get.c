/* keys_get.c: the keys of the process, read again when their directory changes. */
#include <sys/stat.h>

#include "arena.h"
#include "conf.h"
#include "keys_int.h"
#include "process.h"
#include "req.h"

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
list_again(struct process *pr, struct keys **ks, const char *dir, int is_public)
{
	const int changed = *ks == NULL || has_changed(*ks, dir) ||
	    ((*ks)->next_at != 0 && time(NULL) >= (*ks)->next_at);
	struct keys *fresh;

	if ((!changed && !is_young(*ks)) ||
	    (fresh = keys_list(dir, is_public)) == NULL)
		return;
	if (!changed && same_files(*ks, fresh)) {
		(*ks)->listed_at = fresh->listed_at;
		keys_free(fresh);
	} else if (pr->once || keys_any(fresh)) {
		keys_free(*ks);
		*ks = fresh;
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

static struct keys *
look(struct req *rq, struct keys **ks, const char *dir, int is_public)
{
	list_again(rq->pr, ks, dir, is_public);
	if (*ks != NULL) {
		(*ks)->checked_at = rq->now;
		try_again(*ks, rq->now);
	}
	return *ks;
}

struct keys *
keys_get(struct req *rq)
{
	struct process *pr = rq->pr;

	if (pr->keys != NULL && pr->keys->checked_at == rq->now)
		return pr->keys;
	return look(rq, &pr->keys,
	    arena_printf(rq->a, "%s/" KEYS_PUBLIC, rq->conf->keys), 1);
}

struct keys *
keys_get_signing(struct req *rq)
{
	struct process *pr = rq->pr;

	if (pr->signing != NULL && pr->signing->checked_at == rq->now)
		return pr->signing;
	return look(rq, &pr->signing, rq->conf->keys, 0);
}

void
keys_look_again(struct req *rq)
{
	if (rq->pr->keys != NULL)
		rq->pr->keys->checked_at = 0;
}
