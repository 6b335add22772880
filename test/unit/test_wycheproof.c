/* test_wycheproof.c: Project Wycheproof's vectors for signatures and keys. */
#include "scratch.h"

#include <json-c/json.h>

#include "jwk.h"
#include "jwt.h"

#define SET_MAX 8
#define JWS "wycheproof/json_web_signature_test.json"
#define JWK "wycheproof/json_web_key_test.json"

/* Where we differ from the result that a vector expects, and why. */
static const struct {
	const char *file;
	int id, we_verify;
} differ[] = {
	/*
	 * RFC 7520 figure 20 is signed with PS384, as it says itself.  The key
	 * of the group says PS256, and the key decides the algorithm.
	 */
	{ JWS, 346, 0 },
	{ JWS, 350, 0 },
};

/* The keys of a group that have an algorithm of ours. */
struct set {
	struct key *key[SET_MAX];
	const char *kid[SET_MAX];
	size_t n;
};

/* How many vectors ran, by what was expected of them. */
struct count {
	int groups, groups_refused; /* groups without a key of ours */
	int valid, invalid, refused, differ;
};

static struct json_object *
get(struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(o, name, &v);
	return v;
}

/* The text of a member; of an object (JWS JSON serialization), its JSON. */
static const char *
text_of(struct json_object *o, const char *name)
{
	const char *s = json_object_get_string(get(o, name));

	assert_non_null(s);
	return s;
}

static void
set_add(struct set *set, struct json_object *jwk)
{
	struct key *k = jwk_read(jwk);

	if (k == NULL)
		return;
	assert_true(set->n < SET_MAX);
	/* A key that is taken names one of our algorithms. */
	assert_true(alg_find(text_of(jwk, "alg")) >= 0);
	set->kid[set->n] = text_of(jwk, "kid");
	set->key[set->n++] = k;
}

/* A group has one key or a set of them; public, if it can be. */
static void
set_read(struct set *set, struct json_object *group)
{
	struct json_object *o = get(group, "public"), *list;

	set->n = 0;
	if (o == NULL)
		o = get(group, "private");
	assert_non_null(o);
	if ((list = get(o, "keys")) == NULL) {
		set_add(set, o);
		return;
	}
	for (size_t i = 0; i < json_object_array_length(list); i++)
		set_add(set, json_object_array_get_idx(list, i));
}

static const struct key *
find_in_set(void *ctx, const char *kid)
{
	const struct set *set = ctx;

	for (size_t i = 0; i < set->n; i++)
		if (kid == NULL || strcmp(set->kid[i], kid) == 0)
			return set->key[i];
	return NULL;
}

static const struct key *
find_anyway(void *ctx, const char *kid)
{
	(void)kid;
	return ctx;
}

static const char *
verify(const char *token,
    const struct key *(*find)(void *, const char *), void *ctx)
{
	struct jwt t;
	const char *why = jwt_read(a, token, &t);

	return why != NULL ? why : jwt_check(a, &t, find, ctx);
}

static int
differs(const char *file, int id, int *want)
{
	for (size_t i = 0; i < sizeof(differ) / sizeof(differ[0]); i++)
		if (differ[i].id == id && strcmp(differ[i].file, file) == 0) {
			*want = differ[i].we_verify;
			return 1;
		}
	return 0;
}

static void
check_test(const char *file, struct set *set, struct key *own,
    struct json_object *test, struct count *count)
{
	const char *token = text_of(test, "jws");
	const char *result = text_of(test, "result");
	const int id = json_object_get_int(get(test, "tcId"));
	int want = strcmp(result, "valid") == 0;

	assert_true(want || strcmp(result, "invalid") == 0);
	if (set->n == 0) {
		/*
		 * Neither with the keys of the group nor with one of our own.
		 */
		count->refused++;
		assert_non_null(verify(token, find_in_set, set));
		assert_non_null(verify(token, find_anyway, own));
		return;
	}
	if (want)
		count->valid++;
	else
		count->invalid++;
	count->differ += differs(file, id, &want);
	if ((verify(token, find_in_set, set) == NULL) != want)
		fail_msg("%s: tcId %d: %s", file, id, text_of(test, "comment"));
}

static void
run_file(const char *file, struct count *count)
{
	struct key *own = key_generate(ALG_ES256, 0);
	struct json_object *all, *groups, *group, *tests;
	struct set set;
	char *text;

	memset(count, 0, sizeof(*count));
	assert_non_null(own);
	if ((text = unit_vectors(file)) == NULL) {
		key_free(own);
		skip();
	}
	assert_non_null(all = json_tokener_parse(text));
	groups = get(all, "testGroups");
	for (size_t i = 0; i < json_object_array_length(groups); i++) {
		group = json_object_array_get_idx(groups, i);
		tests = get(group, "tests");
		set_read(&set, group);
		count->groups++;
		count->groups_refused += set.n == 0;
		for (size_t k = 0; k < json_object_array_length(tests); k++)
			check_test(file, &set, own,
			    json_object_array_get_idx(tests, k), count);
		while (set.n > 0)
			key_free(set.key[--set.n]);
	}
	assert_int_equal(count->valid + count->invalid + count->refused,
	    json_object_get_int(get(all, "numberOfTests")));
	json_object_put(all);
	free(text);
	key_free(own);
}

/*
 * Nine groups are of ES256, RS256 and PS256.  The other fourteen have keys of
 * another algorithm (HS256, RS384, RS512, PS384, PS512, ES521), of no
 * algorithm, or for encryption; none of these keys is imported.
 */
static void
signatures_verify_as_wycheproof_expects(void **state)
{
	struct count n;

	(void)state;
	run_file(JWS, &n);
	assert_int_equal(n.groups, 23);
	assert_int_equal(n.groups_refused, 14);
	assert_int_equal(n.valid, 18);
	assert_int_equal(n.invalid, 304);
	assert_int_equal(n.refused, 79);
	assert_int_equal(n.differ, 2);
}

/*
 * Two groups have a key of ours: an ES256 one beside a symmetric one, which is
 * refused; and a sound RS256 one.  These are refused: RSA keys that are small, of the
 * kind ROCA or have the exponent 1, points off the curve, and keys with a curve, type,
 * use or algorithm that does not fit.
 */
static void
keys_are_imported_as_wycheproof_expects(void **state)
{
	struct count n;

	(void)state;
	run_file(JWK, &n);
	assert_int_equal(n.groups, 25);
	assert_int_equal(n.groups_refused, 23);
	assert_int_equal(n.valid, 1);
	assert_int_equal(n.invalid, 1);
	assert_int_equal(n.refused, 24);
	assert_int_equal(n.differ, 0);
}

#define TEST(name) TEST_IN(name, scratch_setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(signatures_verify_as_wycheproof_expects),
		TEST(keys_are_imported_as_wycheproof_expects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
