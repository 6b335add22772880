/* keys_get.c: the keys of the process, read again when their directory changes. */
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "conf.h"
#include "keys_int.h"
#include "process.h"
#include "req.h"

#define TICK_S 2 /* the times of a file system may be as coarse */

static void
free_keys(void *ks)
{
	keys_free(ks);
}

/* Another configuration may name another directory of keys. */
static const struct process_kind verifying = { .free = free_keys, .of_conf = 1 };
static const struct process_kind signing = { .free = free_keys, .of_conf = 1 };

/* Has the directory changed?  Files are replaced by rename, which sets its time. */
static int
has_changed(const struct keys *ks, const char *dir)
{
	struct stat sb;

	return stat(dir, &sb) == 0 &&
	    (sb.st_mtim.tv_sec != ks->seen.tv_sec ||
		sb.st_mtim.tv_nsec != ks->seen.tv_nsec);
}

/* A list that was made in the tick of a change may miss a second change in it. */
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

/* List the directory again; if the list differs, it replaces ks. */
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
	/* The new list is the same, or has no key: the old one stays. */
	keys_free(fresh);
	return ks;
}

/* Try again to read files that failed: the directory's time tells nothing of it. */
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

const struct key *
keys_find(void *rq, const char *kid)
{
	const struct keys_entry *en;

	if (kid == NULL)
		return NULL;
	if ((en = keys_by_kid(keys_get(rq), kid)) == NULL) {
		/* It may be a new key, which another program read before us. */
		keys_look_again(rq);
		en = keys_by_kid(keys_get(rq), kid);
	}
	return en == NULL ? NULL : en->key;
}
