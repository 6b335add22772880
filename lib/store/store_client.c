/* store_client.c: the programs that ask for tokens. */
#include "store_client.h"
#include "store_int.h"

static void
read_client(sqlite3_stmt *s, struct arena *a, struct client *out)
{
	out->id = sqlite3_column_int64(s, 0);
	out->client_id = column_dup(s, 1, a);
	out->name = column_dup(s, 2, a);
	out->has_secret = column_digest(s, 3, &out->secret);
	out->secret_hash = column_dup(s, 4, a);
	out->grants = column_dup(s, 5, a);
	out->redirect_uris = column_dup(s, 6, a);
	out->scope = column_dup(s, 7, a);
	out->alg = column_dup(s, 8, a);
	out->access_ttl = sqlite3_column_int64(s, 9);
	out->refresh_ttl = sqlite3_column_int64(s, 10);
	out->role = column_dup(s, 11, a);
	out->created_at = sqlite3_column_int64(s, 12);
	out->revoked_at = sqlite3_column_int64(s, 13);
	out->refresh_keep = sqlite3_column_int(s, 14);
}

/* Step s, which finds one client or none. */
static int
find(struct store *st, sqlite3_stmt *s, struct arena *a, struct client *out)
{
	int found = 0, rc;

	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		read_client(s, a, out);
		found = 1;
	} else if (rc != SQLITE_DONE) {
		found = store_fail(st, "client_find");
	}
	store_done(s);
	return found;
}

int
store_client_by_id(struct store *st, struct arena *a, const char *client_id,
    struct client *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_BY_ID)) == NULL)
		return -1;
	bind_text(s, 1, client_id);
	return find(st, s, a, out);
}

int
store_client_by_number(
    struct store *st, struct arena *a, int64_t id, struct client *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_BY_NUMBER)) == NULL)
		return -1;
	bind_int(s, 1, id);
	return find(st, s, a, out);
}

int
store_client_by_role(
    struct store *st, struct arena *a, const char *role, struct client *out)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_BY_ROLE)) == NULL)
		return -1;
	bind_text(s, 1, role);
	return find(st, s, a, out);
}

int
store_client_add(struct store *st, struct client *cl)
{
	sqlite3_stmt *s;
	int n;

	if ((s = store_stmt(st, SQL_CLIENT_ADD)) == NULL)
		return -1;
	bind_text(s, 1, cl->client_id);
	bind_text(s, 2, cl->name);
	if (cl->has_secret)
		bind_digest(s, 3, &cl->secret);
	bind_text(s, 4, cl->grants);
	bind_text(s, 5, cl->redirect_uris);
	bind_text(s, 6, cl->scope);
	bind_text(s, 7, cl->alg);
	bind_int_or_null(s, 8, cl->access_ttl);
	bind_int_or_null(s, 9, cl->refresh_ttl);
	bind_text(s, 10, cl->role);
	bind_int(s, 11, cl->created_at);
	bind_text(s, 12, cl->secret_hash);
	bind_int_or_null(s, 13, cl->refresh_keep);
	if ((n = store_run(st, s, "client_add")) == 1)
		cl->id = sqlite3_last_insert_rowid(st->db);
	return n;
}

int
store_client_set_secret(
    struct store *st, int64_t id, const struct digest *secret)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_SECRET)) == NULL)
		return -1;
	bind_int(s, 1, id);
	bind_digest(s, 2, secret);
	return store_run(st, s, "client_set_secret");
}

int
store_client_renew_secret(struct store *st, int64_t id, const char *hash,
    const struct digest *secret)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_RENEW_SECRET)) == NULL)
		return -1;
	bind_int(s, 1, id);
	bind_digest(s, 2, secret);
	bind_text(s, 3, hash);
	return store_run(st, s, "client_renew_secret");
}

int
store_client_change(struct store *st, const struct client *cl)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_CHANGE)) == NULL)
		return -1;
	bind_int(s, 1, cl->id);
	bind_text(s, 2, cl->name);
	if (cl->has_secret)
		bind_digest(s, 3, &cl->secret);
	bind_text(s, 4, cl->secret_hash);
	bind_text(s, 5, cl->grants);
	bind_text(s, 6, cl->redirect_uris);
	bind_text(s, 7, cl->scope);
	bind_text(s, 8, cl->alg);
	bind_int_or_null(s, 9, cl->access_ttl);
	bind_int_or_null(s, 10, cl->refresh_ttl);
	bind_int_or_null(s, 11, cl->refresh_keep);
	return store_run(st, s, "client_change");
}

int
store_client_revoke(struct store *st, int64_t id, int64_t now)
{
	sqlite3_stmt *s;

	if ((s = store_stmt(st, SQL_CLIENT_REVOKE)) == NULL)
		return -1;
	bind_int(s, 1, id);
	bind_int(s, 2, now);
	return store_run(st, s, "client_revoke");
}

static int
list(struct store *st, enum sql which, struct arena *a, int64_t after,
    struct client *out, size_t n)
{
	sqlite3_stmt *s;
	int count = 0, rc;

	if ((s = store_stmt(st, which)) == NULL)
		return -1;
	bind_int(s, 1, after);
	bind_int(s, 2, (int64_t)n);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && (size_t)count < n)
		read_client(s, a, &out[count++]);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		count = store_fail(st, "client_list");
	store_done(s);
	return count;
}

int
store_client_list(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n)
{
	return list(st, SQL_CLIENT_LIST, a, after, out, n);
}

int
store_client_list_public(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n)
{
	return list(st, SQL_CLIENT_LIST_PUBLIC, a, after, out, n);
}
