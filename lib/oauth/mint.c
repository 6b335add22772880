/* mint.c: one access token: its id, its claims, its signature. */
#include "mint.h"

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "jwt.h"
#include "key.h"
#include "keys.h"
#include "oerr.h"
#include "proof.h"
#include "req.h"
#include "scope.h"
#include "store_client.h"
#include "store_token.h"
#include "subject.h"

const struct oerr *
mint_personal_client(struct req *rq, struct client *out)
{
	int found;

	found = store_client_by_role(rq->st, rq->a, "personal", out);
	if (found < 0)
		return oerr_machine(rq);
	return found == 1
	    ? NULL
	    : oerr_why(rq, &oerr_server_error,
		  "no personal client; carnet install makes one");
}

/* The key for this client's tokens, or NULL. */
static const struct keys_entry *
signer_for(struct req *rq, const struct client *cl)
{
	struct keys *ks = keys_get_signing(rq);
	int alg = -1;

	if (cl->alg != NULL)
		alg = alg_find(cl->alg);
	else if (rq->conf->passport_compat)
		alg = ALG_RS256; /* all that league/oauth2-server reads */
	return ks == NULL ? NULL : keys_signer(ks, alg);
}

/*
 * RFC 9068 section 2.2, with the sign-in of section 2.2.1; and scopes as an array, as
 * Passport has it.
 */
static void
write_claims(struct req *rq, const struct mint *m, const char *sub,
    const struct access_token *row, struct buf *b)
{
	int compat = rq->conf->passport_compat;

	json_open(b, NULL, '{');
	json_str(b, "iss", rq->conf->issuer);
	json_str(b, "sub", sub);
	json_str(b, "aud",
	    compat		  ? m->cl->client_id
		: m->audience != NULL ? m->audience
				      : rq->conf->issuer);
	json_str(b, "client_id", m->cl->client_id);
	json_int(b, "exp", row->expires_at);
	json_int(b, "iat", row->created_at);
	json_int(b, "nbf", row->created_at);
	json_str(b, "jti", id_text(rq->a, &row->id));
	json_str(b, "scope", row->scope);
	json_words(b, "scopes", row->scope);
	proof_write(b, &m->proof);
	if (m->claims != NULL)
		json_str(b, "claims", m->claims);
	if (m->jkt != NULL) {
		json_open(b, "cnf", '{');
		json_str(b, m->by_cert ? "x5t#S256" : "jkt", m->jkt);
		json_close(b, '}');
	}
	json_close(b, '}');
}

const struct oerr *
mint_access(struct req *rq, const struct mint *m, struct access_token *row,
    char **jwt)
{
	const struct keys_entry *en = signer_for(rq, m->cl);
	const char *sub;
	struct buf claims;

	if (en == NULL)
		return oerr_why(rq, &oerr_server_error, "no key to sign with");
	if (m->user == 0)
		sub = m->cl->keeps_sub
		    ? m->cl->client_id
		    : subject_of_client(rq->a, m->cl->client_id);
	else if (subject_for(rq->st, rq->a, m->cl->sector, m->user, m->subject,
		     &sub) < 0)
		return oerr_machine(rq);
	*row = (struct access_token) {
		.client = m->cl->id,
		.user = m->user,
		.name = m->name,
		.scope = scope_format(rq->conf, rq->a, m->scope),
		.created_at = rq->now,
		.expires_at = rq->now + m->ttl_s,
	};
	id_make(rq->now, &row->id);
	if (m->family != NULL) {
		row->family = *m->family;
		row->has_family = 1;
	}
	buf_init(&claims, rq->a, 1024);
	write_claims(rq, m, sub, row, &claims);
	*jwt = jwt_sign(rq->a, en->key, en->kid,
	    rq->conf->passport_compat ? "JWT" : "at+jwt", claims.data,
	    claims.len);
	if (*jwt == NULL)
		return &oerr_server_error;
	row->has_seal =
	    keys_seal(keys_get_signing(rq), *jwt, &row->seal) == 0;
	row->signed_by = keys_number(en);
	return NULL;
}
