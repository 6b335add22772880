/* keys.c: the signing keys of this server: a directory of PEM files, read. */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "arena.h"
#include "keys_int.h"
#include "log.h"

#define PEM_MAX (32 * 1024)

/* The algorithm that a file name begins with, whether the key signs, since when. */
static int
alg_of_file(const char *name, int *signs, int64_t *from)
{
	char word[16];
	size_t len = strcspn(name, "-.");
	const char *end = strrchr(name, '.');

	if (end == NULL || strcmp(end, ".pem") != 0 || len >= sizeof(word))
		return -1;
	memcpy(word, name, len);
	word[len] = '\0';
	name += len;
	*from = 0;
	*signs = *name == '.' && name == end;
	if (*name == '.' && name + 1 < end && end - name < 16 &&
	    strspn(name + 1, "0123456789") == (size_t)(end - name - 1)) {
		*from = strtoll(name + 1, NULL, 10);
		*signs = *from > 0;
	}
	return alg_find(word);
}

char *
keys_read_file(struct arena *a, const char *path, size_t *len)
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
	int64_t from;
	int alg, signs;

	if ((alg = alg_of_file(name, &signs, &from)) < 0)
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
	f->from = from;
	ks->n_files++;
}

/* Two keys could sign with an algorithm: is f the one that does at now? */
static int
is_before(const struct file *f, const struct file *other, int64_t now)
{
	if ((f->from > now) != (other->from > now))
		return f->from <= now;
	return f->from > now ? f->from < other->from : f->from > other->from;
}

/* One key of each algorithm signs.  These come first: they signed most tokens. */
static void
settle(struct keys *ks, int64_t now)
{
	struct file *f, *first[ALG_COUNT] = { NULL }, swap;

	for (f = ks->file; f < ks->file + ks->n_files; f++) {
		f->waits = f->from > now;
		if (f->waits && (ks->next_at == 0 || f->from < ks->next_at))
			ks->next_at = f->from;
		if (f->signs && (first[f->alg] == NULL ||
				    is_before(f, first[f->alg], now)))
			first[f->alg] = f;
	}
	for (f = ks->file; f < ks->file + ks->n_files; f++) {
		f->signs = f == first[f->alg];
		f->waits = f->waits && !f->signs;
	}
	for (size_t i = 0, n = 0; i < ks->n_files; i++)
		if (ks->file[i].signs) {
			swap = ks->file[n];
			ks->file[n++] = ks->file[i];
			ks->file[i] = swap;
		}
}

static char *
read_pem(struct arena *a, struct keys *ks, struct file *f, size_t *len)
{
	char *path = arena_printf(a, "%s/%s", ks->dir, f->name), *pem;

	if ((pem = keys_read_file(a, path, len)) == NULL) {
		log_event("%s: %s%s", path, strerror(errno),
		    *log_cure(errno) != '\0'
			? log_cure(errno)
			: "; the user of this program must be able to read it");
		f->is_lost = 1;
	}
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
	a = arena_new(); /* cleared at once: it holds the private key */
	if ((pem = read_pem(a, ks, f, &len)) == NULL) {
		arena_free(a);
		return;
	}
	if ((en->key = key_from_pem(pem, len, f->alg)) == NULL ||
	    jwk_thumbprint(en->key, en->kid) < 0) {
		log_event("%s/%s: this key is not used", ks->dir, f->name);
	} else if ((other = find_entry(ks, en->kid)) != NULL) {
		/* During a rotation a key has two names. */
		other->signs |= f->signs && key_can_sign(en->key);
		key_free(en->key);
	} else {
		en->signs = f->signs && key_can_sign(en->key);
		en->file = f->name;
		en->from = f->from;
		en->waits = f->waits;
		ks->n++;
	}
	arena_free(a);
}

/*
 * List the keys that sign, the default algorithm first: a plain CGI program then
 * reads no other for most tokens.  They come before the old keys, so that none is
 * left out if there are more than KEYS_MAX.
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

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name,
	    ((const struct file *)b)->name);
}

static void
list_all(struct keys *ks, DIR *d)
{
	struct dirent *de;
	int64_t from;
	int signs;

	if (!ks->is_public)
		list_signers(ks, d);
	while ((de = readdir(d)) != NULL)
		if (alg_of_file(de->d_name, &signs, &from) >= 0 &&
		    (ks->is_public || !signs || from != 0))
			list_file(ks, de->d_name, de->d_ino);
	if (ks->is_public) /* each process publishes them in one order */
		qsort(ks->file, ks->n_files, sizeof(ks->file[0]), by_name);
	settle(ks, ks->listed_at);
}

static DIR *
open_list(const char *dir, struct stat *sb)
{
	DIR *d = opendir(dir);

	if (d != NULL && fstat(dirfd(d), sb) == 0)
		return d;
	log_event("keys %s: %s%s", dir, strerror(errno),
	    *log_cure(errno) != '\0' ? log_cure(errno)
				     : "; carnet install makes them");
	if (d != NULL)
		closedir(d);
	return NULL;
}

struct keys *
keys_list(const char *dir, int is_public)
{
	static uint64_t readings;
	const time_t listed_at = time(NULL);
	struct keys *ks;
	int64_t next_at = 0;
	struct stat sb;
	int signer = 0;
	DIR *d;

	if ((d = open_list(dir, &sb)) == NULL)
		return NULL;
	if (!is_public && (signer = keys_read_signer(dir, listed_at, &next_at)) < 0) {
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
	ks->is_public = is_public;
	ks->signer = (enum alg)signer;
	ks->next_at = next_at;
	list_all(ks, d);
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

unsigned
keys_algs(const struct keys *ks)
{
	unsigned algs = 0;

	for (size_t i = 0; ks != NULL && i < ks->n_files; i++)
		algs |= 1U << ks->file[i].alg;
	return algs;
}

struct keys *
keys_load(const char *dir)
{
	struct keys *ks = keys_list(dir, 0);

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
	explicit_bzero(ks, sizeof(*ks)); /* it has seal.key and refresh.key */
	free(ks);
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

int64_t
keys_number(const struct keys_entry *en)
{
	uint64_t n = 0;

	/* The first of its thumbprint, as text. */
	for (int i = 0; i < 8; i++)
		n = n << 7 | (uint8_t)en->kid[i];
	return (int64_t)n;
}
