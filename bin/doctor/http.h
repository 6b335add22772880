/* http.h: one HTTP request, by the command curl. */
#ifndef CARNET_DOCTOR_HTTP_H
#define CARNET_DOCTOR_HTTP_H

#include <stddef.h>

struct arena;

struct http_request {
	const char *url;
	const char *method;    /* NULL: GET, or POST with a body */
	const char *header[3]; /* "Name: value"; unused ones NULL */
	const char *body;      /* a form, or NULL */
	int certificates; /* the body is followed by the certificates */
};

struct http_answer {
	const char *error; /* why there is no answer, or NULL */
	int status;
	const char *head; /* status line and headers */
	const char *body; /* followed by a NUL */
	size_t body_len;
};

/*
 * http_send(a, rq, out):
 * Send the request and put the answer, in a, to out.  Redirects are not
 * followed; certificates are verified.  Return 0; -1 if there is no answer, and
 * out->error says why.
 */
int http_send(
    struct arena *a, const struct http_request *rq, struct http_answer *out);

/* http_get(a, url, out): the same for a GET of url without headers. */
int http_get(struct arena *a, const char *url, struct http_answer *out);

/*
 * http_header(a, an, name, n):
 * Return the value of the first header of that name, or NULL.  Put the number
 * of headers of that name to *n, unless n is NULL.
 */
const char *http_header(
    struct arena *a, const struct http_answer *an, const char *name, int *n);

/* http_media_is(a, an, type): return 1 if the answer has that media type. */
int http_media_is(
    struct arena *a, const struct http_answer *an, const char *type);

/* http_path(a, path): percent-encode path for a URL; keep slashes. */
const char *http_path(struct arena *a, const char *path);

#endif
