/* store_look.c: what carnet doctor asks of a database; it writes nothing. */
#include <err.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "store_int.h"
#include "store_look.h"
#include "url.h"

/* The newest row of each table that says when it was made. */
#define NEWEST                                                       \
	"SELECT max(t) FROM (SELECT max(created_at) AS t FROM users" \
	" UNION ALL SELECT max(created_at) FROM oauth_clients"       \
	" UNION ALL SELECT max(created_at) FROM oauth_access_tokens" \
	" UNION ALL SELECT max(created_at) FROM sessions"            \
	" UNION ALL SELECT max(created_at) FROM posts)"

/* Is there a file of that name with anything in it? */
static int
has_bytes(struct arena *a, const char *path, const char *suffix)
{
	struct stat sb;

	return stat(arena_printf(a, "%s%s", path, suffix), &sb) == 0 &&
	    sb.st_size > 0;
}

/* The file's own word (File Format, 1.3.3): read unchanging, SQLite denies it.
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
 * Where nobody has the database open, an ordinary connection would make the
 * files of its log beside it: then it is read as one that does not change.
 */
static int
connect_to(struct store *st, struct arena *a, int unchanging)
{
	struct buf b;

	buf_init(&b, a, 256);
	buf_str(&b, "file:");
	url_encode(&b, st->path);
	if (unchanging)
		buf_str(&b, "?immutable=1");
	return sqlite3_open_v2(b.data, &st->db,
		   SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		   NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(st->db, 5000) == SQLITE_OK;
}

/* Put the first column of sql's first row to out, NULL if there is no row. */
static int
ask(struct store *st, struct arena *a, const char *sql, const char **out)
{
	sqlite3_stmt *s = NULL;
	int rc;

	*out = NULL;
	rc = sqlite3_prepare_v2(st->db, sql, -1, &s, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW)
		*out = column_dup(s, 0, a);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int
look(struct store *st, struct arena *a, struct store_health *out)
{
	const char *version, *damage, *orphan, *newest;

	if (ask(st, a, "PRAGMA user_version", &version) < 0 ||
	    ask(st, a, "PRAGMA quick_check(1)", &damage) < 0)
		return -1;
	out->version = version == NULL ? 0 : (int)strtol(version, NULL, 10);
	if (damage != NULL && strcmp(damage, "ok") != 0)
		out->damage = damage;
	/* Of another version its tables may have other names. */
	if (out->damage != NULL || out->version != SCHEMA_VERSION)
		return 0;
	if (ask(st, a, "PRAGMA foreign_key_check", &orphan) < 0)
		return -1;
	out->has_orphans = orphan != NULL;
	if (ask(st, a, NEWEST, &newest) < 0 ||
	    (out->ledger = store_ledger_state(st)) < 0)
		return -1;
	out->newest = newest == NULL ? 0 : strtoll(newest, NULL, 10);
	return 0;
}

struct store *
store_look(const char *path, struct arena *a, struct store_health *out)
{
	struct store *st;
	int unchanging = !has_bytes(a, path, "-wal");
	/* Before the rest: a close of the file would drop our locks on it. */
	const int is_wal = says_wal(path);

	for (;;) {
		*out = (struct store_health){ .wanted = SCHEMA_VERSION,
			.is_wal = is_wal };
		if ((st = calloc(1, sizeof(*st))) == NULL ||
		    (st->path = strdup(path)) == NULL)
			err(111, "store");
		if (!connect_to(st, a, unchanging) || look(st, a, out) < 0)
			out->error = arena_str(a, sqlite3_errmsg(st->db));
		if (store_ledger_was_overwritten(path))
			out->ledger = LEDGER_OVERWRITTEN;
		/* Somebody began to write meanwhile: what was read may be off.
		 */
		if (!unchanging || !has_bytes(a, path, "-wal"))
			break;
		store_close(st);
		unchanging = 0;
	}
	if (out->error == NULL && out->damage == NULL &&
	    out->version == SCHEMA_VERSION)
		return st;
	store_close(st);
	return NULL;
}

int
store_last_expiry(struct store *st, int64_t before, int64_t *out)
{
	sqlite3_stmt *s;
	int rc = -1;

	if ((s = store_stmt(st, SQL_ACCESS_LAST_EXPIRY)) == NULL)
		return -1;
	bind_int(s, 1, before);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*out = sqlite3_column_int64(s, 0);
		rc = 0;
	} else {
		store_fail(st, "access_last_expiry");
	}
	store_done(s);
	return rc;
}
