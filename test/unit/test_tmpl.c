/* test_tmpl.c: page templates. */
#include "scratch.h"

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

/* Partials of these tests: name, text, ..., NULL. */
static const char *
load(void *ctx, const char *name)
{
	const char *const *row = ctx;

	for (; row != NULL && *row != NULL; row += 2)
		if (strcmp(row[0], name) == 0)
			return row[1];
	return NULL;
}

/* Render memory of exactly this size: a sanitizer sees a read past its end. */
static int
render_with(const char *text, size_t len, void *partials)
{
	char *copy = malloc(len + 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	buf_init(&b, a, 0);
	rc = tmpl_render(&b, copy, d, load, partials);
	free(copy);
	return rc;
}

static int
render(const char *text)
{
	return render_with(text, strlen(text), NULL);
}

static void
assert_renders(const char *text, const char *want)
{
	assert_int_equal(render(text), 0);
	assert_string_equal(b.data, want);
}

static void
assert_all_refused(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (render(texts[i]) != -1)
			fail_msg("taken: %s", texts[i]);
}

static void
what_is_special_in_html_is_escaped_and_nothing_else(void **state)
{
	const char *want;

	(void)state;
	for (int c = 1; c < 256; c++) {
		char text[] = { 'x', (char)c, 'y', '\0' };

		want = c == '&' ? "x&amp;y"
		    : c == '<'  ? "x&lt;y"
		    : c == '>'  ? "x&gt;y"
		    : c == '"'  ? "x&quot;y"
		    : c == '\'' ? "x&#39;y"
		    : c == '`'  ? "x&#96;y"
				: text;
		tmpl_set(d, "v", text);
		assert_renders("{{v}}", want);
	}
	tmpl_set(d, "v", "&<>\"'`&");
	assert_renders("{{v}}", "&amp;&lt;&gt;&quot;&#39;&#96;&amp;");
}

static void
all_but_tags_is_left_as_it_is(void **state)
{
	char text[256];

	(void)state;
	for (int c = 1; c < 256; c++)
		text[c - 1] = (char)c;
	text[255] = '\0';
	assert_renders(text, text);
	assert_renders("", "");
	assert_renders("{ } }} {x} } }", "{ } }} {x} } }");
}

/* The text of a value is never a tag. */
static void
values_are_not_rendered_again(void **state)
{
	(void)state;
	tmpl_set(d, "v", "{{secret}}{{#v}}");
	tmpl_set(d, "secret", "hunter2");
	assert_renders("{{v}}{ {{v}}}", "{{secret}}{{#v}}{ {{secret}}{{#v}}}");
}

/* One character that a page forgets to escape is a cross-site script. */
static void
raw_forms_and_delimiters_are_refused(void **state)
{
	static const char *const bad[] = { "{{{v}}}", "{{{ v }}}", "{{&v}}",
		"{{& v}}", "{{ &v}}", "{{ {v} }}", "{{=<% %>=}}", "{{={{ }}=}}",
		"{{#no}}{{{v}}}{{/no}}", "{{#no}}{{&v}}{{/no}}" };

	(void)state;
	tmpl_set(d, "v", "<script>");
	assert_all_refused(bad, N(bad));
}

static void
malformed_templates_are_refused(void **state)
{
	static const char *const bad[] = { "{{", "a{{", "{{ ", "{{a", "{{a ",
		"{{a}", "{{a} }", "{{}}", "{{ }}", "{{a b}}", "{{a{{b}}", "{{#",
		"{{#a", "{{#}}", "{{#a}", "{{#a}}", "{{^a}}", "{{/a}}", "{{/}}",
		"{{/", "{{!", "{{! a", "{{!}", "{{>", "{{> ", "{{>a", "{{>}}",
		"{{>a b}}", "{{#a}}{{/b}}", "{{^a}}{{/b}}", "{{#a}}{{/aa}}",
		"{{#aa}}{{/a}}", "{{#a}}{{#b}}{{/a}}{{/b}}",
		"{{#a}}{{/a}}{{/a}}", "{{#a}}{{#a}}{{/a}}", "{{#a}}{{/a",
		"{{#a}}{{", "{{$a}}", "{{<a}}", "{{*a}}", "{{@a}}", "{{a|b}}",
		"{{a}}{{\xc3\xa9}}" };

	(void)state;
	assert_all_refused(bad, N(bad));
	tmpl_set(d, "a", "1"); /* rendered or skipped, the result is the same */
	assert_all_refused(bad, N(bad));
}

/* Only these bytes may begin a tag. */
static void
each_byte_after_the_braces_is_known_or_refused(void **state)
{
	char text[] = "{{?x}}";
	int good;

	(void)state;
	for (int c = 1; c < 256; c++) {
		good = strchr("abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
			      "!> \t\r\n",
			   c) != NULL;
		text[2] = (char)c;
		assert_int_equal(render(text), good ? 0 : -1);
	}
}

/*
 * A template that is cut anywhere is read to its end only, and rarely counts as
 * whole.
 */
static void
every_prefix_of_a_template_is_safe(void **state)
{
	static const char text[] = "a\n {{#s}} \r\n{{ v }}{{/ s }}{{!c}}\n"
				   "  {{^n}}{{.}}{{/n}} \n\t{{> p }}\n{{s.v}}";
	static const char *const partials[] = { "p", "{{s.v}}\n", NULL };
	size_t whole = 0;
	int in_tag, depth;

	(void)state;
	tmpl_set(tmpl_push(d, "s"), "v", "x");
	for (size_t len = 0; len < sizeof(text); len++) {
		in_tag = depth = 0;
		for (size_t i = 0; i + 1 < len; i++) {
			if (memcmp(text + i, "{{", 2) == 0) {
				in_tag = 1;
				depth +=
				    text[i + 2] == '#' || text[i + 2] == '^';
				depth -= text[i + 2] == '/';
			} else if (memcmp(text + i, "}}", 2) == 0) {
				in_tag = 0;
			}
		}
		assert_int_equal(
		    render_with(text, len, (void *)(uintptr_t)partials),
		    in_tag || depth > 0 ? -1 : 0);
		whole += !in_tag && depth == 0;
	}
	assert_true(whole > 10);
	assert_string_equal(b.data, "a\nx\n   \n\tx\nx");
}

static void
a_name_set_again_has_its_last_value(void **state)
{
	char name[] = "v";

	(void)state;
	tmpl_set(d, name, "1");
	name[0] = 'w'; /* the name was copied */
	tmpl_set(d, "v", "2");
	assert_renders("{{v}}{{w}}", "2");
	tmpl_set(d, "v", NULL);
	assert_renders("{{v}}{{^v}}none{{/v}}", "none");
}

static void
empty_and_null_are_false_and_all_else_is_true(void **state)
{
	(void)state;
	tmpl_set(d, "null", NULL);
	tmpl_set(d, "empty", "");
	tmpl_set(d, "zero", "0");
	tmpl_push(d, "list");
	assert_renders("{{#null}}1{{/null}}{{#empty}}2{{/empty}}"
		       "{{#zero}}3{{/zero}}{{#list}}4{{/list}}{{#no}}5{{/no}}",
	    "34");
	assert_renders("{{^null}}1{{/null}}{{^empty}}2{{/empty}}"
		       "{{^zero}}3{{/zero}}{{^list}}4{{/list}}{{^no}}5{{/no}}",
	    "125");
}

static void
a_list_is_rendered_in_order_and_sees_its_parents(void **state)
{
	static const char *const scopes[] = { "read", "write", "<all>" };
	struct tmpl_data *item;

	(void)state;
	tmpl_set(d, "client", "App");
	tmpl_set(d, "id", "outer");
	for (size_t i = 0; i < N(scopes); i++) {
		item = tmpl_push(d, "scope");
		tmpl_set(item, "id", scopes[i]);
		if (i == 1)
			tmpl_set(item, "client", NULL); /* hides its parent's */
	}
	assert_renders("{{#scope}}{{client}}:{{id}} {{/scope}}{{id}}",
	    "App:read :write App:&lt;all&gt; outer");
}

static void
an_item_may_have_a_value_of_its_own(void **state)
{
	(void)state;
	tmpl_set(tmpl_push(d, "l"), ".", "a");
	tmpl_push(d, "l");
	tmpl_set(tmpl_push(d, "l"), ".", "<");
	tmpl_set(d, "v", "w");
	assert_renders("{{#l}}[{{.}}]{{/l}}", "[a][][&lt;]");
	assert_renders("{{#l}}{{#v}}{{.}}{{/v}}{{.}}{{/l}}", "waww&lt;");
	assert_renders("{{.}}{{#.}}x{{/.}}", "");
}

/* a.b is the b of a's first item, and never a name with a dot in it. */
static void
dotted_names_go_inwards_only(void **state)
{
	(void)state;
	tmpl_set(d, "b", "wrong");
	tmpl_set(d, "a.b", "wrong");
	tmpl_set(d, "v", "plain");
	assert_renders("{{a.b}}{{v.b}}{{a.}}{{.b}}{{..}}{{v.}}", "");
	tmpl_set(tmpl_push(tmpl_push(d, "a"), "c"), "x", "1");
	tmpl_set(tmpl_push(d, "a"), "b", "second");
	assert_renders("{{a.c.x}}{{a.b}}{{a.c.b}}{{#a.c}}{{x}}{{/a.c}}", "11");
}

static void
a_partial_sees_where_it_stands(void **state)
{
	static const char *const partials[] = { "p", "({{v}})", NULL };
	void *ctx = (void *)(uintptr_t)partials;
	const char *text = "{{#l}}{{> p}}{{/l}}{{>no}}{{#no}}{{>p}}{{/no}}";

	(void)state;
	tmpl_set(d, "v", "1");
	tmpl_set(tmpl_push(d, "l"), "v", "2");
	tmpl_push(d, "l");
	assert_int_equal(render_with(text, strlen(text), ctx), 0);
	assert_string_equal(b.data, "(2)(1)");
}

/*
 * Every line of a partial is indented, at every level, but not the lines of
 * values.
 */
static void
indents_of_partials_add_up(void **state)
{
	static const char *const partials[] = { "out", "<a>\n  {{>in}}\n</a>\n",
		"in", "{{v}}\n{{#l}}\n{{x}} {{v}}\n{{/l}}\n{{>no}}\nend",
		NULL };
	const char *text = " {{>out}}\n.";

	(void)state;
	tmpl_set(d, "v", "1\n2");
	tmpl_set(tmpl_push(d, "l"), "x", "i");
	tmpl_set(tmpl_push(d, "l"), "x", "ii");
	assert_int_equal(
	    render_with(text, strlen(text), (void *)(uintptr_t)partials), 0);
	assert_string_equal(
	    b.data, " <a>\n   1\n2\n   i 1\n2\n   ii 1\n2\n   end </a>\n.");
}

static void
a_malformed_partial_spoils_the_page(void **state)
{
	static const char *const bodies[] = { "{{", "{{{v}}}", "{{#a}}",
		"{{/s}}" };
	const char *partials[] = { "p", NULL, NULL };
	const char *text = "{{#s}}{{>p}}{{/s}}";

	(void)state;
	tmpl_set(d, "s", "1");
	for (size_t i = 0; i < N(bodies); i++) {
		partials[1] = bodies[i];
		assert_int_equal(render_with(text, strlen(text), partials), -1);
	}
}

static int
render_sections(int n)
{
	struct buf text;

	buf_init(&text, a, 0);
	for (int i = 0; i < n; i++)
		buf_str(&text, "{{#s}}");
	buf_str(&text, "x");
	for (int i = 0; i < n; i++)
		buf_str(&text, "{{/s}}");
	return render(text.data);
}

/* The same in a section that is left out: the stack is the same. */
static void
sections_nest_32_deep_and_no_deeper(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(render_sections(32), 0);
		assert_string_equal(b.data, round == 0 ? "" : "x");
		assert_int_equal(render_sections(33), -1);
		assert_int_equal(render_sections(10000), -1);
		tmpl_set(d, "s", "1");
	}
	buf_init(&b, a, 0); /* any number of them may follow each other */
	for (int i = 0; i < 100; i++)
		buf_str(&b, "{{#s}}{{^s}}{{/s}}x{{/s}}");
	assert_int_equal(render(b.data), 0);
	assert_int_equal(b.len, 100);
}

static const char *
countdown(void *ctx, const char *name)
{
	int *left = ctx;

	assert_string_equal(name, "p");
	return (*left)-- > 1 ? "x{{>p}}" : "end";
}

static void
partials_nest_8_deep_and_no_deeper(void **state)
{
	static const char *const itself[] = { "p", "{{>p}}", NULL };
	int left = 8;

	(void)state;
	assert_int_equal(tmpl_render(&b, "{{>p}}", d, countdown, &left), 0);
	assert_string_equal(b.data, "xxxxxxxend");
	left = 9;
	assert_int_equal(tmpl_render(&b, "{{>p}}", d, countdown, &left), -1);
	assert_int_equal(
	    render_with("{{>p}}", 6, (void *)(uintptr_t)itself), -1);
	left = 1;
	assert_int_equal(tmpl_render(&b,
			     "{{>p}}{{>p}}{{>p}}{{>p}}{{>p}}"
			     "{{>p}}{{>p}}{{>p}}{{>p}}{{>p}}",
			     d, countdown, &left),
	    0);
}

static void
rendering_appends_to_the_page(void **state)
{
	(void)state;
	buf_str(&b, "before ");
	assert_int_equal(tmpl_render(&b, "after", d, load, NULL), 0);
	assert_string_equal(b.data, "before after");
}

/* tmpl.h: no value makes a line, as that of a header. */
static void
plain_text_is_not_escaped_and_has_no_line_of_a_value(void **state)
{
	(void)state;
	tmpl_set(d, "name", "<a> & \"b\"\r\nBcc: x\x7f\t\xc3\xa9");
	assert_int_equal(tmpl_render_text(&b, "To {{name}}\n{{none}}.", d,
			     load, NULL), 0);
	assert_string_equal(
	    b.data, "To <a> & \"b\"  Bcc: x  \xc3\xa9\n.");
	assert_int_equal(tmpl_render_text(&b, "{{{name}}}", d, load, NULL), -1);
}

#define TEST(name) TEST_IN(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_special_in_html_is_escaped_and_nothing_else),
		TEST(all_but_tags_is_left_as_it_is),
		TEST(values_are_not_rendered_again),
		TEST(raw_forms_and_delimiters_are_refused),
		TEST(malformed_templates_are_refused),
		TEST(each_byte_after_the_braces_is_known_or_refused),
		TEST(every_prefix_of_a_template_is_safe),
		TEST(a_name_set_again_has_its_last_value),
		TEST(empty_and_null_are_false_and_all_else_is_true),
		TEST(a_list_is_rendered_in_order_and_sees_its_parents),
		TEST(an_item_may_have_a_value_of_its_own),
		TEST(dotted_names_go_inwards_only),
		TEST(a_partial_sees_where_it_stands),
		TEST(indents_of_partials_add_up),
		TEST(a_malformed_partial_spoils_the_page),
		TEST(sections_nest_32_deep_and_no_deeper),
		TEST(partials_nest_8_deep_and_no_deeper),
		TEST(rendering_appends_to_the_page),
		TEST(plain_text_is_not_escaped_and_has_no_line_of_a_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
