/* look.c: what carnet doctor asks of a database; it writes nothing. */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "url.h"

/* Is there a file of that name with anything in it? */
static int
has_bytes(struct arena *a, const char *path, const char *suffix)
{
	struct stat sb;

	return stat(arena_printf(a, "%s%s", path, suffix), &sb) == 0 &&
	    sb.st_size > 0;
}

/*
 * By the file itself (File Format, 1.3.3): of an immutable one SQLite says no.
 */
static int
says_wal(const char *path)
{
	unsigned char versions[2] = { 0 };
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	if (pread(fd, versions, 2, 18) != 2)
		versions[0] = 0;
	close(fd);
	return versions[0] == 2 && versions[1] == 2;
}

/*
 * Where no process has the database open, an ordinary connection would make the
 * files of the log beside it.  Then it is read as a file that does not change.
 */
static int
connect_to(struct store *st, struct arena *a, int unchanging)
{
	struct buf b;

	buf_init(&b, a, 256);
	buf_str(&b, "file:");
	url_encode(&b, st->database);
	if (unchanging)
		buf_str(&b, "?immutable=1");
	return sqlite3_open_v2(b.data, &st->own->handle,
		   SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		   NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(st->own->handle, 5000) == SQLITE_OK;
}

/* Put the first column of sql's first row to out, NULL if there is no row. */
static int
ask(struct store *st, struct arena *a, const char *sql, const char **out)
{
	sqlite3_stmt *s = NULL;
	int rc;

	*out = NULL;
	rc = sqlite3_prepare_v2(st->own->handle, sql, -1, &s, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
		*out = arena_str(a, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static void
read_number(const struct row *r, void *out)
{
	*(int64_t *)out = row_int(r, 0);
}

static int
look(struct store *st, struct arena *a, struct store_health *out)
{
	const char *version, *damage, *orphan;

	if (ask(st, a, "PRAGMA user_version", &version) < 0 ||
	    ask(st, a, "PRAGMA quick_check(1)", &damage) < 0)
		return -1;
	out->version = version == NULL ? 0 : (int)strtol(version, NULL, 10);
	if (damage != NULL && strcmp(damage, "ok") != 0)
		out->damage = damage;
	/* The tables of another version may have other names. */
	if (out->damage != NULL || out->version != SCHEMA_VERSION)
		return 0;
	if (ask(st, a, "PRAGMA foreign_key_check", &orphan) < 0)
		return -1;
	out->has_orphans = orphan != NULL;
	if (query_one(st, a, SQL_NEWEST_ROW, NULL, 0, read_number,
		&out->newest) < 0)
		return -1;
	return (out->ledger = db_ledger_state(st)) < 0 ? -1 : 0;
}

/* Connect and look, once; NULL members of out say that nothing was found. */
static void
look_once(struct store *st, struct arena *a, int unchanging, int is_wal,
    struct store_health *out)
{
	*out = (struct store_health) { .wanted = SCHEMA_VERSION,
		.rescue = "sqlite3 FILE .recover saves what can be saved." };
	if (!is_wal)
		out->setting = "is not in WAL mode, so who reads waits for who"
			       " writes";
	if ((st->own = calloc(1, sizeof(*st->own))) == NULL)
		err(111, "store");
	if (!connect_to(st, a, unchanging) || look(st, a, out) < 0)
		out->error = arena_str(a, sqlite3_errmsg(st->own->handle));
	if (db_ledger_was_overwritten(st->database))
		out->ledger = LEDGER_OVERWRITTEN;
}

void
db_look(struct store *st, struct arena *a, struct store_health *out)
{
	int unchanging = !has_bytes(a, st->database, DB_LOG);
	/* Before the connection: a close of the file would drop our locks on it. */
	const int is_wal = says_wal(st->database);

	look_once(st, a, unchanging, is_wal, out);
	/*
	 * Another process began to write meanwhile, so the result may be wrong.
	 */
	if (unchanging && has_bytes(a, st->database, DB_LOG)) {
		db_close(st);
		look_once(st, a, 0, is_wal, out);
	}
}
