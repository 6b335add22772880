/*
 * fuzz_proof.c: proofs of possession (RFC 9449).  If the input begins with '{', its first
 * line is the header, in which KEY is replaced by a good key, and the rest is the claims;
 * the good key signs them: so the code behind the signature is reached too.  Else it is
 * the proof itself.
 */
#include "fuzz.h"

#include <json-c/json.h>
#include <strings.h>

#include "b64.h"
#include "json.h"
#include "jwk.h"
#include "jwt.h"
#include "key.h"
#include "signed.h"

static struct key *ours;
static char jkt[KID_LEN + 1];

static void
add(struct buf *b, const void *data, size_t len)
{
	b->len += b64url_encode(data, len, buf_room(b, B64_LEN(len)));
}

static const char *
proof_of(struct arena *a, const char *head, const char *claims, size_t len)
{
	const char *at = strstr(head, "KEY");
	uint8_t sig[SIGNATURE_MAX];
	struct buf jwk, b;
	ssize_t n;

	buf_init(&jwk, a, 512);
	assert(jwk_write(&jwk, ours, "k") == 0);
	if (at != NULL)
		head = arena_printf(a, "%.*s%s%s", (int)(at - head), head,
		    jwk.data, at + 3);
	buf_init(&b, a, 2048);
	add(&b, head, strlen(head));
	buf_char(&b, '.');
	add(&b, claims, len);
	assert((n = key_sign(ours, b.data, b.len, sig)) > 0);
	buf_char(&b, '.');
	add(&b, sig, (size_t)n);
	return b.data;
}

/* RFC 9449 section 4.3, for a proof that was taken. */
static void
check_taken(struct arena *a, const struct signed_jwt *t, const char *proof)
{
	struct json_object *jwk;
	struct jwt j;
	int64_t n;

	assert(strlen(t->jkt) == KID_LEN);
	assert(json_get_int(t->claims, "iat", &n) == 1);
	assert(n >= NOW - 60 && n <= NOW + 60 && t->expires_at == n + 61);
	assert(json_get_str(t->claims, "jti") != NULL);
	assert(jwt_read(a, proof, &j) == NULL);
	assert(j.typ != NULL && strcasestr(j.typ, "dpop+jwt") != NULL);
	assert(strcmp(j.alg, "none") != 0 && alg_find(j.alg) >= 0);
	assert(json_object_object_get_ex(j.header, "jwk", &jwk));
	assert(!jwk_is_secret(jwk));
	if (strcmp(j.alg, alg_name(key_alg(ours))) == 0)
		assert(strcmp(t->jkt, jkt) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *cf;
	struct arena *a = arena_new();
	const char *proof, *head;
	struct signed_jwt t;

	log_to(fuzz_no_log, NULL);
	if (cf == NULL) {
		cf = fuzz_conf(CONF);
		ours = key_generate(ALG_EDDSA, 0);
		assert(ours != NULL && jwk_thumbprint(ours, jkt) == 0);
	}
	if (size > 0 && *data == '{') {
		head = fuzz_split(a, &data, &size, '\n');
		proof = proof_of(a, head, arena_dup(a, data, size), size);
	} else {
		proof = arena_dup(a, data, size);
	}
	if (signed_check(cf, a, NOW, SIGNED_PROOF, NULL, proof, &t) == NULL)
		check_taken(a, &t, proof);
	arena_free(a);
	return 0;
}
