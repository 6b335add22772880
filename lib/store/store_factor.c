/* store_factor.c: second factors of users: TOTPs and recovery codes. */
#include "query.h"
#include "store_factor.h"
#include "store_passkey.h"
#include "store_session.h"

static void
read_totp(const struct row *r, void *to)
{
	struct totp *out = to;

	row_id(r, 0, &out->id);
	out->user = row_int(r, 1);
	out->name = row_text(r, 2);
	row_bytes(r, 3, out->sealed, sizeof(out->sealed));
	out->last_step = row_int(r, 4);
	out->created_at = row_int(r, 5);
	out->last_used_at = row_int(r, 6);
}

int
store_totp_add(struct store *st, const struct totp *t)
{
	return query_run(st, SQL_TOTP_ADD,
	    VALUES(V_ID(&t->id), V_INT(t->user), V_TEXT(t->name),
		V_BYTES(t->sealed, sizeof(t->sealed)), V_INT(t->last_step),
		V_INT(t->created_at)));
}

int
store_totp_use(
    struct store *st, const struct id *id, int64_t step, int64_t now)
{
	return query_run(
	    st, SQL_TOTP_USE, VALUES(V_ID(id), V_INT(step), V_INT(now)));
}

int
store_totp_delete(struct store *st, int64_t user, const struct id *id)
{
	return query_run(
	    st, SQL_TOTP_DELETE, VALUES(V_ID(id), V_INT(user)));
}

int
store_totp_list(struct store *st, struct arena *a, int64_t user,
    struct totp *out, size_t n)
{
	return query_list(st, a, SQL_TOTP_LIST,
	    VALUES(V_INT(user), V_INT((int64_t)n)), read_totp, out,
	    sizeof(*out), n);
}

int
store_recovery_add(struct store *st, int64_t user, const struct digest *d)
{
	return query_run(
	    st, SQL_RECOVERY_ADD, VALUES(V_INT(user), V_DIGEST(d)));
}

int
store_recovery_use(struct store *st, int64_t user, const struct digest *d)
{
	return query_run(
	    st, SQL_RECOVERY_USE, VALUES(V_INT(user), V_DIGEST(d)));
}

int
store_recovery_delete(struct store *st, int64_t user)
{
	return query_run(st, SQL_RECOVERY_DELETE, VALUES(V_INT(user)));
}

int
store_recovery_left(struct store *st, int64_t user)
{
	int64_t n;

	return query_one(st, NULL, SQL_RECOVERY_LEFT, VALUES(V_INT(user)),
		   row_read_int, &n) < 0
	    ? -1
	    : (int)n;
}

int
store_factor_changed(struct store *st, int64_t user)
{
	const int n = query_run(st, SQL_FACTOR_CHANGED, VALUES(V_INT(user)));

	return n == 1 && query_run(st, SQL_RECOVERY_END, VALUES(V_INT(user))) < 0
	    ? -1
	    : n;
}

int
store_factor_reset(struct store *st, int64_t user)
{
	return query_run(st, SQL_TOTP_RESET, VALUES(V_INT(user))) < 0 ||
	    store_passkey_delete_all(st, user) < 0 ||
	    store_recovery_delete(st, user) < 0 ||
	    store_session_delete_others(st, user, NULL) < 0
	    ? -1
	    : store_factor_changed(st, user);
}
