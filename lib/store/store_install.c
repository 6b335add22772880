/* store_install.c: a database is made, or brought up to date. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "embed.h"
#include "log.h"
#include "store_fold.h"
#include "store_int.h"

/* The schema, whole; and steps[v], what makes version v + 1 of version v. */
static const char schema[] = "schema.sql";
static const char *const steps[SCHEMA_VERSION] = { [1] = "schema-2.sql",
	[2] = "schema-3.sql", [3] = "schema-4.sql", [4] = "schema-5.sql" };

#define FOLDED_VERSION 5 /* since which addresses are in the form of identity.h */

/* An empty database (version 0) gets the schema, an older one the steps to it. */
static int
upgrade(struct store *st, int v)
{
	const int old = v;
	const char *name;
	char sql[64];

	for (; v < SCHEMA_VERSION; v = v == 0 ? SCHEMA_VERSION : v + 1) {
		name = v == 0 ? schema : steps[v];
		if (sqlite3_exec(st->db, embed_find(name), NULL, NULL, NULL) !=
		    SQLITE_OK)
			return store_fail(st, name);
	}
	if (old > 0 && old < FOLDED_VERSION && store_fold(st) < 0)
		return -1;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", v);
	if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_fail(st, sql);
	return 0;
}

int
store_install(const char *path)
{
	struct store *st;
	int fd, v, did = -1;

	/* Ours from its first byte: SQLite's files beside it take its mode. */
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
		log_event("database %s: %s", path, strerror(errno));
		return -1;
	}
	close(fd);
	if ((st = store_connect(path, 1, SQLITE_OPEN_READWRITE)) == NULL)
		return -1;
	if (store_set_wal(st) == 0 && store_begin(st) == 0) {
		v = store_version(st);
		if (v > SCHEMA_VERSION)
			log_event("database %s: version %d is newer than this"
			    " program's %d", path, v, SCHEMA_VERSION);
		else if (v >= 0 && upgrade(st, v) == 0 &&
		    store_commit(st) == 0)
			did = v < SCHEMA_VERSION;
		store_rollback(st);
	}
	store_close(st);
	return did;
}
