/* jwt.c: signed tokens in the compact form (RFC 7515, RFC 7519). */
#include "jwt.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "json.h"
#include "key.h"

#define TOKEN_MAX (16 * 1024)

static void
add_encoded(struct buf *b, const void *data, size_t len)
{
	b->len += b64url_encode(data, len, buf_room(b, B64_LEN(len)));
}

char *
jwt_sign(struct arena *a, const struct key *k, const char *kid,
    const char *typ, const char *claims, size_t len)
{
	uint8_t sig[SIGNATURE_MAX];
	struct buf header, b;
	ssize_t n;

	buf_init(&header, a, 128);
	json_open(&header, NULL, '{');
	json_str(&header, "typ", typ);
	json_str(&header, "alg", alg_name(key_alg(k)));
	json_str(&header, "kid", kid);
	json_close(&header, '}');

	buf_init(&b, a, 2 * len + 1024);
	add_encoded(&b, header.data, header.len);
	buf_char(&b, '.');
	add_encoded(&b, claims, len);
	if ((n = key_sign(k, b.data, b.len, sig)) < 0)
		return NULL;
	buf_char(&b, '.');
	add_encoded(&b, sig, (size_t)n);
	return b.data;
}

/* Decode one part; NULL if it is not base64url. */
static char *
decode(struct arena *a, const char *s, size_t len, size_t *out_len)
{
	char *out = arena_alloc(a, len + 1);
	ssize_t n;

	if ((n = b64url_decode(s, len, out)) < 0)
		return NULL;
	out[n] = '\0';
	*out_len = (size_t)n;
	return out;
}

const char *
jwt_read(struct arena *a, const char *token, struct jwt *out)
{
	const char *dot1, *dot2, *text;
	struct json_object *header;
	size_t len;

	if ((len = strlen(token)) > TOKEN_MAX)
		return "token too long";
	if ((dot1 = strchr(token, '.')) == NULL ||
	    (dot2 = strchr(dot1 + 1, '.')) == NULL ||
	    strchr(dot2 + 1, '.') != NULL)
		return "not three parts";
	if ((text = decode(a, token, (size_t)(dot1 - token), &len)) == NULL ||
	    (header = json_parse(a, text, len)) == NULL ||
	    (out->alg = json_get_str(header, "alg")) == NULL)
		return "malformed header";
	/* RFC 7515 section 4.1.11: we understand no extension. */
	if (json_object_object_get_ex(header, "crit", NULL))
		return "an extension in the header";
	out->header = header;
	out->kid = json_get_str(header, "kid");
	out->typ = json_get_str(header, "typ");
	out->text = token;
	out->signed_len = (size_t)(dot2 - token);
	out->payload = decode(
	    a, dot1 + 1, (size_t)(dot2 - dot1 - 1), &out->payload_len);
	return out->payload == NULL ? "malformed payload" : NULL;
}

const char *
jwt_check(struct arena *a, const struct jwt *t,
    const struct key *(*find)(void *, const char *), void *ctx)
{
	const char *dot = t->text + t->signed_len;
	const struct key *k;
	size_t len;
	char *sig;

	if ((k = find(ctx, t->kid)) == NULL)
		return "unknown key";
	/*
	 * The key decides the algorithm, not the token.  So this refuses "none",
	 * and a token that is signed by HMAC with the public key as the secret.
	 */
	if (strcmp(t->alg, alg_name(key_alg(k))) != 0)
		return "another algorithm than the key's";
	if ((sig = decode(a, dot + 1, strlen(dot + 1), &len)) == NULL ||
	    !key_verify(
		k, t->text, t->signed_len, (const uint8_t *)sig, len))
		return "bad signature";
	return NULL;
}
