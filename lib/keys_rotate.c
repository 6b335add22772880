/* keys_rotate.c: making, rotating and retiring keys: what writes the directory. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "keys_int.h"
#include "log.h"

/* Have what was linked, renamed or unlinked in dir outlive a power cut. */
static int
sync_dir(const char *dir)
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

	if ((fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) <
	    0)
		return -1;
	good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	/* link, not rename: it cannot overwrite what came in between */
	good = good && (replace ? rename(new, path) : link(new, path)) == 0;
	error = errno;
	if (!replace || !good)
		unlink(new);
	errno = error;
	return good ? sync_dir(dir) : -1;
}

int
keys_make(const char *dir, enum alg alg, unsigned bits, int force)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/%s.pem", dir, alg_name(alg)), *pem;
	struct key *k;
	int made = -1;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		log_event("%s: %s", dir, strerror(errno));
	} else if (!force && access(path, F_OK) == 0) {
		made = 0;
	} else if ((k = key_generate(alg, bits)) != NULL) {
		if ((pem = key_to_pem(k, a)) == NULL)
			log_event("%s: the key cannot be written as PEM", path);
		else if (keys_write_file(a, dir, path, pem, force) < 0)
			log_event("%s: %s", path, strerror(errno));
		else
			made = 1;
		key_free(k);
	}
	arena_free(a);
	return made;
}

int
keys_rotate(const char *dir, enum alg alg, unsigned bits)
{
	struct keys *ks = keys_load(dir);
	const struct keys_entry *en;
	struct arena *a = arena_new();
	char *path, *kept;
	int rc = -1;

	en = ks == NULL ? NULL : keys_signer(ks, (int)alg);
	if (ks != NULL && ks->n_files >= KEYS_MAX - 1) {
		log_event("%s: %zu keys; retire old ones first", dir,
		    ks->n_files);
	} else if (en != NULL) {
		path = arena_printf(a, "%s/%s", dir, en->file);
		kept = arena_printf(
		    a, "%s/%s-%s.pem", dir, alg_name(alg), en->kid);
		/* A second name first: the old key is never without one. */
		if (link(path, kept) < 0 && errno != EEXIST)
			log_event("%s: %s", kept, strerror(errno));
		else
			rc = keys_make(dir, alg, bits, 1) == 1 ? 0 : -1;
	} else if (ks != NULL) {
		rc = keys_make(dir, alg, bits, 0) == 1 ? 0 : -1;
	}
	keys_free(ks);
	arena_free(a);
	return rc;
}

int
keys_retire(const char *dir, const struct keys_entry *en)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/%s", dir, en->file);
	int rc;

	/*
	 * Synced, or a power cut brings a key back that was let go for a leak.
	 */
	if ((rc = unlink(path)) < 0 || (rc = sync_dir(dir)) < 0)
		log_event("%s: %s", path, strerror(errno));
	arena_free(a);
	return rc;
}

int
keys_set_signer(const char *dir, enum alg alg)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/signer", dir);
	int rc;

	rc = keys_write_file(
	    a, dir, path, arena_printf(a, "%s\n", alg_name(alg)), 1);
	if (rc < 0)
		log_event("%s: %s", path, strerror(errno));
	arena_free(a);
	return rc;
}
