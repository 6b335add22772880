/* passkey_offer.c: what a page asks of a browser that may have passkeys. */
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "cose.h"
#include "crypto.h"
#include "json.h"
#include "oerr.h"
#include "passkey_int.h"
#include "passkey_site.h"
#include "req.h"
#include "session.h"
#include "store_seal.h"
#include "store_user.h"
#include "tmpl.h"

#define AHEAD_S 5 /* the clock may have been set back by this */

/* A challenge: when it was made, random bytes, and the seal of both. */
struct challenge {
	uint8_t at[8], random[8];
	struct digest seal;
};
#define CHALLENGE_TEXT_LEN B64_LEN(sizeof(struct challenge))

_Static_assert(sizeof(struct challenge) == 48, "no padding");

const char *
passkey_handle(struct arena *a, int64_t user)
{
	return arena_printf(a, "%lld", (long long)user);
}

struct octets
passkey_key(struct arena *a, const struct passkey *p)
{
	const size_t len = strlen(p->key);
	uint8_t *data = arena_alloc(a, len + 1);
	const ssize_t n = b64url_decode(p->key, len, data);

	return (struct octets) { data, n < 0 ? 0 : (size_t)n };
}

/*
 * The seal is of the browser's cookie too: a challenge is good in one browser, and
 * only until its sign-in, which brings a new cookie.
 */
static int
seal(struct req *rq, const struct visitor *v, const struct challenge *c,
    struct digest *out)
{
	char head[B64_LEN(sizeof(c->at) + sizeof(c->random)) + 1];
	struct digest key;

	if (store_seal_key(rq->st, &key) < 0)
		return -1;
	b64url_encode(c->at, sizeof(c->at) + sizeof(c->random), head);
	digest_seal(&key,
	    arena_printf(rq->a, "passkey:%s:%s", v->cookie, head), out);
	explicit_bzero(&key, sizeof(key));
	return 0;
}

/* Return it as text, or NULL, logged. */
static const char *
make_challenge(struct req *rq, const struct visitor *v)
{
	char *text = arena_alloc(rq->a, CHALLENGE_TEXT_LEN + 1);
	struct challenge c;

	for (int i = 0; i < 8; i++)
		c.at[i] = (uint8_t)((uint64_t)rq->now >> (56 - 8 * i));
	crypto_random(c.random, sizeof(c.random));
	if (seal(rq, v, &c, &c.seal) < 0)
		return NULL;
	b64url_encode(&c, sizeof(c), text);
	return text;
}

const struct oerr *
passkey_challenge_check(struct req *rq, const struct visitor *v)
{
	const char *text = rq->param[PARAM_CHALLENGE];
	struct challenge c;
	struct digest right;
	uint64_t at = 0;

	if (text == NULL || strlen(text) != CHALLENGE_TEXT_LEN ||
	    b64url_decode(text, CHALLENGE_TEXT_LEN, &c) != sizeof(c) ||
	    *v->cookie == '\0')
		return oerr_why(rq, &oerr_stale_form, "no challenge of ours");
	if (seal(rq, v, &c, &right) < 0)
		return oerr_machine(rq);
	if (!digest_equal(&c.seal, &right))
		return oerr_why(rq, &oerr_stale_form,
		    "the challenge is not ours, or another browser's");
	for (int i = 0; i < 8; i++)
		at = at << 8 | c.at[i];
	if ((int64_t)at > rq->now + AHEAD_S ||
	    (int64_t)at <= rq->now - PASSKEY_TTL_S)
		return oerr_why(rq, &oerr_stale_form, "the challenge is too old");
	return NULL;
}

/* PublicKeyCredentialDescriptor: section 5.8.3. */
static int
write_known(
    struct req *rq, struct buf *b, const char *name, const struct user *u)
{
	struct passkey *p = arena_alloc(rq->a, PASSKEYS_MAX * sizeof(*p));
	const int n =
	    store_passkey_list(rq->st, rq->a, u->id, p, PASSKEYS_MAX);

	json_open(b, name, '[');
	for (int i = 0; i < n; i++) {
		json_open(b, NULL, '{');
		json_str(b, "type", "public-key");
		json_str(b, "id", p[i].credential);
		if (p[i].transports != NULL)
			json_words(b, "transports", p[i].transports);
		json_close(b, '}');
	}
	json_close(b, ']');
	return n;
}

/*
 * PublicKeyCredentialCreationOptions: section 5.4.  The authenticator is asked to keep
 * the passkey itself, so that it can say whose it is.
 */
static int
write_make(struct req *rq, struct buf *b, const struct user *u)
{
	const char *handle = passkey_handle(rq->a, u->id);
	const char *label = store_user_label(u) == NULL ? handle : store_user_label(u);
	char *id = arena_alloc(rq->a, B64_LEN(strlen(handle)) + 1);
	int n;

	b64url_encode(handle, strlen(handle), id);
	json_open(b, "rp", '{');
	json_str(b, "id", passkey_rp_id(rq->conf, rq->a));
	json_str(b, "name", rq->conf->site_name);
	json_close(b, '}');
	json_open(b, "user", '{');
	json_str(b, "id", id);
	json_str(b, "name", label);
	json_str(b, "displayName", *u->name == '\0' ? label : u->name);
	json_close(b, '}');
	json_open(b, "pubKeyCredParams", '[');
	for (int i = 0; i < COSE_ALGS; i++) {
		json_open(b, NULL, '{');
		json_str(b, "type", "public-key");
		json_int(b, "alg", cose_algs[i]);
		json_close(b, '}');
	}
	json_close(b, ']');
	n = write_known(rq, b, "excludeCredentials", u);
	json_open(b, "authenticatorSelection", '{');
	json_str(b, "residentKey", "preferred");
	json_str(b, "userVerification", "preferred");
	json_close(b, '}');
	json_str(b, "attestation", "none");
	return n;
}

/* PublicKeyCredentialRequestOptions: section 5.5. */
static int
write_use(struct req *rq, struct buf *b, enum passkey_ask ask,
    const struct user *u)
{
	json_str(b, "rpId", passkey_rp_id(rq->conf, rq->a));
	json_str(b, "userVerification",
	    ask == PASSKEY_SECOND ? "discouraged" : "required");
	return ask == PASSKEY_ALONE
	    ? 0
	    : write_known(rq, b, "allowCredentials", u);
}

int
passkey_count(struct req *rq, const struct user *u)
{
	struct passkey *p = arena_alloc(rq->a, PASSKEYS_MAX * sizeof(*p));

	return passkey_may_be(rq->conf)
	    ? store_passkey_list(rq->st, rq->a, u->id, p, PASSKEYS_MAX)
	    : 0;
}

const struct oerr *
passkey_offer(struct req *rq, const struct visitor *v, enum passkey_ask ask,
    const struct user *u, struct tmpl_data *d)
{
	const char *challenge;
	struct buf b;

	if (!passkey_may_be(rq->conf))
		return NULL;
	if ((challenge = make_challenge(rq, v)) == NULL)
		return oerr_machine(rq);
	buf_init(&b, rq->a, 1024);
	json_open(&b, NULL, '{');
	json_str(&b, "challenge", challenge);
	json_int(&b, "timeout", PASSKEY_TTL_S * 1000);
	if ((ask == PASSKEY_MAKE ? write_make(rq, &b, u)
				 : write_use(rq, &b, ask, u)) < 0)
		return oerr_machine(rq);
	json_close(&b, '}');
	tmpl_set(d, "passkey_options", b.data);
	tmpl_set(d, "passkey_challenge", challenge);
	return NULL;
}
