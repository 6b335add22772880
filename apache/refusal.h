/* refusal.h: the answer to a request that is not let through. */
#ifndef CARNET_MODULE_REFUSAL_H
#define CARNET_MODULE_REFUSAL_H

#include <httpd.h>

struct refusal {
	int status;
	const char *body, *type, *allow;
	apr_table_t *headers;	/* the others */
};

struct ask_answer;

/* refusal_of(p, an): that of the guard. */
const struct refusal *refusal_of(apr_pool_t *p, const struct ask_answer *an);

/*
 * refusal_make(p, status, error, description):
 * One that the guard does not give, but reads like its own.
 */
struct refusal *refusal_make(
    apr_pool_t *p, int status, const char *error, const char *description);

/* refusal_lacks_scope(p, words): one of these words is needed (RFC 6750 section 3.1). */
const struct refusal *refusal_lacks_scope(apr_pool_t *p, const char *words);

/* refusal_add_headers(r, no): to an answer that is no success. */
void refusal_add_headers(request_rec *r, const struct refusal *no);

/* refusal_send(r, no): Apache answers an error: put the refusal in its place. */
void refusal_send(request_rec *r, const struct refusal *no);

/* refusal_register(): call it once, when the module is loaded. */
void refusal_register(void);

#endif
