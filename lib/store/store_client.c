/* store_client.c: the programs that ask for tokens. */
#include "query.h"
#include "store_client.h"

static void
read_client(const struct row *r, void *to)
{
	struct client *out = to;

	out->id = row_int(r, 0);
	out->client_id = row_text(r, 1);
	out->name = row_text(r, 2);
	out->has_secret = row_digest(r, 3, &out->secret);
	out->secret_hash = row_text(r, 4);
	out->grants = row_text(r, 5);
	out->redirect_uris = row_text(r, 6);
	out->scope = row_text(r, 7);
	out->alg = row_text(r, 8);
	out->access_ttl = row_int(r, 9);
	out->refresh_ttl = row_int(r, 10);
	out->refresh_keep = (int)row_int(r, 11);
	out->pkce_optional = (int)row_int(r, 12);
	out->is_trusted = (int)row_int(r, 13);
	out->id_token_alg = row_text(r, 14);
	out->id_token_claims = (int)row_int(r, 15);
	out->userinfo_alg = row_text(r, 16);
	out->sector = row_text(r, 17);
	out->post_logout_uris = row_text(r, 18);
	out->backchannel_logout_uri = row_text(r, 19);
	out->jwks = row_text(r, 20);
	out->jwks_uri = row_text(r, 21);
	out->about = row_text(r, 22);
	out->par_required = (int)row_int(r, 23);
	out->tls = row_text(r, 24);
	out->tls_ca = row_text(r, 25);
	out->bound = row_text(r, 26);
	out->role = row_text(r, 27);
	out->created_at = row_int(r, 28);
	out->revoked_at = row_int(r, 29);
	out->owner = row_int(r, 30);
	out->keeps_sub = (int)row_int(r, 31);
	out->origin = row_text(r, 32);
	out->has_manage = row_digest(r, 33, &out->manage);
	out->idle_at = row_int(r, 34);
}

/* The values of CLIENT_SETTINGS (sql.c), which an operator sets. */
#define V_SETTINGS(cl) \
	V_TEXT((cl)->name), V_DIGEST((cl)->has_secret ? &(cl)->secret : NULL), \
	V_TEXT((cl)->secret_hash), V_TEXT((cl)->grants), \
	V_TEXT((cl)->redirect_uris), V_TEXT((cl)->scope), V_TEXT((cl)->alg), \
	V_INT_OR_NULL((cl)->access_ttl), V_INT_OR_NULL((cl)->refresh_ttl), \
	V_INT_OR_NULL((cl)->refresh_keep), \
	V_INT_OR_NULL((cl)->pkce_optional), V_INT_OR_NULL((cl)->is_trusted), \
	V_TEXT((cl)->id_token_alg), V_INT_OR_NULL((cl)->id_token_claims), \
	V_TEXT((cl)->userinfo_alg), V_TEXT((cl)->sector), \
	V_TEXT((cl)->post_logout_uris), V_TEXT((cl)->backchannel_logout_uri), \
	V_TEXT((cl)->jwks), V_TEXT((cl)->jwks_uri), V_TEXT((cl)->about), \
	V_INT_OR_NULL((cl)->par_required), V_TEXT((cl)->tls), \
	V_TEXT((cl)->tls_ca), V_TEXT((cl)->bound)

int
store_client_by_id(struct store *st, struct arena *a, const char *client_id,
    struct client *out)
{
	return query_one(st, a, SQL_CLIENT_BY_ID, VALUES(V_TEXT(client_id)),
	    read_client, out);
}

int
store_client_by_number(
    struct store *st, struct arena *a, int64_t id, struct client *out)
{
	return query_one(st, a, SQL_CLIENT_BY_NUMBER, VALUES(V_INT(id)),
	    read_client, out);
}

int
store_client_by_role(
    struct store *st, struct arena *a, const char *role, struct client *out)
{
	return query_one(st, a, SQL_CLIENT_BY_ROLE, VALUES(V_TEXT(role)),
	    read_client, out);
}

int
store_client_add(struct store *st, struct client *cl)
{
	return query_one(st, NULL, SQL_CLIENT_ADD,
	    VALUES(V_TEXT(cl->client_id), V_SETTINGS(cl), V_TEXT(cl->role),
		V_INT(cl->created_at), V_TEXT(cl->origin),
		V_DIGEST(cl->has_manage ? &cl->manage : NULL),
		V_INT_OR_NULL(cl->idle_at)),
	    row_read_int, &cl->id);
}

int
store_client_set_secret(
    struct store *st, int64_t id, const struct digest *secret)
{
	return query_run(
	    st, SQL_CLIENT_SECRET, VALUES(V_INT(id), V_DIGEST(secret)));
}

int
store_client_renew_secret(struct store *st, int64_t id, const char *hash,
    const struct digest *secret)
{
	return query_run(st, SQL_CLIENT_RENEW_SECRET,
	    VALUES(V_INT(id), V_DIGEST(secret), V_TEXT(hash)));
}

int
store_client_change(struct store *st, const struct client *cl)
{
	return query_run(
	    st, SQL_CLIENT_CHANGE, VALUES(V_INT(cl->id), V_SETTINGS(cl)));
}

int
store_client_set_keys(struct store *st, const char *uri, const char *jwks)
{
	return query_run(
	    st, SQL_CLIENT_KEYS, VALUES(V_TEXT(uri), V_TEXT(jwks)));
}

int
store_client_set_sector(struct store *st, const struct client *cl)
{
	return query_run(st, SQL_CLIENT_SECTOR,
	    VALUES(V_INT(cl->id), V_TEXT(cl->sector), V_TEXT(cl->sector_was)));
}

int
store_client_has_keys_at(struct store *st)
{
	int64_t id;

	return query_one(
	    st, NULL, SQL_CLIENT_KEYS_AT, NULL, 0, row_read_int, &id);
}

int
store_client_used(struct store *st, int64_t id, int64_t idle_at)
{
	return query_run(
	    st, SQL_CLIENT_USED, VALUES(V_INT(id), V_INT(idle_at))) < 0
	    ? -1
	    : 1;
}

int
store_client_pin(struct store *st, int64_t id)
{
	return query_run(st, SQL_CLIENT_PIN, VALUES(V_INT(id)));
}

int
store_client_revoke(struct store *st, int64_t id, int64_t now)
{
	return query_run(st, SQL_CLIENT_REVOKE, VALUES(V_INT(id), V_INT(now)));
}

static int
list(struct store *st, enum sql which, struct arena *a, int64_t after,
    struct client *out, size_t n)
{
	return query_list(st, a, which, VALUES(V_INT(after), V_INT((int64_t)n)),
	    read_client, out, sizeof(*out), n);
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

int
store_client_list_of(struct store *st, struct arena *a, int64_t owner,
    struct client *out, size_t n)
{
	return list(st, SQL_PASSPORT_CLIENTS, a, owner, out, n);
}

int
store_client_wants_logout(struct store *st)
{
	int64_t id;

	return query_one(
	    st, NULL, SQL_CLIENT_WANTS_LOGOUT, NULL, 0, row_read_int, &id);
}
