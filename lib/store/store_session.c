/* store_session.c: sign-in sessions. */
#include "arena.h"
#include "b64.h"
#include "engine.h"
#include "query.h"
#include "store_logout.h"
#include "store_session.h"
#include "store_write.h"

static void
read_session(const struct row *r, void *to)
{
	struct session *out = to;

	row_digest(r, 0, &out->digest);
	out->user = row_int(r, 1);
	out->agent = row_text(r, 2);
	out->address = row_text(r, 3);
	out->created_at = row_int(r, 4);
	out->seen_at = row_int(r, 5);
	out->expires_at = row_int(r, 6);
	proof_read(r, 7, &out->proof);
	out->credential = row_int(r, 7 + PROOF_N);
	out->confirmed_at = row_int(r, 8 + PROOF_N);
	out->is_half = row_int(r, 9 + PROOF_N) != 0;
}

int
store_session_add(struct store *st, const struct session *s)
{
	return query_run(st, SQL_SESSION_ADD,
	    VALUES(V_DIGEST(&s->digest), V_INT(s->user), V_TEXT(s->agent),
		V_TEXT(s->address), V_INT(s->created_at), V_INT(s->seen_at),
		V_INT(s->expires_at), V_PROOF(&s->proof),
		V_INT(s->credential), V_INT_OR_NULL(s->confirmed_at),
		V_INT_OR_NULL(s->is_half)));
}

int
store_session_find(struct store *st, struct arena *a, const struct digest *d,
    int64_t now, struct session *out)
{
	return query_one(st, a, SQL_SESSION_FIND,
	    VALUES(V_DIGEST(d), V_INT(now)), read_session, out);
}

int
store_session_seen(struct store *st, const struct digest *d, int64_t now)
{
	return query_run(st, SQL_SESSION_SEEN, VALUES(V_DIGEST(d), V_INT(now)));
}

int
store_session_confirm(
    struct store *st, const struct digest *d, int64_t now)
{
	return query_run(
	    st, SQL_SESSION_CONFIRM, VALUES(V_DIGEST(d), V_INT(now)));
}

/* Sessions that end: one, or those of a user but one. */
struct ending {
	const struct digest *digest; /* NULL: those of the user */
	int64_t user;
	const struct digest *keep;
};

/* The clients are told in the same transaction. */
static int
end_step(struct store *st, void *ctx)
{
	const struct ending *e = ctx;

	if (e->digest != NULL)
		return store_logout_session(st, e->digest) < 0
		    ? -1
		    : query_run(st, SQL_SESSION_DELETE,
			  VALUES(V_DIGEST(e->digest)));
	return store_logout_user(st, e->user, e->keep) < 0
	    ? -1
	    : query_run(st, SQL_SESSION_DELETE_OTHERS,
		  VALUES(V_INT(e->user), V_DIGEST(e->keep)));
}

static int
end(struct store *st, struct ending *e)
{
	return st->transaction == TX_NONE ? store_write(st, end_step, e)
					  : end_step(st, e);
}

int
store_session_delete(struct store *st, const struct digest *d)
{
	return end(st, &(struct ending) { .digest = d });
}

int
store_session_delete_others(
    struct store *st, int64_t user, const struct digest *keep)
{
	return end(st, &(struct ending) { .user = user, .keep = keep });
}

int
store_session_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct session *out, size_t n)
{
	return query_list(st, a, SQL_SESSION_LIST,
	    VALUES(V_INT(user), V_INT(now), V_INT((int64_t)n)), read_session,
	    out, sizeof(*out), n);
}

static void
read_sid(const struct row *r, void *out)
{
	*(const char **)out = row_text(r, 0);
}

int
store_session_sid(struct store *st, struct arena *a, const struct digest *d,
    int64_t client, const char **sid)
{
	return query_one(st, a, SQL_SESSION_CLIENT_FIND,
	    VALUES(V_DIGEST(d), V_INT(client)), read_sid, sid);
}

int
store_session_client(struct store *st, struct arena *a,
    const struct digest *d, int64_t client, const char **sid)
{
	uint8_t random[16]; /* SID_LEN characters */
	char *text;
	int found = store_session_sid(st, a, d, client, sid);

	if (found != 0)
		return found;
	text = arena_alloc(a, SID_LEN + 1);
	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), text);
	*sid = text;
	return query_run(st, SQL_SESSION_CLIENT_ADD,
		   VALUES(V_DIGEST(d), V_INT(client), V_TEXT(text))) < 0
	    ? -1
	    : 1;
}
