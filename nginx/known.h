/* known.h: what a worker of nginx remembers of the guard's answers. */
#ifndef CARNET_NGINX_KNOWN_H
#define CARNET_NGINX_KNOWN_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "asked.h"
#include "memory.h"

/* What the guard says of a caller, in the order of known_headers. */
#define KNOWN_NAMES 6
struct known_caller {
	ngx_str_t value[KNOWN_NAMES];
};
extern const ngx_str_t known_headers[KNOWN_NAMES];

/* One request, and the moment when it came. */
struct known {
	struct moment now;
	int has_moment;
	struct asked asked;
};

/*
 * known_find(k, m, r, out):
 * Return 1 if the guard has let the same request through in this moment, and put the
 * caller to out; else 0.
 */
int known_find(struct known *k, struct memory *m, ngx_http_request_t *r,
    struct known_caller *out);

/*
 * known_add(k, answer, out):
 * The guard let the request through: put the caller to out, and remember it, if the
 * guard says so.  Return 0 if it says nothing of that.
 */
int known_add(struct known *k, ngx_http_request_t *answer,
    struct known_caller *out);

#endif
