/* connect.c: a connection to PostgreSQL is made, and made anew when it was lost. */
#include <string.h>

#include "arena.h"
#include "log.h"
#include "pg.h"

/*
 * What a URI may say otherwise stands before it.  A server that does not answer is
 * given up after so long, also in the middle of a command; a standby is not
 * written to, and what it reads may be old.
 */
static PGconn *
connect_to(const char *uri)
{
	static const char *const names[] = { "connect_timeout",
		"target_session_attrs", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "application_name",
		"dbname", "client_encoding", NULL };
	const char *const values[] = { "5", "read-write", "5", "2", "3",
		"10000", "carnet", uri, "UTF8", NULL };

	return PQconnectdbParams(names, values, 1);
}

int
pg_is_lost(const struct db *db)
{
	return db->conn == NULL || PQstatus(db->conn) != CONNECTION_OK;
}

/* SQLSTATE 3D000 comes as text alone: libpq has no code for it here. */
static const char *
cure(const char *error)
{
	return strstr(error, "does not exist") != NULL &&
		strstr(error, "database") != NULL
	    ? "; createdb makes it, then carnet install its tables"
	    : "";
}

/* What the server says beside an answer.  An error is in the answer itself. */
static void
take_notice(void *arg, const PGresult *res)
{
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	struct store *st = arg;

	if (severity == NULL || strcmp(severity, "WARNING") != 0)
		return;
	st->own->is_warned = 1;
	log_event("database: %s", PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
}

int
pg_connect(struct store *st)
{
	struct db *db = st->own;
	const char *error;

	if (!pg_is_lost(db))
		return 0;
	PQfinish(db->conn);
	db->n_sent = 0;
	db->begun = NOT_BEGUN;
	memset(db->is_prepared, 0, sizeof(db->is_prepared));
	db->conn = connect_to(st->database);
	if (!pg_is_lost(db) && PQenterPipelineMode(db->conn)) {
		(void)PQsetNoticeReceiver(db->conn, take_notice, st);
		db->has_no_xid =
		    PQparameterStatus(db->conn, "crdb_version") != NULL;
		return 0;
	}
	error = db->conn == NULL ? "out of memory" : PQerrorMessage(db->conn);
	log_event("database %s: %.*s%s", st->shown,
	    (int)strcspn(error, "\n"), error, cure(error));
	st->fault = FAULT_PASSES;
	return -1;
}

/* RFC 3986 section 3.2.1: the password is between the first ':' and the '@'. */
static const char *
without_userinfo(const char *uri, struct arena *a)
{
	const char *from = strstr(uri, "://"), *at, *colon, *end;

	if (from == NULL)
		return uri;
	from += 3;
	end = from + strcspn(from, "/?");
	at = memchr(from, '@', (size_t)(end - from));
	colon = at == NULL ? NULL : memchr(from, ':', (size_t)(at - from));
	return colon == NULL ? uri
			     : arena_printf(a, "%.*s%s", (int)(colon - uri), uri,
				   at);
}

const char *
pg_shown(const char *database, struct arena *a)
{
	const char *uri = without_userinfo(database, a);
	const char *password = strstr(uri, "password=");

	return password == NULL
	    ? uri
	    : arena_printf(a, "%.*s...%s", (int)(password + 9 - uri), uri,
		  password + strcspn(password, "&"));
}

/* libpq, "Parameter Key Words": hosts; one that begins with '/' is a directory. */
static int
is_local(const char *hosts)
{
	int is = 1;

	for (const char *at = hosts; is && at != NULL && *at != '\0';
	     at = strchr(at, ',')) {
		at += *at == ',';
		is = *at == '/';
	}
	return is;
}

int
pg_reach(const char *database)
{
	PQconninfoOption *all = PQconninfoParse(database, NULL);
	int reach = all == NULL ? STORE_BY_NETWORK : STORE_BY_LOCAL_SOCKET;

	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if ((strcmp(o->keyword, "host") == 0 && !is_local(o->val)) ||
		    (strcmp(o->keyword, "hostaddr") == 0 && o->val != NULL))
			reach = STORE_BY_NETWORK;
	PQconninfoFree(all);
	return reach;
}

/* What libc reads to look up the name of a host: resolv.conf(5), hosts(5), ... */
static const char *const lookup[] = { "/etc/resolv.conf", "/etc/hosts",
	"/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf" };
#define N_LOOKUP (sizeof(lookup) / sizeof(lookup[0]))

/* libpq, "Parameter Key Words": those that name a file. */
static const char *const of_files[] = { "passfile", "sslcert", "sslkey",
	"sslrootcert", "sslcrl" };
#define N_OF_FILES (sizeof(of_files) / sizeof(of_files[0]))

static int
names_file(const PQconninfoOption *o)
{
	for (size_t i = 0; i < N_OF_FILES; i++)
		if (strcmp(o->keyword, of_files[i]) == 0)
			return o->val != NULL && *o->val != '\0';
	return 0;
}

const char *const *
pg_reads(const char *database, struct arena *a, size_t *n)
{
	PQconninfoOption *all = PQconninfoParse(database, NULL);
	const char **path =
	    arena_alloc(a, (N_LOOKUP + N_OF_FILES) * sizeof(*path));

	*n = 0;
	for (PQconninfoOption *o = all; o != NULL && o->keyword != NULL; o++)
		if (names_file(o))
			path[(*n)++] = arena_str(a, o->val);
	PQconninfoFree(all);
	if (pg_reach(database) == STORE_BY_NETWORK)
		for (size_t i = 0; i < N_LOOKUP; i++)
			path[(*n)++] = lookup[i];
	return path;
}
