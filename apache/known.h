/* known.h: what a process remembers of the guard's answers (modules/memory.h). */
#ifndef CARNET_MODULE_KNOWN_H
#define CARNET_MODULE_KNOWN_H

#include <httpd.h>

#include "asked.h"
#include "memory.h"

struct caller;

/* One request, and the moment when it came. */
struct known {
	struct memory *m;	/* NULL: nothing is remembered */
	struct moment now;
	int has_moment;		/* now and asked are set */
	struct asked asked;
};

/*
 * known_find(k, m, r, out):
 * Return 1 and fill out, with strings in r's pool, if the guard has let the same
 * request through in this moment; else 0.
 */
int known_find(struct known *k, struct memory *m, request_rec *r,
    struct caller *out);

/* known_params(k, params): tell the guard that its answer may be remembered. */
void known_params(struct known *k, apr_table_t *params);

/* known_take(k, fd): the guard gave this file. */
void known_take(struct known *k, int fd);

/*
 * known_add(k, caller, remember): the guard let the request through.  remember is its
 * header Remember, or NULL.
 */
void known_add(struct known *k, const struct caller *caller,
    const char *remember);

#endif
