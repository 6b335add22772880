/* passport_client.c: a row of Passport's oauth_clients. */
#include "passport_int.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "grant.h"
#include "hash_import.h"
#include "record.h"
#include "redirect.h"
#include "registration.h"
#include "store_client.h"
#include "store_passport.h"
#include "words.h"

#define KIND PASSPORT_CLIENT

/* What a row says, in either form: that of Passport 12, or of 13. */
struct said {
	const char *id;
	const char *uris;	/* words: those that may be registered */
	const char *grants;	/* words, as carnet calls them */
	int is_personal;
};

/*
 * Redirect URIs: a JSON list (13), or texts with commas between (12).  What carnet
 * would not register is left out, and told.
 */
static const char *
find_uris(struct passport *im, const struct record *r, const char *id)
{
	const char *text = passport_get(r, "redirect_uris"), *uri;
	char *list;
	struct buf b;
	size_t n;

	if (text == NULL)
		text = passport_get(r, "redirect");
	list = arena_str(im->a, passport_words(im->a, text));
	for (char *p = list; *p != '\0'; p++)
		if (*p == ',')
			*p = ' ';
	buf_init(&b, im->a, 256);
	for (const char *w = list; words_next(&w, &n); w += n) {
		uri = arena_dup(im->a, w, n);
		if (redirect_is_sound(uri))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "", uri);
		else
			passport_note(im, KIND, id, arena_printf(im->a,
			    "the redirect URI %s is left out: https, http on"
			    " this machine, or an app's own scheme with a dot",
			    record_name(uri, "that is long or odd")));
	}
	return b.data;
}

static void
add(struct buf *b, const char *grant)
{
	buf_printf(b, "%s%s", b->len > 0 ? " " : "", grant);
}

/* Passport 13 names them. */
static void
grants_13(struct passport *im, const char *words, const char *id, struct buf *b)
{
	static const char *const same[] = { GRANT_PASSWORD,
		GRANT_CLIENT_CREDENTIALS, GRANT_CODE, GRANT_DEVICE,
		GRANT_REFRESH };

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		if (words_have(words, same[i]))
			add(b, same[i]);
	if (words_have(words, "implicit"))
		passport_note(im, KIND, id, "the grant implicit is left out:"
		    " RFC 9700 section 2.1.2; it asks with response_type=code");
}

/* Passport 12 derives them: Bridge\ClientRepository::handlesGrant. */
static void
grants_12(const struct record *r, int is_personal, int is_public, struct buf *b)
{
	const int is_password = passport_truth(r, "password_client");

	if (is_password)
		add(b, GRANT_PASSWORD);
	if (!is_public && !is_personal)
		add(b, GRANT_CLIENT_CREDENTIALS);
	if (!is_password && !is_personal)
		add(b, GRANT_CODE);
	if (!is_personal)
		add(b, GRANT_REFRESH);
}

/* The words of list but word. */
static const char *
without(struct arena *a, const char *list, const char *word)
{
	struct buf b;
	size_t n;

	buf_init(&b, a, 128);
	for (; words_next(&list, &n); list += n)
		if (strlen(word) != n || memcmp(list, word, n) != 0)
			buf_printf(&b, "%s%.*s", b.len > 0 ? " " : "", (int)n,
			    list);
	return b.data;
}

/* What the client cannot have here is left out, and told where that is news. */
static const char *
fitting(struct passport *im, const struct said *s, const char *grants,
    int is_public)
{
	const char *why = "a public client keeps no secret";

	if (words_have(grants, GRANT_CODE) && *s->uris == '\0')
		grants = without(im->a, grants, GRANT_CODE);
	if (is_public && words_have(grants, GRANT_PASSWORD)) {
		passport_note(im, KIND, s->id, arena_printf(im->a,
		    "the grant password is left out: %s", why));
		grants = without(im->a, grants, GRANT_PASSWORD);
	}
	if (is_public && words_have(grants, GRANT_CLIENT_CREDENTIALS))
		grants = without(im->a, grants, GRANT_CLIENT_CREDENTIALS);
	return strcmp(grants, GRANT_REFRESH) == 0 ? "" : grants;
}

static void
read_said(struct passport *im, const struct record *r, struct said *s)
{
	const char *names = passport_words(
	    im->a, passport_get(r, "grant_types"));
	const int is_public = passport_get(r, "secret") == NULL;
	struct buf b;

	s->id = passport_get(r, "id");
	s->uris = find_uris(im, r, s->id);
	s->is_personal = passport_truth(r, "personal_access_client") ||
	    words_have(names, "personal_access");
	buf_init(&b, im->a, 128);
	if (record_get(r, "grant_types") != NULL)
		grants_13(im, names, s->id, &b);
	else
		grants_12(r, s->is_personal, is_public, &b);
	s->grants = fitting(im, s, b.data, is_public);
}

/* Plain: 40 random letters.  Else a hash, renewed as SHA-256 at its first use. */
static const char *
take_secret(struct passport *im, const struct record *r, struct client *cl)
{
	const char *secret = passport_get(r, "secret"), *why;

	if (secret == NULL)
		return NULL;
	if (*secret != '$') {
		digest_of(secret, strlen(secret), &cl->secret);
		cl->has_secret = 1;
		return NULL;
	}
	return hash_import(im->a, secret, 0, &cl->secret_hash, &why) == NULL
	    ? arena_printf(im->a, "its secret: %s", why)
	    : NULL;
}

/* '*' is for clients that ask for all by themselves, as in Passport. */
static const char *
scope_for(const struct said *s)
{
	return s->is_personal || words_have(s->grants, GRANT_PASSWORD) ||
		words_have(s->grants, GRANT_CLIENT_CREDENTIALS)
	    ? "*"
	    : NULL;
}

static const char *
take_row(struct passport *im, const struct record *r, const struct said *s,
    struct client *cl)
{
	const char *name = passport_get(r, "name"), *why;
	struct registration ask = { .grants = s->grants,
		.redirect_uris = s->uris, .scope = scope_for(s) };

	*cl = (struct client) { .client_id = s->id, .redirect_uris = "",
		.grants = "", .name = name != NULL ? name : s->id };
	if ((why = take_secret(im, r, cl)) != NULL)
		return why;
	if (!passport_time(passport_get(r, "created_at"), &cl->created_at) ||
	    cl->created_at == 0)
		cl->created_at = im->now;
	/* Passport asked public clients alone for PKCE. */
	cl->pkce_optional = !client_is_public(cl) &&
	    words_have(s->grants, GRANT_CODE);
	if (*s->grants != '\0')
		return registration_apply(im->cf, im->a, &ask, cl);
	/* Nobody but the site itself uses it: its tokens are made by hand. */
	cl->redirect_uris = s->uris;
	cl->scope = ask.scope;
	return s->is_personal ? NULL : "no grant that carnet has is left";
}

/*
 * May the sub of its own tokens be the number that its id is?  Then no user may have
 * that number, now or later: it is given to nobody (a number is never given twice).
 */
static int
keep_sub(struct passport *im, struct client *cl)
{
	const int64_t n = strtoll(cl->client_id, NULL, 10);
	const int rc = store_user_has_sub(im->st, n, cl->client_id);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (store_passport_number(im->st, n) < 0)
		return -1;
	cl->keeps_sub = 1;
	im->sum.sub_kept++;
	return 0;
}

static int
store_client(struct passport *im, const struct record *r, struct client *cl)
{
	const char *owner = passport_get(r, "user_id");
	int n;

	if (owner == NULL)
		owner = passport_get(r, "owner_id");
	if (owner != NULL &&
	    (n = passport_find_user(im, owner, &cl->owner)) != 1) {
		cl->owner = 0;
		if (n < 0)
			return -1;
	}
	if (cl->client_id[strspn(cl->client_id, "0123456789")] == '\0') {
		im->sum.numbered++;
		if (im->keep_sub && keep_sub(im, cl) < 0)
			return -1;
	}
	if (store_client_add(im->st, cl) != 1 ||
	    store_passport_client(im->st, cl) < 0)
		return -1;
	(void)seen_add(&im->clients, cl->id);
	return passport_count(im, KIND, PASSPORT_BROUGHT);
}

/* It was brought along before: what was changed here stays. */
static int
meet(struct passport *im, const struct client *cl, int is_revoked)
{
	if (is_revoked) {
		if (cl->revoked_at == 0 &&
		    store_client_revoke(im->st, cl->id, im->now) < 0)
			return -1;
		return passport_count(im, KIND, PASSPORT_REVOKED);
	}
	(void)seen_add(&im->clients, cl->id);
	return passport_count(im, KIND, PASSPORT_THERE);
}

int
passport_client(struct passport *im, const struct record *r)
{
	const char *id = passport_get(r, "id"), *why;
	const char *provider = passport_get(r, "provider");
	const int is_revoked = passport_truth(r, "revoked");
	struct client cl;
	struct said s;
	int n;

	if (id == NULL || strlen(id) > 255)
		return passport_left(im, KIND, NULL, "it has no id");
	if ((n = store_client_by_id(im->st, im->a, id, &cl)) != 0)
		return n < 0 ? -1 : meet(im, &cl, is_revoked);
	if (is_revoked)
		return passport_count(im, KIND, PASSPORT_REVOKED);
	/* Its tokens name people of another table. */
	if (provider != NULL && strcmp(provider, im->provider) != 0)
		return passport_left(im, KIND, id, arena_printf(im->a,
		    "its users are of the provider %s, and these of %s",
		    record_name(provider, "of an odd name"), im->provider));
	read_said(im, r, &s);
	if ((why = take_row(im, r, &s, &cl)) != NULL)
		return passport_left(im, KIND, id, why);
	return store_client(im, r, &cl);
}
