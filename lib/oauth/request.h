/* request.h: the parameters that make an authorization request. */
#ifndef CARNET_REQUEST_H
#define CARNET_REQUEST_H

struct buf;
struct oerr;
struct req;

/* Which parameters request_write writes. */
enum {
	REQUEST_ALL,	/* but for client_id: to be pushed */
	REQUEST_AGAIN,	/* what still counts after a sign-in */
};

/*
 * request_write(rq, which, b):
 * Append the parameters of the request to the URL in b.  REQUEST_AGAIN leaves out what
 * a sign-in has done: max_age, login_hint, and "login" in prompt.
 */
void request_write(struct req *rq, int which, struct buf *b);

/*
 * request_replace(rq, text):
 * The parameters of the request are those in text, a form, and none of its own count
 * (RFC 9126 section 4, RFC 9101 section 6.3); but for client_id, request_uri and what
 * the form of a page of ours adds.  Return NULL, or the error.
 */
const struct oerr *request_replace(struct req *rq, const char *text);

#endif
