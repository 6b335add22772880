/* webauthn.c: what a browser sends of a passkey is checked. */
#include "webauthn.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "cose.h"
#include "crypto.h"
#include "item.h"
#include "json.h"
#include "key.h"

#define FIXED_LEN 37 /* of authenticator data: hash 32, flags 1, counter 4 */
#define AAGUID_LEN 16
#define BOM "\xef\xbb\xbf"

/* Take n bytes of the front of from; return 0 if it has fewer. */
static int
cut(struct octets *from, size_t n, struct octets *out)
{
	if (from->len < n)
		return 0;
	*out = (struct octets) { from->data, n };
	from->data += n;
	from->len -= n;
	return 1;
}

/* Take one CBOR map off the front of from. */
static int
cut_map(struct arena *a, struct octets *from, struct octets *out)
{
	size_t used;
	const struct item *map = item_read(a, from->data, from->len, &used);

	return map != NULL && map->type == ITEM_MAP && cut(from, used, out);
}

/* Section 6.5.1: AAGUID, the length of the id in two bytes, the id, the key. */
static int
read_credential(struct arena *a, struct octets *left, struct webauthn_data *out)
{
	struct octets len;
	size_t n;

	if (!cut(left, AAGUID_LEN, &out->aaguid) || !cut(left, 2, &len))
		return 0;
	n = (size_t)len.data[0] << 8 | len.data[1];
	return n > 0 && n <= WEBAUTHN_ID_MAX && cut(left, n, &out->id) &&
	    cut_map(a, left, &out->key);
}

int
webauthn_data_read(
    struct arena *a, const struct octets *raw, struct webauthn_data *out)
{
	struct octets left = *raw, fixed, extensions;

	memset(out, 0, sizeof(*out));
	if (!cut(&left, FIXED_LEN, &fixed))
		return 0;
	out->rp_hash = (struct octets) { fixed.data, DIGEST_LEN };
	out->flags = fixed.data[32];
	out->count = (uint32_t)fixed.data[33] << 24 |
	    (uint32_t)fixed.data[34] << 16 | (uint32_t)fixed.data[35] << 8 |
	    fixed.data[36];
	if (out->flags & WEBAUTHN_HAS_KEY && !read_credential(a, &left, out))
		return 0;
	if (out->flags & WEBAUTHN_HAS_EXTENSIONS &&
	    !cut_map(a, &left, &extensions))
		return 0;
	return left.len == 0;
}

static int
is_text(struct json_object *o, const char *name, const char *want)
{
	const char *got = json_get_str(o, name);

	return got != NULL && strcmp(got, want) == 0;
}

/* A member that is there and is neither false nor null. */
static int
is_set(struct json_object *o, const char *name)
{
	struct json_object *member;

	return json_object_object_get_ex(o, name, &member) && member != NULL &&
	    !(json_object_is_type(member, json_type_boolean) &&
		!json_object_get_boolean(member));
}

/*
 * Section 7.1 steps 5 to 10, section 7.2 steps 9 to 14.  A page of ours is in no frame
 * (Level 3: crossOrigin and topOrigin).  Programs like this one see no Token Binding,
 * and no browser has it.
 */
static const char *
check_client(struct arena *a, const struct webauthn_want *want,
    const struct octets *client, const char *type)
{
	struct octets text = *client;
	struct json_object *o;

	if (text.len >= 3 && memcmp(text.data, BOM, 3) == 0)
		text = (struct octets) { text.data + 3, text.len - 3 };
	o = json_parse(a, (const char *)text.data, text.len);
	if (o == NULL || !json_object_is_type(o, json_type_object))
		return "the client data is no JSON object";
	if (!is_text(o, "type", type))
		return "the client data has another type";
	if (!is_text(o, "challenge", want->challenge))
		return "the challenge is another";
	if (!is_text(o, "origin", want->origin))
		return "the origin is another";
	if (is_set(o, "crossOrigin") || is_set(o, "topOrigin"))
		return "the page was in a frame of another origin";
	return NULL;
}

/* Section 7.1 steps 13 to 15, section 7.2 steps 15 to 17. */
static const char *
check_data(const struct webauthn_want *want, const struct webauthn_data *d)
{
	struct digest rp;

	digest_of(want->rp_id, strlen(want->rp_id), &rp);
	if (memcmp(rp.byte, d->rp_hash.data, DIGEST_LEN) != 0)
		return "the RP id is another";
	if (!(d->flags & WEBAUTHN_PRESENT))
		return "the user was not present";
	if (want->verified && !(d->flags & WEBAUTHN_VERIFIED))
		return "the user was not verified";
	/* Level 3 section 6.1.3: what is synced may be. */
	if (d->flags & WEBAUTHN_SYNCED && !(d->flags & WEBAUTHN_MAY_SYNC))
		return "it is backed up, but is not eligible for that";
	return NULL;
}

/* Is sig the key's signature of the authenticator data and the hash of client? */
static int
is_signed(struct arena *a, const struct key *k, const struct octets *raw,
    const struct octets *client, const struct octets *sig)
{
	uint8_t *text = arena_alloc(a, raw->len + DIGEST_LEN);
	struct digest hash;

	digest_of(client->data, client->len, &hash);
	memcpy(text, raw->data, raw->len);
	memcpy(text + raw->len, hash.byte, DIGEST_LEN);
	return key_verify_der(
	    k, text, raw->len + DIGEST_LEN, sig->data, sig->len);
}

/* An attestation statement, and the values that it is checked with. */
struct statement {
	struct arena *a;
	const struct item *map;
	const struct octets *raw, *client;
	const struct key *key;	/* the new passkey's */
	int alg;		/* its algorithm */
};

/* Section 8.7. */
static int
none_is_right(const struct statement *s)
{
	return s->map->n == 0;
}

/* Section 8.2: without certificates (x5c) it is self attestation. */
static int
packed_is_right(const struct statement *s)
{
	const struct item *alg = item_by_name(s->map, "alg");
	const struct item *sig = item_by_name(s->map, "sig");
	struct octets signature;

	if (item_by_name(s->map, "x5c") != NULL)
		return 1;
	if (alg == NULL || alg->type != ITEM_INT || alg->n != s->alg ||
	    sig == NULL || sig->type != ITEM_BYTES)
		return 0;
	signature = (struct octets) { sig->data, sig->len };
	return is_signed(s->a, s->key, s->raw, s->client, &signature);
}

/* Those of the registry (RFC 8809) that are checked; of others no rule is known. */
static const struct {
	const char *fmt;
	int (*is_right)(const struct statement *s);
} formats[] = {
	{ "none", none_is_right },
	{ "packed", packed_is_right },
};

/* Section 7.1 steps 18 to 21. */
static int
check_statement(const struct item *fmt, const struct statement *s)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strlen(formats[i].fmt) == fmt->len &&
		    memcmp(formats[i].fmt, fmt->data, fmt->len) == 0)
			return formats[i].is_right(s);
	return 1;
}

static int
is_of(const struct item *i, enum item_type type)
{
	return i != NULL && i->type == type;
}

const char *
webauthn_register(struct arena *a, const struct webauthn_want *want,
    const struct octets *client, const struct octets *object,
    struct webauthn_data *out)
{
	const struct item *o, *fmt, *map, *data;
	struct statement s = { .a = a, .client = client };
	struct octets raw;
	struct key *key;
	const char *why = check_client(a, want, client, "webauthn.create");

	if (why != NULL)
		return why;
	/* Step 12. */
	o = item_read(a, object->data, object->len, NULL);
	fmt = item_by_name(o, "fmt");
	map = item_by_name(o, "attStmt");
	data = item_by_name(o, "authData");
	if (!is_of(fmt, ITEM_TEXT) || !is_of(map, ITEM_MAP) ||
	    !is_of(data, ITEM_BYTES))
		return "the attestation object is malformed";
	raw = (struct octets) { data->data, data->len };
	/* Step 17: extensions were not asked for, and are not looked at. */
	if (!webauthn_data_read(a, &raw, out) ||
	    !(out->flags & WEBAUTHN_HAS_KEY))
		return "the authenticator data is malformed";
	if ((why = check_data(want, out)) != NULL)
		return why;
	/* Step 16: those that were asked for are those that are read. */
	if ((key = cose_read(out->key.data, out->key.len, &s.alg)) == NULL)
		return "the public key is unsound, or of another algorithm";
	s.map = map;
	s.raw = &raw;
	s.key = key;
	if (!check_statement(fmt, &s))
		why = "the attestation statement is wrong";
	key_free(key);
	return why;
}

const char *
webauthn_assert(struct arena *a, const struct webauthn_want *want,
    const struct octets *key, const struct octets *client,
    const struct octets *raw, const struct octets *sig,
    struct webauthn_data *out)
{
	const char *why = check_client(a, want, client, "webauthn.get");
	struct key *k;
	int is_right;

	if (why != NULL)
		return why;
	/* Step 18: extensions were not asked for, and are not looked at. */
	if (!webauthn_data_read(a, raw, out))
		return "the authenticator data is malformed";
	if ((why = check_data(want, out)) != NULL)
		return why;
	/* Steps 19 and 20. */
	if ((k = cose_read(key->data, key->len, NULL)) == NULL)
		return "the stored public key is unsound";
	is_right = is_signed(a, k, raw, client, sig);
	key_free(k);
	return is_right ? NULL : "the signature is wrong";
}
