/* ask.h: ask the guard about a request, as FastCGI. */
#ifndef CARNET_MODULE_ASK_H
#define CARNET_MODULE_ASK_H

#include <stddef.h>

#include <apr_pools.h>
#include <apr_tables.h>

struct guard;

struct ask_answer {
	int status;		/* of HTTP: 200, or 400 to 599 */
	apr_table_t *headers;
	const char *body;
	size_t body_len;
	apr_array_header_t *log; /* of const char *: lines for the server's log */
	int file;		/* that came along, for the caller to close; -1: none */
	const char *why;	/* there is no answer: the reason */
	int err;		/* errno, if why is about the system; else 0 */
};

/*
 * ask(g, p, params, out):
 * Ask the guard about a request with these parameters (FastCGI 1.0 section 6.3:
 * an Authorizer gets them as a Responder does).  Any thread may call it.  Return 0
 * and fill out, with strings in p; or -1, when there is no whole answer in time:
 * out->why says why.  A file may have come along in either case.
 */
int ask(struct guard *g, apr_pool_t *p, const apr_table_t *params,
    struct ask_answer *out);

/* ask_size(params): the bytes of the parameters in FastCGI, about. */
size_t ask_size(const apr_table_t *params);

#endif
