/* keys_get.c: the keys of the process, read again when their directory changes. */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "conf.h"
#include "keys_int.h"
#include "process.h"
#include "req.h"

#define TICK_S 2 /* a file system may count time in steps as long */

static void
free_keys(void *ks)
{
	keys_free(ks);
}

/* The setting keys names another directory with another configuration. */
static const struct process_kind verifying = { .free = free_keys, .of_conf = 1 };
static const struct process_kind signing = { .free = free_keys, .of_conf = 1 };

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

/* A newer list of the directory takes the place of ks if it differs. */
static struct keys *
list_again(struct req *rq, const struct process_kind *kind, struct keys *ks,
    const char *dir)
{
	const int changed = ks == NULL || has_changed(ks, dir) ||
	    (ks->next_at != 0 && time(NULL) >= ks->next_at);
	struct keys *fresh;

	if ((!changed && !is_young(ks)) ||
	    (fresh = keys_list(dir, kind == &verifying)) == NULL)
		return ks;
	if (!changed && same_files(ks, fresh)) {
		ks->listed_at = fresh->listed_at;
	} else if (rq->pr->serves_one || keys_any(fresh)) {
		process_keep(rq->pr, kind, fresh);
		return fresh;
	}
	/* The same; or without a key: the old list still serves. */
	keys_free(fresh);
	return ks;
}

/* A file that could not be read may be readable now: the directory's time is the same. */
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
get(struct req *rq, const struct process_kind *kind)
{
	struct keys *ks = process_state(rq->pr, kind);

	if (ks != NULL && ks->checked_at == rq->now)
		return ks;
	ks = list_again(rq, kind, ks,
	    kind == &verifying
		? arena_printf(rq->a, "%s/" KEYS_PUBLIC, rq->conf->keys)
		: rq->conf->keys);
	if (ks != NULL) {
		ks->checked_at = rq->now;
		try_again(ks, rq->now);
	}
	return ks;
}

struct keys *
keys_get(struct req *rq)
{
	return get(rq, &verifying);
}

struct keys *
keys_get_signing(struct req *rq)
{
	return get(rq, &signing);
}

void
keys_look_again(struct req *rq)
{
	struct keys *ks = process_state(rq->pr, &verifying);

	if (ks != NULL)
		ks->checked_at = 0;
}
