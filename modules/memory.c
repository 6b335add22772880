/* memory.c: the answers of a guard that a process remembers for a moment. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dup3(2) */
#endif
#include "memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "slot.h"

#define SETS 1024
#define WAYS 2	 /* slots that one key may be in: the older one is replaced */
#define LOCKS 16 /* each is for those who write some of the sets */
#define LASTS_MS 1000

struct memory {
	uint64_t key[2];
	pthread_mutex_t file_lock; /* of name, and to change the two below */
	char name[MEMORY_FILE_MAX];
	_Atomic int fd; /* once there is one, its number stays */
	_Atomic unsigned file; /* odd: it changes just now */
	pthread_mutex_t put_lock[LOCKS];
	struct slot set[SETS][WAYS];
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
	pthread_mutex_init(&m->file_lock, NULL);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&m->put_lock[i], NULL);
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
			slot_free(&m->set[i][j]);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&m->put_lock[i]);
	pthread_mutex_destroy(&m->file_lock);
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
	pthread_mutex_lock(&m->file_lock);
	memcpy(name, m->name, MEMORY_FILE_MAX);
	pthread_mutex_unlock(&m->file_lock);
}

/*
 * Put the file in the place of the one before.  Threads read that one meanwhile,
 * so its descriptor is not closed, but becomes the new file's.  Return 0 or -1.
 */
static int
change_file(struct memory *m, int fd)
{
	const int had = m->fd;
	int rc;

	m->file++;
	rc = had < 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0)
		     : dup3(fd, had, O_CLOEXEC);
	if (rc >= 0)
		m->fd = rc;
	m->file++;
	return rc < 0 ? -1 : 0;
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
	pthread_mutex_lock(&m->file_lock);
	/* Else another thread was given it, too. */
	if (strcmp(name, m->name) != 0 && change_file(m, fd) == 0)
		memcpy(m->name, name, sizeof(name));
	pthread_mutex_unlock(&m->file_lock);
	close(fd);
}

/*
 * The file is read and not mapped: one that somebody makes shorter would kill a
 * process that has it mapped.
 */
static int
read_count(struct memory *m, struct moment *out)
{
	const unsigned file = m->file;
	const int fd = m->fd;
	int64_t count[2];

	if (fd < 0 || file % 2 != 0 ||
	    pread(fd, count, sizeof(count), 0) != (ssize_t)sizeof(count))
		return 0;
	atomic_thread_fence(memory_order_acquire);
	if (m->file != file)
		return 0; /* of which file the numbers are, nobody knows */
	out->file = file;
	out->begun = count[0];
	out->is_quiet = count[0] == count[1];
	return 1;
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

static int
counts(const struct moment *asked, const struct moment *now)
{
	return asked->file == now->file && asked->begun == now->begun &&
	    asked->second == now->second && now->ms >= asked->ms &&
	    now->ms - asked->ms < LASTS_MS;
}

static size_t
set_of(const struct digest128 *key)
{
	return (size_t)key->half[0] % SETS;
}

size_t
memory_find(struct memory *m, const struct digest128 *key,
    const struct moment *now, char out[static MEMORY_LEN_MAX])
{
	struct slot *set = m->set[set_of(key)];
	struct slot_head head;

	for (int i = 0; i < WAYS; i++)
		if (slot_find(&set[i], key, &head, out) &&
		    counts(&head.asked, now))
			return head.len;
	return 0;
}

/* Of the set, the slot that has the key; else the one that was asked first. */
static struct slot *
place_in(struct slot *set, const struct digest128 *key)
{
	struct slot *oldest = set;
	int64_t oldest_ms = INT64_MAX;
	struct slot_head head;

	for (int i = 0; i < WAYS; i++) {
		slot_head(&set[i], &head);
		if (memcmp(&head.key, key, sizeof(*key)) == 0)
			return &set[i];
		if (head.len == 0 || head.asked.ms < oldest_ms) {
			oldest = &set[i];
			oldest_ms = head.len == 0 ? INT64_MIN : head.asked.ms;
		}
	}
	return oldest;
}

void
memory_put(struct memory *m, const struct digest128 *key,
    const struct moment *asked, const char *data, size_t len)
{
	const struct slot_head head = { .key = *key, .asked = *asked,
		.len = len };
	const size_t set = set_of(key);
	struct moment now;

	/* The guard has answered as of one second, if it is the same still. */
	read_clocks(&now);
	if (!asked->is_quiet || now.second != asked->second || len == 0 ||
	    len > MEMORY_LEN_MAX)
		return;
	pthread_mutex_lock(&m->put_lock[set % LOCKS]);
	slot_put(place_in(m->set[set], key), &head, data);
	pthread_mutex_unlock(&m->put_lock[set % LOCKS]);
}
