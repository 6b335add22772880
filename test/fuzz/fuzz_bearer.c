/*
 * fuzz_bearer.c: the Authorization header that the guard reads.  If the input
 * begins with '{', its lines are claims and typ, and our own key signs them: so
 * the code behind the signature is reached too.  Else it is the header itself;
 * the word TOKEN in it is replaced by a good token.
 */
#include "fuzz_store.h"

#include <json-c/json.h>

#include "guard.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"

#define CLAIMS                                                   \
	"{\"iss\":\"https://auth.example\",\"sub\":\"1\","       \
	"\"aud\":\"https://auth.example\",\"client_id\":\"c1\"," \
	"\"exp\":1700000090,\"iat\":1699999990,\"jti\":\"" JTI "\"}"

static const struct guard_rule anyone = { .caller = CALLER_ANY };

static char *
sign(struct req *rq, struct arena *a, const char *typ, const char *claims)
{
	const struct keys_entry *en = keys_signer(keys_get_signing(rq), ALG_EDDSA);

	return jwt_sign(a, en->key, en->kid, typ, claims, strlen(claims));
}

static int
is(struct json_object *o, const char *name, const char *value)
{
	const char *s = json_get_str(o, name);

	return s != NULL && strcmp(s, value) == 0;
}

/* RFC 9068 section 4, for claims that were taken. */
static void
check_claims(struct arena *a, const char *typ, const char *claims)
{
	struct json_object *o = json_parse(a, claims, strlen(claims)), *aud;
	int64_t n;

	assert(o != NULL && is(o, "iss", "https://auth.example"));
	assert(is(o, "jti", JTI) && json_get_str(o, "sub") != NULL);
	assert(json_get_str(o, "client_id") != NULL);
	assert(json_get_int(o, "exp", &n) == 1 && n > NOW);
	assert(json_get_int(o, "nbf", &n) == 0 || n <= NOW);
	assert(json_object_object_get_ex(o, "aud", &aud));
	assert(strstr(json_object_to_json_string_ext(
			  aud, JSON_C_TO_STRING_NOSLASHESCAPE),
		   "\"https://auth.example\"") != NULL);
	assert(strcasecmp(typ, "at+jwt") == 0 ||
	    strcasecmp(typ, "application/at+jwt") == 0);
}

/* text with the first "TOKEN" replaced. */
static const char *
with_token(struct arena *a, const char *text, const char *token)
{
	const char *at = strstr(text, "TOKEN");

	return at == NULL ? text
			  : arena_printf(a, "%.*s%s%s", (int)(at - text), text,
				token, at + 5);
}

/*
 * A made-up header is taken only if it is "Bearer", spaces, and the good token.
 */
static void
check_forged(const char *header, const char *good)
{
	assert(strncasecmp(header, "bearer ", 7) == 0);
	assert(strcmp(header + 7 + strspn(header + 7, " "), good) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_site site;
	static struct arena *kept;
	static char *good;
	struct arena *a = arena_new();
	const int is_claims = size > 0 && data[0] == '{';
	char *text = fuzz_split(a, &data, &size, '\n');
	char *typ = fuzz_split(a, &data, &size, '\n');
	const char *header, *token;
	struct caller who;
	const struct oerr *e;
	struct req *rq;

	fuzz_store(&site);
	rq = fuzz_request(&site, a, NULL);
	if (good == NULL) {
		kept = arena_new();
		good = sign(rq, kept, "at+jwt", CLAIMS);
	}
	token = is_claims ? sign(rq, a, typ, text) : NULL;
	header = is_claims ? arena_printf(a, "Bearer %s", token)
			   : with_token(a, text, good);
	site.env[0] = arena_printf(a, "HTTP_AUTHORIZATION=%s", header);
	e = guard_check(rq, &anyone, &who);
	if (e == NULL && is_claims)
		check_claims(a, typ, text);
	else if (e == NULL)
		check_forged(header, good);
	else
		assert(e->status == 401 || e->status == 403);
	if (e != NULL)
		/* RFC 9449 section 7.1: a proof is wanted with that scheme. */
		assert(strstr(rq->headers->data, "WWW-Authenticate: Bearer") ||
		    strstr(rq->headers->data, "WWW-Authenticate: DPoP"));
	arena_free(a);
	return 0;
}
