/* uri.h: URIs that mean the same (RFC 3986 section 6.2), and origins. */
#ifndef CARNET_URI_H
#define CARNET_URI_H

struct arena;

/*
 * uri_normal(a, uri):
 * Return the one spelling of all URIs that mean the same as uri: scheme and host
 * in lower case, no port that is the scheme's own, "/" for an empty path behind
 * an authority, no dot segments, and no character percent-encoded that need not
 * be (RFC 3986 sections 6.2.2 and 6.2.3).  A text that is no URI is returned as
 * it is.
 */
const char *uri_normal(struct arena *a, const char *uri);

/* uri_same(a, x, y): 1 if x and y are the same text, or mean the same. */
int uri_same(struct arena *a, const char *x, const char *y);

/*
 * uri_find(a, words, uri):
 * Return the first of the words that means the same as uri, spelt as it stands
 * there; NULL if there is none.
 */
const char *uri_find(struct arena *a, const char *words, const char *uri);

/*
 * uri_origin(a, uri):
 * Return the origin of uri (RFC 6454 section 4) as a browser sends it (section
 * 6.2): scheme, host, and the port unless it is the scheme's own.  An app's own
 * scheme has one too ("capacitor://localhost").  NULL if uri names no host.
 */
const char *uri_origin(struct arena *a, const char *uri);

/*
 * uri_is_absolute(uri):
 * Return 1 if uri has a scheme, and no fragment (RFC 3986 section 4.3).
 */
int uri_is_absolute(const char *uri);

/*
 * uri_is_origin(uri):
 * Return 1 if uri has nothing but what an origin has, and perhaps a slash at its
 * end.  Of http, https and apps' own schemes alone.
 */
int uri_is_origin(const char *uri);

#endif
