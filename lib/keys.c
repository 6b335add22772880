/* keys.c: the signing keys of this server: a directory of PEM files. */
#include "keys.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "cgi.h"
#include "conf.h"
#include "log.h"

#define KEYS_MAX 32
#define PEM_MAX (32 * 1024)
#define TICK_S 2 /* a file system may count time in steps as long */

/* A key's file; it is read when a key that may be in it is wanted. */
struct file {
	const char *name;
	ino_t ino;
	enum alg alg;
	int signs, was_read, was_seen;
	int is_lost;	   /* it could not be read */
	int has_secret;	   /* its bytes are known, and hold a private key */
	struct digest pem; /* of them */
};

struct keys {
	struct arena *a;
	const char *dir;
	struct file file[KEYS_MAX];
	size_t n_files;
	struct keys_entry entry[KEYS_MAX]; /* what was read so far */
	size_t n;
	enum alg signer;
	int is_brief;		/* for one request: no key is checked unasked */
	struct timespec seen;	/* the directory's time when read */
	time_t listed_at;	/* by the clock */
	int64_t checked_at, tried_at;
	uint64_t generation;
};

/* The algorithm that a file name begins with, and whether the key signs. */
static int
alg_of_file(const char *name, int *signs)
{
	char word[16];
	size_t len = strcspn(name, "-.");
	const char *end = strrchr(name, '.');

	if (end == NULL || strcmp(end, ".pem") != 0 || len >= sizeof(word))
		return -1;
	memcpy(word, name, len);
	word[len] = '\0';
	*signs = name[len] == '.' && name + len == end;
	return alg_find(word);
}

/* Read a small file to a, with a NUL behind it; NULL with errno set. */
static char *
read_file(struct arena *a, const char *path, size_t *len)
{
	char *text = NULL;
	struct stat sb;
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return NULL;
	if (fstat(fd, &sb) == 0) {
		*len = sb.st_size > PEM_MAX ? PEM_MAX : (size_t)sb.st_size;
		text = arena_alloc(a, *len + 1);
		if ((n = read(fd, text, *len)) < 0)
			text = NULL;
		else
			*len = (size_t)n;
	}
	close(fd);
	return text;
}

static struct keys_entry *
find_entry(struct keys *ks, const char *kid)
{
	for (size_t i = 0; i < ks->n; i++)
		if (strcmp(ks->entry[i].kid, kid) == 0)
			return &ks->entry[i];
	return NULL;
}

static void
list_file(struct keys *ks, const char *name, ino_t ino)
{
	struct file *f = &ks->file[ks->n_files];
	int alg, signs;

	if ((alg = alg_of_file(name, &signs)) < 0)
		return;
	if (ks->n_files == KEYS_MAX) {
		log_event("%s: more than %d keys; %s is passed over", ks->dir,
		    KEYS_MAX, name);
		return;
	}
	f->name = arena_str(ks->a, name);
	f->ino = ino;
	f->alg = (enum alg)alg;
	f->signs = signs;
	ks->n_files++;
}

static char *
read_pem(struct arena *a, struct keys *ks, struct file *f, size_t *len)
{
	char *path = arena_printf(a, "%s/%s", ks->dir, f->name), *pem;

	if ((pem = read_file(a, path, len)) == NULL) {
		log_event("%s: %s%s", path, strerror(errno),
		    *log_cure(errno) != '\0'
			? log_cure(errno)
			: "; the user of this program must be able to read it");
		f->was_read = f->is_lost = 1;
		return NULL;
	}
	digest_of(pem, *len, &f->pem);
	f->was_seen = 1;
	/* A public key's file makes no seal: anyone may have it. */
	f->has_secret = strstr(pem, "PRIVATE KEY-----") != NULL;
	return pem;
}

static void
load_file(struct keys *ks, struct file *f)
{
	struct arena *a;
	struct keys_entry *en = &ks->entry[ks->n], *other;
	char *pem;
	size_t len;

	if (f->was_read)
		return;
	f->was_read = 1;
	f->has_secret = 0;
	a = arena_new(); /* cleared at once: it holds the private key */
	if ((pem = read_pem(a, ks, f, &len)) == NULL) {
		arena_free(a);
		return;
	}
	if ((en->key = key_from_pem(pem, len, f->alg)) == NULL ||
	    jwk_thumbprint(en->key, en->kid) < 0) {
		f->has_secret = 0; /* nor is what it sealed */
		log_event("%s/%s: this key is not used", ks->dir, f->name);
	} else if ((other = find_entry(ks, en->kid)) != NULL) {
		/* Two names, for the moment of a rotation. */
		other->signs |= f->signs && key_can_sign(en->key);
		key_free(en->key);
	} else {
		en->signs = f->signs && key_can_sign(en->key);
		en->file = f->name;
		en->pem = f->pem;
		ks->n++;
	}
	arena_free(a);
}

enum alg
keys_default_alg(const char *dir)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/signer", dir), *name;
	size_t len;
	int alg = ALG_ES256;

	if ((name = read_file(a, path, &len)) != NULL) {
		name[strcspn(name, " \r\n")] = '\0';
		if ((alg = alg_find(name)) < 0) {
			log_event("%s: %s is no algorithm; ES256 signs", path,
			    name);
			alg = ALG_ES256;
		}
	}
	arena_free(a);
	return (enum alg)alg;
}

/*
 * List those that sign: first the one that most tokens bear, so that a process of
 * one request reads no other.  Before the old ones: if there are too many, these
 * are not missed.
 */
static void
list_signers(struct keys *ks, DIR *d)
{
	struct stat sb;
	char name[32];
	int alg;

	for (int i = 0; i < ALG_COUNT; i++) {
		alg = ((int)ks->signer + i) % ALG_COUNT;
		snprintf(name, sizeof(name), "%s.pem", alg_name((enum alg)alg));
		if (fstatat(dirfd(d), name, &sb, AT_SYMLINK_NOFOLLOW) == 0)
			list_file(ks, name, sb.st_ino);
	}
}

static struct keys *
list(const char *dir)
{
	static uint64_t readings;
	const time_t listed_at = time(NULL);
	struct keys *ks;
	struct dirent *de;
	int signs;
	struct stat sb;
	DIR *d;

	if ((d = opendir(dir)) == NULL || fstat(dirfd(d), &sb) < 0) {
		log_event("keys %s: %s%s", dir, strerror(errno),
		    *log_cure(errno) != '\0' ? log_cure(errno)
					     : "; carnet install makes them");
		if (d != NULL)
			closedir(d);
		return NULL;
	}
	if ((ks = calloc(1, sizeof(*ks))) == NULL)
		err(111, "keys");
	ks->generation = ++readings;
	ks->a = arena_new();
	ks->seen = sb.st_mtim;
	ks->listed_at = listed_at;
	ks->dir = arena_str(ks->a, dir);
	ks->signer = keys_default_alg(dir);
	list_signers(ks, d);
	while ((de = readdir(d)) != NULL)
		if (alg_of_file(de->d_name, &signs) >= 0 && !signs)
			list_file(ks, de->d_name, de->d_ino);
	closedir(d);
	return ks;
}

int
keys_any(struct keys *ks)
{
	for (size_t i = 0; ks->n == 0 && i < ks->n_files; i++)
		load_file(ks, &ks->file[i]);
	if (ks->n == 0)
		log_event("keys %s: no key in it; carnet install makes them",
		    ks->dir);
	return ks->n > 0;
}

struct keys *
keys_load(const char *dir)
{
	struct keys *ks = list(dir);

	if (ks == NULL || keys_any(ks))
		return ks;
	keys_free(ks);
	return NULL;
}

void
keys_free(struct keys *ks)
{
	if (ks == NULL)
		return;
	for (size_t i = 0; i < ks->n; i++)
		key_free(ks->entry[i].key);
	arena_free(ks->a);
	explicit_bzero(ks, sizeof(*ks)); /* what seals are made with */
	free(ks);
}

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
	const int changed = pr->keys == NULL || has_changed(pr->keys, dir);
	struct keys *fresh;

	if ((!changed && !is_young(pr->keys)) || (fresh = list(dir)) == NULL)
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

uint64_t
keys_generation(const struct keys *ks)
{
	return ks->generation;
}

const struct keys_entry *
keys_all(struct keys *ks, size_t *n)
{
	for (size_t i = 0; i < ks->n_files; i++)
		load_file(ks, &ks->file[i]);
	*n = ks->n;
	return ks->entry;
}

const struct keys_entry *
keys_by_kid(struct keys *ks, const char *kid)
{
	const struct keys_entry *en;
	size_t i = 0;

	while ((en = find_entry(ks, kid)) == NULL && i < ks->n_files)
		load_file(ks, &ks->file[i++]);
	return en;
}

void
keys_seal(const struct keys_entry *en, const char *text, struct digest *out)
{
	digest_seal(&en->pem, text, out);
}

/*
 * The file's bytes are the secret.  Whether there is a key in them that is used
 * is looked at once, and not in a process of one request: that would take it
 * longer than all else that it does for the token.
 */
int
keys_have_sealed(struct keys *ks, const char *text, const struct digest *seal)
{
	struct digest d;
	struct arena *a;
	size_t len;
	int found = 0;

	for (size_t i = 0; i < ks->n_files && !found; i++) {
		struct file *f = &ks->file[i];

		if (!ks->is_brief) {
			load_file(ks, f);
		} else if (!f->was_seen && !f->was_read) {
			a = arena_new(); /* cleared at once, as above */
			(void)read_pem(a, ks, f, &len);
			arena_free(a);
		}
		if (!f->has_secret)
			continue;
		digest_seal(&f->pem, text, &d);
		found = digest_equal(&d, seal);
	}
	return found;
}

const struct keys_entry *
keys_signer(struct keys *ks, int alg)
{
	if (alg < 0)
		alg = (int)ks->signer;
	for (size_t i = 0; i < ks->n_files; i++)
		if (ks->file[i].signs && (int)ks->file[i].alg == alg)
			load_file(ks, &ks->file[i]);
	for (size_t i = 0; i < ks->n; i++)
		if (ks->entry[i].signs && (int)key_alg(ks->entry[i].key) == alg)
			return &ks->entry[i];
	return NULL;
}

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

/* Write text to path in one step: all of it is there, on disk, or nothing. */
static int
write_file(struct arena *a, const char *dir, const char *path,
    const char *text, int replace)
{
	char *new = arena_printf(a, "%s.new", path);
	size_t len = strlen(text);
	int fd, good;

	if ((fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) <
	    0)
		return -1;
	good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	/* link, not rename: it cannot overwrite what came in between */
	good = good && (replace ? rename(new, path) : link(new, path)) == 0;
	if (!replace || !good)
		unlink(new);
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
		else if (write_file(a, dir, path, pem, force) < 0)
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

	rc = write_file(
	    a, dir, path, arena_printf(a, "%s\n", alg_name(alg)), 1);
	if (rc < 0)
		log_event("%s: %s", path, strerror(errno));
	arena_free(a);
	return rc;
}
