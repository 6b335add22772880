/* store_passkey.c: the passkeys of users. */
#include "query.h"
#include "store_passkey.h"

static void
read_passkey(const struct row *r, void *to)
{
	struct passkey *out = to;

	out->id = row_int(r, 0);
	out->user = row_int(r, 1);
	out->credential = row_text(r, 2);
	out->key = row_text(r, 3);
	out->name = row_text(r, 4);
	out->transports = row_text(r, 5);
	out->count = row_int(r, 6);
	out->created_at = row_int(r, 7);
	out->last_used_at = row_int(r, 8);
	out->may_sync = (int)row_int(r, 9);
	out->is_synced = (int)row_int(r, 10);
}

int
store_passkey_add(struct store *st, const struct passkey *p)
{
	return query_run(st, SQL_PASSKEY_ADD,
	    VALUES(V_INT(p->user), V_TEXT(p->credential), V_TEXT(p->key),
		V_TEXT(p->name), V_TEXT(p->transports), V_INT(p->count),
		V_INT(p->created_at), V_INT(p->may_sync), V_INT(p->is_synced),
		V_INT(PASSKEYS_MAX)));
}

int
store_passkey_find(struct store *st, struct arena *a, const char *credential,
    struct passkey *out)
{
	return query_one(st, a, SQL_PASSKEY_FIND, VALUES(V_TEXT(credential)),
	    read_passkey, out);
}

int
store_passkey_list(struct store *st, struct arena *a, int64_t user,
    struct passkey *out, size_t n)
{
	return query_list(st, a, SQL_PASSKEY_LIST,
	    VALUES(V_INT(user), V_INT((int64_t)n)), read_passkey, out,
	    sizeof(*out), n);
}

int
store_passkey_used(struct store *st, const struct passkey *p)
{
	return query_run(st, SQL_PASSKEY_USED,
	    VALUES(V_INT(p->id), V_INT(p->count), V_INT(p->is_synced),
		V_INT(p->last_used_at)));
}

int
store_passkey_rename(
    struct store *st, int64_t user, int64_t id, const char *name)
{
	return query_run(st, SQL_PASSKEY_RENAME,
	    VALUES(V_INT(id), V_INT(user), V_TEXT(name)));
}

int
store_passkey_delete(struct store *st, int64_t user, int64_t id)
{
	return query_run(
	    st, SQL_PASSKEY_DELETE, VALUES(V_INT(id), V_INT(user)));
}

int
store_passkey_delete_all(struct store *st, int64_t user)
{
	return query_run(st, SQL_PASSKEY_DELETE_ALL, VALUES(V_INT(user)));
}
