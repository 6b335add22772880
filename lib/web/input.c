/* input.c: parameters from the query, a form or a JSON body. */
#include "input.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "conn.h"
#include "json.h"
#include "oerr.h"
#include "req.h"
#include "url.h"

/* The error of a wrong value; resource has its own (RFC 8707 section 2). */
static const struct oerr *
error_of(int p)
{
	return p == PARAM_RESOURCE ? &oerr_invalid_target
				   : &oerr_invalid_request;
}

/* The error of a value that is too long, or that its validator refuses. */
static const struct oerr *
refuse(struct req *rq, int p, int is_long)
{
	const struct param_row *row = &param_rows[p];

	return is_long
	    ? oerr_say(rq, error_of(p), "The parameter %s is longer than %zu bytes.",
		  row->name, row->longest)
	    : oerr_say(rq, error_of(p),
		  "The parameter %s holds a character that it must not.",
		  row->name);
}

/* Take one value; it lives as long as the request. */
static const struct oerr *
take(struct req *rq, int p, const char *value, size_t len)
{
	const struct param_row *row = &param_rows[p];
	const int is_valid = row->is_valid(value, len);
	size_t before = 0; /* bytes of earlier values of the same name */

	if (rq->param_sent[p] > 0 && !(row->how & PARAM_MANY)) {
		rq->param_sent[p] = 2;
		return oerr_say(rq, error_of(p),
		    "The parameter %s is sent twice.", row->name);
	}
	rq->param_sent[p] = 1;
	if (rq->param[p] != NULL)
		before = strlen(rq->param[p]) + 1;
	if (row->how & PARAM_ANYTHING && (len > row->longest || !is_valid)) {
		rq->param[p] = "?";
		return NULL;
	}
	if (rq->ep->lenient && row->how & PARAM_ECHOED &&
	    len > row->longest && is_valid)
		rq->param[p] = value;
	if (before + len > row->longest || !is_valid) {
		rq->bad_param = row->name;
		return refuse(rq, p, before + len > row->longest);
	}
	if (len > 0 && before > 0)
		rq->param[p] = arena_printf(
		    rq->a, "%s %s", rq->param[p], value);
	else if (len > 0)
		rq->param[p] = value;
	rq->bad_param = NULL;
	return NULL;
}

const struct oerr *
input_form(struct req *rq, const char *text, size_t len)
{
	const struct oerr *e, *first = NULL;
	struct url_pair pair;
	int p, rc;

	while ((rc = url_form_next(rq->a, &text, &len, &pair)) != 0) {
		if (rc < 0)
			e = oerr_say(rq, &oerr_invalid_request,
			    "A percent sign is not followed by two digits.");
		else if ((p = param_find(pair.name, pair.name_len)) < 0 ||
		    (e = take(rq, p, pair.value, pair.value_len)) == NULL)
			continue;
		if (!rq->ep->lenient)
			return e;
		if (first == NULL)
			first = e; /* the redirect_uri may come later */
	}
	return first;
}

/*
 * "client_id": 3 means "3".  Readers may disagree about integers beyond 2^53 (RFC
 * 8259 section 6), and json-c cuts off those that are too large for it.
 */
static int
is_text_or_integer(struct json_object *value)
{
	const int64_t n = json_object_get_int64(value);

	return json_object_is_type(value, json_type_string) ||
	    (json_object_is_type(value, json_type_int) &&
		n > -(INT64_C(1) << 53) && n < INT64_C(1) << 53);
}

static const char *
text_of(struct arena *a, struct json_object *value, size_t *len)
{
	const char *text;

	if (json_object_is_type(value, json_type_string)) {
		*len = (size_t)json_object_get_string_len(value);
		return json_object_get_string(value);
	}
	/* json-c does not wipe the text that it makes of a number. */
	text = arena_printf(
	    a, "%lld", (long long)json_object_get_int64(value));
	*len = strlen(text);
	return text;
}

const struct oerr *
input_json(struct req *rq)
{
	const struct oerr *e;
	const char *text;
	size_t len;
	int p;

	if (!json_object_is_type(rq->json, json_type_object))
		return oerr_say(rq, &oerr_invalid_request,
		    "The body is not a JSON object.");
	json_object_object_foreach(rq->json, name, value) {
		if ((p = param_find(name, strlen(name))) < 0 || value == NULL)
			continue;
		rq->bad_param = param_rows[p].name;
		if (!is_text_or_integer(value))
			return oerr_say(rq, error_of(p),
			    "The member %s is neither a string nor an integer.",
			    param_rows[p].name);
		text = text_of(rq->a, value, &len);
		if ((e = take(rq, p, text, len)) != NULL)
			return e;
	}
	return NULL;
}

/* Is the media type, without its parameters, the one of that name? */
static int
media_is(const char *type, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(type, name, n) == 0 &&
	    strspn(type + n, " \t") == strcspn(type + n, ";");
}

/* BODY_FORM or BODY_JSON, by the media type; 0 if the endpoint does not take it. */
static unsigned
kind_of(const char *type, const struct endpoint *ep)
{
	unsigned kind = 0;

	if (type == NULL || *type == '\0' ||
	    media_is(type, "application/x-www-form-urlencoded"))
		kind = BODY_FORM;
	else if (media_is(type, "application/json"))
		kind = BODY_JSON;
	return kind & ep->bodies;
}

static size_t
body_max(const struct endpoint *ep)
{
	return ep->body_max == 0 ? BODY_MAX : ep->body_max;
}

/*
 * Put to *out how many bytes to read.  Return 1; -1 if Content-Length is no number; 0
 * if there is none, and then *out is one byte more than the endpoint takes.
 */
static int
length_of(const struct req *rq, size_t *out)
{
	const char *text = req_var(rq, "CONTENT_LENGTH");

	*out = body_max(rq->ep) + 1;
	if (text == NULL || *text == '\0')
		return 0;
	if (strspn(text, "0123456789") != strlen(text))
		return -1;
	*out = strlen(text) > 9 ? SIZE_MAX : strtoul(text, NULL, 10);
	return 1;
}

static const struct oerr *
too_large(struct req *rq)
{
	return oerr_say(rq, &oerr_too_large,
	    "The request body is larger than %zu bytes.",
	    body_max(rq->ep));
}

/* Read the body, of at most the endpoint's size, into b. */
static const struct oerr *
read_body(struct req *rq, struct conn *c, struct buf *b)
{
	const int has_length = length_of(rq, &b->size);
	const size_t size = b->size, max = body_max(rq->ep);
	ssize_t n = 1;

	if (has_length < 0)
		return oerr_say(rq, &oerr_invalid_request,
		    "The Content-Length is not a number.");
	if (has_length && size > max)
		return too_large(rq);
	buf_init(b, rq->a, size);
	while (b->len < size &&
	    (n = conn_read(c, b->data + b->len, size - b->len)) > 0)
		b->len += (size_t)n;
	b->data[b->len] = '\0';
	if (b->len > max)
		return too_large(rq);
	if (c->is_late)
		return &oerr_timeout;
	if (has_length && b->len < size)
		return oerr_say(rq, &oerr_invalid_request,
		    "The request body ends before its Content-Length.");
	return NULL;
}

static const struct oerr *
wrong_type(struct req *rq)
{
	const unsigned bodies = rq->ep->bodies;

	return oerr_say(rq, &oerr_media_type, "The body must be %s%s%s.",
	    bodies & BODY_FORM ? "application/x-www-form-urlencoded" : "",
	    bodies == (BODY_FORM | BODY_JSON) ? " or " : "",
	    bodies & BODY_JSON ? "application/json" : "");
}

static const struct oerr *
read_post(struct req *rq, struct conn *c)
{
	const struct endpoint *ep = rq->ep;
	const char *type = req_var(rq, "CONTENT_TYPE");
	const unsigned kind = kind_of(type, ep);
	const struct oerr *e;
	struct buf b;

	if (kind == 0)
		return wrong_type(rq);
	if ((e = read_body(rq, c, &b)) != NULL)
		return e;
	if ((type == NULL || *type == '\0') && b.len > 0)
		return wrong_type(rq);
	if (kind == BODY_FORM)
		return input_form(rq, b.data, b.len);
	if ((rq->json = json_parse(rq->a, b.data, b.len)) == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The body is not well-formed JSON, or names a member"
		    " twice.");
	return ep->query ? NULL : input_json(rq);
}

size_t
input_length(const struct req *rq)
{
	const char *coding = req_var(rq, "HTTP_TRANSFER_ENCODING");
	const char *method = req_var(rq, "REQUEST_METHOD");
	const char *text = req_var(rq, "CONTENT_LENGTH");

	if (text != NULL && *text != '\0')
		return strspn(text, "0123456789") != strlen(text) ||
			strlen(text) > 9
		    ? SIZE_MAX
		    : strtoul(text, NULL, 10);
	/* Standard input of a GET may be the connection of the client itself. */
	return (coding != NULL && *coding != '\0') ||
		(method != NULL && req_method(method) == METHOD_POST)
	    ? SIZE_MAX
	    : 0;
}

size_t
input_size(const struct req *rq)
{
	const struct endpoint *ep = rq->ep;
	size_t size;
	int has_length;

	if (ep->bodies == 0 || kind_of(req_var(rq, "CONTENT_TYPE"), ep) == 0)
		return 0;
	has_length = length_of(rq, &size);
	return has_length < 0 || (has_length && size > body_max(ep)) ? 0
								     : size;
}

const struct oerr *
input_read(struct req *rq, struct conn *c)
{
	const struct endpoint *ep = rq->ep;
	const char *query = req_var(rq, "QUERY_STRING");
	const struct oerr *e = NULL;

	if (ep->authorizer) /* the body is for the guarded application */
		return NULL;
	if ((ep->query || (ep->query_get && rq->method == METHOD_GET)) &&
	    query != NULL)
		e = input_form(rq, query, strlen(query));
	if (e == NULL && rq->method == METHOD_POST && ep->bodies != 0)
		e = read_post(rq, c);
	if (ep->lenient && e != NULL && e->status == 400) {
		rq->param_error = e;
		e = NULL;
	}
	return e;
}
