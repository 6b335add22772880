/* keys_signer.c: the file signer: the default algorithm. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "arena.h"
#include "keys_int.h"
#include "log.h"

/*
 * Each line of the file signer is an algorithm, and from when it signs.  The last
 * line whose time has come counts.  If a line waits, put its time to *next_at.
 */
static int
find_signer(const char *path, char *text, int64_t now, int64_t *next_at)
{
	int alg = ALG_ES256, named;
	int64_t from;
	char *next;

	for (; *text != '\0'; text = next) {
		next = text + strcspn(text, "\r\n");
		if (*next != '\0')
			*next++ = '\0';
		next += strspn(next, "\r\n");
		from = strtoll(text + strcspn(text, " "), NULL, 10);
		text[strcspn(text, " ")] = '\0';
		if ((named = alg_find(text)) < 0)
			log_event("%s: %s is no algorithm; ES256 signs", path,
			    text);
		if (from > now)
			*next_at = from;
		else
			alg = named < 0 ? ALG_ES256 : named;
	}
	return alg;
}

int
keys_read_signer(const char *dir, int64_t now, int64_t *next_at)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/signer", dir), *text;
	size_t len;
	int alg = ALG_ES256;

	if ((text = keys_read_file(a, path, &len)) != NULL) {
		alg = find_signer(path, text, now, next_at);
	} else if (errno != ENOENT) {
		log_event("%s: %s%s", path, strerror(errno), log_cure(errno));
		alg = -1;
	}
	arena_free(a);
	return alg;
}

int
keys_default_alg(const char *dir)
{
	int64_t unused;

	return keys_read_signer(dir, time(NULL), &unused);
}

/* The time when every cache has a JWKS with the key of alg; 0: already now. */
static int64_t
known_from(const char *dir, enum alg alg)
{
	struct keys *ks = keys_load(dir);
	const struct keys_entry *en =
	    ks == NULL ? NULL : keys_signer(ks, (int)alg);
	struct stat sb;
	int64_t from = 0;

	/* The public half was published before this file was made. */
	if (en != NULL &&
	    stat(arena_printf(ks->a, "%s/%s", dir, en->file), &sb) == 0)
		from = (int64_t)sb.st_mtime + KEYS_WAIT_S;
	keys_free(ks);
	return from > time(NULL) ? from : 0;
}

/* keys_set_signer, under the lock. */
static int
set_signer(const char *dir, enum alg alg, int at_once, int64_t *from)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/signer", dir), *text;
	const int was = keys_default_alg(dir);
	int rc;

	if (!at_once && was >= 0 && was != (int)alg)
		*from = known_from(dir, alg);
	text = *from == 0
	    ? arena_printf(a, "%s\n", alg_name(alg))
	    : arena_printf(a, "%s\n%s %lld\n", alg_name((enum alg)was),
		  alg_name(alg), (long long)*from);
	if ((rc = keys_write_file(a, dir, path, text, 1)) < 0)
		log_event("%s: %s", path, strerror(errno));
	arena_free(a);
	return rc;
}

int
keys_set_signer(const char *dir, enum alg alg, int at_once, int64_t *from)
{
	const int lock = keys_lock(dir);
	int rc = -1;

	*from = 0;
	if (lock >= 0)
		rc = set_signer(dir, alg, at_once, from);
	keys_unlock(lock);
	return rc;
}
