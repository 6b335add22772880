/* fixture.h: a server in a directory of its own, and made-up requests to it. */
#ifndef CARNET_FIXTURE_H
#define CARNET_FIXTURE_H

#include "unit.h"

#include <ftw.h>
#ifdef CARNET_PGSQL
#include <libpq-fe.h>
#endif
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "engine.h"
#include "keys.h"
#include "log.h"
#include "oerr.h"
#include "process.h"
#include "req.h"
#include "resp.h"
#include "store.h"
#include "store_client.h"
#include "store_user.h"

#define NOW INT64_C(1700000000)

static struct fixture {
	char dir[32];
	struct arena *a;  /* lives as long as the test */
	const char *path; /* of the database: the setting */
	char schema[16];  /* of PostgreSQL; "" for a file */
	struct store *st;
	struct conf *cf;
	struct endpoint ep;
	struct process pr;
	struct req rq;
	struct buf headers;
	char *env[16];
	size_t n_env;
	char log[8192]; /* what was logged, line by line */
} fx;

static inline void
fixture_keep(void *ctx, const char *line)
{
	size_t len = strlen(fx.log);

	(void)ctx;
	snprintf(fx.log + len, sizeof(fx.log) - len, "%s\n", line);
}

/* Have log_event write to fx.log, empty at first. */
static inline void
fixture_log(void)
{
	fx.log[0] = '\0';
	log_to(fixture_keep, NULL);
}

static inline const char *
fixture_file(const char *name)
{
	return arena_printf(fx.a, "%s/%s", fx.dir, name);
}

#ifdef CARNET_PGSQL
/* Bytes in PostgreSQL's words: '\\x00'::bytea for x'00'. */
static inline const char *
fixture_bytes(const char *sql)
{
	struct buf b;

	buf_init(&b, fx.a, 256);
	for (const char *end; *sql != '\0'; sql++)
		if (sql[0] == 'x' && sql[1] == '\'' && sql[-1] != '\'' &&
		    (end = strchr(sql + 2, '\'')) != NULL) {
			buf_printf(&b, "'\\x%.*s'::bytea",
			    (int)(end - sql - 2), sql + 2);
			sql = end;
		} else {
			buf_char(&b, *sql);
		}
	return b.data;
}

static inline void
fixture_no_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* Run SQL in a schema of the database uri; return the first number, or -1. */
static inline int64_t
fixture_pgsql(const char *uri, const char *text)
{
	PGconn *c = PQconnectdb(uri);
	PGresult *res;
	ExecStatusType is;
	int64_t n = -1;

	(void)PQsetNoticeProcessor(c, fixture_no_notice, NULL);
	res = PQexec(c, fixture_bytes(text));
	is = PQresultStatus(res);

	if (is != PGRES_COMMAND_OK && is != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQerrorMessage(c));
	if (is == PGRES_TUPLES_OK && PQntuples(res) > 0)
		n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	PQfinish(c);
	return n;
}
#endif

/*
 * The database of this test: a file; or, in a build with PostgreSQL, an empty schema
 * of the database that STORE_URI names, if it is set.
 */
static inline const char *
fixture_database(void)
{
#ifdef CARNET_PGSQL
	if (getenv("STORE_URI") != NULL) {
		snprintf(fx.schema, sizeof(fx.schema), "\"%s\"",
		    strrchr(fx.dir, '-') + 1);
		fixture_pgsql(getenv("STORE_URI"), arena_printf(
		    fx.a, "CREATE SCHEMA %s", fx.schema));
		return arena_printf(fx.a, "%s&options=-csearch_path%%3D%s",
		    getenv("STORE_URI"), fx.schema);
	}
#endif
	return fixture_file("carnet.db");
}

/* An empty directory and an arena; for cmocka. */
static inline int
fixture_dir(void **state)
{
	(void)state;
	memset(&fx, 0, sizeof(fx));
	snprintf(fx.dir, sizeof(fx.dir), "/tmp/carnet-unit-XXXXXX");
	if (mkdtemp(fx.dir) == NULL)
		return -1;
	fx.a = arena_new();
	fx.path = fixture_database();
	fx.pr.ep = &fx.ep;
	fixture_log();
	return 0;
}

static inline int
fixture_remove(
    const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int
fixture_end(void **state)
{
	(void)state;
	log_to(NULL, NULL);
	process_drop(&fx.pr, 1);
	store_close(fx.st);
	conf_free(fx.cf);
#ifdef CARNET_PGSQL
	if (*fx.schema != '\0')
		fixture_pgsql(getenv("STORE_URI"), arena_printf(
		    fx.a, "DROP SCHEMA %s CASCADE", fx.schema));
#endif
	arena_free(fx.a);
	return nftw(fx.dir, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Use these lines, put before [scopes], as the configuration. */
static inline void
fixture_conf(const char *settings)
{
	char error[256] = "";

	conf_free(fx.cf);
	fx.cf = conf_parse(arena_printf(fx.a,
			       "issuer = https://auth.example\nstate = .\n%s\n"
			       "[scopes]\n"
			       "read-posts = Read posts\n"
			       "write-posts = Write posts\n"
			       "admin = privileged: Delete posts\n",
			       settings),
	    fixture_file("carnet.conf"), error, sizeof(error));
	assert_string_equal(error, "");
	assert_non_null(fx.cf);
	fx.pr.conf = fx.cf;
	process_drop(&fx.pr, 0);
	fx.rq.conf = fx.cf;
}

/* A new request: its environment as "NAME=value", NULL behind the last. */
static inline struct req *
fixture_request(const char *const vars[])
{
	fx.rq = (struct req){ .pr = &fx.pr,
		.ep = &fx.ep,
		.conf = fx.cf,
		.st = fx.st,
		.a = fx.a,
		.now = NOW,
		.id = "request-id-here-",
		.env = fx.env,
		.script = "",
		.path = "" };
	for (fx.n_env = 0; vars[fx.n_env] != NULL; fx.n_env++)
		fx.env[fx.n_env] = arena_str(fx.a, vars[fx.n_env]);
	fx.env[fx.n_env] = NULL;
	buf_init(&fx.headers, fx.a, 256);
	fx.rq.headers = &fx.headers;
	return &fx.rq;
}

#define REQUEST(...) fixture_request((const char *const[]){ __VA_ARGS__, NULL })

/* Directory, configuration, and a request without variables; no database. */
static inline int
fixture_bare(void **state)
{
	if (fixture_dir(state) < 0)
		return -1;
	fixture_conf("");
	REQUEST(NULL);
	return 0;
}

/* The same and a database. */
static inline int
fixture_server(void **state)
{
	if (fixture_dir(state) < 0 || store_install(fx.path) != 1 ||
	    (fx.st = store_open(fx.path, 0)) == NULL)
		return -1;
	fx.pr.st = fx.st;
	fixture_conf("");
	REQUEST(NULL);
	return 0;
}

static inline struct digest
fixture_digest(const char *text)
{
	struct digest d;

	digest_of(text, strlen(text), &d);
	return d;
}

static inline struct id
fixture_id(const char *text)
{
	struct id id = { { 0 } };

	memcpy(id.byte, text, strnlen(text, ID_LEN));
	return id;
}

/* Store the client; set the members that it needs and the test left out. */
static inline struct client *
fixture_client(struct client cl)
{
	struct client *out = arena_alloc(fx.a, sizeof(*out));

	cl.name = cl.name == NULL ? "A client" : cl.name;
	cl.redirect_uris = "";
	cl.created_at = NOW;
	if (cl.grants == NULL)
		cl.grants = "password client_credentials refresh_token";
	*out = cl;
	assert_int_equal(store_client_add(fx.st, out), 1);
	return out;
}

static inline struct user *
fixture_user(const char *email, const char *hash, const char *scope)
{
	struct user *u = arena_alloc(fx.a, sizeof(*u));

	u->email = email;
	u->name = "A user";
	u->password = hash;
	u->scope = scope;
	u->created_at = NOW;
	assert_int_equal(store_user_add(fx.st, u), 1);
	return u;
}

/* Run SQL on a connection of its own; return the first number it gives, or -1.
 */
static inline int64_t
fixture_sql(const char *sql)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	int64_t n = -1;
	int rc;

#ifdef CARNET_PGSQL
	if (*fx.schema != '\0')
		return fixture_pgsql(fx.path, sql);
#endif
	assert_int_equal(sqlite3_open(fx.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	if ((rc = sqlite3_step(s)) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	assert_true(rc == SQLITE_ROW || rc == SQLITE_DONE);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return n;
}

/* From now on, or no longer, nothing can be added to the table. */
static inline void
fixture_refuse_rows(const char *table, int refuse)
{
	const char *refused = *fx.schema != '\0'
	    ? "ALTER TABLE %s ADD CONSTRAINT t CHECK (false) NOT VALID"
	    : "CREATE TRIGGER t BEFORE INSERT ON %s"
	      " BEGIN SELECT RAISE(ABORT, 'no'); END";
	const char *taken = *fx.schema != '\0'
	    ? "ALTER TABLE %s DROP CONSTRAINT t"
	    : "DROP TRIGGER t";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	fixture_sql(arena_printf(fx.a, refuse ? refused : taken, table));
#pragma GCC diagnostic pop
}

/* Is the database in PostgreSQL? */
static inline int
fixture_is_on_server(void)
{
	return *fx.schema != '\0';
}

/* What follows is about the files of SQLite. */
static inline void
fixture_is_in_files(void)
{
	if (!fixture_is_on_server())
		return;
	print_message("this is about the files of SQLite\n");
	skip();
}

#define TEST_IN(name, setup) \
	cmocka_unit_test_setup_teardown(name, setup, fixture_end)

#endif
