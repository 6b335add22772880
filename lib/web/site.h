/* site.h: the URL of each program. */
#ifndef CARNET_SITE_H
#define CARNET_SITE_H

struct arena;
struct conf;

enum site {
	SITE_TOKEN, SITE_AUTHORIZE, SITE_LOGIN, SITE_LOGOUT,
	SITE_DEVICE_CODE, SITE_DEVICE, SITE_REVOKE, SITE_INTROSPECT,
	SITE_JWKS, SITE_ACCOUNT, SITE_PASSWORD_TOKEN, SITE_PERSONAL_TOKENS,
	SITE_POSTS, SITE_USER, SITE_STATUS, SITE_ICON,
	SITE_SIGNUP, SITE_RECOVER, SITE_CONFIRM, SITE_USERINFO,
	SITE_END_SESSION, SITE_REGISTER, SITE_PAR,
	SITE_COUNT
};

/* site_url(cf, a, s): the URL; its host is the issuer's, never that of Host. */
const char *site_url(const struct conf *cf, struct arena *a, enum site s);

/* site_path(cf, a, s): the same without scheme and host, for our own pages. */
const char *site_path(const struct conf *cf, struct arena *a, enum site s);

/* site_root(cf, a): the issuer's path as a server decodes it; "" without one. */
const char *site_root(const struct conf *cf, struct arena *a);

/*
 * site_well_known(cf, a, name):
 * The URL of a document under /.well-known: the name is between the issuer's host
 * and its path (RFC 8414 section 3, RFC 9728 section 3).
 */
const char *site_well_known(
    const struct conf *cf, struct arena *a, const char *name);

/*
 * site_well_known_of(cf, a, name, path):
 * The URL of the document of that name for another path of the issuer's host; path
 * is decoded.
 */
const char *site_well_known_of(const struct conf *cf, struct arena *a,
    const char *name, const char *path);

/*
 * site_after_sign_out(cf, a):
 * Where a browser goes when its user has signed out here.  Where the site alone
 * signs people in, the sign-in page would lead there, and so sign them in again: they
 * get a page with a button first.
 */
const char *site_after_sign_out(const struct conf *cf, struct arena *a);

/*
 * site_return_is_safe(cf, a, s):
 * Return 1 if a browser may be sent to s after a sign-in: s is the path of one of
 * our pages that need a sign-in, with or without a query.  It is a list of allowed
 * paths, so that no spelling of another host ("//", "\", encoded or with control
 * characters) can pass.
 */
int site_return_is_safe(const struct conf *cf, struct arena *a, const char *s);

#endif
