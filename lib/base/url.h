/* url.h: percent-encoding, splitting forms, building queries. */
#ifndef CARNET_URL_H
#define CARNET_URL_H

#include <stddef.h>

struct arena;
struct buf;

/* One name=value of a form or query, decoded; each ends with a NUL. */
struct url_pair {
	char *name, *value;
	size_t name_len, value_len;
};

/*
 * url_decode(a, s, len, plus, out_len):
 * Return s percent-decoded.  If plus is set (for a form, not a path), '+'
 * becomes a space.  Return NULL if a '%' is not followed by two hex digits.
 */
char *url_decode(
    struct arena *a, const char *s, size_t len, int plus, size_t *out_len);

/*
 * url_form_next(a, s, len, pair):
 * Read the first pair of the application/x-www-form-urlencoded text in *s and
 * *len, and move both past it.  Empty pairs are skipped.
 * Return 1 if there was a pair; 0 at the end; -1 if it is not well encoded.
 */
int url_form_next(
    struct arena *a, const char **s, size_t *len, struct url_pair *pair);

/*
 * url_encode(b, s):
 * Append s, percent-encoding all characters except the unreserved ones (RFC
 * 3986 section 2.3).
 */
void url_encode(struct buf *b, const char *s);

/* url_encode_path(b, path): the same for a path (RFC 3986 section 3.3). */
void url_encode_path(struct buf *b, const char *path);

/*
 * url_query_add(b, name, value):
 * Append '?' or '&', as needed, and name=value to the URL in b.
 */
void url_query_add(struct buf *b, const char *name, const char *value);

#endif
