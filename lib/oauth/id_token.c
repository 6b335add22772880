/* id_token.c: who signed in, for the client: OpenID Connect Core section 2. */
#include "id_token.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "claims.h"
#include "conf.h"
#include "crypto.h"
#include "grant.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"
#include "oerr.h"
#include "proof.h"
#include "req.h"
#include "store_client.h"
#include "store_token.h"
#include "store_user.h"
#include "subject.h"

void
id_token_hash(
    enum alg alg, const char *text, char out[static AT_HASH_MAX + 1])
{
	uint8_t h[DIGEST_512_LEN];
	struct digest d;

	if (alg == ALG_EDDSA) { /* Ed25519 hashes by SHA-512 */
		digest_512(text, strlen(text), h);
		b64url_encode(h, DIGEST_512_LEN / 2, out);
		return;
	}
	digest_of(text, strlen(text), &d);
	b64url_encode(d.byte, DIGEST_LEN / 2, out);
}

/* What an ID token is made of. */
struct making {
	const struct client *cl;
	const struct subject *sub;
	const struct access_token *access;
	const char *jwt;	/* the access token */
	const char *subject;	/* what the client calls the user */
	enum alg alg;
};

static void
write_claims(struct req *rq, const struct making *m, struct buf *b)
{
	const struct granted *g = &m->sub->granted;
	char hash[AT_HASH_MAX + 1];

	id_token_hash(m->alg, m->jwt, hash);
	json_open(b, NULL, '{');
	json_str(b, "iss", rq->conf->issuer);
	json_str(b, "sub", m->subject);
	json_str(b, "aud", m->cl->client_id);
	json_str(b, "azp", m->cl->client_id);
	json_int(b, "exp", m->access->expires_at);
	json_int(b, "iat", rq->now);
	proof_write(b, &g->proof);
	if (g->nonce != NULL)
		json_str(b, "nonce", g->nonce);
	json_str(b, "at_hash", hash);
	if (g->sid != NULL)
		json_str(b, "sid", g->sid);
	claims_write(rq, b, m->sub->user,
	    m->cl->id_token_claims ? m->sub->scope : 0, g->claims,
	    CLAIMS_ID_TOKEN);
	json_close(b, '}');
}

const struct oerr *
id_token_make(struct req *rq, const struct client *cl,
    const struct subject *sub, const struct access_token *access,
    const char *jwt, char **out)
{
	const struct user *u = sub->user;
	struct making m = { .cl = cl, .sub = sub, .access = access, .jwt = jwt };
	const struct keys_entry *en;
	struct buf claims;

	*out = NULL;
	if (u == NULL || !(sub->scope & rq->conf->built_in[SCOPE_OPENID]))
		return NULL;
	/* Core section 2: RS256 unless the client was registered with another. */
	m.alg = cl->id_token_alg == NULL
	    ? ALG_RS256
	    : (enum alg)alg_find(cl->id_token_alg);
	if ((en = keys_signer(keys_get_signing(rq), (int)m.alg)) == NULL)
		return oerr_why(rq, &oerr_server_error,
		    "no %s key to sign the ID token with: carnet keys generate"
		    " --alg %s makes one", alg_name(m.alg), alg_name(m.alg));
	if (subject_for(rq->st, rq->a, cl->sector, u->id, u->subject,
		&m.subject) < 0)
		return oerr_machine(rq);
	buf_init(&claims, rq->a, 1024);
	write_claims(rq, &m, &claims);
	*out = jwt_sign(
	    rq->a, en->key, en->kid, "JWT", claims.data, claims.len);
	return *out == NULL ? &oerr_server_error : NULL;
}

/* Why the claims are no ID token's of ours, or NULL. */
static const char *
read_claims(struct req *rq, const struct jwt *jwt, struct id_hint *out)
{
	struct json_object *o =
	    json_parse(rq->a, jwt->payload, jwt->payload_len);
	const char *iss = json_get_str(o, "iss");

	if (iss == NULL || strcmp(iss, rq->conf->issuer) != 0)
		return "another server issued it";
	/* An access token that has the type of Passport's has no azp. */
	out->client_id = json_get_str(o, "azp");
	out->sub = json_get_str(o, "sub");
	out->sid = json_get_str(o, "sid");
	return out->client_id == NULL || out->sub == NULL
	    ? "it is no ID token"
	    : NULL;
}

const struct oerr *
id_token_read(struct req *rq, const char *text, struct id_hint *out)
{
	const char *why;
	struct jwt jwt;

	if ((why = jwt_read(rq->a, text, &jwt)) == NULL &&
	    (jwt.typ == NULL || strcmp(jwt.typ, "JWT") != 0))
		why = "it is no ID token";
	if (why == NULL)
		why = jwt_check(rq->a, &jwt, keys_find, rq);
	if (why == NULL)
		why = read_claims(rq, &jwt, out);
	return why == NULL
	    ? NULL
	    : oerr_why(rq,
		  oerr_say(rq, &oerr_invalid_request,
		      "The id_token_hint is no ID token of this server."),
		  "id_token_hint: %s", why);
}
