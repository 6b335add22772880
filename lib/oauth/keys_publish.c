/* keys_publish.c: the public halves of the keys, for the programs that verify. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "conf.h"
#include "keys_int.h"
#include "log.h"

/* Compares the directory of public halves with the keys, and may mend it. */
struct mirror {
	struct arena *a;
	const char *dir;	/* of the keys */
	const char *verify;	/* of the public halves */
	int mends;		/* a difference is mended, not logged */
	int failed, differs;
};

static struct mirror
mirror_of(const char *dir, int mends)
{
	struct arena *a = arena_new();

	return (struct mirror) {
		.a = a, .dir = arena_str(a, dir), .mends = mends,
		.verify = arena_printf(a, "%s/" KEYS_PUBLIC, dir),
	};
}

static char *
path_of(const struct mirror *m, enum alg alg, const char *kid)
{
	return arena_printf(m->a, "%s/%s-%s.pem", m->verify, alg_name(alg), kid);
}

static void
fail(struct mirror *m, const char *path)
{
	log_event("%s: %s", path, strerror(errno));
	m->failed = 1;
}

/* There is a difference: log it, unless it is mended. */
static void
differs(struct mirror *m, const char *path, const char *how)
{
	m->differs = 1;
	if (!m->mends)
		log_event("%s %s", path, how);
}

static void
put_key(struct mirror *m, const struct key *k, const char *kid)
{
	char *path = path_of(m, key_alg(k), kid), *there;
	const char *pem = key_public_pem(k, m->a);
	size_t len;

	if (pem == NULL) {
		m->failed = 1;
		return;
	}
	there = keys_read_file(m->a, path, &len);
	if (there != NULL && len == strlen(pem) && memcmp(there, pem, len) == 0)
		return;
	differs(m, path, there == NULL ? "cannot be read, so tokens of that key"
					 " are refused"
				       : "is not the public half of its key");
	if (m->mends && keys_write_file(m->a, m->verify, path, pem, 1) < 0)
		fail(m, path);
}

/* Delete other keys: the tokens of a key that was deleted must not be accepted. */
static void
drop_others(struct mirror *m, struct keys *ks)
{
	DIR *d = opendir(m->verify);
	struct dirent *de;
	size_t i, len;
	char *path;
	int dropped = 0;

	while (d != NULL && (de = readdir(d)) != NULL) {
		len = strlen(de->d_name);
		path = arena_printf(m->a, "%s/%s", m->verify, de->d_name);
		if (len < 4 || strcmp(de->d_name + len - 4, ".pem") != 0)
			continue;
		for (i = 0; i < ks->n; i++)
			if (strcmp(path, path_of(m, key_alg(ks->entry[i].key),
					     ks->entry[i].kid)) == 0)
				break;
		if (i < ks->n)
			continue;
		differs(m, path, "is of a key that is not there any more");
		if (m->mends && unlink(path) < 0)
			fail(m, path);
		dropped = 1;
	}
	if (d != NULL)
		closedir(d);
	if (m->mends && dropped && keys_sync_dir(m->verify) < 0)
		fail(m, m->verify);
}

/* Make a new seal.key if it is broken: old tokens are checked by signature then. */
static void
put_seal(struct mirror *m)
{
	char *path = arena_printf(m->a, "%s/seal.key", m->verify);
	struct digest d;
	const int there = access(path, F_OK) == 0;

	if ((there || !m->mends) && keys_secret_read(path, &d)) {
		explicit_bzero(&d, sizeof(d));
		return;
	}
	m->differs = 1; /* keys_secret_read has logged it */
	if (!m->mends)
		return;
	if (keys_secret_make(m->verify, path, there) < 0)
		m->failed = 1;
	/* Programs that sign watch only the directory of the keys: change its time. */
	else if (utimensat(AT_FDCWD, m->dir, NULL, 0) < 0)
		fail(m, m->dir);
}

/* The copy of factor.key that programs read.  A new key is made if there is none. */
static void
put_factor(struct mirror *m)
{
	char *own = arena_printf(m->a, "%s/factor.key", m->dir);
	char *dir = arena_printf(m->a, "%s/" KEYS_FACTORS, m->dir);
	char *copy = arena_printf(m->a, "%s/factor.key", dir);
	const char *text, *there;
	size_t len;

	if (m->mends && keys_secret_make(m->dir, own, 0) < 0) {
		m->failed = 1;
		return;
	}
	text = keys_read_file(m->a, own, &len);
	there = keys_read_file(m->a, copy, &len);
	if (text != NULL && there != NULL && strcmp(text, there) == 0)
		return;
	if (text == NULL)
		differs(m, own, "cannot be read, so nobody can add a factor");
	else
		differs(m, copy, "is not the factor.key of the directory above");
	if (m->mends &&
	    (text == NULL || (mkdir(dir, 0700) < 0 && errno != EEXIST) ||
		keys_write_file(m->a, dir, copy, text, 1) < 0))
		fail(m, copy);
}

static void
compare(struct mirror *m)
{
	struct keys *ks = keys_load(m->dir);
	size_t n;
	int lost = 0;

	if (ks == NULL) {
		m->failed = 1;
		return;
	}
	if (m->mends && mkdir(m->verify, 0700) < 0 && errno != EEXIST)
		fail(m, m->verify);
	(void)keys_all(ks, &n);
	for (size_t i = 0; i < n && !m->failed; i++)
		put_key(m, ks->entry[i].key, ks->entry[i].kid);
	/* If a key cannot be read now, its public half stays, and its tokens are valid. */
	for (size_t i = 0; i < ks->n_files; i++)
		lost |= ks->file[i].is_lost;
	if (!lost && !m->failed)
		drop_others(m, ks);
	if (!m->failed)
		put_seal(m);
	if (!m->failed)
		put_factor(m);
	keys_free(ks);
}

int
keys_mend_public(const char *dir)
{
	struct mirror m = mirror_of(dir, 1);

	compare(&m);
	arena_free(m.a);
	return m.failed ? -1 : 0;
}

int
keys_publish(const char *dir)
{
	const int lock = keys_lock(dir);
	const int rc = lock < 0 ? -1 : keys_mend_public(dir);

	keys_unlock(lock);
	return rc;
}

int
keys_check_published(const char *dir)
{
	struct mirror m = mirror_of(dir, 0);

	compare(&m);
	arena_free(m.a);
	return !m.failed && !m.differs;
}

int
keys_publish_key(const char *dir, const struct key *k)
{
	struct mirror m = mirror_of(dir, 1);
	char kid[KID_LEN + 1];

	if (mkdir(m.verify, 0700) < 0 && errno != EEXIST)
		fail(&m, m.verify);
	else if (jwk_thumbprint(k, kid) < 0)
		m.failed = 1;
	else
		put_key(&m, k, kid);
	arena_free(m.a);
	return m.failed ? -1 : 0;
}

int
keys_withdraw_key(const char *dir, enum alg alg, const char *kid)
{
	struct mirror m = mirror_of(dir, 1);
	char *path = path_of(&m, alg, kid);
	int rc = unlink(path);

	if (rc == 0)
		rc = keys_sync_dir(m.verify);
	else if (errno == ENOENT)
		rc = 0;
	if (rc < 0)
		fail(&m, path);
	arena_free(m.a);
	return rc;
}
