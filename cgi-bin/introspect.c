/* introspect.c: POST /oauth/introspect: what is this token (RFC 7662)? */
#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client.h"
#include "conf.h"
#include "grant.h"
#include "guard.h"
#include "issue.h"
#include "json.h"
#include "oerr.h"
#include "proof.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "serve.h"
#include "store_client.h"
#include "store_token.h"
#include "store_user.h"
#include "subject.h"
#include "words.h"

/* What is told, from either kind of token. */
struct answer {
	int active;
	const char *scope, *client_id, *email, *type, *jti, *sub;
	int64_t expires_at, created_at;
	struct json_object *audience; /* or NULL */
	struct proof proof;
	const char *cnf, *thumbprint; /* RFC 9449 section 6.2, RFC 8705 section 3.2 */
};

/* A string, or an array of them (RFC 7519 section 4.1.3). */
static void
write_audience(struct buf *b, const char *name, struct json_object *aud)
{
	if (json_object_is_type(aud, json_type_string)) {
		json_strn(b, name, json_object_get_string(aud),
		    (size_t)json_object_get_string_len(aud));
	} else if (json_object_is_type(aud, json_type_array)) {
		json_open(b, name, '[');
		for (size_t i = 0; i < json_object_array_length(aud); i++)
			write_audience(
			    b, NULL, json_object_array_get_idx(aud, i));
		json_close(b, ']');
	}
}

static const struct oerr *
write_answer(struct req *rq, const struct answer *an)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	json_truth(b, "active", an->active);
	if (an->active) {
		json_str(b, "scope", an->scope);
		json_str(b, "client_id", an->client_id);
		if (an->email != NULL)
			json_str(b, "username", an->email);
		json_str(b, "token_type", an->type);
		json_int(b, "exp", an->expires_at);
		if (an->created_at != 0) {
			json_int(b, "iat", an->created_at);
			json_int(b, "nbf", an->created_at);
		}
		json_str(b, "sub", an->sub);
		json_str(b, "iss", rq->conf->issuer);
		if (an->audience != NULL)
			write_audience(b, "aud", an->audience);
		if (an->jti != NULL)
			json_str(b, "jti", an->jti);
		proof_write(b, &an->proof);
		if (an->thumbprint != NULL) {
			json_open(b, "cnf", '{');
			json_str(b, an->cnf, an->thumbprint);
			json_close(b, '}');
		}
	}
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

/*
 * The user's address: a resource server may know it; an app learns it of its own
 * token where the user said so (the scope email), or signed in to the app itself.
 */
static const char *
username(const struct client *cl, const char *scope, int is_first_party,
    const char *email)
{
	return is_first_party || words_have(cl->grants, RIGHT_INTROSPECT) ||
		words_have(scope, "email")
	    ? email
	    : NULL;
}

/* A refresh token of the asking client: active if it could be used now. */
static const struct oerr *
inspect_refresh(struct req *rq, const struct client *cl,
    const struct refresh_token *t, struct answer *an)
{
	const char *scope, *sub;
	struct user u;
	int found;

	if (t->granted.client != cl->id || t->spent_at != 0 ||
	    t->revoked_at != 0 || t->expires_at <= rq->now ||
	    grant_family_end(rq->conf, &t->granted.family) <= rq->now ||
	    !words_have(cl->grants, GRANT_REFRESH))
		return NULL;
	if ((found = store_user_by_id(rq->st, rq->a, t->granted.user, &u)) < 0)
		return oerr_machine(rq);
	if (found == 0 || u.disabled_at != 0)
		return NULL;
	scope = scope_format(rq->conf, rq->a,
	    scope_parse(rq->conf, t->granted.scope, NULL) &
		scope_of_client(rq->conf, cl) & scope_of_user(rq->conf, &u));
	if (subject_for(rq->st, rq->a, cl->sector, u.id, u.subject, &sub) < 0)
		return oerr_machine(rq);
	*an = (struct answer) {
		.active = 1, .scope = scope, .client_id = cl->client_id,
		.email = username(cl, scope,
		    words_have(cl->grants, GRANT_PASSWORD), u.email),
		.type = "refresh_token", .sub = sub,
		.expires_at = t->expires_at, .proof = t->granted.proof,
	};
	return NULL;
}

/* What an access token says of itself, and the database does not. */
static void
read_claims(struct req *rq, const char *text, int is_of_client,
    struct answer *an)
{
	struct json_object *o = bearer_claims(rq, text);

	if (o == NULL)
		return;
	json_object_object_get_ex(o, "aud", &an->audience);
	an->sub = json_get_str(o, "sub");
	/* A client's own token of Passport's may say what a user's says. */
	if (is_of_client && strcmp(an->jti, json_get_str(o, "jti")) != 0)
		an->sub = subject_of_client(rq->a, an->client_id);
	an->jti = json_get_str(o, "jti");
	proof_from_claims(rq->a, o, &an->proof);
}

/*
 * A client learns about its own tokens.  A client with the right "introspect"
 * (a resource server) learns about all access tokens, and by aud whether one
 * is meant for it.  For any other token the answer is that for a random text
 * (RFC 7662 section 4).
 */
static const struct oerr *
inspect_access(struct req *rq, const struct client *cl, const char *text,
    struct answer *an)
{
	struct caller who;
	const struct oerr *e;

	if ((e = bearer_check(rq, text, &who)) != NULL)
		return e->status < 500 ? NULL : e;
	if (who.is.client != cl->id && !words_have(cl->grants, RIGHT_INTROSPECT))
		return NULL;
	*an = (struct answer) {
		.active = 1, .scope = who.is.scope,
		.client_id = who.is.client_id,
		.email = username(cl, who.is.scope,
		    guard_is_first_party(&who), who.is.email),
		.type = guard_is_by_key(&who) ? "DPoP" : "Bearer",
		.jti = id_text(rq->a, &who.says.id),
		.expires_at = who.is.expires_at,
		.created_at = who.is.created_at,
		.cnf = who.says.by_cert ? "x5t#S256" : "jkt",
		.thumbprint = *who.says.jkt == '\0'
		    ? NULL
		    : arena_str(rq->a, who.says.jkt),
	};
	read_claims(rq, text, who.is.user == 0, an);
	return NULL;
}

static const struct oerr *
introspect_post(struct req *rq)
{
	const char *text = rq->param[PARAM_TOKEN];
	struct answer an = { .active = 0 };
	const struct client *cl;
	const struct oerr *e;
	struct refresh_token t;
	struct digest d;
	int found;

	if ((e = client_authenticate(rq, &cl)) != NULL)
		return e;
	/* RFC 7662 section 2.1: the endpoint is not for just anyone. */
	if (client_is_public(cl))
		return oerr_why(rq, &oerr_invalid_client, "public client");
	if (text == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter token is missing.");
	digest_of(text, strlen(text), &d);
	if ((found = store_refresh_find(rq->st, rq->a, &d, &t)) < 0)
		return oerr_machine(rq);
	e = found == 1 ? inspect_refresh(rq, cl, &t, &an)
		       : inspect_access(rq, cl, text, &an);
	return e != NULL ? e : write_answer(rq, &an);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE | USES_KEYS,
		.name = "introspect", .audit = "introspect",
		.methods = METHOD_POST,
		.bodies = BODY_FORM,
		.waits = 1,
		.run = introspect_post, .fail = resp_error_json,
	};

	return serve(&ep);
}
