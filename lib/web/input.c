/* input.c: parameters from the query, a form or a JSON body. */
#include "input.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "body.h"
#include "buf.h"
#include "json.h"
#include "multipart.h"
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

static const struct oerr *
read_multipart(struct req *rq, const char *text, size_t len)
{
	const struct oerr *e = NULL;
	struct url_pair pair;
	struct multipart m;
	int p, rc;

	rc = multipart_begin(
	    rq->a, req_var(rq, "CONTENT_TYPE"), text, len, &m) ? 1 : -1;
	while (rc == 1 && (rc = multipart_next(rq->a, &m, &pair)) == 1)
		if ((p = param_find(pair.name, pair.name_len)) >= 0 &&
		    (e = take(rq, p, pair.value, pair.value_len)) != NULL)
			return e;
	return rc == 0 ? NULL
		       : oerr_say(rq, &oerr_invalid_request,
			     "The body is malformed multipart/form-data, or"
			     " ends too early.");
}

static const struct oerr *
read_post(struct req *rq, struct conn *c)
{
	const struct oerr *e;
	unsigned kind;
	struct buf b;

	if ((e = body_read(rq, c, &b, &kind)) != NULL)
		return e;
	if (kind == BODY_FORM)
		return input_form(rq, b.data, b.len);
	if (kind == BODY_MULTIPART)
		return read_multipart(rq, b.data, b.len);
	if ((rq->json = json_parse(rq->a, b.data, b.len)) == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The body is not well-formed JSON, or names a member"
		    " twice.");
	return rq->ep->query ? NULL : input_json(rq);
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
	if (e == NULL && req_has_body(ep->methods & rq->method) &&
	    ep->bodies != 0)
		e = read_post(rq, c);
	if (ep->lenient && e != NULL && e->status == 400) {
		rq->param_error = e;
		e = NULL;
	}
	return e;
}
