/* ticket.c: who has signed in at the site: a JWT that it signs with login.key. */
#include "ticket.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "crypto.h"
#include "json.h"
#include "jwt.h"
#include "keys_login.h"
#include "oerr.h"

#define JTI_MAX 255
#define WORDS_MAX 2048 /* bytes of groups */
#define AMR_MAX 128

/* One of the keys signed it: RFC 7518 section 3.2. */
static const char *
check_signature(struct arena *a, const struct jwt *t,
    const struct login_keys *keys)
{
	const char *sig = t->text + t->signed_len + 1;
	const char *text = arena_dup(a, t->text, t->signed_len);
	struct digest want, got;
	int fits = 0;

	/* The key decides the algorithm: there is no other, and no "none". */
	if (strcmp(t->alg, "HS256") != 0)
		return "another algorithm than HS256";
	if (strlen(sig) != B64_LEN(DIGEST_LEN) ||
	    b64url_decode(sig, strlen(sig), got.byte) != DIGEST_LEN)
		return "malformed signature";
	for (int i = 0; i < keys->n; i++) {
		digest_seal(&keys->key[i], text, &want);
		fits |= digest_equal(&want, &got);
	}
	return fits ? NULL : "not signed with login_key";
}

/* A string, or an array with it (RFC 7519 section 4.1.3). */
static int
is_for(struct json_object *o, const char *issuer)
{
	struct json_object *aud, *one;

	if (!json_object_object_get_ex(o, "aud", &aud))
		return 0;
	if (json_object_is_type(aud, json_type_string))
		return strcmp(json_object_get_string(aud), issuer) == 0;
	if (!json_object_is_type(aud, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(aud); i++) {
		one = json_object_array_get_idx(aud, i);
		if (json_object_is_type(one, json_type_string) &&
		    strcmp(json_object_get_string(one), issuer) == 0)
			return 1;
	}
	return 0;
}

/* The times of RFC 7519 sections 4.1.4 to 4.1.6, in seconds by our clock. */
static const char *
check_times(struct arena *a, struct json_object *o, int64_t now,
    struct ticket *out)
{
	int64_t iat, exp, from = 0, last;

	if (json_get_int(o, "iat", &iat) != 1 ||
	    json_get_int(o, "exp", &exp) != 1 || iat < 1)
		return "no iat or no exp";
	if (json_get_int(o, "nbf", &from) < 0 ||
	    json_get_int(o, "auth_time", &out->auth_time) < 0 ||
	    out->auth_time < 0)
		return "malformed nbf or auth_time";
	last = iat > from ? iat : from;
	last = last > out->auth_time ? last : out->auth_time;
	if (last > now + TICKET_SKEW_S)
		return arena_printf(a, "of the future: %" PRId64 " s ahead of this"
		    " clock", last - now);
	if (exp <= iat || exp - iat > TICKET_SECONDS)
		return "exp is not 1 to 60 seconds after iat";
	out->expires_at = exp;
	out->is_late = exp + TICKET_SKEW_S <= now;
	return out->is_late
	    ? arena_printf(a, "expired %" PRId64 " s ago by this clock",
		  now - exp)
	    : NULL;
}

/*
 * Return a member, a text or a list of texts, as words; NULL if there is none.
 */
static const char *
get_words(struct arena *a, struct json_object *o, const char *name)
{
	struct json_object *list;
	const char *one;
	struct buf b;

	if (!json_object_object_get_ex(o, name, &list))
		return NULL;
	if (!json_object_is_type(list, json_type_array))
		return json_get_str(o, name);
	buf_init(&b, a, 256);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		one = json_object_get_string(
		    json_object_array_get_idx(list, i));
		if (one != NULL && *one != '\0' && strchr(one, ' ') == NULL &&
		    b.len + strlen(one) < WORDS_MAX)
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "", one);
	}
	return b.data;
}

/*
 * The methods of the sign-in, as words (RFC 8176 section 2); tokens will have
 * them.
 */
static const char *
get_amr(struct arena *a, struct json_object *o)
{
	const char *amr = get_words(a, o, "amr");

	return amr == NULL || *amr == '\0' || strlen(amr) > AMR_MAX ||
		amr[strspn(amr, "abcdefghijklmnopqrstuvwxyz0123456789_- ")] != '\0'
	    ? NULL
	    : amr;
}

/* A text; or a whole number as one: a site's ids often are numbers. */
static const char *
get_sub(struct arena *a, struct json_object *o)
{
	struct json_object *sub;

	if (json_object_object_get_ex(o, "sub", &sub) &&
	    json_object_is_type(sub, json_type_int))
		return arena_printf(a, "%" PRId64, json_object_get_int64(sub));
	return json_get_str(o, "sub");
}

/* An object as its text, or NULL. */
static const char *
get_claims(struct arena *a, struct json_object *o)
{
	struct json_object *claims;

	return json_object_object_get_ex(o, "claims", &claims) &&
		json_object_is_type(claims, json_type_object)
	    ? arena_str(a, json_object_to_json_string_ext(
		  claims, JSON_C_TO_STRING_PLAIN))
	    : NULL;
}

static const char *
read_claims(struct arena *a, struct json_object *o, struct ticket *out)
{
	struct person *p = &out->person;
	struct json_object *verified;

	out->state = json_get_str(o, "state");
	out->jti = json_get_str(o, "jti");
	p->sub = get_sub(a, o);
	if (out->state == NULL || p->sub == NULL || *p->sub == '\0')
		return "no state or no sub";
	if (out->jti == NULL || *out->jti == '\0' ||
	    strlen(out->jti) > JTI_MAX)
		return "no jti of 1 to 255 bytes";
	p->email = json_get_str(o, "email");
	p->name = json_get_str(o, "name");
	p->login = json_get_str(o, "preferred_username");
	p->groups = get_words(a, o, "groups");
	p->claims = get_claims(a, o);
	p->email_verified =
	    json_object_object_get_ex(o, "email_verified", &verified) &&
	    json_object_is_type(verified, json_type_boolean) &&
	    json_object_get_boolean(verified);
	out->amr = get_amr(a, o);
	return NULL;
}

const char *
ticket_read(struct arena *a, const char *text, const struct login_keys *keys,
    const char *issuer, int64_t now, struct ticket *out)
{
	struct json_object *o, *aud;
	struct jwt t;
	const char *why;

	*out = (struct ticket) { .state = NULL };
	if ((why = jwt_read(a, text, &t)) != NULL ||
	    (why = check_signature(a, &t, keys)) != NULL)
		return why;
	o = json_parse(a, t.payload, t.payload_len);
	if (!json_object_is_type(o, json_type_object))
		return "no JSON object";
	if (!is_for(o, issuer))
		return json_object_object_get_ex(o, "aud", &aud)
		    ? arena_printf(a, "aud is %s, not the issuer",
			  oerr_shown(a, json_object_get_string(aud)))
		    : "no aud";
	if ((why = read_claims(a, o, out)) != NULL)
		return why;
	return check_times(a, o, now, out);
}
