/* memory.c: the answers of a guard that a process remembers for a moment. */
#include "memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SETS 1024
#define WAYS 2	 /* entries that one key may be in: the older one is replaced */
#define LOCKS 16 /* each is for some of the sets */
#define LASTS_MS 1000

struct entry {
	struct digest128 key;
	struct moment asked;
	size_t len; /* 0: it is empty */
	char *data;
};

struct memory {
	uint64_t key[2];
	pthread_rwlock_t lock; /* of the next three */
	int fd;
	unsigned file;
	char name[MEMORY_FILE_MAX];
	pthread_mutex_t set_lock[LOCKS];
	struct entry set[SETS][WAYS];
};

struct memory *
memory_new(void)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->fd = -1;
	if (getrandom(m->key, sizeof(m->key), 0) != sizeof(m->key)) {
		free(m);
		return NULL;
	}
	pthread_rwlock_init(&m->lock, NULL);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&m->set_lock[i], NULL);
	return m;
}

void
memory_free(struct memory *m)
{
	if (m == NULL)
		return;
	if (m->fd >= 0)
		close(m->fd);
	for (int i = 0; i < SETS; i++)
		for (int j = 0; j < WAYS; j++)
			free(m->set[i][j].data);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&m->set_lock[i]);
	pthread_rwlock_destroy(&m->lock);
	free(m);
}

const uint64_t *
memory_key(const struct memory *m)
{
	return m->key;
}

void
memory_file(struct memory *m, char name[static MEMORY_FILE_MAX])
{
	pthread_rwlock_rdlock(&m->lock);
	memcpy(name, m->name, MEMORY_FILE_MAX);
	pthread_rwlock_unlock(&m->lock);
}

void
memory_take(struct memory *m, int fd)
{
	char name[MEMORY_FILE_MAX];
	struct stat sb;

	/* The guard checks it too; whoever else can write it could stop the count. */
	if (fstat(fd, &sb) < 0 || !S_ISREG(sb.st_mode) ||
	    (sb.st_mode & 022) != 0) {
		close(fd);
		return;
	}
	snprintf(name, sizeof(name), "%llx.%llx",
	    (unsigned long long)sb.st_dev, (unsigned long long)sb.st_ino);
	pthread_rwlock_wrlock(&m->lock);
	if (strcmp(name, m->name) != 0) {
		if (m->fd >= 0)
			close(m->fd);
		m->fd = fd;
		m->file++;
		memcpy(m->name, name, sizeof(name));
		fd = -1;
	}
	pthread_rwlock_unlock(&m->lock);
	if (fd >= 0)
		close(fd); /* another thread was given it, too */
}

/*
 * The file is read and not mapped: one that somebody makes shorter would kill a
 * process that has it mapped.
 */
static int
read_count(struct memory *m, struct moment *out)
{
	int64_t count[2];
	int rc;

	pthread_rwlock_rdlock(&m->lock);
	rc = m->fd >= 0 && pread(m->fd, count, sizeof(count), 0) ==
	    (ssize_t)sizeof(count);
	out->file = m->file;
	pthread_rwlock_unlock(&m->lock);
	if (rc) {
		out->begun = count[0];
		out->is_quiet = count[0] == count[1];
	}
	return rc;
}

static void
read_clocks(struct moment *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	out->second = (int64_t)t.tv_sec;
	clock_gettime(CLOCK_MONOTONIC, &t);
	out->ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
memory_now(struct memory *m, struct moment *out)
{
	*out = (struct moment) { .begun = 0 };
	read_clocks(out);
	return read_count(m, out);
}

/* The set of the key, locked. */
static struct entry *
lock_set(struct memory *m, const struct digest128 *key)
{
	const size_t i = (size_t)key->half[0] % SETS;

	pthread_mutex_lock(&m->set_lock[i % LOCKS]);
	return m->set[i];
}

static void
unlock_set(struct memory *m, const struct digest128 *key)
{
	pthread_mutex_unlock(
	    &m->set_lock[(size_t)key->half[0] % SETS % LOCKS]);
}

static int
same_key(const struct digest128 *a, const struct digest128 *b)
{
	return a->half[0] == b->half[0] && a->half[1] == b->half[1];
}

static int
counts(const struct moment *asked, const struct moment *now)
{
	return asked->file == now->file && asked->begun == now->begun &&
	    asked->second == now->second && now->ms >= asked->ms &&
	    now->ms - asked->ms < LASTS_MS;
}

size_t
memory_find(struct memory *m, const struct digest128 *key,
    const struct moment *now, char out[static MEMORY_LEN_MAX])
{
	struct entry *e = lock_set(m, key);
	size_t len = 0;

	for (int i = 0; len == 0 && i < WAYS; i++)
		if (e[i].len > 0 && same_key(&e[i].key, key) &&
		    counts(&e[i].asked, now)) {
			len = e[i].len;
			memcpy(out, e[i].data, len);
		}
	unlock_set(m, key);
	return len;
}

/* Of the set, the entry that has the key; else the one that was asked first. */
static struct entry *
place_in(struct entry *e, const struct digest128 *key)
{
	struct entry *oldest = e;

	for (int i = 0; i < WAYS; i++) {
		if (same_key(&e[i].key, key))
			return &e[i];
		if (e[i].len == 0 || e[i].asked.ms < oldest->asked.ms)
			oldest = &e[i];
	}
	return oldest;
}

void
memory_put(struct memory *m, const struct digest128 *key,
    const struct moment *asked, const char *data, size_t len)
{
	struct moment now;
	struct entry *e;
	char *copy;

	/* The guard has answered as of one second, if it is the same still. */
	read_clocks(&now);
	if (!asked->is_quiet || now.second != asked->second || len == 0 ||
	    len > MEMORY_LEN_MAX)
		return;
	e = place_in(lock_set(m, key), key);
	if ((copy = realloc(e->data, len)) != NULL) {
		memcpy(copy, data, len);
		*e = (struct entry) { .key = *key, .asked = *asked, .len = len,
			.data = copy };
	}
	unlock_set(m, key);
}
