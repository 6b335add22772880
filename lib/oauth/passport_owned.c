/* passport_owned.c: clients that users make for themselves, as in Laravel Passport 12. */
#include "passport_owned.h"

#include <json-c/json.h>
#include <string.h>

#include "api.h"
#include "arena.h"
#include "buf.h"
#include "client.h"
#include "grant.h"
#include "oerr.h"
#include "redirect.h"
#include "registration.h"
#include "req.h"
#include "session.h"
#include "store.h"
#include "store_client.h"
#include "store_erase.h"
#include "store_passport.h"
#include "words.h"

#define NAME_MAX_CHARS 191
#define REDIRECT_MAX 2000

/* Laravel's rule url, as far as it matters: a scheme, "://" and something behind it. */
static int
is_url(const char *uri)
{
	const char *at = strstr(uri, "://");

	return at != NULL && at > uri && at[3] != '\0';
}

/* Texts with commas between, as words. */
static const struct oerr *
take_redirect(struct req *rq, const char **out)
{
	const char *text, *uri;
	const struct oerr *e = api_text(rq, "redirect", REDIRECT_MAX, &text);
	size_t n;
	char *list;

	*out = "";
	if (e != NULL)
		return e;
	list = arena_str(rq->a, text);
	for (char *p = list; *p != '\0'; p++)
		if (*p == ',')
			*p = ' ';
	*out = list;
	for (const char *w = list; words_next(&w, &n); w += n) {
		uri = arena_dup(rq->a, w, n);
		if (!is_url(uri))
			return oerr_field(rq, "redirect",
			    "One or more redirects have an invalid url"
			    " format.");
		if (!redirect_is_sound(uri))
			return oerr_field(rq, "redirect",
			    "The redirect field takes https, http on this"
			    " machine, and an app's own scheme with a dot.");
	}
	return NULL;
}

/* Laravel's rule boolean; it may be left out. */
static const struct oerr *
take_confidential(struct req *rq, int *out)
{
	struct json_object *v = NULL;
	const char *text;

	*out = 1;
	if (!json_object_object_get_ex(rq->json, "confidential", &v) ||
	    v == NULL)
		return NULL;
	text = json_object_is_type(v, json_type_double) ||
		json_object_is_type(v, json_type_array) ||
		json_object_is_type(v, json_type_object)
	    ? ""
	    : json_object_get_string(v);
	*out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *out || strcmp(text, "false") == 0 || strcmp(text, "0") == 0
	    ? NULL
	    : oerr_field(rq, "confidential",
		  "The confidential field must be true or false.");
}

/* Name and redirect URIs of rq->json; all that is wrong is told at once. */
static const struct oerr *
take_both(struct req *rq, const char **name, const char **uris)
{
	const struct oerr *e = api_text(rq, "name", NAME_MAX_CHARS, name),
			  *e2 = take_redirect(rq, uris);

	return e != NULL ? e : e2;
}

static const struct oerr *
apply(struct req *rq, const char *name, const char *uris, struct client *cl)
{
	const struct registration ask = { .name = name, .redirect_uris = uris };
	const char *why = registration_take(rq->conf, rq->a, &ask, cl);

	return why == NULL ? NULL : oerr_field(rq, "name", "%s.", why);
}

/* A client to be stored, of somebody who must still be signed in. */
struct storing {
	struct req *rq;
	const struct visitor *v;
	struct client *cl;
	char *secret;		/* NULL: it is there, and is changed */
	int is_moved;		/* its redirect URIs are others */
	enum { STORED, SIGNED_OUT, TOO_MANY } end;
};

static int
add_step(struct store *st, struct storing *s)
{
	struct client *list =
	    arena_alloc(s->rq->a, PASSPORT_OWNED_MAX * sizeof(*list));
	const int n = store_client_list_of(
	    st, s->rq->a, s->v->user.id, list, PASSPORT_OWNED_MAX);

	if (n == PASSPORT_OWNED_MAX)
		s->end = TOO_MANY;
	if (n < 0 || n == PASSPORT_OWNED_MAX ||
	    registration_add(st, s->rq->a, s->rq->now, s->cl, s->secret) < 0)
		return -1;
	s->cl->owner = s->v->user.id;
	return store_passport_client(st, s->cl);
}

static int
store_step(struct store *st, void *ctx)
{
	struct storing *s = ctx;
	const int n = session_is_current(s->rq, s->v);

	s->end = n == 0 ? SIGNED_OUT : STORED;
	if (n != 1)
		return -1;
	if (s->secret != NULL)
		return add_step(st, s);
	return store_client_change(st, s->cl) < 0 ||
		(s->is_moved && store_erase_consents(st, s->cl->id) < 0)
	    ? -1
	    : 1;
}

static const struct oerr *
store_it(struct storing *s)
{
	if (store_write(s->rq->st, store_step, s) >= 0)
		return NULL;
	if (s->end == TOO_MANY)
		return oerr_field(s->rq, "name",
		    "You have %d clients, and can have no more.",
		    PASSPORT_OWNED_MAX);
	return s->end == SIGNED_OUT
	    ? oerr_why(s->rq, &oerr_busy, "signed out meanwhile")
	    : oerr_machine(s->rq);
}

const struct oerr *
passport_owned_add(struct req *rq, const struct visitor *v, struct client *cl,
    char *secret)
{
	const struct client new = REGISTRATION_NEW;
	struct storing s = { .rq = rq, .v = v, .cl = cl, .secret = secret };
	const char *name, *uris;
	const struct oerr *e = take_both(rq, &name, &uris), *e2;

	*cl = new;
	*secret = '\0';
	cl->grants = GRANT_CODE " " GRANT_REFRESH;
	if ((e2 = take_confidential(rq, &cl->has_secret)) != NULL || e != NULL)
		return e != NULL ? e : e2;
	/* Passport asks public clients alone for PKCE. */
	cl->pkce_optional = cl->has_secret;
	e = apply(rq, name, uris, cl);
	return e != NULL ? e : store_it(&s);
}

const struct oerr *
passport_owned_find(struct req *rq, const struct visitor *v, const char *id,
    struct client *cl)
{
	const int n = store_client_by_id(rq->st, rq->a, id, cl);

	if (n < 0)
		return oerr_machine(rq);
	return n == 1 && cl->owner == v->user.id && cl->revoked_at == 0
	    ? NULL
	    : &oerr_not_found;
}

const struct oerr *
passport_owned_change(
    struct req *rq, const struct visitor *v, struct client *cl)
{
	struct storing s = { .rq = rq, .v = v, .cl = cl };
	const char *name, *uris, *before = cl->redirect_uris;
	const struct oerr *e;

	if ((e = take_both(rq, &name, &uris)) != NULL ||
	    (e = apply(rq, name, uris, cl)) != NULL)
		return e;
	s.is_moved = strcmp(before, cl->redirect_uris) != 0;
	return store_it(&s);
}
