/*
 * disk.h: a disk under SQLite whose power can be cut.
 *
 * A write goes to the file and to a list.  A sync puts the list on disk for
 * good.  A power cut leaves what was synced, and of the list nothing, all, its
 * beginning, or some sectors: a seed chooses.
 */
#ifndef CARNET_DISK_H
#define CARNET_DISK_H

#include "unit.h"

#include <sqlite3.h>
#include <unistd.h>

#define DISK_FILES 4
#define DISK_SECTOR 512

struct disk_write {
	struct disk_write *next;
	sqlite3_int64 at;
	int len; /* -1: cut the file off at at */
	unsigned char data[];
};

struct disk_image {
	unsigned char *data;
	size_t len, room;
};

struct disk_node {
	char path[256];
	int is_log;
	struct disk_image safe; /* what was synced */
	struct disk_write *first, **end;
};

struct disk_file {
	sqlite3_file base;
	struct disk_node *node; /* NULL: one that we do not watch */
	sqlite3_file *real;
};

static struct disk {
	sqlite3_vfs vfs, *real;
	struct disk_node node[DISK_FILES];
	int n;
	/* Called at each sync of the log, before and after the sync. */
	void (*at_sync)(int done);
	int fail_sync; /* the n-th sync of the log fails, and loses the list */
	int failed;
} disk;

static inline void
disk_image_room(struct disk_image *im, size_t len)
{
	if (len > im->room) {
		im->room = len * 2;
		im->data = realloc(im->data, im->room);
		assert_non_null(im->data);
	}
	if (len > im->len) {
		memset(im->data + im->len, 0, len - im->len);
		im->len = len;
	}
}

static inline void
disk_image_write(struct disk_image *im, sqlite3_int64 at, const void *data,
    int len)
{
	if (len < 0) {
		disk_image_room(im, (size_t)at);
		im->len = (size_t)at;
		return;
	}
	disk_image_room(im, (size_t)at + (size_t)len);
	if (len > 0)
		memcpy(im->data + at, data, (size_t)len);
}

/* Empty the list.  safe: its writes are on disk; else they are lost. */
static inline void
disk_flush(struct disk_node *n, int safe)
{
	struct disk_write *w, *next;

	for (w = n->first; w != NULL; w = next) {
		next = w->next;
		if (safe)
			disk_image_write(&n->safe, w->at, w->data, w->len);
		free(w);
	}
	n->first = NULL;
	n->end = &n->first;
}

static inline void
disk_note(struct disk_node *n, sqlite3_int64 at, const void *data, int len)
{
	size_t size = len < 0 ? 0 : (size_t)len;
	struct disk_write *w = malloc(sizeof(*w) + size);

	assert_non_null(w);
	*w = (struct disk_write) { .at = at, .len = len };
	if (size > 0)
		memcpy(w->data, data, size);
	*n->end = w;
	n->end = &w->next;
}

static inline struct disk_file *
disk_file(sqlite3_file *f)
{
	return (struct disk_file *)(void *)f;
}
#define DISK_REAL(f) (disk_file(f)->real)
#define DISK_CALL(f, method, ...) \
	(DISK_REAL(f)->pMethods->method(DISK_REAL(f), __VA_ARGS__))

static inline int
disk_close(sqlite3_file *f)
{
	return DISK_REAL(f)->pMethods->xClose(DISK_REAL(f));
}

static inline int
disk_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at)
{
	return DISK_CALL(f, xRead, out, len, at);
}

static inline int
disk_write(sqlite3_file *f, const void *data, int len, sqlite3_int64 at)
{
	if (disk_file(f)->node != NULL)
		disk_note(disk_file(f)->node, at, data, len);
	return DISK_CALL(f, xWrite, data, len, at);
}

static inline int
disk_truncate(sqlite3_file *f, sqlite3_int64 at)
{
	if (disk_file(f)->node != NULL)
		disk_note(disk_file(f)->node, at, NULL, -1);
	return DISK_CALL(f, xTruncate, at);
}

static inline int
disk_sync(sqlite3_file *f, int flags)
{
	struct disk_node *n = disk_file(f)->node;

	(void)flags;
	if (n == NULL)
		return SQLITE_OK;
	if (n->is_log && disk.at_sync != NULL)
		disk.at_sync(0);
	if (n->is_log && disk.fail_sync > 0 && --disk.fail_sync == 0) {
		disk.failed++;
		disk_flush(n, 0);
		return SQLITE_IOERR_FSYNC;
	}
	disk_flush(n, 1);
	if (n->is_log && disk.at_sync != NULL)
		disk.at_sync(1);
	return SQLITE_OK;
}

static inline int
disk_size(sqlite3_file *f, sqlite3_int64 *out)
{
	return DISK_CALL(f, xFileSize, out);
}

static inline int
disk_lock(sqlite3_file *f, int level)
{
	return DISK_CALL(f, xLock, level);
}

static inline int
disk_unlock(sqlite3_file *f, int level)
{
	return DISK_CALL(f, xUnlock, level);
}

static inline int
disk_check_lock(sqlite3_file *f, int *out)
{
	return DISK_CALL(f, xCheckReservedLock, out);
}

static inline int
disk_control(sqlite3_file *f, int op, void *arg)
{
	return DISK_CALL(f, xFileControl, op, arg);
}

static inline int
disk_sector(sqlite3_file *f)
{
	return DISK_REAL(f)->pMethods->xSectorSize(DISK_REAL(f));
}

static inline int
disk_traits(sqlite3_file *f)
{
	return DISK_REAL(f)->pMethods->xDeviceCharacteristics(DISK_REAL(f));
}

static inline int
disk_shm_map(sqlite3_file *f, int i, int size, int extend, void volatile **out)
{
	return DISK_CALL(f, xShmMap, i, size, extend, out);
}

static inline int
disk_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return DISK_CALL(f, xShmLock, at, n, flags);
}

static inline void
disk_shm_barrier(sqlite3_file *f)
{
	DISK_REAL(f)->pMethods->xShmBarrier(DISK_REAL(f));
}

static inline int
disk_shm_unmap(sqlite3_file *f, int delete)
{
	return DISK_CALL(f, xShmUnmap, delete);
}

static inline int
disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
    int *out)
{
	static const sqlite3_io_methods methods = { .iVersion = 2,
		.xClose = disk_close,
		.xRead = disk_read,
		.xWrite = disk_write,
		.xTruncate = disk_truncate,
		.xSync = disk_sync,
		.xFileSize = disk_size,
		.xLock = disk_lock,
		.xUnlock = disk_unlock,
		.xCheckReservedLock = disk_check_lock,
		.xFileControl = disk_control,
		.xSectorSize = disk_sector,
		.xDeviceCharacteristics = disk_traits,
		.xShmMap = disk_shm_map,
		.xShmLock = disk_shm_lock,
		.xShmBarrier = disk_shm_barrier,
		.xShmUnmap = disk_shm_unmap };
	struct disk_file *df = disk_file(f);
	int rc;

	(void)vfs;
	df->real = (sqlite3_file *)(void *)(df + 1);
	df->node = NULL;
	rc = disk.real->xOpen(disk.real, path, df->real, flags, out);
	f->pMethods = df->real->pMethods == NULL ? NULL : &methods;
	if (rc != SQLITE_OK ||
	    (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return rc;
	for (int i = 0; i < disk.n; i++)
		if (strcmp(disk.node[i].path, path) == 0)
			df->node = &disk.node[i];
	if (df->node == NULL && disk.n < DISK_FILES) {
		df->node = &disk.node[disk.n++];
		snprintf(df->node->path, sizeof(df->node->path), "%s", path);
		df->node->is_log = (flags & SQLITE_OPEN_WAL) != 0;
		df->node->end = &df->node->first;
	}
	return rc;
}

static inline int
disk_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	(void)vfs;
	for (int i = 0; i < disk.n; i++)
		if (strcmp(disk.node[i].path, path) == 0) {
			disk_flush(&disk.node[i], 0);
			disk.node[i].safe.len = 0;
		}
	return disk.real->xDelete(disk.real, path, sync_dir);
}

/* Files that are opened for the first time from here on are on this disk. */
static inline void
disk_begin(void)
{
	disk.real = sqlite3_vfs_find("unix");
	disk.vfs = *disk.real;
	disk.vfs.zName = "disk";
	disk.vfs.szOsFile =
	    (int)sizeof(struct disk_file) + disk.real->szOsFile;
	disk.vfs.xOpen = disk_open;
	disk.vfs.xDelete = disk_delete;
	disk.at_sync = NULL;
	disk.fail_sync = disk.failed = 0;
	assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
}

static inline void
disk_end(void)
{
	sqlite3_vfs_unregister(&disk.vfs);
	for (int i = 0; i < disk.n; i++) {
		disk_flush(&disk.node[i], 0);
		free(disk.node[i].safe.data);
	}
	memset(&disk, 0, sizeof(disk));
}

static inline unsigned
disk_random(unsigned *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

/* Some sectors of one write. */
static inline void
disk_tear(struct disk_image *im, const struct disk_write *w, unsigned *seed)
{
	for (int at = 0; at < w->len; at += DISK_SECTOR)
		if (disk_random(seed) % 2)
			disk_image_write(im, w->at + at, w->data + at,
			    w->len - at < DISK_SECTOR ? w->len - at
						      : DISK_SECTOR);
	if (w->len < 0 && disk_random(seed) % 2)
		disk_image_write(im, w->at, NULL, -1);
}

/* Write what a power cut leaves now to dir, under the names of the files. */
static inline void
disk_cut(const char *dir, unsigned seed)
{
	const unsigned mode = disk_random(&seed) % 4;
	unsigned kept;

	for (int i = 0; i < disk.n; i++) {
		const struct disk_node *n = &disk.node[i];
		struct disk_image im = { NULL, 0, 0 };
		char path[512];
		FILE *f;

		disk_image_write(&im, 0, n->safe.data, (int)n->safe.len);
		kept = disk_random(&seed) % 8;
		for (struct disk_write *w = n->first; w != NULL; w = w->next) {
			if (mode == 0 || (mode == 1 && kept-- == 0))
				break;
			if (mode == 3)
				disk_tear(&im, w, &seed);
			else
				disk_image_write(&im, w->at, w->data, w->len);
		}
		snprintf(path, sizeof(path), "%s/%s", dir,
		    strrchr(n->path, '/') + 1);
		f = fopen(path, "w");
		assert_non_null(f);
		if (im.len > 0)
			assert_int_equal(
			    fwrite(im.data, 1, im.len, f), im.len);
		assert_int_equal(fclose(f), 0);
		free(im.data);
	}
}

#endif
