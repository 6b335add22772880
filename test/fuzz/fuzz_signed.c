/*
 * fuzz_signed.c: what a client signs, and the set of its keys.  The first line of the
 * input is the set; the word KEY in it is replaced by a good key.  If the rest begins
 * with '{', its lines are claims and typ, and the good key signs them: so the code
 * behind the signature is reached too.  Else it is the assertion itself.
 */
#include "fuzz.h"

#include <json-c/json.h>
#include <strings.h>

#include "json.h"
#include "jwk.h"
#include "jwk_set.h"
#include "jwt.h"
#include "key.h"
#include "signed.h"

static struct key *ours;

static const char *
with_key(struct arena *a, const char *text)
{
	const char *at = strstr(text, "KEY");
	char kid[KID_LEN + 1];
	struct buf b;

	assert(jwk_thumbprint(ours, kid) == 0);
	buf_init(&b, a, 512);
	assert(jwk_write(&b, ours, kid) == 0);
	return at == NULL ? text
			  : arena_printf(a, "%.*s%s%s", (int)(at - text), text,
				b.data, at + 3);
}

static const char *
token_of(struct arena *a, char *rest)
{
	char kid[KID_LEN + 1], *typ = strchr(rest, '\n');

	if (*rest != '{' || typ == NULL)
		return rest;
	*typ++ = '\0';
	assert(jwk_thumbprint(ours, kid) == 0);
	return jwt_sign(a, ours, kid, typ, rest, strlen(rest));
}

/* RFC 7523 section 3, for an assertion that was taken. */
static void
check_taken(struct arena *a, const struct signed_jwt *t, const char *token)
{
	const char *iss = json_get_str(t->claims, "iss");
	const char *sub = json_get_str(t->claims, "sub");
	struct json_object *aud;
	struct jwt j;
	int64_t n;

	assert(iss != NULL && strcmp(iss, "c1") == 0);
	assert(sub != NULL && strcmp(sub, "c1") == 0);
	assert(json_object_object_get_ex(t->claims, "aud", &aud));
	assert(strstr(json_object_to_json_string_ext(
			  aud, JSON_C_TO_STRING_NOSLASHESCAPE),
		   "\"https://auth.example") != NULL);
	assert(json_get_int(t->claims, "exp", &n) == 1);
	assert(n > NOW - 11 && n <= NOW + 310 && t->expires_at == n + 10);
	assert(json_get_str(t->claims, "jti") != NULL);
	assert(jwt_read(a, token, &j) == NULL);
	assert(strcmp(j.alg, "none") != 0 && alg_find(j.alg) >= 0);
	assert(j.typ == NULL || strcasecmp(j.typ, "at+jwt") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf *cf;
	struct arena *a = arena_new();
	const char *set, *token, *refused;
	struct signed_jwt t;

	log_to(fuzz_no_log, NULL);
	if (cf == NULL) {
		cf = fuzz_conf(CONF);
		ours = key_generate(ALG_EDDSA, 0);
	}
	assert(cf != NULL && ours != NULL);
	set = with_key(a, fuzz_split(a, &data, &size, '\n'));
	token = token_of(a, arena_dup(a, data, size));
	refused = jwk_set_refused(a, set, 1);
	if (refused == NULL)
		assert(jwk_set_refused(a, set, 0) == NULL);
	(void)signed_subject(a, token);
	if (signed_check(cf, a, NOW, SIGNED_ASSERTION,
		&(struct signer) { .client_id = "c1", .jwks = set }, token,
		&t) == NULL)
		check_taken(a, &t, token);
	arena_free(a);
	return 0;
}
