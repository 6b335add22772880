/* signed.c: what clients sign: JWTs by keys that are not ours. */
#include "signed.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "json.h"
#include "jwk_set.h"
#include "jwt.h"
#include "key.h"
#include "oerr.h"
#include "site.h"
#include "words.h"

#define JTI_MAX 255

/* RFC 7523 section 3: issuer and token endpoint are both seen in use. */
static int
is_for_token(const struct conf *cf, struct arena *a, const char *aud)
{
	return strcmp(aud, cf->issuer) == 0 ||
	    strcmp(aud, site_url(cf, a, SITE_TOKEN)) == 0;
}

/* RFC 9101 section 4; OpenID Connect Core section 6.1. */
static int
is_for_issuer(const struct conf *cf, struct arena *a, const char *aud)
{
	(void)a;
	return strcmp(aud, cf->issuer) == 0;
}

/* What a JWT of each kind must have. */
static const struct {
	const char *name;	/* for the log */
	/* Words, whatever the case (RFC 7515 section 4.1.9); "-": it may have none. */
	const char *typ;
	const char *algs;	/* words */
	const char *client;	/* words: the claims that must be the client's id */
	/* Must aud, or one of it, be us?  NULL: aud does not count. */
	int (*is_for)(const struct conf *cf, struct arena *a, const char *aud);
	int64_t life_s;		/* how far in the future exp may be at most */
	int64_t age_s;		/* no exp, but iat, so near to now; 0: exp */
	int is_once;		/* it must have a jti */
	int has_key;		/* in its header: whoever has it signed */
} rows[SIGNED_COUNT] = {
	/*
	 * RFC 7523 section 3.  Any other typ is a JWT for another purpose (RFC 8725
	 * section 3.11).
	 */
	[SIGNED_ASSERTION] = {
		.name = "client assertion",
		.typ = "- JWT client-authentication+jwt",
		.algs = "ES256 RS256 PS256 EdDSA",
		.client = "iss sub",
		.is_for = is_for_token,
		.life_s = 300,
		.is_once = 1,
	},
	/* RFC 9449 sections 4.2 and 4.3.  dpop.c checks what it says of a request. */
	[SIGNED_PROOF] = {
		.name = "DPoP proof",
		.typ = "dpop+jwt",
		.algs = "ES256 EdDSA RS256 PS256",
		.client = "",
		.age_s = SIGNED_PROOF_S,
		.is_once = 1,
		.has_key = 1,
	},
	/*
	 * RFC 9101 section 4 and 10.8: an assertion is none, though many clients have
	 * the typ JWT for both, as client_id is not in an assertion.
	 */
	[SIGNED_REQUEST] = {
		.name = "request object",
		.typ = "- JWT oauth-authz-req+jwt",
		.algs = "ES256 RS256 PS256 EdDSA",
		.client = "iss client_id",
		.is_for = is_for_issuer,
		.life_s = 3600,
	},
};

const char *
signed_algs(enum signed_kind kind)
{
	return rows[kind].algs;
}

static int
is_typ(const char *words, const char *typ)
{
	size_t n;

	if (typ == NULL)
		typ = "-";
	if (strncasecmp(typ, "application/", 12) == 0)
		typ += 12;
	for (; words_next(&words, &n); words += n)
		if (strlen(typ) == n && strncasecmp(words, typ, n) == 0)
			return 1;
	return 0;
}

/*
 * RFC 9449 section 4.3, items 6 and 7: by the key in the header, which is public.  Put its
 * thumbprint to out.  1, 0; or -1 if there is no such key.
 */
static int
verify_by_header(const struct jwt *t, const void *sig, size_t len,
    struct signed_jwt *out)
{
	struct json_object *jwk = NULL;
	struct key *k;
	int fits;

	if (!json_object_object_get_ex(t->header, "jwk", &jwk) ||
	    !json_object_is_type(jwk, json_type_object) ||
	    jwk_is_secret(jwk) ||
	    (k = jwk_read_as(jwk, (enum alg)alg_find(t->alg))) == NULL)
		return -1;
	fits = key_verify(k, t->text, t->signed_len, sig, len) &&
	    jwk_thumbprint(k, out->jkt) == 0;
	key_free(k);
	return fits;
}

static const char *
check_signature(struct arena *a, enum signed_kind kind, const struct signer *by,
    const struct jwt *t, struct signed_jwt *out)
{
	const char *sig = t->text + t->signed_len + 1;
	char *raw = arena_alloc(a, strlen(sig) + 1);
	ssize_t n;
	int fits;

	/* So "none" is refused, and HMAC with a public key as its secret. */
	if (!words_have(rows[kind].algs, t->alg))
		return "another algorithm than clients sign with";
	if ((n = b64url_decode(sig, strlen(sig), raw)) < 0)
		return "malformed signature";
	if (rows[kind].has_key) {
		fits = verify_by_header(t, raw, (size_t)n, out);
		return fits == 1 ? NULL
		    : fits == 0	 ? "bad signature"
				 : "no public key in the header for its alg";
	}
	fits = by->jwks == NULL
	    ? -1
	    : jwk_set_verify(a, by->jwks, t->kid,
		  (enum alg)alg_find(t->alg), t->text, t->signed_len, raw,
		  (size_t)n);
	out->lacks_key = fits < 0;
	return fits == 1 ? NULL
	    : fits == 0	 ? "bad signature"
			 : "no key of the client fits";
}

/* A string, or an array of them (RFC 7519 section 4.1.3). */
static int
is_for_us(const struct conf *cf, struct arena *a, enum signed_kind kind,
    struct json_object *o)
{
	struct json_object *aud, *one;

	if (json_get_str(o, "aud") != NULL)
		return rows[kind].is_for(cf, a, json_get_str(o, "aud"));
	if (!json_object_object_get_ex(o, "aud", &aud) ||
	    !json_object_is_type(aud, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(aud); i++) {
		one = json_object_array_get_idx(aud, i);
		if (json_object_is_type(one, json_type_string) &&
		    rows[kind].is_for(cf, a, json_object_get_string(one)))
			return 1;
	}
	return 0;
}

/* RFC 9449 section 4.3, item 11, and 11.1: the past as well as the future is near. */
static const char *
check_age(struct arena *a, enum signed_kind kind, struct json_object *o,
    int64_t now, struct signed_jwt *out)
{
	const int64_t age_s = rows[kind].age_s;
	int64_t iat;

	if (json_get_int(o, "iat", &iat) != 1)
		return "no iat";
	if (iat < now - age_s || iat > now + age_s)
		return arena_printf(
		    a, "made %" PRId64 " s ago by its iat", now - iat);
	out->expires_at = iat + age_s + 1;
	return NULL;
}

/* RFC 7519 sections 4.1.4 to 4.1.6, in seconds by our clock. */
static const char *
check_times(struct arena *a, enum signed_kind kind, struct json_object *o,
    int64_t now, struct signed_jwt *out)
{
	int64_t exp, iat = now, nbf = now;

	if (rows[kind].age_s > 0)
		return check_age(a, kind, o, now, out);
	if (json_get_int(o, "exp", &exp) != 1)
		return "no exp";
	if (json_get_int(o, "iat", &iat) < 0 || json_get_int(o, "nbf", &nbf) < 0)
		return "malformed iat or nbf";
	if (exp + SIGNED_SKEW_S <= now)
		return arena_printf(a, "expired %" PRId64 " s ago", now - exp);
	if (exp > now + rows[kind].life_s + SIGNED_SKEW_S)
		return arena_printf(a, "exp is more than %" PRId64 " s ahead",
		    rows[kind].life_s);
	if (iat > now + SIGNED_SKEW_S || nbf > now + SIGNED_SKEW_S)
		return "of the future";
	out->expires_at = exp + SIGNED_SKEW_S;
	return NULL;
}

static const char *
check_jti(enum signed_kind kind, struct json_object *o)
{
	const char *jti = json_get_str(o, "jti");

	return !rows[kind].is_once ||
		(jti != NULL && *jti != '\0' && strlen(jti) <= JTI_MAX)
	    ? NULL
	    : "no jti of 1 to 255 bytes";
}

/* No client id and no thumbprint has a line end in it: no two pairs look alike. */
static void
name_once(struct arena *a, enum signed_kind kind, const char *whose,
    struct signed_jwt *out)
{
	const char *text = arena_printf(a, "%s\n%s\n%s", rows[kind].name,
	    whose, json_get_str(out->claims, "jti"));

	digest_of(text, strlen(text), &out->once);
}

static const char *
check_claims(const struct conf *cf, struct arena *a, int64_t now,
    enum signed_kind kind, const struct signer *by, struct signed_jwt *out)
{
	struct json_object *o = out->claims;
	const char *w = rows[kind].client, *name, *value, *why;
	size_t n;

	if (!json_object_is_type(o, json_type_object))
		return "no JSON object, or a member named twice";
	for (; words_next(&w, &n); w += n) {
		name = arena_dup(a, w, n);
		value = json_get_str(o, name);
		if (value == NULL || strcmp(value, by->client_id) != 0)
			return arena_printf(a, "%s is not the client", name);
	}
	if (rows[kind].is_for != NULL && !is_for_us(cf, a, kind, o))
		return "aud is not us";
	if ((why = check_times(a, kind, o, now, out)) != NULL)
		return why;
	return check_jti(kind, o);
}

const char *
signed_check(const struct conf *cf, struct arena *a, int64_t now,
    enum signed_kind kind, const struct signer *by, const char *text,
    struct signed_jwt *out)
{
	const char *why;
	struct jwt t;

	*out = (struct signed_jwt) { .claims = NULL };
	if ((why = jwt_read(a, text, &t)) != NULL)
		return why;
	if (!is_typ(rows[kind].typ, t.typ))
		return "a JWT for another purpose, by its typ";
	out->claims = json_parse(a, t.payload, t.payload_len);
	/* The claims are cheap to check, and a signature is not. */
	if ((why = check_claims(cf, a, now, kind, by, out)) != NULL)
		return why;
	if ((why = check_signature(a, kind, by, &t, out)) == NULL &&
	    rows[kind].is_once)
		name_once(a, kind, by == NULL ? out->jkt : by->client_id, out);
	return why;
}

const char *
signed_subject(struct arena *a, const char *text)
{
	struct jwt t;

	return jwt_read(a, text, &t) != NULL
	    ? NULL
	    : json_get_str(json_parse(a, t.payload, t.payload_len), "sub");
}
