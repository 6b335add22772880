/*
 * passport.c: /oauth/tokens, /oauth/clients, /oauth/scopes and
 * /oauth/personal-access-tokens, as Laravel Passport 12 has them (doc/passport.md).
 *
 * They are for pages of this site: the person is known by the cookie of the sign-in.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "crypto.h"
#include "json.h"
#include "oerr.h"
#include "passport_asker.h"
#include "passport_given.h"
#include "passport_json.h"
#include "passport_owned.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "session.h"
#include "store_client.h"
#include "trail.h"

#define LIST_MAX 1000

static const struct oerr *
done(struct req *rq, const char *what)
{
	rq->trail.detail = what;
	trail_note(rq, "account");
	return NULL;
}

static const struct oerr *
tokens(struct req *rq, struct visitor *v, const char *id)
{
	(void)id;
	return passport_given_list(rq, v, 0);
}

static const struct oerr *
personal(struct req *rq, struct visitor *v, const char *id)
{
	(void)id;
	return passport_given_list(rq, v, 1);
}

static const struct oerr *
make_token(struct req *rq, struct visitor *v, const char *id)
{
	const struct oerr *e = passport_given_add(rq, v);

	(void)id;
	return e != NULL ? e : done(rq, "create_token");
}

static const struct oerr *
end_token(struct req *rq, struct visitor *v, const char *id)
{
	const struct oerr *e = passport_given_end(rq, v, id);

	return e != NULL ? e : done(rq, "revoke_token");
}

static const struct oerr *
clients(struct req *rq, struct visitor *v, const char *id)
{
	struct client *cl = arena_alloc(rq->a, LIST_MAX * sizeof(*cl));
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	const int n = store_client_list_of(
	    rq->st, rq->a, v->user.id, cl, LIST_MAX);

	(void)id;
	if (n < 0)
		return oerr_machine(rq);
	buf_init(b, rq->a, 4096);
	json_open(b, NULL, '[');
	for (int i = 0; i < n; i++)
		passport_json_client(rq->a, b, NULL, &cl[i], &v->user, NULL);
	json_close(b, ']');
	return resp_json(rq, 200, b);
}

static const struct oerr *
answer_client(struct req *rq, const struct visitor *v, const struct client *cl,
    const char *secret, int status)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	rq->trail.client_id = cl->client_id;
	buf_init(b, rq->a, 2048);
	passport_json_client(rq->a, b, NULL, cl, &v->user,
	    secret == NULL || *secret == '\0' ? NULL : secret);
	return resp_json(rq, status, b);
}

static const struct oerr *
make_client(struct req *rq, struct visitor *v, const char *id)
{
	char secret[SECRET_TEXT_LEN + 1];
	const struct oerr *e;
	struct client cl;

	(void)id;
	if ((e = passport_owned_add(rq, v, &cl, secret)) == NULL) {
		done(rq, "create_client");
		e = answer_client(rq, v, &cl, secret, 201);
	}
	explicit_bzero(secret, sizeof(secret));
	return e;
}

static const struct oerr *
change_client(struct req *rq, struct visitor *v, const char *id)
{
	const struct oerr *e;
	struct client cl;

	if ((e = passport_owned_find(rq, v, id, &cl)) != NULL ||
	    (e = passport_owned_change(rq, v, &cl)) != NULL)
		return e;
	done(rq, "change_client");
	return answer_client(rq, v, &cl, NULL, 200);
}

static const struct oerr *
end_client(struct req *rq, struct visitor *v, const char *id)
{
	const struct oerr *e;
	struct client cl;

	if ((e = passport_owned_find(rq, v, id, &cl)) != NULL)
		return e;
	if (store_client_revoke(rq->st, cl.id, rq->now) < 0)
		return oerr_machine(rq);
	rq->trail.client_id = cl.client_id;
	done(rq, "revoke_client");
	return resp_empty(rq, 204);
}

static const struct oerr *
scopes(struct req *rq, struct visitor *v, const char *id)
{
	const struct conf *cf = rq->conf;
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	(void)v;
	(void)id;
	buf_init(b, rq->a, 1024);
	json_open(b, NULL, '[');
	for (size_t i = 0; i < cf->n_scopes; i++) {
		if (cf->all_built_in & UINT64_C(1) << i)
			continue;
		json_open(b, NULL, '{');
		json_str(b, "id", cf->scopes[i].name);
		json_str(b, "description", cf->scopes[i].description);
		json_close(b, '}');
	}
	json_close(b, ']');
	return resp_json(rq, 200, b);
}

/* A path behind /oauth/; with has_id one more segment follows. */
static const struct route {
	unsigned method;
	const char *path;
	int has_id;
	int wants_fresh;	/* what it makes outlives the session: fresh.h */
	const struct oerr *(*run)(
	    struct req *rq, struct visitor *v, const char *id);
} routes[] = {
	{ METHOD_GET, "tokens", 0, 0, tokens },
	{ METHOD_DELETE, "tokens", 1, 0, end_token },
	{ METHOD_GET, "clients", 0, 0, clients },
	{ METHOD_POST, "clients", 0, 1, make_client },
	{ METHOD_PUT, "clients", 1, 1, change_client },
	{ METHOD_DELETE, "clients", 1, 0, end_client },
	{ METHOD_GET, "scopes", 0, 0, scopes },
	{ METHOD_GET, "personal-access-tokens", 0, 0, personal },
	{ METHOD_POST, "personal-access-tokens", 0, 1, make_token },
	{ METHOD_DELETE, "personal-access-tokens", 1, 0, end_token },
};

/* Does the path of the request begin with that word?  What follows is put to *rest. */
static int
begins(const char *path, const char *word, const char **rest)
{
	const size_t n = strlen(word);

	*rest = path + n;
	return strncmp(path, word, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/*
 * Some web servers mount the program at the whole URL, and some at what is before the
 * word: the word is the last segment of SCRIPT_NAME, or the first of PATH_INFO.
 */
static const struct oerr *
find_route(struct req *rq, const struct route **out, const char **id)
{
	const char *last = strrchr(rq->script, '/'), *rest, *path;
	unsigned methods = 0;

	path = arena_printf(
	    rq->a, "%s%s", last == NULL ? "" : last + 1, rq->path);
	for (int again = 0; again < 2 && methods == 0; again++) {
		for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
			if (!begins(path, routes[i].path, &rest) ||
			    (*rest == '/' && rest[1] != '\0') != routes[i].has_id ||
			    (*rest == '/' && strchr(rest + 1, '/') != NULL))
				continue;
			methods |= routes[i].method;
			if (routes[i].method != rq->method)
				continue;
			*out = &routes[i];
			*id = *rest == '/' ? rest + 1 : "";
			return NULL;
		}
		path = *rq->path == '/' ? rq->path + 1 : "";
	}
	return methods == 0 ? &oerr_not_found : resp_method(rq, methods);
}

static const struct oerr *
passport(struct req *rq)
{
	const struct route *r = NULL;
	const struct oerr *e;
	struct visitor v;
	const char *id = NULL;

	if ((e = find_route(rq, &r, &id)) != NULL)
		return e;
	if (!rq->conf->passport_compat)
		return oerr_why(rq, &oerr_not_found, "passport_compat is no");
	if ((e = passport_asker(rq, r->wants_fresh, &v)) != NULL)
		return e;
	return r->run(rq, &v, id);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_SIGNING,
		.name = "passport", .audit = "account",
		.methods = METHOD_GET | METHOD_POST | METHOD_PUT | METHOD_DELETE,
		.bodies = BODY_FORM | BODY_JSON | BODY_MULTIPART, .query = 1,
		.any_path = 1, .routed = 1,
		.run = passport, .fail = resp_error_json,
	};

	return serve(&ep);
}
