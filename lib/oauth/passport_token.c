/* passport_token.c: a row of Passport's access tokens, or of its refresh tokens. */
#include "passport_int.h"

#include <string.h>

#include "arena.h"
#include "conf.h"
#include "grant.h"
#include "record.h"
#include "scope.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_granted.h"
#include "store_passport.h"
#include "store_token.h"
#include "words.h"

#define FOREVER_S (INT64_C(3650) * 86400) /* where a row has no end, its text has one */
#define BATCH 256

/* What both kinds of row say. */
struct token {
	enum passport_kind kind;
	const char *id;
	struct client client;
	int64_t user;		/* 0: the client itself */
	const char *scope;
	int64_t created_at, expires_at;
};

/* 1; 0 if the row is counted, or told, as one that does not come along; -1. */
static int
find_owner(struct passport *im, const struct record *r, struct token *t)
{
	const char *client = passport_get(r, "client_id");
	const char *user = passport_get(r, "user_id");
	int n;

	if (client == NULL)
		return passport_left(im, t->kind, t->id, "it has no client");
	if ((n = store_client_by_id(im->st, im->a, client, &t->client)) < 0)
		return -1;
	if (n == 0 || !seen_has(&im->clients, t->client.id))
		return passport_left(im, t->kind, t->id, arena_printf(im->a,
		    "its client %s did not",
		    record_name(client, "of an odd id")));
	if (user == NULL)
		return 1;
	if ((n = passport_find_user(im, user, &t->user)) < 0)
		return -1;
	return n == 1 ? 1
		      : passport_left(im, t->kind, t->id,
			    arena_printf(im->a, "its user %s did not",
				record_name(user, "of an odd id")));
}

/* Has it ended?  1; 0 if it lives; -1 if a time in it is none. */
static int
read_times(struct passport *im, const struct record *r, struct token *t)
{
	if (!passport_time(passport_get(r, "created_at"), &t->created_at) ||
	    !passport_time(passport_get(r, "expires_at"), &t->expires_at))
		return -1;
	if (t->created_at == 0)
		t->created_at = im->now;
	if (t->expires_at == 0)
		t->expires_at = im->now + FOREVER_S;
	return t->expires_at <= im->now;
}

/* What a live row says; 1, 0 and -1 as find_owner. */
static int
read_live(struct passport *im, const struct record *r, struct token *t)
{
	uint64_t set;
	int n;

	if (t->id == NULL || strlen(t->id) > PASSPORT_ID_MAX)
		return passport_left(im, t->kind, NULL, "it has no id");
	if ((n = read_times(im, r, t)) < 0)
		return passport_left(im, t->kind, t->id,
		    "a time in it is none");
	if (n == 1)
		return passport_count(im, t->kind, PASSPORT_EXPIRED);
	if ((n = find_owner(im, r, t)) != 1)
		return n;
	passport_scope(im, passport_get(r, "scopes"), &set);
	t->scope = scope_format(im->cf, im->a, set);
	return 1;
}

/* Passport asks no more who has a live token: that is a consent. */
static int
note_consent(struct passport *im, const struct token *t)
{
	struct consent c = { .client = t->client.id,
		.granted_at = t->created_at };
	const char *before = NULL;
	uint64_t had = 0, has;
	int n;

	if (!words_have(t->client.grants, GRANT_CODE) || t->user == 0)
		return 0;
	if ((n = store_consent_find(im->st, im->a, t->user, t->client.id, NULL,
		 &before)) < 0)
		return -1;
	if (n == 1)
		had = scope_parse(im->cf, before, NULL);
	has = had | scope_parse(im->cf, t->scope, NULL);
	if (n == 1 && has == had)
		return 0;
	im->sum.consents += n == 0;
	c.scope = scope_format(im->cf, im->a, has);
	return store_consent_put(im->st, t->user, &c);
}

int
passport_access(struct passport *im, const struct record *r)
{
	const char *name = passport_get(r, "name");
	struct token t = { .id = passport_get(r, "id"),
		.kind = name == NULL ? PASSPORT_ACCESS : PASSPORT_PERSONAL };
	struct access_token row = { .name = name };
	int n;

	if (t.id != NULL)
		passport_id(t.id, &row.id);
	if (passport_truth(r, "revoked"))
		/* It may have been brought along before, when it was live. */
		return t.id != NULL &&
			store_access_revoke(im->st, &row.id, im->now) < 0
		    ? -1
		    : passport_count(im, t.kind, PASSPORT_REVOKED);
	if ((n = read_live(im, r, &t)) != 1)
		return n;
	row.client = t.client.id;
	row.user = t.user;
	row.scope = t.scope;
	row.created_at = t.created_at;
	row.expires_at = t.expires_at;
	if ((n = store_passport_access(im->st, &row)) < 0 ||
	    (name == NULL && note_consent(im, &t) < 0))
		return -1;
	return passport_count(
	    im, t.kind, n == 1 ? PASSPORT_BROUGHT : PASSPORT_THERE);
}

/* A family's id begins with the time of its sign-in: grant_family_end. */
static void
family_of(int64_t created_at, const struct digest *d, struct id *out)
{
	memcpy(out->byte, d->byte, ID_LEN);
	for (int i = 0; i < 5; i++)
		out->byte[i] = (uint8_t)(created_at >> (8 * (4 - i)));
}

/*
 * Its access token may be deleted, by passport:purge: then nothing tells whose it is
 * until somebody shows its text.
 */
static int
store_later(struct passport *im, const struct token *t,
    const struct passport_refresh *row)
{
	const int n = store_passport_later(im->st, row);

	return n < 0 ? -1
		     : passport_count(im, t->kind,
			   n == 1 ? PASSPORT_BROUGHT : PASSPORT_THERE);
}

static int
store_refresh(struct passport *im, const struct token *t,
    const struct passport_refresh *row)
{
	struct granted g = { .client = t->client.id, .user = t->user,
		.scope = t->scope };
	int n;

	if (t->user == 0)
		return passport_left(im, t->kind, t->id, "it has no user");
	family_of(t->created_at, &row->digest, &g.family);
	if ((n = store_passport_refresh(im->st, row, &g)) < 0)
		return -1;
	return note_consent(im, t) < 0
	    ? -1
	    : passport_count(im, t->kind,
		  n == 1 ? PASSPORT_BROUGHT : PASSPORT_THERE);
}

static int
end_refresh(struct passport *im, const struct digest *d)
{
	struct refresh_token t;
	const int n = store_refresh_find(im->st, im->a, d, &t);

	if (n < 0 ||
	    (n == 1 &&
		store_family_revoke(im->st, &t.granted.family, im->now) < 0))
		return -1;
	return passport_count(im, PASSPORT_REFRESH, PASSPORT_REVOKED);
}

int
passport_refresh_row(struct passport *im, const struct record *r)
{
	struct token t = { .id = passport_get(r, "id"),
		.kind = PASSPORT_REFRESH };
	const char *access = passport_get(r, "access_token_id");
	struct passport_refresh row = { .spent_at = 0 };
	int n;

	if (t.id == NULL || access == NULL)
		return passport_left(im, t.kind, t.id, "it has no id, or no"
		    " access token");
	passport_refresh(t.id, &row.digest);
	passport_id(access, &row.access_token);
	if (passport_truth(r, "revoked"))
		return end_refresh(im, &row.digest);
	if (passport_get(r, "client_id") != NULL) {
		if ((n = read_live(im, r, &t)) != 1)
			return n;
	} else if ((n = read_times(im, r, &t)) != 0) {
		return n < 0 ? passport_left(im, t.kind, t.id,
				   "a time in it is none")
			     : passport_count(im, t.kind, PASSPORT_EXPIRED);
	}
	row.expires_at = t.expires_at;
	return passport_get(r, "client_id") != NULL
	    ? store_refresh(im, &t, &row)
	    : store_later(im, &t, &row);
}

/* A row of the family that is no refresh token: spent from the start, and random. */
static int
store_family(struct passport *im, const struct access_token *t)
{
	char unused[SECRET_TEXT_LEN + 1];
	struct passport_refresh row = { .access_token = t->id,
		.expires_at = t->expires_at, .spent_at = t->created_at };
	struct granted g = { .client = t->client, .user = t->user,
		.scope = t->scope };

	secret_make(unused, &row.digest);
	family_of(t->created_at, &row.digest, &g.family);
	return store_passport_refresh(im->st, &row, &g);
}

int
passport_last(struct passport *im)
{
	struct access_token *list;
	struct id after = { { 0 } };
	int n;

	do {
		arena_clear(im->a);
		list = arena_alloc(im->a, BATCH * sizeof(*list));
		n = store_passport_alone(im->st, im->a, &after, list, BATCH);
		for (int i = 0; i < n; i++)
			if (store_family(im, &list[i]) < 0)
				return -1;
		if (n > 0)
			after = list[n - 1].id;
	} while (n == BATCH);
	return n < 0 ? -1 : 0;
}
