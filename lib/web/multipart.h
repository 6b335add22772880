/* multipart.h: a form as multipart/form-data (RFC 7578). */
#ifndef CARNET_MULTIPART_H
#define CARNET_MULTIPART_H

#include <stddef.h>

#include "url.h"

struct arena;

struct multipart {
	const char *at;		/* what is left */
	size_t len;
	const char *mark;	/* CRLF, "--" and the boundary: before each part */
	size_t mark_len;
};

/*
 * multipart_begin(a, type, text, len, out):
 * Begin with the body of len bytes at text, whose Content-Type is type.  Return 1; 0 if
 * type has no sound boundary (RFC 2046 section 5.1.1), or no part begins in text.
 */
int multipart_begin(struct arena *a, const char *type, const char *text,
    size_t len, struct multipart *out);

/*
 * multipart_next(a, m, pair):
 * Put the next field to pair, in a, with a NUL behind each text.  A part with a file
 * name is left out.  Return 1; 0 behind the last one; -1 if the body is malformed or
 * cut off.
 */
int multipart_next(struct arena *a, struct multipart *m, struct url_pair *pair);

#endif
