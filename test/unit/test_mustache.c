/* test_mustache.c: the examples of the Mustache spec. */
#include "scratch.h"

#include <json-c/json.h>

#include "buf.h"
#include "tmpl.h"

static struct buf b;
static struct tmpl_data *d;

static int
setup(void **state)
{
	scratch_setup(state);
	buf_init(&b, a, 0);
	d = tmpl_data_new(a);
	return 0;
}

/*
 * Change the spec's data to ours.  Texts and numbers are values.  true is
 * "true". false, null and [] are NULL, which hides the same name of a parent,
 * as they do. An object is a list of one item.  An element of an array that is
 * no object is the "." of an item.
 */
static void fill(struct tmpl_data *to, const char *name, struct json_object *v);

static void
fill_object(struct tmpl_data *to, struct json_object *o)
{
	struct json_object_iterator i = json_object_iter_begin(o);
	struct json_object_iterator end = json_object_iter_end(o);

	for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i))
		fill(to, json_object_iter_peek_name(&i),
		    json_object_iter_peek_value(&i));
}

static void
fill(struct tmpl_data *to, const char *name, struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		tmpl_set(to, name, NULL);
		break;
	case json_type_boolean:
		tmpl_set(to, name, json_object_get_boolean(v) ? "true" : NULL);
		break;
	case json_type_object:
		fill_object(tmpl_push(to, name), v);
		break;
	case json_type_array:
		tmpl_set(to, name, NULL);
		for (size_t i = 0; i < json_object_array_length(v); i++) {
			struct tmpl_data *item = tmpl_push(to, name);
			struct json_object *x = json_object_array_get_idx(v, i);

			if (json_object_is_type(x, json_type_object))
				fill_object(item, x);
			else
				fill(item, ".", x);
		}
		break;
	default:
		tmpl_set(to, name, json_object_get_string(v));
	}
}

static const char *
load_member(void *partials, const char *name)
{
	return json_object_get_string(json_object_object_get(partials, name));
}

/* Raw forms and delimiters, in the template or in one of its partials. */
static int
is_unsupported(const char *json)
{
	return strstr(json, "{{{") != NULL || strstr(json, "{{&") != NULL ||
	    strstr(json, "{{=") != NULL;
}

static int
run_example(struct json_object *test)
{
	struct json_object *data = json_object_object_get(test, "data");
	struct json_object *partials = json_object_object_get(test, "partials");
	const char *name, *text, *want;
	int refused, rc;

	name = json_object_get_string(json_object_object_get(test, "name"));
	text = json_object_get_string(json_object_object_get(test, "template"));
	want = json_object_get_string(json_object_object_get(test, "expected"));
	refused = is_unsupported(text) ||
	    (partials != NULL &&
		is_unsupported(json_object_to_json_string_ext(
		    partials, JSON_C_TO_STRING_NOSLASHESCAPE)));
	d = tmpl_data_new(a);
	if (json_object_is_type(data, json_type_object))
		fill_object(d, data);
	else
		fill(d, ".", data);
	buf_init(&b, a, 0);
	rc = tmpl_render(&b, text, d, load_member, partials);
	if (rc != (refused ? -1 : 0))
		fail_msg("%s: %d", name, rc);
	if (!refused && strcmp(b.data, want) != 0)
		fail_msg("%s: '%s', not '%s'", name, b.data, want);
	return refused;
}

/*
 * https://github.com/mustache/spec.  The spec escapes & < > and ", and we do.
 * We also escape ' and `; no value of the spec has these.
 */
static void
examples_of_the_mustache_spec_hold(void **state)
{
	static const struct {
		const char *file;
		int run, refused;
	} rows[] = {
		{ "mustache/comments.json", 12, 0 },
		{ "mustache/interpolation.json", 22, 20 },
		{ "mustache/inverted.json", 22, 0 },
		{ "mustache/sections.json", 32, 2 },
		{ "mustache/partials.json", 11, 1 },
		{ "mustache/delimiters.json", 0, 14 },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct json_object *spec, *tests;
		char *text = unit_vectors(rows[i].file);
		int n, refused = 0;

		if (text == NULL)
			skip();
		assert_non_null(spec = json_tokener_parse(text));
		free(text);
		tests = json_object_object_get(spec, "tests");
		n = (int)json_object_array_length(tests);
		for (int k = 0; k < n; k++)
			refused += run_example(
			    json_object_array_get_idx(tests, (size_t)k));
		print_message("%s: %d run, %d refused\n", rows[i].file,
		    n - refused, refused);
		assert_int_equal(n - refused, rows[i].run);
		assert_int_equal(refused, rows[i].refused);
		json_object_put(spec);
	}
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(examples_of_the_mustache_spec_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
