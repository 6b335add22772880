/* resp.c: the only writer of status and header lines. */
#include "resp.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "crypto.h"
#include "json.h"
#include "log.h"
#include "oerr.h"
#include "req.h"
#include "site.h"
#include "template.h"
#include "tmpl.h"

#define RETRY_AFTER_S 1

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" },
		{ 302, "Found" }, { 303, "See Other" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 419, "Page Expired" }, /* Laravel's */
		{ 422, "Unprocessable Content" }, { 423, "Locked" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

void
resp_header(struct req *rq, const char *name, const char *fmt, ...)
{
	struct buf *h = rq->headers;
	size_t start;
	va_list ap;

	buf_str(h, name);
	buf_str(h, ": ");
	start = h->len;
	va_start(ap, fmt);
	buf_vprintf(h, fmt, ap);
	va_end(ap);
	for (char *p = h->data + start; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	buf_str(h, "\r\n");
}

const struct oerr *
resp_json(struct req *rq, int status, const struct buf *body)
{
	return resp_text(rq, status, "application/json", body);
}

const struct oerr *
resp_text(struct req *rq, int status, const char *type, const struct buf *body)
{
	resp_header(rq, "Content-Type", "%s", type);
	resp_header(rq, "X-Content-Type-Options", "nosniff");
	rq->status = status;
	rq->body = body;
	return NULL;
}

const struct oerr *
resp_empty(struct req *rq, int status)
{
	rq->status = status;
	rq->body = NULL;
	return NULL;
}

const struct oerr *
resp_method(struct req *rq, unsigned methods)
{
	resp_header(rq, "Allow", "%s", req_method_names(rq->a, methods));
	return &oerr_method;
}

static const char *
load_template(void *ctx, const char *name)
{
	const struct req *rq = ctx;

	return template_find(rq->conf, rq->a, name);
}

/*
 * Browsers hold form-action against each redirect that follows a form: to an app; or
 * to the site that signs people in or where they sign out, and from there to where it
 * likes.
 */
static const char *
form_action(const struct req *rq)
{
	return rq->leads_away || rq->conf->login_url != NULL ||
		rq->conf->logout_url != NULL
	    ? ""
	    : " form-action 'self';";
}

const struct oerr *
resp_page(struct req *rq, int status, const char *name, struct tmpl_data *d)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	uint8_t random[16];
	char *nonce = arena_alloc(rq->a, B64_LEN(sizeof(random)) + 1);
	const char *text;

	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), nonce);
	tmpl_set(d, "nonce", nonce);
	tmpl_set(d, "site_name", rq->conf->site_name);
	tmpl_set(d, "site_logo", rq->conf->site_logo);
	tmpl_set(d, "site_colour", rq->conf->site_colour);
	tmpl_set(d, "help_url", rq->conf->help_url);
	tmpl_set(d, "home_url", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "icon_url", site_path(rq->conf, rq->a, SITE_ICON));
	tmpl_set(d, "issuer", rq->conf->issuer);
	buf_init(b, rq->a, 64 * 1024);
	if ((text = load_template(rq, name)) == NULL ||
	    tmpl_render(b, text, d, load_template, rq) < 0) {
		log_event("template %s: missing or malformed", name);
		return &oerr_server_error;
	}
	resp_header(rq, "Content-Type", "text/html; charset=utf-8");
	resp_header(rq, "Content-Security-Policy",
	    "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s';"
	    " connect-src 'self'; img-src 'self' data:; base-uri 'none';"
	    "%s frame-ancestors 'none'",
	    nonce, nonce, form_action(rq));
	resp_header(rq, "X-Frame-Options", "DENY");
	resp_header(rq, "X-Content-Type-Options", "nosniff");
	resp_header(rq, "Referrer-Policy", "no-referrer");
	rq->status = status;
	rq->body = b;
	return NULL;
}

const struct oerr *
resp_redirect(struct req *rq, const char *url)
{
	resp_header(rq, "Location", "%s", url);
	resp_header(rq, "Referrer-Policy", "no-referrer");
	rq->status = 303;
	rq->body = NULL;
	return NULL;
}

/* The error for a person who does not know OAuth, by status; 0: any other. */
static const char *
in_plain_words(const struct oerr *e)
{
	static const struct {
		int status;
		const char *text;
	} rows[] = {
		{ 404, "No page has this address. It may have been mistyped." },
		{ 429, "There were too many attempts. Wait some minutes, and"
		       " try again." },
		{ 500, "It is not your fault. Try again in a minute." },
		{ 503, "This site is busy right now. Try again in a few"
		       " seconds." },
		{ 0, "The request that brought you here has a mistake in it."
		     " You have done nothing wrong." },
	};
	size_t i = 0;

	if (e == &oerr_stale_form)
		return e->description;
	while (rows[i].status != 0 && rows[i].status != e->status)
		i++;
	return rows[i].text;
}

void
resp_error_page(struct req *rq, const struct oerr *e)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);

	if (rq->conf == NULL) {
		resp_error_json(rq, e); /* a page needs the configuration */
		return;
	}
	tmpl_set(d, "title", e->status >= 500 ? "Something failed here"
		: e->status == 404	     ? "There is nothing here"
					     : "This cannot go on");
	tmpl_set(d, "plain", in_plain_words(e));
	tmpl_set(d, "text", e->description);
	tmpl_set(d, "request_id", rq->id);
	if (e->status == 503)
		resp_header(rq, "Retry-After", "%d", RETRY_AFTER_S);
	if (resp_page(rq, e->status, "error.html", d) != NULL)
		resp_error_json(rq, e);
}

/* Passport's validation errors: the first text, and all of them by field. */
static void
json_fields(struct req *rq, struct buf *b)
{
	const struct field_error *first = rq->field_errors, *f, *g;
	int n = 0;

	for (f = first; f != NULL; f = f->next)
		n++;
	json_str(b, "message",
	    n == 1 ? first->text
		   : arena_printf(rq->a, "%s (and %d more error%s)",
			 first->text, n - 1, n == 2 ? "" : "s"));
	json_open(b, "errors", '{');
	for (f = first; f != NULL; f = f->next) {
		for (g = first; g != f && strcmp(g->name, f->name) != 0;)
			g = g->next;
		if (g != f)
			continue; /* it was written with the first of its name */
		json_open(b, f->name, '[');
		for (g = f; g != NULL; g = g->next)
			if (strcmp(g->name, f->name) == 0)
				json_str(b, NULL, g->text);
		json_close(b, ']');
	}
	json_close(b, '}');
}

void
resp_error_json(struct req *rq, const struct oerr *e)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	json_str(b, "error", e->error);
	json_str(b, "error_description", e->description);
	if (rq->hint != NULL && rq->conf->passport_compat)
		json_str(b, "hint", rq->hint);
	if (rq->field_errors != NULL)
		json_fields(rq, b);
	else if (e->message != NULL)
		json_str(b, "message", e->message);
	else if (rq->conf != NULL && rq->conf->passport_compat)
		json_str(b, "message", e->description);
	if (e->status >= 500)
		json_str(b, "request_id", rq->id);
	json_close(b, '}');
	if (e->status == 503)
		resp_header(rq, "Retry-After", "%d", RETRY_AFTER_S);
	resp_json(rq, e->status, b);
}

const struct buf *
resp_bytes(struct req *rq)
{
	size_t len = rq->body == NULL ? 0 : rq->body->len;
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, rq->headers->len + len + 256);
	buf_str(b, "Status: ");
	buf_int(b, rq->status);
	buf_char(b, ' ');
	buf_str(b, reason(rq->status));
	buf_str(b, "\r\n");
	buf_add(b, rq->headers->data, rq->headers->len);
	buf_str(b, "X-Request-Id: ");
	buf_str(b, rq->id);
	buf_str(b, "\r\n");
	/* Only at the start of a line: a value may contain this text. */
	if (strstr(b->data, "\r\nCache-Control:") == NULL)
		buf_str(b, "Cache-Control: no-store\r\n");
	if (rq->status != 204) {
		buf_str(b, "Content-Length: ");
		buf_int(b, (int64_t)len);
		buf_str(b, "\r\n");
	}
	buf_str(b, "\r\n");
	if (len > 0 && !rq->is_head)
		buf_add(b, rq->body->data, len);
	return b;
}
