/* test_resp.c: status and header lines, errors, pages (RFC 3875 section 6). */
#include "fixture.h"

#include <json-c/json.h>

#include "json.h"
#include "tmpl.h"

static struct buf *
body(const char *text)
{
	struct buf *b = arena_alloc(fx.a, sizeof(*b));

	buf_init(b, fx.a, 0);
	buf_str(b, text);
	return b;
}

/* The body of the answer as JSON; the head must say that it is JSON. */
static struct json_object *
answer_json(int status)
{
	const struct buf *b = resp_bytes(&fx.rq);
	const char *end = strstr(b->data, "\r\n\r\n");
	struct json_object *o;

	assert_int_equal(fx.rq.status, status);
	assert_non_null(end);
	assert_non_null(
	    strstr(b->data, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(
	    strstr(b->data, "\r\nX-Content-Type-Options: nosniff\r\n"));
	o = json_parse(fx.a, end + 4, strlen(end + 4));
	assert_non_null(o);
	return o;
}

static void
an_answer_is_status_headers_and_body(void **state)
{
	(void)state;
	assert_null(resp_json(&fx.rq, 200, body("{\"a\":1}")));
	assert_string_equal(resp_bytes(&fx.rq)->data,
	    "Status: 200 OK\r\n"
	    "Content-Type: application/json\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Request-Id: request-id-here-\r\n"
	    "Cache-Control: no-store\r\n"
	    "Content-Length: 7\r\n"
	    "\r\n"
	    "{\"a\":1}");
}

/* RFC 9110 section 9.3.2: the same header fields, no content. */
static void
head_has_the_length_and_not_the_body(void **state)
{
	const struct buf *b;

	(void)state;
	fx.rq.is_head = 1;
	resp_json(&fx.rq, 200, body("{\"a\":1}"));
	b = resp_bytes(&fx.rq);
	assert_non_null(strstr(b->data, "\r\nContent-Length: 7\r\n"));
	assert_string_equal(b->data + b->len - 4, "\r\n\r\n");
	assert_null(strstr(b->data, "{"));
}

/* RFC 9110 section 8.6: no Content-Length with 204. */
static void
no_content_has_no_length(void **state)
{
	(void)state;
	assert_null(resp_empty(&fx.rq, 204));
	assert_string_equal(resp_bytes(&fx.rq)->data,
	    "Status: 204 No Content\r\n"
	    "X-Request-Id: request-id-here-\r\n"
	    "Cache-Control: no-store\r\n\r\n");
	REQUEST(NULL);
	assert_null(resp_empty(&fx.rq, 200));
	assert_non_null(
	    strstr(resp_bytes(&fx.rq)->data, "\r\nContent-Length: 0\r\n\r\n"));
}

static void
a_body_may_hold_any_bytes(void **state)
{
	struct buf *b = body("");
	const struct buf *out;

	(void)state;
	buf_add(b, "a\0\xff\r\n", 5);
	resp_json(&fx.rq, 200, b);
	out = resp_bytes(&fx.rq);
	assert_non_null(strstr(out->data, "\r\nContent-Length: 5\r\n"));
	assert_memory_equal(out->data + out->len - 5, "a\0\xff\r\n", 5);
}

/* CWE-113: a line break in a value would begin a header of the attacker's. */
static void
a_control_character_in_a_header_becomes_a_space(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const int is_control = c < 0x20 || c == 0x7f;

		REQUEST(NULL);
		resp_header(&fx.rq, "X-Test", "a%cSet-Cookie: b", c);
		assert_string_equal(fx.headers.data,
		    arena_printf(fx.a, "X-Test: a%cSet-Cookie: b\r\n",
			is_control ? ' ' : c));
	}
	REQUEST(NULL);
	resp_header(&fx.rq, "Location", "%s", "/x\r\n\r\n<script>");
	resp_empty(&fx.rq, 303);
	assert_non_null(strstr(
	    resp_bytes(&fx.rq)->data, "\r\nLocation: /x    <script>\r\n"));
}

/* A redirect with a long state must not be cut. */
static void
a_long_header_is_whole(void **state)
{
	char *text = arena_alloc(fx.a, 20001);

	(void)state;
	memset(text, 'x', 20000);
	resp_redirect(&fx.rq, text);
	assert_int_equal(fx.rq.status, 303);
	assert_non_null(strstr(resp_bytes(&fx.rq)->data,
	    arena_printf(fx.a, "\r\nLocation: %s\r\n", text)));
}

static void
nothing_is_cached_unless_a_handler_says_so(void **state)
{
	const char *out;

	(void)state;
	resp_header(&fx.rq, "Cache-Control", "public, max-age=60");
	resp_empty(&fx.rq, 200);
	out = resp_bytes(&fx.rq)->data;
	assert_non_null(strstr(out, "Cache-Control: public, max-age=60\r\n"));
	assert_null(strstr(out, "no-store"));
	/* A value that looks like a header is no header. */
	REQUEST(NULL);
	resp_header(&fx.rq, "Location", "/x?Cache-Control:");
	resp_empty(&fx.rq, 303);
	assert_non_null(strstr(
	    resp_bytes(&fx.rq)->data, "\r\nCache-Control: no-store\r\n"));
	REQUEST(NULL);
	resp_header(&fx.rq, "X-Cache-Control", "x");
	resp_empty(&fx.rq, 200);
	assert_non_null(strstr(
	    resp_bytes(&fx.rq)->data, "\r\nCache-Control: no-store\r\n"));
}

/* RFC 6749 section 5.2. */
static void
an_error_is_json_with_its_status(void **state)
{
	static const struct {
		const struct oerr *e;
		const char *line;
	} rows[] = {
		{ &oerr_invalid_request, "Status: 400 Bad Request\r\n" },
		{ &oerr_invalid_client, "Status: 401 Unauthorized\r\n" },
		{ &oerr_insufficient_scope, "Status: 403 Forbidden\r\n" },
		{ &oerr_not_found, "Status: 404 Not Found\r\n" },
		{ &oerr_method, "Status: 405 Method Not Allowed\r\n" },
		{ &oerr_too_large, "Status: 413 Content Too Large\r\n" },
		{ &oerr_media_type, "Status: 415 Unsupported Media Type\r\n" },
		{ &oerr_server_error, "Status: 500 Internal Server Error\r\n" },
		{ &oerr_busy, "Status: 503 Service Unavailable\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		const struct oerr *e = rows[i].e;
		struct json_object *o;
		const char *out;

		REQUEST(NULL);
		resp_error_json(&fx.rq, e);
		o = answer_json(e->status);
		out = resp_bytes(&fx.rq)->data;
		assert_memory_equal(out, rows[i].line, strlen(rows[i].line));
		assert_string_equal(json_get_str(o, "error"), e->error);
		assert_string_equal(
		    json_get_str(o, "error_description"), e->description);
		assert_int_equal(
		    e->message != NULL, json_get_str(o, "message") != NULL);
		/* RFC 9110 section 15.6.4 */
		assert_int_equal(
		    strstr(out, "\r\nRetry-After: ") != NULL, e->status == 503);
		assert_int_equal(
		    json_get_str(o, "request_id") != NULL, e->status >= 500);
	}
}

static void
what_is_for_the_log_stays_off_the_wire(void **state)
{
	const struct oerr *e;

	(void)state;
	e = oerr_why(&fx.rq, &oerr_invalid_grant, "user %d is disabled", 7);
	assert_ptr_equal(e, &oerr_invalid_grant);
	assert_string_equal(fx.rq.trail.why, "user 7 is disabled");
	resp_error_json(&fx.rq, e);
	assert_null(strstr(resp_bytes(&fx.rq)->data, "disabled"));
}

static void
a_description_is_escaped_as_json(void **state)
{
	(void)state;
	resp_error_json(&fx.rq,
	    oerr_say(&fx.rq, &oerr_invalid_request, "a \"%s\"", "\\\r\n\x01"));
	assert_string_equal(json_get_str(answer_json(400), "error_description"),
	    "a \"\\\r\n\x01\"");
}

/* Errors of league/oauth2-server have a message (doc/protocol.md, Errors). */
static void
passport_compat_adds_a_message_to_errors(void **state)
{
	(void)state;
	fixture_conf("passport_compat = yes\n");
	REQUEST(NULL);
	resp_error_json(&fx.rq, &oerr_invalid_grant);
	assert_string_equal(json_get_str(answer_json(400), "message"),
	    oerr_invalid_grant.description);
	REQUEST(NULL);
	resp_error_json(&fx.rq, &oerr_invalid_token);
	assert_string_equal(
	    json_get_str(answer_json(401), "message"), "Unauthenticated.");
	/* An error without a configuration is an error in JSON too. */
	REQUEST(NULL);
	fx.rq.conf = NULL;
	resp_error_json(&fx.rq, &oerr_server_error);
	assert_null(json_get_str(answer_json(500), "message"));
}

/*
 * Laravel's shape: the first text, how many more there are, and all texts by
 * field.
 */
static void
failed_validation_is_422_with_all_texts_by_field(void **state)
{
	static const char *const messages[] = { "No name.",
		"No name. (and 1 more error)", "No name. (and 2 more errors)" };
	static const char *const errors[] = {
		"{\"name\":[\"No name.\"]}",
		"{\"name\":[\"No name.\"],\"scopes\":[\"Bad 7.\"]}",
		("{\"name\":[\"No name.\",\"Too long.\"],"
		 "\"scopes\":[\"Bad 7.\"]}"),
	};

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		struct json_object *o, *list;
		const struct oerr *e;

		REQUEST(NULL);
		e = oerr_field(&fx.rq, "name", "No name.");
		assert_ptr_equal(e, &oerr_unprocessable);
		if (n > 0)
			oerr_field(&fx.rq, "scopes", "Bad %d.", 7);
		if (n > 1)
			oerr_field(&fx.rq, "name", "Too long.");
		resp_error_json(&fx.rq, e);
		o = answer_json(422);
		assert_string_equal(json_get_str(o, "message"), messages[n]);
		assert_true(json_object_object_get_ex(o, "errors", &list));
		assert_string_equal(json_object_to_json_string_ext(
					list, JSON_C_TO_STRING_PLAIN),
		    errors[n]);
	}
}

static void
a_page_is_html_under_a_strict_policy_with_a_nonce_of_its_own(void **state)
{
	char csp[2][1024];
	const char *out;

	(void)state;
	for (int i = 0; i < 2; i++) {
		REQUEST(NULL);
		resp_error_page(
		    &fx.rq, oerr_say(&fx.rq, &oerr_not_found, "<script>&"));
		out = resp_bytes(&fx.rq)->data;
		assert_int_equal(fx.rq.status, 404);
		assert_non_null(strstr(
		    out, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
		assert_non_null(strstr(out, "\r\nX-Frame-Options: DENY\r\n"));
		assert_non_null(
		    strstr(out, "\r\nReferrer-Policy: no-referrer\r\n"));
		assert_non_null(
		    strstr(out, "\r\nX-Content-Type-Options: nosniff\r\n"));
		assert_non_null(strstr(out, "\r\nCache-Control: no-store\r\n"));
		assert_non_null(strstr(out, "&lt;script&gt;&amp;"));
		assert_null(strstr(out, "<script>&"));
		out = strstr(out, "Content-Security-Policy: ");
		assert_non_null(out);
		snprintf(csp[i], sizeof(csp[i]), "%.*s",
		    (int)strcspn(out, "\r"), out);
		assert_non_null(strstr(csp[i], "default-src 'none';"));
		assert_non_null(strstr(csp[i], "frame-ancestors 'none'"));
		assert_non_null(strstr(csp[i], "form-action 'self';"));
		assert_null(strstr(csp[i], "unsafe"));
	}
	assert_string_not_equal(csp[0], csp[1]);
}

static void
a_site_may_bring_templates_of_its_own(void **state)
{
	struct tmpl_data *d;
	FILE *f;

	(void)state;
	assert_int_equal(mkdir(fixture_file("pages"), 0700), 0);
	f = fopen(fixture_file("pages/error.html"), "w");
	fputs("Own: {{title}} {{site_name}} {{issuer}}", f);
	fclose(f);
	fixture_conf("templates = pages\nsite_name = A<B\n");
	REQUEST(NULL);
	d = tmpl_data_new(fx.a);
	tmpl_set(d, "title", "T");
	assert_null(resp_page(&fx.rq, 200, "error.html", d));
	assert_string_equal(
	    fx.rq.body->data, "Own: T A&lt;B https://auth.example");
	/*
	 * If the site lacks a template, the compiled one is used; if there is
	 * none, it fails.
	 */
	assert_null(resp_page(&fx.rq, 200, "login.html", d));
	assert_ptr_equal(
	    resp_page(&fx.rq, 200, "none.html", d), &oerr_server_error);
	assert_non_null(strstr(fx.log, "none.html"));
}

#define TEST(name) TEST_IN(name, fixture_bare)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_status_headers_and_body),
		TEST(head_has_the_length_and_not_the_body),
		TEST(no_content_has_no_length),
		TEST(a_body_may_hold_any_bytes),
		TEST(a_control_character_in_a_header_becomes_a_space),
		TEST(a_long_header_is_whole),
		TEST(nothing_is_cached_unless_a_handler_says_so),
		TEST(an_error_is_json_with_its_status),
		TEST(what_is_for_the_log_stays_off_the_wire),
		TEST(a_description_is_escaped_as_json),
		TEST(passport_compat_adds_a_message_to_errors),
		TEST(failed_validation_is_422_with_all_texts_by_field),
		TEST(
		    a_page_is_html_under_a_strict_policy_with_a_nonce_of_its_own),
		TEST(a_site_may_bring_templates_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
