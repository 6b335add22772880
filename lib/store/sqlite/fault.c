/* fault.c: why SQLite failed, and what an administrator can do about it. */
#include <string.h>

#include "db.h"
#include "log.h"

#define LOCKED "; another program has it locked"
#define RIGHTS \
	"; the user of this program must be able to write it and its directory"
#define RESTORE "; restore it from a copy: see carnet doctor"

/* is_stuck: a new connection may find that the cause is gone. */
static const struct {
	int code;
	enum fault fault;
	int is_stuck;
	const char *cure;
} cures[] = {
	{ .code = SQLITE_BUSY, .fault = FAULT_PASSES, .cure = LOCKED },
	{ .code = SQLITE_LOCKED, .fault = FAULT_PASSES, .cure = LOCKED },
	{ .code = SQLITE_FULL, .fault = FAULT_PASSES,
	    .cure = "; make room on its disk" },
	{ .code = SQLITE_NOMEM, .fault = FAULT_PASSES,
	    .cure = "; the machine is out of memory" },
	{ .code = SQLITE_READONLY, .fault = FAULT_PASSES, .is_stuck = 1,
	    .cure = RIGHTS },
	{ .code = SQLITE_PERM, .fault = FAULT_PASSES, .is_stuck = 1,
	    .cure = RIGHTS },
	{ .code = SQLITE_CANTOPEN, .fault = FAULT_PASSES, .is_stuck = 1,
	    .cure = RIGHTS },
	{ .code = SQLITE_IOERR, .fault = FAULT_LASTS, .is_stuck = 1,
	    .cure = "; look at the disk, its quota and the limit on the size of"
		    " files" },
	{ .code = SQLITE_CORRUPT, .fault = FAULT_LASTS, .is_stuck = 1,
	    .cure = RESTORE },
	{ .code = SQLITE_NOTADB, .fault = FAULT_LASTS, .is_stuck = 1,
	    .cure = RESTORE },
};

/* That it cannot be opened for lack of descriptors says errno alone. */
static int
fail_shortage(struct store *st, const char *what)
{
	sqlite3 *db = st->own->handle;
	const int err = sqlite3_system_errno(db);

	if (sqlite3_errcode(db) != SQLITE_CANTOPEN || *log_cure(err) == '\0')
		return 0;
	st->fault = FAULT_PASSES;
	log_event("database: %s: %s: %s%s", what, sqlite3_errmsg(db),
	    strerror(err), log_cure(err));
	return 1;
}

int
db_fail(struct store *st, const char *what)
{
	sqlite3 *db = st->own->handle;
	const int rc = sqlite3_errcode(db);
	const char *cure = "";

	st->fault = FAULT_LASTS;
	if (sqlite3_extended_errcode(db) == SQLITE_IOERR_FSYNC)
		db_sync_doubt(st);
	if (fail_shortage(st, what))
		return -1;
	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (cures[i].code == rc) {
			cure = cures[i].cure;
			st->fault = cures[i].fault;
			/*
			 * The fault may stay until somebody mends it: open the
			 * database anew.
			 */
			st->own->is_stuck = cures[i].is_stuck;
		}
	log_event("database: %s: %s (%d)%s", what, sqlite3_errmsg(db),
	    sqlite3_extended_errcode(db), cure);
	return -1;
}
