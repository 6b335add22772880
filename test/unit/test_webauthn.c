/*
 * test_webauthn.c: what a browser sends of a passkey (Web Authentication Level 2,
 * sections 7.1 and 7.2): published vectors, keys made here, and lies.
 */
#include "scratch.h"

#include "authenticator.h"

#include "b64.h"
#include "cose.h"
#include "webauthn_vectors.h"

static const struct webauthn_want want = {
	.challenge = CHALLENGE, .origin = ORIGIN, .rp_id = RP_ID,
};

static struct octets
from_hex(const char *hex)
{
	const size_t n = strlen(hex) / 2;
	uint8_t *out = arena_alloc(a, n + 1);
	unsigned byte;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return (struct octets) { out, n };
}

static const char *
b64_of_hex(const char *hex)
{
	const struct octets o = from_hex(hex);
	char *text = arena_alloc(a, B64_LEN(o.len) + 1);

	b64url_encode(o.data, o.len, text);
	return text;
}

static struct webauthn_want
want_of(const char *challenge)
{
	return (struct webauthn_want) { .challenge = b64_of_hex(challenge),
		.origin = "https://example.org", .rp_id = "example.org" };
}

static const char *
register_vector(const struct vector *v, struct webauthn_data *out)
{
	const struct webauthn_want w = want_of(v->challenge);
	const struct octets client = from_hex(v->client);
	const struct octets object = from_hex(v->object);

	return webauthn_register(a, &w, &client, &object, out);
}

static const char *
use_vector(const struct vector *v, const struct octets *key,
    const struct octets *sig)
{
	const struct webauthn_want w = want_of(v->use_challenge);
	const struct octets client = from_hex(v->use_client);
	const struct octets data = from_hex(v->use_data);
	struct webauthn_data out;

	return webauthn_assert(a, &w, key, &client, &data, sig, &out);
}

/* Level 3 section 16: each is registered and used; with one bit changed it is not. */
static void
published_examples_are_right(void **state)
{
	static const struct {
		const struct vector *v;
		unsigned flags;
		size_t id_len;
	} rows[] = {
		{ &vector_none_es256, 0x59, 32 },
		{ &vector_packed_self_es256, 0x5d, 32 },
		{ &vector_none_es256_long_credential_id, 0x49, 1023 },
		{ &vector_packed_rs256, 0x5d, 32 },
		{ &vector_packed_eddsa, 0x41, 32 },
		{ &vector_fido_u2f_es256, 0x41, 32 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct vector *v = rows[i].v;
		const struct octets sig = from_hex(v->use_sig);
		struct webauthn_data d;
		uint8_t *bad = (uint8_t *)arena_dup(a, sig.data, sig.len);
		const struct octets changed = { bad, sig.len };
		const char *why = register_vector(v, &d);

		if (why != NULL)
			fail_msg("%s: %s", v->name, why);
		assert_int_equal(d.flags, rows[i].flags);
		assert_int_equal(d.count, 0);
		assert_int_equal(d.id.len, rows[i].id_len);
		assert_null(use_vector(v, &d.key, &sig));
		bad[sig.len - 1] ^= 1;
		assert_string_equal(use_vector(v, &d.key, &changed),
		    "the signature is wrong");
	}
}

/* Those of a page in a frame, and of an algorithm that was not asked for. */
static void
published_examples_that_are_refused(void **state)
{
	struct webauthn_data d;

	(void)state;
	assert_string_equal(register_vector(&vector_none_es256_cross, &d),
	    "the page was in a frame of another origin");
	assert_string_equal(register_vector(&vector_none_es256_top, &d),
	    "the page was in a frame of another origin");
	assert_string_equal(register_vector(&vector_packed_es384, &d),
	    "the public key is unsound, or of another algorithm");
}

static const char *
create(struct authenticator *au, struct webauthn_data *out)
{
	authenticator_create(au);
	return webauthn_register(a, &want, &au->client, &au->object, out);
}

static const char *
get_as(struct authenticator *au, const struct webauthn_want *w)
{
	struct webauthn_data out;

	authenticator_get(au);
	return webauthn_assert(
	    a, w, &au->cose, &au->client, &au->data, &au->sig, &out);
}

static const enum alg algs[] = { ALG_ES256, ALG_EDDSA, ALG_RS256 };

static void
keys_of_each_algorithm_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(algs); i++) {
		struct authenticator au = authenticator_new(algs[i]);
		struct webauthn_data d;

		au.count = 0x01020304;
		au.flags |= WEBAUTHN_MAY_SYNC | WEBAUTHN_SYNCED;
		assert_null(create(&au, &d));
		assert_int_equal(d.count, 0x01020304);
		assert_int_equal(d.flags, 0x5d);
		assert_int_equal(d.id.len, strlen(au.id));
		assert_memory_equal(d.id.data, au.id, d.id.len);
		assert_memory_equal(d.aaguid.data, "an AAGUID of 16.", 16);
		assert_int_equal(d.key.len, au.cose.len);
		assert_memory_equal(d.key.data, au.cose.data, d.key.len);
		assert_null(get_as(&au, &want));
		key_free(au.key);
	}
}

/* A signature of another key, of other data, or none. */
static void
wrong_signatures_are_refused(void **state)
{
	static const struct octets none = { (const uint8_t *)"", 0 };

	(void)state;
	for (size_t i = 0; i < N(algs); i++) {
		struct authenticator au = authenticator_new(algs[i]);
		struct authenticator other = authenticator_new(algs[i]);
		struct webauthn_data d;
		struct octets client;

		authenticator_get(&other);
		authenticator_get(&au);
		assert_string_equal(webauthn_assert(a, &want, &au.cose,
		    &au.client, &au.data, &other.sig, &d), "the signature is wrong");
		assert_string_equal(webauthn_assert(a, &want, &au.cose,
		    &au.client, &au.data, &none, &d), "the signature is wrong");
		/* The counter is signed; so is the last space of the client data. */
		au.count++;
		make_data(&au, au.flags);
		assert_string_equal(webauthn_assert(a, &want, &au.cose,
		    &au.client, &au.data, &au.sig, &d), "the signature is wrong");
		authenticator_get(&au);
		client = au.client;
		au.more = " ";
		make_client(&au, "webauthn.get");
		assert_int_equal(au.client.len, client.len + 1);
		assert_string_equal(webauthn_assert(a, &want, &au.cose,
		    &au.client, &au.data, &au.sig, &d), "the signature is wrong");
		assert_null(webauthn_assert(a, &want, &au.cose, &client,
		    &au.data, &au.sig, &d));
		key_free(au.key);
		key_free(other.key);
	}
}

/* A lie, by the step that finds it, in a registration and in a use. */
struct lie {
	const char *why;
	const char *rp_id, *origin, *challenge, *type, *more;
	unsigned add, drop; /* flags */
	int verified;
};

static const struct lie lies[] = {
	/* Section 7.1 step 7, section 7.2 step 11. */
	{ .why = "the client data has another type", .type = "webauthn.ge" },
	{ .why = "the client data has another type", .type = "payment.get" },
	{ .why = "the client data is no JSON object",
	    .more = ",\"type\":\"webauthn.get\"" },
	{ .why = "the client data is no JSON object", .more = "}" },
	/* Steps 8 and 12. */
	{ .why = "the challenge is another",
	    .challenge = "AAECAwQFBgcICQoLDA0ODx" },
	{ .why = "the challenge is another", .challenge = CHALLENGE "==" },
	{ .why = "the challenge is another", .challenge = "" },
	/* Steps 9 and 13. */
	{ .why = "the origin is another", .origin = "http://auth.example" },
	{ .why = "the origin is another", .origin = "https://auth.example:444" },
	{ .why = "the origin is another", .origin = "https://auth.example/" },
	{ .why = "the origin is another", .origin = "https://auth.example.evil.example" },
	{ .why = "the origin is another", .origin = "android:apk-key-hash:abc" },
	{ .why = "the page was in a frame of another origin",
	    .more = ",\"crossOrigin\":true" },
	{ .why = "the page was in a frame of another origin",
	    .more = ",\"crossOrigin\":false,\"topOrigin\":\"https://evil.example\"" },
	/* Steps 13 and 15. */
	{ .why = "the RP id is another", .rp_id = "example" },
	{ .why = "the RP id is another", .rp_id = "www.auth.example" },
	/* Steps 14 and 16. */
	{ .why = "the user was not present", .drop = WEBAUTHN_PRESENT },
	/* Steps 15 and 17. */
	{ .why = "the user was not verified", .drop = WEBAUTHN_VERIFIED,
	    .verified = 1 },
	{ .why = "it is backed up, but is not eligible for that",
	    .add = WEBAUTHN_SYNCED },
	/* No lies: not asked for, or said and harmless. */
	{ .drop = WEBAUTHN_VERIFIED },
	{ .verified = 1 },
	{ .more = ",\"crossOrigin\":false,\"topOrigin\":null,\"new\":{\"x\":[1]}" },
	{ .add = WEBAUTHN_MAY_SYNC | WEBAUTHN_SYNCED },
	{ .add = 0x22 }, /* flags that are reserved */
};

static void
assert_why(const struct lie *l, const char *what, const char *got)
{
	if ((got == NULL) != (l->why == NULL) ||
	    (got != NULL && strcmp(got, l->why) != 0))
		fail_msg("%s: \"%s\", not \"%s\"", what,
		    got == NULL ? "(taken)" : got,
		    l->why == NULL ? "(taken)" : l->why);
}

static void
lies_are_found(void **state)
{
	struct authenticator honest = authenticator_new(ALG_ES256), au;
	struct webauthn_want w = want;
	struct webauthn_data d;

	(void)state;
	for (size_t i = 0; i < N(lies); i++) {
		const struct lie *l = &lies[i];

		au = honest;
		au.rp_id = l->rp_id != NULL ? l->rp_id : au.rp_id;
		au.origin = l->origin != NULL ? l->origin : au.origin;
		au.challenge =
		    l->challenge != NULL ? l->challenge : au.challenge;
		au.more = l->more != NULL ? l->more : au.more;
		au.type = l->type;
		au.flags = (au.flags | l->add) & ~l->drop;
		w.verified = l->verified;
		authenticator_create(&au);
		assert_why(l, "registered", webauthn_register(
		    a, &w, &au.client, &au.object, &d));
		assert_why(l, "used", get_as(&au, &w));
	}
	/* An answer of one kind is none of the other. */
	au = honest;
	au.type = "webauthn.get";
	assert_string_equal(create(&au, &d), "the client data has another type");
	au.type = "webauthn.create";
	assert_string_equal(get_as(&au, &want), "the client data has another type");
	key_free(honest.key);
}

/* Section 8.2, self attestation; section 8.7, none. */
static void
attestation_statements_are_checked(void **state)
{
	static const char wrong[] = "the attestation statement is wrong";
	struct authenticator au = authenticator_new(ALG_EDDSA);
	struct webauthn_data d;
	struct buf b;

	(void)state;
	au.statement = (struct octets) { (const uint8_t *)"\xa1\x61" "a\x01", 4 };
	assert_string_equal(create(&au, &d), wrong);
	au.fmt = "packed";
	assert_string_equal(create(&au, &d), wrong);
	for (int alg = -7; alg >= -8; alg--) {
		make_signature(&au);
		buf_init(&b, a, 256);
		cbor_head(&b, 5, 2);
		cbor_text(&b, "alg");
		cbor_int(&b, alg);
		cbor_text(&b, "sig");
		cbor_bytes(&b, au.sig.data, au.sig.len);
		au.statement = octets_of(&b);
		if (alg == -8)
			assert_null(create(&au, &d));
		else
			assert_string_equal(create(&au, &d), wrong);
	}
	/* It signs the authenticator data. */
	au.count++;
	assert_string_equal(create(&au, &d), wrong);
	/* What says whose make it is proves nothing here: it is as none. */
	au.fmt = "tpm";
	assert_null(create(&au, &d));
	key_free(au.key);
}

/* Section 6.1: its parts are what its flags and lengths say, to the last byte. */
static void
authenticator_data_is_whole(void **state)
{
	struct authenticator au = authenticator_new(ALG_ES256);
	struct webauthn_data d;
	struct octets cut;
	char *id = arena_alloc(a, WEBAUTHN_ID_MAX + 2);

	(void)state;
	au.extensions = (struct octets) {
		(const uint8_t *)"\xa1\x6b" "credProtect\x02", 14 };
	au.flags |= WEBAUTHN_HAS_EXTENSIONS;
	assert_null(create(&au, &d));
	for (cut = au.data; cut.len-- > 0;)
		assert_int_equal(webauthn_data_read(a, &cut, &d), 0);
	au.extensions.len--;
	assert_non_null(create(&au, &d));
	au.extensions = (struct octets) { (const uint8_t *)"\x01", 1 };
	assert_non_null(create(&au, &d));
	au.extensions = (struct octets) { (const uint8_t *)"\xa0\x00", 2 };
	assert_non_null(create(&au, &d));
	au.flags &= ~(unsigned)WEBAUTHN_HAS_EXTENSIONS;
	assert_null(create(&au, &d));
	/* The longest id, and one byte more; and none. */
	au.id = memset(id, 'i', WEBAUTHN_ID_MAX);
	assert_null(create(&au, &d));
	id[WEBAUTHN_ID_MAX] = 'i';
	assert_string_equal(create(&au, &d), "the authenticator data is malformed");
	au.id = "";
	assert_string_equal(create(&au, &d), "the authenticator data is malformed");
	au.has_no_key = 1;
	assert_string_equal(create(&au, &d), "the authenticator data is malformed");
	key_free(au.key);
}

static void
malformed_objects_are_refused(void **state)
{
	static const struct octets objects[] = {
		{ (const uint8_t *)"", 0 },
		{ (const uint8_t *)"\xa0", 1 },
		{ (const uint8_t *)"\x80", 1 },
		/* fmt is a number; attStmt is a text; authData is a text. */
		{ (const uint8_t *)"\xa3\x63" "fmt\x01\x67" "attStmt\xa0\x68"
		    "authData\x41\x00", 26 },
		{ (const uint8_t *)"\xa3\x63" "fmt\x64none\x67" "attStmt\x61" "a\x68"
		    "authData\x41\x00", 31 },
		{ (const uint8_t *)"\xa3\x63" "fmt\x64none\x67" "attStmt\xa0\x68"
		    "authData\x61" "a", 30 },
	};
	struct authenticator au = authenticator_new(ALG_ES256);
	struct webauthn_data d;
	struct octets longer;

	(void)state;
	authenticator_create(&au);
	for (size_t i = 0; i < N(objects); i++)
		assert_string_equal(webauthn_register(a, &want, &au.client,
		    &objects[i], &d), "the attestation object is malformed");
	longer = (struct octets) {
		(const uint8_t *)arena_dup(a, au.object.data, au.object.len),
		au.object.len + 1 };
	assert_string_equal(webauthn_register(a, &want, &au.client, &longer, &d),
	    "the attestation object is malformed");
	key_free(au.key);
}

/* RFC 9053 section 7: keys that are unsound, or are of another kind than they say. */
static void
unsound_keys_are_refused(void **state)
{
	struct key *k = key_generate(ALG_ES256, 0);
	const struct octets good = cose_of(k);
	struct key *read;
	int alg = 0;

	(void)state;
	assert_non_null(read = cose_read(good.data, good.len, &alg));
	assert_int_equal(alg, -7);
	key_free(read);
	/* Each byte is changed: the labels, kty, alg, crv, lengths, a point off the curve. */
	for (size_t i = 0; i < good.len; i++) {
		uint8_t *bad = (uint8_t *)arena_dup(a, good.data, good.len);

		bad[i] ^= 0x01;
		if ((read = cose_read(bad, good.len, NULL)) != NULL)
			fail_msg("byte %zu may be changed", i);
		assert_null(cose_read(good.data, i, NULL));
	}
	key_free(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(published_examples_are_right, scratch_setup),
		TEST_IN(published_examples_that_are_refused, scratch_setup),
		TEST_IN(keys_of_each_algorithm_are_taken, scratch_setup),
		TEST_IN(wrong_signatures_are_refused, scratch_setup),
		TEST_IN(lies_are_found, scratch_setup),
		TEST_IN(attestation_statements_are_checked, scratch_setup),
		TEST_IN(authenticator_data_is_whole, scratch_setup),
		TEST_IN(malformed_objects_are_refused, scratch_setup),
		TEST_IN(unsound_keys_are_refused, scratch_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
