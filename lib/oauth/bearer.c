/* bearer.c: what a bearer token says, and whether it is live. */
#include "bearer.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "conf.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"
#include "oerr.h"
#include "passport_jwt.h"
#include "req.h"
#include "scope.h"
#include "uri.h"

/* The FOR_ bits of what aud, a string or an array of strings, names. */
static uint64_t
read_audience(struct req *rq, struct json_object *aud, const char *client_id)
{
	const struct conf *cf = rq->conf;
	uint64_t is_for = 0;
	const char *s;

	if (json_object_is_type(aud, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(aud); i++)
			is_for |= read_audience(rq,
			    json_object_array_get_idx(aud, i), client_id);
		return is_for;
	}
	if (!json_object_is_type(aud, json_type_string))
		return 0;
	s = json_object_get_string(aud);
	/* JSON can spell a NUL: strcmp would not see what is behind it. */
	if (strlen(s) != (size_t)json_object_get_string_len(aud))
		return 0;
	if (uri_same(rq->a, s, cf->issuer))
		is_for |= FOR_ISSUER;
	if (uri_find(rq->a, cf->audiences, s) != NULL)
		is_for |= FOR_AUDIENCES;
	for (size_t i = 0; i < cf->n_resources; i++)
		if (uri_same(rq->a, s, cf->resources[i]->needs.resource))
			is_for |= FOR_RESOURCE(i + 1);
	/* Passport's aud is the client, and names no resource. */
	if (cf->passport_compat && client_id != NULL &&
	    strcmp(s, client_id) == 0)
		is_for |= FOR_ISSUER;
	return is_for;
}

/* RFC 9068 section 2.1; with or without the prefix (RFC 7515 section 4.1.9). */
static int
typ_is_ours(const struct req *rq, const char *typ)
{
	if (typ == NULL)
		return 0;
	if (rq->conf->passport_compat)
		return strcasecmp(typ, "JWT") == 0;
	if (strncasecmp(typ, "application/", 12) == 0)
		typ += 12;
	return strcasecmp(typ, "at+jwt") == 0;
}

/* What the user proved when they signed in, as far as a rule may ask for it. */
static void
read_proof(struct json_object *o, struct claims *out)
{
	const char *acr = json_get_str(o, "acr");

	if (json_get_int(o, "auth_time", &out->auth_time) == 1 && acr != NULL)
		out->acr = acr_find(acr, strlen(acr));
}

/*
 * RFC 9449 section 6, RFC 8705 section 3.1: what the token is bound to.  1; 0 if that is
 * none of the two.
 */
static int
read_key(struct json_object *o, struct claims *out)
{
	struct json_object *cnf = NULL;
	const char *jkt;

	if (!json_object_object_get_ex(o, "cnf", &cnf))
		return 1;
	jkt = json_get_str(cnf, "jkt");
	if (jkt == NULL) {
		jkt = json_get_str(cnf, "x5t#S256");
		out->by_cert = 1;
	}
	if (jkt == NULL || strlen(jkt) != KID_LEN)
		return 0;
	memcpy(out->jkt, jkt, KID_LEN + 1);
	return 1;
}

/* The claims of a token of ours; NULL and its id, or why not, for the log. */
static const char *
check_own(struct req *rq, const struct jwt *jwt, struct json_object *o,
    struct claims *out)
{
	struct json_object *aud = NULL;
	const char *iss, *jti, *client_id;
	int64_t iat;

	if (!typ_is_ours(rq, jwt->typ))
		return "not an access token";
	client_id = json_get_str(o, "client_id");
	if ((iss = json_get_str(o, "iss")) == NULL ||
	    strcmp(iss, rq->conf->issuer) != 0)
		return "another issuer";
	if (json_object_object_get_ex(o, "aud", &aud))
		out->is_for = read_audience(rq, aud, client_id);
	if (json_get_int(o, "exp", &out->expires_at) != 1)
		return "no exp";
	/* RFC 9068 section 2.2: what a token of ours always has. */
	if (json_get_str(o, "sub") == NULL || client_id == NULL ||
	    json_get_int(o, "iat", &iat) != 1)
		return "no sub, client_id or iat";
	if (json_get_int(o, "nbf", &out->not_before) < 0)
		return "malformed nbf";
	if ((jti = json_get_str(o, "jti")) == NULL ||
	    !id_read(jti, &out->id))
		return "no jti of ours";
	read_proof(o, out);
	return read_key(o, out) ? NULL : "bound in a way that is not ours";
}

/*
 * The same of any token.  One without a kid may be of Passport's: then *client is the
 * client that its row must have.
 */
static const char *
check_claims(struct req *rq, const struct jwt *jwt, struct claims *out,
    const char **client)
{
	struct json_object *o;

	if ((o = json_parse(rq->a, jwt->payload, jwt->payload_len)) == NULL ||
	    !json_object_is_type(o, json_type_object))
		return "malformed claims";
	if (jwt->kid != NULL)
		return check_own(rq, jwt, o, out);
	out->is_for = FOR_ISSUER;
	return passport_claims(o, out, client);
}

/* Is the text signed?  A token of Passport's is nothing without its row. */
static const char *
check_signature(struct req *rq, const struct jwt *jwt, const char *client,
    int found, const struct access *row)
{
	if (client == NULL)
		return jwt_check(rq->a, jwt, keys_find, rq);
	if (found != 1 || row->has_seal || strcmp(client, row->client_id) != 0)
		return "no kid, and none of the tokens of Passport";
	return passport_signed(rq->a, keys_get(rq), jwt);
}

/*
 * found is what the database said of the token: 1, 0 or -1.  Cut the token's
 * scopes to what its client and its user may have now.
 */
static const struct oerr *
take_row(struct req *rq, int found, struct access *is)
{
	if (found < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(rq, &oerr_invalid_token, "unknown token");
	is->scope = scope_of_token(rq->conf, rq->a, is);
	return NULL;
}

static const struct oerr *
check_live(struct req *rq, const struct caller *who)
{
	if (who->says.expires_at <= rq->now)
		return oerr_why(rq, &oerr_invalid_token, "expired token");
	if (who->says.not_before > rq->now)
		return oerr_why(rq, &oerr_invalid_token, "not valid yet");
	if (who->is.token_revoked)
		return oerr_why(rq, &oerr_invalid_token, "revoked token");
	if (who->is.expires_at <= rq->now)
		return oerr_why(rq, &oerr_invalid_token, "ended token");
	if (who->is.client_revoked)
		return oerr_why(rq, &oerr_invalid_token, "revoked client");
	if (who->is.user_disabled)
		return oerr_why(rq, &oerr_invalid_token, "disabled user");
	if (who->says.is_for == 0)
		return oerr_why(rq, &oerr_invalid_token, "another audience");
	return NULL;
}

/*
 * Is this the very text that we signed?  Then its row has a seal of the whole
 * text, made with seal.key, and the signature need not be checked.  Any other
 * text needs its signature checked, as do tokens from before there was a
 * seal.key, whether there is a row or not.  Somebody who can write to the
 * database alone cannot make a seal, as that takes seal.key.  Retiring a key ends
 * its tokens.
 */
static int
is_sealed(struct req *rq, const struct jwt *jwt, const struct access *row)
{
	return row->has_seal &&
	    keys_have_sealed(keys_get(rq), jwt->kid, jwt->text, &row->seal);
}

static const struct oerr *
no_keys(struct req *rq)
{
	return oerr_why(rq, &oerr_server_error, "no keys");
}

const struct oerr *
bearer_identify(struct req *rq, const char *token, struct caller *out)
{
	const char *why, *client = NULL;
	struct digest d;
	struct jwt jwt;
	int found = 0;

	memset(out, 0, sizeof(*out));
	if (keys_get(rq) == NULL)
		return no_keys(rq);
	digest_of(token, strlen(token), &d);
	if (verified_find(rq, &d, &out->says))
		return take_row(rq,
		    store_access_find(
			rq->st, rq->a, &out->says.id, &out->is),
		    &out->is);
	why = jwt_read(rq->a, token, &jwt);
	if (why == NULL)
		why = check_claims(rq, &jwt, &out->says, &client);
	if (why == NULL) {
		found = store_access_find(
		    rq->st, rq->a, &out->says.id, &out->is);
		if (found != 1 || !is_sealed(rq, &jwt, &out->is)) {
			if (!keys_any(keys_get(rq)))
				return no_keys(rq);
			why = check_signature(
			    rq, &jwt, client, found, &out->is);
		}
	}
	if (why != NULL) {
		memset(out, 0, sizeof(*out)); /* a forgery names nobody */
		return oerr_why(rq, &oerr_invalid_token, "%s", why);
	}
	verified_add(rq, &d, &out->says);
	return take_row(rq, found, &out->is);
}

const struct oerr *
bearer_check(struct req *rq, const char *token, struct caller *out)
{
	const struct oerr *e = bearer_identify(rq, token, out);

	return e != NULL ? e : check_live(rq, out);
}

struct json_object *
bearer_claims(struct req *rq, const char *token)
{
	struct jwt jwt;

	return jwt_read(rq->a, token, &jwt) == NULL
	    ? json_parse(rq->a, jwt.payload, jwt.payload_len)
	    : NULL;
}

const struct oerr *
bearer_check_again(struct req *rq, struct caller *who)
{
	const struct oerr *e = take_row(rq,
	    store_access_find(rq->st, rq->a, &who->says.id, &who->is),
	    &who->is);

	return e != NULL ? e : check_live(rq, who);
}
