/* uri.h: URIs that mean the same (RFC 3986 section 6.2), and origins. */
#ifndef CARNET_URI_H
#define CARNET_URI_H

struct arena;

/*
 * uri_normal(a, uri):
 * Return the normal spelling of uri (RFC 3986 sections 6.2.2 and 6.2.3): scheme
 * and host in lower case, no port if it is the scheme's default, "/" for an
 * empty path after an authority, no dot segments, and no needless
 * percent-encoding.  A text that is not a URI is returned unchanged.
 */
const char *uri_normal(struct arena *a, const char *uri);

/* uri_same(a, x, y): 1 if x and y are the same text, or mean the same. */
int uri_same(struct arena *a, const char *x, const char *y);

/*
 * uri_find(a, words, uri):
 * Return the first of the words that means the same as uri, as it is spelt in
 * words; NULL if there is none.
 */
const char *uri_find(struct arena *a, const char *words, const char *uri);

/*
 * uri_origin(a, uri):
 * Return the origin of uri (RFC 6454 section 4) as a browser sends it (section
 * 6.2): scheme, host, and the port unless it is the scheme's default.  An app's
 * own scheme has an origin too ("capacitor://localhost").  Return NULL if uri
 * names no host.
 */
const char *uri_origin(struct arena *a, const char *uri);

/*
 * uri_is_absolute(uri):
 * Return 1 if uri has a scheme, and no fragment (RFC 3986 section 4.3).
 */
int uri_is_absolute(const char *uri);

/* uri_has_authority(text): 1 if text begins with a scheme and "//" (section 3.2). */
int uri_has_authority(const char *text);

/*
 * uri_is_origin(uri):
 * Return 1 if uri is an origin, with or without a slash at its end, of http,
 * https or an app's own scheme.
 */
int uri_is_origin(const char *uri);

#endif
