/* store_user.c: the people who sign in. */
#include "hash.h"
#include "engine.h"
#include "query.h"
#include "store_logout.h"
#include "store_user.h"
#include "store_write.h"

static void
read_user(const struct row *r, void *to)
{
	struct user *out = to;

	out->id = row_int(r, 0);
	out->email = row_text(r, 1);
	out->name = row_text(r, 2);
	out->password = row_text(r, 3);
	out->scope = row_text(r, 4);
	out->created_at = row_int(r, 5);
	out->disabled_at = row_int(r, 6);
	out->login = row_text(r, 7);
	out->subject = row_text(r, 8);
	out->groups = row_text(r, 9);
	out->claims = row_text(r, 10);
	out->email_verified_at = row_int(r, 11);
	out->credential = row_int(r, 12);
	out->factors = row_int(r, 13);
	out->hash_is_kept = (int)row_int(r, 14);
}

int
store_user_by_email(
    struct store *st, struct arena *a, const char *email, struct user *out)
{
	return query_one(
	    st, a, SQL_USER_BY_EMAIL, VALUES(V_TEXT(email)), read_user, out);
}

int
store_user_by_login(
    struct store *st, struct arena *a, const char *login, struct user *out)
{
	return query_one(
	    st, a, SQL_USER_BY_LOGIN, VALUES(V_TEXT(login)), read_user, out);
}

int
store_user_by_subject(
    struct store *st, struct arena *a, const char *subject, struct user *out)
{
	return query_one(st, a, SQL_USER_BY_SUBJECT, VALUES(V_TEXT(subject)),
	    read_user, out);
}

int
store_user_by_id(
    struct store *st, struct arena *a, int64_t id, struct user *out)
{
	return query_one(
	    st, a, SQL_USER_BY_ID, VALUES(V_INT(id)), read_user, out);
}

int
store_user_add(struct store *st, struct user *u)
{
	char kind[HASH_CLASS_MAX];
	const struct value v[] = {
		V_TEXT(u->email), V_TEXT(u->name), V_TEXT(u->password),
		V_TEXT(u->scope), V_INT(u->created_at), V_TEXT(u->login),
		V_TEXT(u->subject), V_TEXT(u->groups), V_TEXT(u->claims),
		V_INT_OR_NULL(u->email_verified_at),
		V_INT_OR_NULL(u->disabled_at),
		V_TEXT(hash_class(u->password, kind)), V_INT(u->id),
	};
	const int has_id = u->id != 0;

	return query_one(st, NULL, has_id ? SQL_USER_ADD_AS : SQL_USER_ADD, v,
	    has_id ? 13 : 12, row_read_int, &u->id);
}

int
store_user_replace(struct store *st, const struct user *u)
{
	return query_run(st, SQL_USER_REPLACE,
	    VALUES(V_INT(u->id), V_TEXT(u->email), V_TEXT(u->login),
		V_TEXT(u->name), V_TEXT(u->scope), V_TEXT(u->subject),
		V_TEXT(u->groups), V_TEXT(u->claims),
		V_INT_OR_NULL(u->email_verified_at),
		V_INT_OR_NULL(u->disabled_at)));
}

int
store_user_change(struct store *st, const struct user *u)
{
	return query_run(st, SQL_USER_CHANGE,
	    VALUES(V_INT(u->id), V_TEXT(u->email), V_TEXT(u->login),
		V_TEXT(u->name), V_TEXT(u->scope)));
}

int
store_user_set_email(
    struct store *st, int64_t id, const char *email, int64_t at)
{
	return query_run(st, SQL_USER_SET_EMAIL,
	    VALUES(V_INT(id), V_TEXT(email), V_INT(at)));
}

int
store_user_set_login(struct store *st, int64_t id, const char *login)
{
	return query_run(
	    st, SQL_USER_SET_LOGIN, VALUES(V_INT(id), V_TEXT(login)));
}

int
store_user_set_password(
    struct store *st, int64_t id, const char *old, const char *hash)
{
	char kind[HASH_CLASS_MAX];

	return query_run(st, SQL_USER_PASSWORD,
	    VALUES(V_INT(id), V_TEXT(hash), V_TEXT(old),
		V_TEXT(hash_class(hash, kind)), V_INT(1)));
}

int
store_user_renew_hash(
    struct store *st, int64_t id, const char *old, const char *hash)
{
	char kind[HASH_CLASS_MAX];

	return query_run(st, SQL_USER_PASSWORD,
	    VALUES(V_INT(id), V_TEXT(hash), V_TEXT(old),
		V_TEXT(hash_class(hash, kind)), V_INT(0)));
}

int
store_user_is_current(struct store *st, int64_t id, int64_t credential)
{
	int64_t found;

	return query_one(st, NULL, SQL_USER_IS_CURRENT,
	    VALUES(V_INT(id),
		credential == CREDENTIAL_ANY ? V_NULL : V_INT(credential)),
	    row_read_int, &found);
}

struct disabling {
	int64_t id, at;
};

/* The clients are told; our own sessions come back if the user is enabled again. */
static int
disable_step(struct store *st, void *ctx)
{
	const struct disabling *d = ctx;

	if (d->at != 0 && store_logout_forget(st, d->id) < 0)
		return -1;
	return query_run(st, SQL_USER_DISABLED,
	    VALUES(V_INT(d->id), V_INT_OR_NULL(d->at)));
}

int
store_user_set_disabled(struct store *st, int64_t id, int64_t at)
{
	struct disabling d = { .id = id, .at = at };

	return st->transaction == TX_NONE ? store_write(st, disable_step, &d)
					  : disable_step(st, &d);
}

static void
read_hashes(const struct row *r, void *to)
{
	struct user_hashes *out = to;

	out->kind = row_text(r, 0);
	out->n = row_int(r, 1);
}

int
store_user_hashes(struct store *st, struct arena *a, struct user_hashes *out,
    size_t n)
{
	return query_list(st, a, SQL_USER_HASHES, VALUES(V_INT((int64_t)n)),
	    read_hashes, out, sizeof(*out), n);
}

int
store_user_list(struct store *st, struct arena *a, int64_t after,
    struct user *out, size_t n)
{
	return query_list(st, a, SQL_USER_LIST,
	    VALUES(V_INT(after), V_INT((int64_t)n)), read_user, out,
	    sizeof(*out), n);
}
