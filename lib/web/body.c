/* body.c: the body of a request: its media type, its size, its bytes. */
#include "body.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "conf.h"
#include "conn.h"
#include "oerr.h"
#include "req.h"

/* Is the media type, without its parameters, the one of that name? */
static int
media_is(const char *type, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(type, name, n) == 0 &&
	    strspn(type + n, " \t") == strcspn(type + n, ";");
}

/* BODY_FORM, BODY_JSON, ..., by the media type; 0 if the endpoint does not take it. */
static unsigned
kind_of(const char *type, const struct endpoint *ep)
{
	unsigned kind = 0;

	if (type == NULL || *type == '\0' ||
	    media_is(type, "application/x-www-form-urlencoded"))
		kind = BODY_FORM;
	else if (media_is(type, "application/json"))
		kind = BODY_JSON;
	else if (media_is(type, "multipart/form-data"))
		kind = BODY_MULTIPART;
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
read_bytes(struct req *rq, struct conn *c, struct buf *b)
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
	const unsigned bodies = rq->ep->bodies & ~(unsigned)BODY_MULTIPART;

	return oerr_say(rq, &oerr_media_type, "The body must be %s%s%s.",
	    bodies & BODY_FORM ? "application/x-www-form-urlencoded" : "",
	    bodies == (BODY_FORM | BODY_JSON) ? " or " : "",
	    bodies & BODY_JSON ? "application/json" : "");
}

const struct oerr *
body_read(struct req *rq, struct conn *c, struct buf *b, unsigned *kind)
{
	const char *type = req_var(rq, "CONTENT_TYPE");
	const struct oerr *e;

	if ((*kind = kind_of(type, rq->ep)) == 0 ||
	    (*kind == BODY_MULTIPART && !rq->conf->passport_compat))
		return wrong_type(rq);
	if ((e = read_bytes(rq, c, b)) != NULL)
		return e;
	return (type == NULL || *type == '\0') && b->len > 0 ? wrong_type(rq)
							     : NULL;
}

size_t
body_length(const struct req *rq)
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
		(method != NULL && req_has_body(req_method(method)))
	    ? SIZE_MAX
	    : 0;
}

size_t
body_size(const struct req *rq)
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
