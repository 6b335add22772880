/*
 * passport_jwt.c: access tokens that Laravel Passport gave.
 *
 * Their header has no kid, their typ is JWT, and there is neither iss nor client_id:
 * aud is the client.  A token counts only if its row was brought along (carnet import
 * passport), so a key of ours that signs, or signed, is no danger among those that are
 * tried: nothing here signs a text without a kid.
 */
#include "passport_jwt.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "json.h"
#include "jwt.h"
#include "key.h"
#include "keys.h"
#include "passport_id.h"

#define JTI_LEN 80 /* 40 random bytes in hexadecimal */

const char *
passport_claims(
    struct json_object *o, struct claims *out, const char **client)
{
	const char *jti = json_get_str(o, "jti");
	struct json_object *aud = NULL;

	if (jti == NULL || strlen(jti) != JTI_LEN ||
	    strspn(jti, "0123456789abcdef") != JTI_LEN)
		return "no kid, and no jti of Passport's";
	passport_id(jti, &out->id);
	/* A list where there are several: the first is the client. */
	if (json_object_object_get_ex(o, "aud", &aud) &&
	    json_object_is_type(aud, json_type_array))
		aud = json_object_array_get_idx(aud, 0);
	if (!json_object_is_type(aud, json_type_string))
		return "no aud";
	*client = json_object_get_string(aud);
	if (strlen(*client) != (size_t)json_object_get_string_len(aud))
		return "malformed aud";
	if (json_get_int(o, "exp", &out->expires_at) != 1)
		return "no exp";
	if (json_get_int(o, "nbf", &out->not_before) < 0)
		return "malformed nbf";
	return NULL;
}

static const struct key *
this_key(void *ctx, const char *kid)
{
	const struct keys_entry *en = ctx;

	(void)kid;
	return en->key;
}

const char *
passport_signed(struct arena *a, struct keys *ks, const struct jwt *t)
{
	const char *why = "no key of RS256 (carnet keys import)";
	const struct keys_entry *en;
	struct keys_entry one;
	size_t n;

	if (t->typ != NULL && strcasecmp(t->typ, "JWT") != 0)
		return "another typ than Passport's";
	en = keys_all(ks, &n);
	for (size_t i = 0; i < n; i++) {
		if (key_alg(en[i].key) != ALG_RS256)
			continue;
		one = en[i];
		if ((why = jwt_check(a, t, this_key, &one)) == NULL)
			return NULL;
	}
	return why;
}
