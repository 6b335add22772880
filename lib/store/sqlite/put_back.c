/* put_back.c: the counts of ledger.c, when the command puts a copy in place. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "db.h"
#include "log.h"

static int
accept_step(struct store *st, void *ctx)
{
	struct ledger file, now;

	(void)ctx;
	db_ledger_read(st->database, &file);
	/* A consent that was withdrawn since would let its app in without asking. */
	if (query_run(st, SQL_LEDGER_CONSENTS, NULL, 0) < 0 ||
	    db_ledger_add(st, file.taken_back + 1, file.minute, &now) < 0)
		return -1;
	st->takes_back = 1;
	db_shared(st)->is_overwritten = 0;
	db_shared(st)->file_counter = 0;
	db_ledger_copied(st); /* of what was put back */
	return 0;
}

int
db_ledger_accept(struct store *st)
{
	return store_write(st, accept_step, NULL);
}

/* The numbers of a database file that no process has open. */
static int
ledger_of_copy(const char *copy, struct ledger *out)
{
	struct store *st = store_new(copy, 0);
	int rc = -1;

	if (st == NULL)
		return -1;
	if ((st->own = calloc(1, sizeof(*st->own))) == NULL)
		err(111, "store");
	if (sqlite3_open_v2(copy, &st->own->handle, SQLITE_OPEN_READONLY,
		NULL) == SQLITE_OK)
		rc = db_ledger_of(st, out);
	store_close(st);
	return rc;
}

/* Other processes may use the turn of the group commit: it is not changed. */
int
db_ledger_put_back(const char *path, const char *copy)
{
	const size_t from = offsetof(struct shared, taken_back);
	struct shared sh;
	struct ledger db;
	char name[PATH_MAX];
	int fd, rc = -1;

	if (ledger_of_copy(copy, &db) < 0)
		return -1;
	db_shared_read(path, &sh);
	if (sh.taken_back < db.taken_back || sh.minute < db.minute) {
		sh.taken_back = db.taken_back + 1;
		sh.minute = db.minute;
	}
	sh.file_counter = 0;
	sh.is_overwritten = 0;
	sh.counted_at = 0;
	if (snprintf(name, sizeof(name), "%s" DB_SYNC, path) <
		(int)sizeof(name) &&
	    (fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) >= 0) {
		if (pwrite(fd, (const char *)&sh + from, sizeof(sh) - from,
			(off_t)from) == (ssize_t)(sizeof(sh) - from) &&
		    fsync(fd) == 0)
			rc = 0;
		close(fd);
	}
	if (rc < 0)
		log_event("%s: %s", name, strerror(errno));
	return rc;
}

int
db_ledger_swapped(const char *path)
{
	static const struct shared none;
	const size_t from = offsetof(struct shared, file_counter);
	const size_t len = offsetof(struct shared, counted_at) - from;
	char name[PATH_MAX];
	int fd, rc;

	snprintf(name, sizeof(name), "%s" DB_SYNC, path);
	if ((fd = open(name, O_RDWR | O_CLOEXEC)) < 0)
		return -1;
	rc = pwrite(fd, (const char *)&none + from, len, (off_t)from) ==
		(ssize_t)len ? 0 : -1;
	close(fd);
	return rc;
}
