/*
 * authenticator.h: an authenticator and a browser, as far as tests need them.  a is the
 * arena of the test that includes it.
 */
#ifndef CARNET_AUTHENTICATOR_H
#define CARNET_AUTHENTICATOR_H

#include "unit.h"

#include <gnutls/crypto.h>

#include "arena.h"
#include "buf.h"
#include "crypto.h"
#include "key.h"
#include "webauthn.h"

#define RP_ID "auth.example"
#define ORIGIN "https://auth.example"
#define CHALLENGE "AAECAwQFBgcICQoLDA0ODw"

/* One passkey, and what the next answer says; change it to lie. */
struct authenticator {
	struct key *key;
	const char *rp_id, *origin, *challenge, *type, *more;
	unsigned flags;
	int has_no_key;	/* its answer to create() has none */
	uint32_t count;
	const char *id, *fmt;
	struct octets statement, extensions;
	/* The last answer. */
	struct octets client, data, object, sig, cose;
};

static inline struct octets
octets_of(const struct buf *b)
{
	return (struct octets) { (const uint8_t *)b->data, b->len };
}

/* The head of a CBOR item (RFC 8949 section 3). */
static inline void
cbor_head(struct buf *b, int major, size_t n)
{
	if (n < 24) {
		buf_char(b, (char)(major << 5 | (int)n));
	} else if (n < 256) {
		buf_char(b, (char)(major << 5 | 24));
		buf_char(b, (char)n);
	} else {
		buf_char(b, (char)(major << 5 | 25));
		buf_char(b, (char)(n >> 8));
		buf_char(b, (char)n);
	}
}

static inline void
cbor_int(struct buf *b, int n)
{
	cbor_head(b, n < 0, (size_t)(n < 0 ? -1 - n : n));
}

static inline void
cbor_bytes(struct buf *b, const void *data, size_t len)
{
	cbor_head(b, 2, len);
	buf_add(b, data, len);
}

static inline void
cbor_text(struct buf *b, const char *s)
{
	cbor_head(b, 3, strlen(s));
	buf_str(b, s);
}

/* RFC 9053 section 7, RFC 8230 section 4. */
static inline struct octets
cose_of(const struct key *k)
{
	const enum alg alg = key_alg(k);
	struct key_numbers n;
	struct buf b;

	assert_int_equal(key_numbers(k, &n), 0);
	buf_init(&b, a, 1024);
	cbor_head(&b, 5, alg == ALG_ES256 ? 5 : 4);
	cbor_int(&b, 1);
	cbor_int(&b, alg == ALG_ES256 ? 2 : alg == ALG_EDDSA ? 1 : 3);
	cbor_int(&b, 3);
	cbor_int(&b, alg == ALG_ES256 ? -7 : alg == ALG_EDDSA ? -8 : -257);
	cbor_int(&b, -1);
	if (alg == ALG_RS256)
		cbor_bytes(&b, n.x, n.x_len);
	else
		cbor_int(&b, alg == ALG_ES256 ? 1 : 6);
	cbor_int(&b, -2);
	if (alg == ALG_RS256)
		cbor_bytes(&b, n.y, n.y_len);
	else
		cbor_bytes(&b, n.x, n.x_len);
	if (alg == ALG_ES256) {
		cbor_int(&b, -3);
		cbor_bytes(&b, n.y, n.y_len);
	}
	return octets_of(&b);
}

static inline struct authenticator
authenticator_new(enum alg alg)
{
	struct authenticator au = {
		.key = key_generate(alg, 2048), .rp_id = RP_ID, .origin = ORIGIN,
		.challenge = CHALLENGE, .more = "", .id = "a credential",
		.flags = WEBAUTHN_PRESENT | WEBAUTHN_VERIFIED, .fmt = "none",
		.statement = { (const uint8_t *)"\xa0", 1 },
	};

	assert_non_null(au.key);
	au.cose = cose_of(au.key);
	return au;
}

static inline void
make_client(struct authenticator *au, const char *type)
{
	const char *text = arena_printf(a,
	    "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}",
	    au->type != NULL ? au->type : type, au->challenge, au->origin,
	    au->more);

	au->client = (struct octets) { (const uint8_t *)text, strlen(text) };
}

static inline void
make_data(struct authenticator *au, unsigned flags)
{
	const uint32_t n = au->count;
	struct digest rp;
	struct buf b;

	digest_of(au->rp_id, strlen(au->rp_id), &rp);
	buf_init(&b, a, 1024);
	buf_add(&b, rp.byte, DIGEST_LEN);
	buf_char(&b, (char)flags);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_char(&b, (char)(n >> shift));
	if (flags & WEBAUTHN_HAS_KEY) {
		buf_add(&b, "an AAGUID of 16.", 16);
		buf_char(&b, (char)(strlen(au->id) >> 8));
		buf_char(&b, (char)strlen(au->id));
		buf_str(&b, au->id);
		buf_add(&b, au->cose.data, au->cose.len);
	}
	if (flags & WEBAUTHN_HAS_EXTENSIONS)
		buf_add(&b, au->extensions.data, au->extensions.len);
	au->data = octets_of(&b);
}

/* Sign the authenticator data and the digest of the client data. */
static inline void
make_signature(struct authenticator *au)
{
	uint8_t raw[SIGNATURE_MAX];
	gnutls_datum_t der, r = { raw, 32 }, s = { raw + 32, 32 };
	struct digest hash;
	struct buf b, text;
	ssize_t n;

	digest_of(au->client.data, au->client.len, &hash);
	buf_init(&text, a, 1024);
	buf_add(&text, au->data.data, au->data.len);
	buf_add(&text, hash.byte, DIGEST_LEN);
	n = key_sign(au->key, text.data, text.len, raw);
	assert_true(n > 0);
	buf_init(&b, a, 1024);
	if (key_alg(au->key) == ALG_ES256) {
		for (; *r.data == 0; r.data++)
			r.size--;
		for (; *s.data == 0; s.data++)
			s.size--;
		assert_int_equal(gnutls_encode_rs_value(&der, &r, &s), 0);
		buf_add(&b, der.data, der.size);
		gnutls_free(der.data);
	} else {
		buf_add(&b, raw, (size_t)n);
	}
	au->sig = octets_of(&b);
}

/* navigator.credentials.create(). */
static inline void
authenticator_create(struct authenticator *au)
{
	struct buf b;

	make_client(au, "webauthn.create");
	make_data(au, au->flags | (au->has_no_key ? 0 : WEBAUTHN_HAS_KEY));
	buf_init(&b, a, 2048);
	cbor_head(&b, 5, 3);
	cbor_text(&b, "fmt");
	cbor_text(&b, au->fmt);
	cbor_text(&b, "attStmt");
	buf_add(&b, au->statement.data, au->statement.len);
	cbor_text(&b, "authData");
	cbor_bytes(&b, au->data.data, au->data.len);
	au->object = octets_of(&b);
}

/* navigator.credentials.get(). */
static inline void
authenticator_get(struct authenticator *au)
{
	make_client(au, "webauthn.get");
	make_data(au, au->flags);
	make_signature(au);
}

#endif
