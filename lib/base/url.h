/* url.h: percent-coding, form splitting, building a query. */
#ifndef CARNET_URL_H
#define CARNET_URL_H

#include <stddef.h>

struct arena;
struct buf;

/* One name=value of a form or query, decoded, each with a NUL behind it. */
struct url_pair {
	char *name, *value;
	size_t name_len, value_len;
};

/*
 * url_decode(a, s, len, plus, out_len):
 * Return s percent-decoded, and '+' as a space where plus is set (a form, not a
 * path).  NULL if a '%' is not followed by two hex digits.
 */
char *url_decode(
    struct arena *a, const char *s, size_t len, int plus, size_t *out_len);

/*
 * url_form_next(a, s, len, pair):
 * Take the first pair off the application/x-www-form-urlencoded text that *s
 * and *len hold, and move both behind it; empty pairs are passed over.
 * Return 1 if there was one; 0 at the end; -1 if it is not well encoded.
 */
int url_form_next(
    struct arena *a, const char **s, size_t *len, struct url_pair *pair);

/*
 * url_encode(b, s):
 * Append s with all but the unreserved characters of RFC 3986 section 2.3
 * percent-encoded.
 */
void url_encode(struct buf *b, const char *s);

/*
 * url_query_add(b, name, value):
 * Append name=value to the URL in b, behind '?' or '&' as it needs.
 */
void url_query_add(struct buf *b, const char *name, const char *value);

#endif
