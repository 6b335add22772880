/* keys_rotate.c: keys are made, rotated and retired. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "keys_int.h"
#include "log.h"

/* A change of names in dir outlives a power cut after this. */
int
keys_sync_dir(const char *dir)
{
	int fd, rc;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int
keys_write_file(struct arena *a, const char *dir, const char *path,
    const char *text, int replace)
{
	char *new = arena_printf(a, "%s.new", path);
	size_t len = strlen(text);
	int fd, good, error;

	(void)unlink(new); /* a command that was killed may have left it */
	if ((fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		return -1;
	good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	/* link fails if another process made the file; rename would overwrite it */
	good = good && (replace ? rename(new, path) : link(new, path)) == 0;
	error = errno;
	if (!replace || !good)
		unlink(new);
	errno = error;
	return good ? keys_sync_dir(dir) : -1;
}

/* Make a key and write it to path; 0, or -1 with errno, logged but for EEXIST. */
static int
make_at(const char *dir, const char *path, enum alg alg, unsigned bits,
    int replace)
{
	struct arena *a = arena_new();
	struct key *k = key_generate(alg, bits);
	char *pem = k == NULL ? NULL : key_to_pem(k, a);
	int rc = -1, error = EIO;

	if (k != NULL && pem == NULL)
		log_event("%s: the key cannot be written as PEM", path);
	/* The public half comes first, so that every program can verify its tokens. */
	if (pem != NULL && keys_publish_key(dir, k) == 0) {
		rc = keys_write_file(a, dir, path, pem, replace);
		error = errno;
		if (rc < 0 && error != EEXIST)
			log_event("%s: %s", path, strerror(error));
	}
	key_free(k);
	arena_free(a);
	errno = error;
	return rc;
}

int
keys_drop_dated(struct keys *ks, enum alg alg, int waiting, int keep)
{
	const struct keys_entry *en;
	char *path, *kept;
	size_t n;

	en = keys_all(ks, &n);
	for (size_t i = 0; i < n; i++) {
		if (key_alg(en[i].key) != alg || en[i].from == 0 ||
		    (waiting && !en[i].waits))
			continue;
		path = arena_printf(ks->a, "%s/%s", ks->dir, en[i].file);
		kept = arena_printf(ks->a, "%s/%s-%s.pem", ks->dir,
		    alg_name(alg), en[i].kid);
		/* The key gets its new name before it loses the old one. */
		if ((keep && link(path, kept) < 0 && errno != EEXIST) ||
		    unlink(path) < 0) {
			log_event("%s: %s", path, strerror(errno));
			return -1;
		}
	}
	return keys_sync_dir(ks->dir);
}

/* keys_make, under the lock. */
static int
make(const char *dir, enum alg alg, unsigned bits, int force)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/%s.pem", dir, alg_name(alg));
	struct keys *ks = keys_list(dir, 0);
	int made = -1, there = 0;

	if (ks != NULL) {
		for (size_t i = 0; i < ks->n_files; i++)
			there |= ks->file[i].signs && ks->file[i].alg == alg;
		if (there && !force)
			made = 0;
		else if (make_at(dir, path, alg, bits, force) == 0)
			made = 1;
		if (made == 1 && (keys_drop_dated(ks, alg, 0, 0) < 0 ||
				     keys_mend_public(dir) < 0))
			made = -1;
	}
	keys_free(ks);
	arena_free(a);
	return made;
}

int
keys_make(const char *dir, enum alg alg, unsigned bits, int force)
{
	int lock, made;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		log_event("%s: %s", dir, strerror(errno));
		return -1;
	}
	if ((lock = keys_lock(dir)) < 0)
		return -1;
	made = make(dir, alg, bits, force);
	keys_unlock(lock);
	return made;
}

/* Write a new key that signs from *from on, or from the next second. */
static int
make_dated(
    const char *dir, enum alg alg, unsigned bits, int at_once, int64_t *from)
{
	struct arena *a = arena_new();
	int rc;

	do {
		*from = time(NULL) + (at_once ? 0 : KEYS_WAIT_S);
		rc = make_at(dir,
		    arena_printf(a, "%s/%s.%lld.pem", dir, alg_name(alg),
			(long long)*from),
		    alg, bits, 0);
	} while (rc < 0 && errno == EEXIST && sleep(1) == 0);
	arena_free(a);
	return rc;
}

/* keys_rotate, under the lock. */
static int
rotate(const char *dir, enum alg alg, unsigned bits, int at_once, int64_t *from)
{
	struct keys *ks = keys_load(dir);
	const struct keys_entry *en;
	int rc = -1, waits = 0;
	size_t n;

	if (ks == NULL)
		return -1;
	en = keys_all(ks, &n);
	for (size_t i = 0; i < n; i++)
		waits |= en[i].waits && key_alg(en[i].key) == alg;
	if (ks->n_files >= KEYS_MAX - 1)
		log_event("%s: %zu keys; retire old ones first", dir,
		    ks->n_files);
	else if (keys_signer(ks, (int)alg) == NULL)
		rc = make(dir, alg, bits, 0);
	else if (waits && !at_once)
		rc = 0;
	else if (keys_mend_public(dir) == 0 &&
	    make_dated(dir, alg, bits, at_once, from) == 0)
		rc = waits && keys_drop_dated(ks, alg, 1, 1) < 0
		    ? -1
		    : 1;
	keys_free(ks);
	return rc;
}

int
keys_rotate(
    const char *dir, enum alg alg, unsigned bits, int at_once, int64_t *from)
{
	const int lock = keys_lock(dir);
	int rc = -1;

	*from = 0;
	if (lock >= 0)
		rc = rotate(dir, alg, bits, at_once, from);
	keys_unlock(lock);
	return rc;
}

/* Delete the key; 0, or -1 logged. */
static int
retire(struct keys *ks, const struct keys_entry *en)
{
	char *path = arena_printf(ks->a, "%s/%s", ks->dir, en->file);
	int rc = keys_withdraw_key(ks->dir, key_alg(en->key), en->kid);

	/*
	 * Sync the directory: else a power cut could bring back a key that was
	 * retired because it leaked.
	 */
	if (rc == 0 &&
	    ((rc = unlink(path)) < 0 || (rc = keys_sync_dir(ks->dir)) < 0))
		log_event("%s: %s", path, strerror(errno));
	return rc;
}

int
keys_retire(const char *dir, const char *kid)
{
	const int lock = keys_lock(dir);
	struct keys *ks = lock < 0 ? NULL : keys_load(dir);
	const struct keys_entry *en =
	    ks == NULL ? NULL : keys_by_kid(ks, kid);
	int rc = -1;

	if (en != NULL && en->signs)
		log_event("%s/%s: it signs by now", dir, en->file);
	else if (en != NULL)
		rc = retire(ks, en);
	else if (ks != NULL) /* there is no such key: another command deleted it */
		rc = 0;
	keys_free(ks);
	keys_unlock(lock);
	return rc;
}
