/* keys_import.c: a key of another system is taken in. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "keys_int.h"
#include "log.h"

struct incoming {
	struct keys *ks;
	const struct key *k;
	char kid[KID_LEN + 1];
	int verify_only;
};

/*
 * Write the key to the file name.  Its time is 0: tokens of the other system, whose
 * rows do not say which key signed them, are older than any other file here (carnet
 * keys retire).
 */
static int
write_as(const struct incoming *in, const char *name)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = 0 } };
	struct arena *a = arena_new(); /* cleared at once: it holds the key */
	const char *path = arena_printf(a, "%s/%s", in->ks->dir, name);
	const char *pem = in->verify_only ? key_public_pem(in->k, a)
					  : key_to_pem(in->k, a);
	int rc = -1;

	if (pem != NULL && keys_publish_key(in->ks->dir, in->k) == 0 &&
	    ((rc = keys_write_file(a, in->ks->dir, path, pem, 0)) < 0 ||
		(rc = utimensat(AT_FDCWD, path, times, 0)) < 0))
		log_event("%s: %s", path, strerror(errno));
	arena_free(a);
	return rc;
}

static const char *
verifying_name(const struct incoming *in)
{
	return arena_printf(in->ks->a, "%s-%s.pem",
	    alg_name(key_alg(in->k)), in->kid);
}

/* The private half is there now: the file with the public one alone goes. */
static int
drop_public(const struct incoming *in, const struct keys_entry *en)
{
	const char *path;

	if (en == NULL)
		return 0;
	path = arena_printf(in->ks->a, "%s/%s", in->ks->dir, en->file);
	if (unlink(path) == 0)
		return keys_sync_dir(in->ks->dir);
	log_event("%s: %s", path, strerror(errno));
	return -1;
}

/* A name with the time at which it signs, which no key has. */
static const char *
dated_name(const struct incoming *in, int at_once, int64_t *from)
{
	const char *name;

	*from = time(NULL) + (at_once ? 0 : KEYS_WAIT_S);
	do
		name = arena_printf(in->ks->a, "%s.%lld.pem",
		    alg_name(key_alg(in->k)), (long long)(*from)++);
	while (access(arena_printf(in->ks->a, "%s/%s", in->ks->dir, name),
		   F_OK) == 0);
	--*from;
	return name;
}

/* It signs: at once if no key of its algorithm does, else when caches have it. */
static int
let_sign(const struct incoming *in, const struct keys_entry *en, int at_once,
    int64_t *from)
{
	const enum alg alg = key_alg(in->k);
	const char *name = arena_printf(in->ks->a, "%s.pem", alg_name(alg));
	int waits = 0;

	for (size_t i = 0; i < in->ks->n_files; i++)
		waits |= in->ks->file[i].alg == alg && in->ks->file[i].waits;
	if (waits && !at_once)
		return KEYS_WAIT;
	if (keys_signer(in->ks, (int)alg) != NULL)
		name = dated_name(in, at_once, from);
	if (write_as(in, name) < 0 || drop_public(in, en) < 0 ||
	    (waits && keys_drop_dated(in->ks, alg, 1, 1) < 0))
		return -1;
	return KEYS_IMPORTED;
}

static int
take_in(const struct incoming *in, int at_once, int64_t *from)
{
	const struct keys_entry *en = keys_by_kid(in->ks, in->kid);

	if (en != NULL && (in->verify_only || key_can_sign(en->key)))
		return KEYS_THERE;
	if (in->ks->n_files >= KEYS_MAX - 1) {
		log_event("%s: %zu keys; retire old ones first", in->ks->dir,
		    in->ks->n_files);
		return -1;
	}
	if (!in->verify_only)
		return let_sign(in, en, at_once, from);
	return write_as(in, verifying_name(in)) < 0 ? -1 : KEYS_IMPORTED;
}

int
keys_import(const char *dir, const struct key *k, int verify_only,
    int at_once, int64_t *from)
{
	const int lock = keys_lock(dir);
	struct incoming in = { .k = k, .verify_only = verify_only };
	int rc = -1;

	*from = 0;
	in.ks = lock < 0 ? NULL : keys_list(dir, 0);
	if (in.ks != NULL && jwk_thumbprint(k, in.kid) == 0)
		rc = take_in(&in, at_once, from);
	if (rc == KEYS_IMPORTED && keys_mend_public(dir) < 0)
		rc = -1;
	keys_free(in.ks);
	keys_unlock(lock);
	return rc;
}
