/*
 * fuzz_request.c: request objects (RFC 9101), and the parameters that they stand for.  If
 * the input begins with '{', its lines are claims and typ, and the client's key signs
 * them: so the code behind the signature is reached too.  Else it is the object itself.
 */
#include "fuzz.h"

#include <json-c/json.h>
#include <strings.h>

#include "input.h"
#include "json.h"
#include "jwk.h"
#include "jwt.h"
#include "key.h"
#include "request.h"
#include "request_object.h"
#include "store_client.h"

static struct key *ours;
static char kid[KID_LEN + 1], jwks[2048];

static void
make_key(void)
{
	struct arena *a = arena_new();
	struct buf b;

	ours = key_generate(ALG_EDDSA, 0);
	assert(ours != NULL && jwk_thumbprint(ours, kid) == 0);
	buf_init(&b, a, 512);
	assert(jwk_write(&b, ours, kid) == 0);
	assert(snprintf(jwks, sizeof(jwks), "{\"keys\":[%s]}", b.data) <
	    (int)sizeof(jwks));
	arena_free(a);
}

/* The claim as a parameter has it. */
static int
is_value(struct json_object *claim, const char *value)
{
	return json_object_is_type(claim, json_type_string)
	    ? strcmp(json_object_get_string(claim), value) == 0
	    : strcmp(json_object_to_json_string_ext(claim,
			 JSON_C_TO_STRING_PLAIN |
			     JSON_C_TO_STRING_NOSLASHESCAPE),
		  value) == 0;
}

/* RFC 9101 sections 4 and 6.3: each parameter is a claim of the client's own words. */
static void
check_taken(struct req *rq, const char *text)
{
	struct json_object *claims, *claim;
	struct jwt j;

	assert(jwt_read(rq->a, text, &j) == NULL);
	assert(strcmp(j.alg, "EdDSA") == 0);
	assert(j.typ == NULL || strcasestr(j.typ, "jwt") != NULL);
	claims = json_parse(rq->a, j.payload, j.payload_len);
	assert(strcmp(json_get_str(claims, "iss"), "c1") == 0);
	assert(strcmp(json_get_str(claims, "client_id"), "c1") == 0);
	assert(strcmp(rq->param[PARAM_CLIENT_ID], "c1") == 0);
	assert(rq->param[PARAM_REQUEST] == NULL);
	assert(rq->param[PARAM_REQUEST_URI] == NULL);
	assert(rq->param[PARAM_DECISION] == NULL);
	assert(rq->param[PARAM_CSRF_TOKEN] == NULL);
	for (int p = 0; p < PARAM_COUNT; p++) {
		if (p == PARAM_CLIENT_ID || rq->param[p] == NULL)
			continue;
		assert(json_object_object_get_ex(
		    claims, param_name((enum param)p), &claim));
		assert(is_value(claim, rq->param[p]));
	}
}

/* What is stored of a request is the whole request. */
static void
check_written(struct req *rq)
{
	const char *had[PARAM_COUNT];
	struct buf b;

	buf_init(&b, rq->a, 512);
	request_write(rq, REQUEST_ALL, &b);
	memcpy(had, rq->param, sizeof(had));
	assert(request_replace(rq, b.len == 0 ? "" : b.data + 1) == NULL);
	for (int p = 0; p < PARAM_COUNT; p++)
		assert(rq->param[p] == NULL || strcmp(rq->param[p], had[p]) == 0);
	assert(had[PARAM_REDIRECT_URI] == NULL ||
	    *had[PARAM_REDIRECT_URI] == '\0' ||
	    rq->param[PARAM_REDIRECT_URI] != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_site site;
	struct arena *a = arena_new();
	struct client cl = { .id = 1, .client_id = "c1", .jwks = jwks };
	const char *text, *typ;
	const struct oerr *e;
	struct req *rq;

	if (ours == NULL)
		make_key();
	rq = fuzz_request(&site, a, NULL);
	text = fuzz_split(a, &data, &size, '\n');
	typ = fuzz_split(a, &data, &size, '\n');
	if (*text == '{')
		text = jwt_sign(a, ours, kid, typ, text, strlen(text));
	rq->param[PARAM_CLIENT_ID] = "c1";
	rq->param[PARAM_SCOPE] = "what was outside";
	rq->param[PARAM_REQUEST] = text;
	e = request_object_take(rq, &cl);
	if (e == NULL) {
		check_taken(rq, text);
		check_written(rq);
	} else {
		assert(e->status == 400);
	}
	arena_free(a);
	return 0;
}
