/* personal-tokens.c: /api/personal-tokens: tokens that a user makes by hand. */
#include <json-c/json.h>

#include "api.h"
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "grant.h"
#include "mint.h"
#include "json.h"
#include "oerr.h"
#include "proof.h"
#include "req.h"
#include "resp.h"
#include "revoke.h"
#include "scope.h"
#include "serve.h"
#include "store.h"
#include "store_client.h"
#include "store_purge.h"
#include "store_token.h"
#include "store_user.h"
#include "trail.h"
#include "words.h"

#define NAME_MAX_CHARS 60
#define LIST_MAX 1000

/* One element of "scopes": a scope that the caller's token has. */
static const struct oerr *
take_scope(struct req *rq, size_t i, struct json_object *v, uint64_t may,
    uint64_t *set)
{
	const char *field = arena_printf(rq->a, "scopes.%zu", i);
	uint64_t one;
	int unknown = 0;

	if (!json_object_is_type(v, json_type_string))
		return oerr_field(rq, field, "The %s field must be a string.",
		    field);
	one = scope_parse(rq->conf, json_object_get_string(v), &unknown);
	if (unknown || one == 0 ||
	    strchr(json_object_get_string(v), ' ') != NULL)
		return oerr_field(rq, field, "The selected %s is no scope.",
		    field);
	if (one == SCOPE_STAR)
		one = may;
	if (one & ~may)
		return oerr_field(rq, field,
		    "The selected %s is more than the presenting token has.",
		    field);
	*set |= one;
	return NULL;
}

static const struct oerr *
take_scopes(struct req *rq, uint64_t may, uint64_t *set)
{
	const struct oerr *e = NULL, *one;
	struct json_object *list = NULL;

	*set = 0;
	if (!json_object_is_type(rq->json, json_type_object) ||
	    !json_object_object_get_ex(rq->json, "scopes", &list) ||
	    list == NULL)
		return NULL; /* a token that only tells who */
	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) > SCOPES_MAX)
		return oerr_field(rq, "scopes",
		    "The scopes field must be an array of at most %d.",
		    SCOPES_MAX);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if ((one = take_scope(rq, i,
			 json_object_array_get_idx(list, i), may, set)) != NULL)
			e = one;
	return e;
}

static void
write_token(
    struct req *rq, struct buf *b, const struct access_token *t)
{
	json_str(b, "id", id_text(rq->a, &t->id));
	json_str(b, "name", t->name);
	json_words(b, "scopes", t->scope);
	json_int(b, "created_at", t->created_at);
	json_int(b, "expires_at", t->expires_at);
}

/* A token to be stored. */
struct making {
	struct req *rq;
	const struct caller *who;
	const struct access_token *row;
	const struct oerr *e; /* who may no more */
};

static int
store_token(struct store *st, void *ctx)
{
	struct making *m = ctx;

	m->e = guard_check_again(m->rq, m->who);
	return m->e != NULL ? -1 : store_access_add(st, m->row);
}

static const struct oerr *
store_one(struct req *rq, const struct caller *who,
    const struct access_token *row)
{
	struct making m = { .rq = rq, .who = who, .row = row };

	if (store_write(rq->st, store_token, &m) >= 0)
		return NULL;
	return m.e != NULL ? guard_refuse(rq, m.e) : oerr_machine(rq);
}

/* A token that is made with a personal token does not outlive it. */
static int64_t
ttl_for(const struct req *rq, const struct caller *who)
{
	const int64_t ttl_s = rq->conf->personal_ttl,
		      left_s = who->is.expires_at - rq->now;

	return who->is.name != NULL && left_s < ttl_s ? left_s : ttl_s;
}

static const struct oerr *
create(struct req *rq, const struct caller *who, const char *id)
{
	struct client *cl = arena_alloc(rq->a, sizeof(*cl));
	struct mint m = { .cl = cl, .user = who->is.user,
		.subject = who->is.subject, .ttl_s = ttl_for(rq, who) };
	const struct oerr *e, *e2;
	struct user u;
	uint64_t may;
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	struct access_token row;
	char *jwt;

	(void)id;
	if ((e = grant_user(rq, who->is.user, &u)) != NULL)
		return e;
	/* The scopes that the token has, and that its user may still have. */
	may = scope_parse(rq->conf, who->is.scope, NULL) &
	    scope_of_user(rq->conf, &u) & ~rq->conf->all_built_in;
	e = api_text(rq, "name", NAME_MAX_CHARS, &m.name);
	e2 = take_scopes(rq, may, &m.scope);
	if (e != NULL || e2 != NULL)
		return &oerr_unprocessable;
	proof_from_claims(
	    rq->a, bearer_claims(rq, guard_token(rq)), &m.proof);
	if ((e = mint_personal_client(rq, cl)) != NULL ||
	    (e = mint_access(rq, &m, &row, &jwt)) != NULL ||
	    (e = store_one(rq, who, &row)) != NULL)
		return e;
	rq->trail.detail = "make";
	trail_note(rq, "personal_token");
	buf_init(b, rq->a, 2048);
	json_open(b, NULL, '{');
	json_str(b, "token", jwt);
	write_token(rq, b, &row);
	json_close(b, '}');
	return resp_json(rq, 201, b);
}

/* A token that the user gave to a script tells it nothing of the others. */
static int
load_list(struct req *rq, const struct caller *who,
    struct access_token *out)
{
	if (who->is.name == NULL)
		return store_personal_list(
		    rq->st, rq->a, who->is.user, rq->now, NULL, out, LIST_MAX);
	*out = (struct access_token) {
		.id = who->says.id, .name = who->is.name,
		.scope = who->is.scope, .created_at = who->is.created_at,
		.expires_at = who->is.expires_at,
	};
	return 1;
}

/* The words of scope that the user may have now. */
static const char *
still_has(struct req *rq, const struct caller *who, const char *scope)
{
	const struct access h = { .user = who->is.user, .scope = scope,
		.client_scope = "*", .user_scope = who->is.user_scope };

	return scope_of_token(rq->conf, rq->a, &h);
}

static const struct oerr *
list(struct req *rq, const struct caller *who, const char *id)
{
	struct access_token *t = arena_alloc(rq->a, LIST_MAX * sizeof(*t));
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	int n;

	(void)id;
	if ((n = load_list(rq, who, t)) < 0)
		return oerr_machine(rq);
	buf_init(b, rq->a, 1024);
	json_open(b, NULL, '{');
	json_open(b, "data", '[');
	for (int i = 0; i < n; i++) {
		t[i].scope = still_has(rq, who, t[i].scope);
		json_open(b, NULL, '{');
		write_token(rq, b, &t[i]);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

/* The presenting token, and all that came of the same sign-in. */
static const struct oerr *
revoke_current(struct req *rq, const struct caller *who, const char *id)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	(void)id;
	if (revoke_tokens(rq, &who->says.id,
		who->is.has_family ? &who->is.family : NULL) < 0)
		return oerr_machine(rq);
	rq->trail.detail = "current";
	trail_note(rq, "revoke");
	buf_init(b, rq->a, 64);
	json_open(b, NULL, '{');
	json_str(b, "status", "revoked");
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

static const struct oerr *
revoke(struct req *rq, const struct caller *who, const char *text)
{
	struct id id;
	int n;

	if (!id_read(text, &id) ||
	    (who->is.name != NULL &&
		memcmp(id.byte, who->says.id.byte, ID_LEN) != 0))
		return &oerr_not_found;
	n = store_personal_revoke(rq->st, who->is.user, &id, rq->now);
	if (n < 0)
		return oerr_machine(rq);
	if (n == 0)
		return &oerr_not_found;
	rq->trail.detail = "personal_token";
	trail_note(rq, "revoke");
	return resp_empty(rq, 204);
}

static const struct api_route routes[] = {
	{
		.method = METHOD_GET, .path = "",
		.rule = { .caller = CALLER_FIRST_PARTY },
		.run = list,
	},
	/* An app that was let in for an hour must not give itself half a year. */
	{
		.method = METHOD_POST, .path = "",
		.rule = { .caller = CALLER_FIRST_PARTY, .wants_fresh = 1 },
		.run = create,
	},
	{
		.method = METHOD_DELETE, .path = "/current",
		.rule = { .caller = CALLER_ANY },
		.run = revoke_current,
	},
	{
		.method = METHOD_DELETE, .path = "/ID",
		.rule = { .caller = CALLER_FIRST_PARTY },
		.run = revoke,
	},
};

static const struct oerr *
run(struct req *rq)
{
	return api_run(rq, routes, sizeof(routes) / sizeof(routes[0]));
}

int
main(void)
{
	static const struct endpoint personal_tokens = {
		.uses = USES_STORE | USES_KEYS | USES_SIGNING,
		.name = "personal-tokens", .audit = "personal_token",
		.methods = METHOD_GET | METHOD_POST | METHOD_DELETE,
		.bodies = BODY_JSON, .query = 1, .any_path = 1,
		.routed = 1,
		.cors = 1,
		.run = run, .fail = resp_error_json,
	};

	return serve(&personal_tokens);
}
