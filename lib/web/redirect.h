/* redirect.h: redirect URIs: which may be registered, and which match. */
#ifndef CARNET_REDIRECT_H
#define CARNET_REDIRECT_H

struct arena;

/*
 * redirect_is_sound(uri):
 * Return 1 if uri may be registered: absolute, without fragment, user or
 * control character; https, http on this machine, or an app's own scheme, which
 * has a dot in it (RFC 8252 section 7.1; so not "javascript:").
 */
int redirect_is_sound(const char *uri);

/*
 * redirect_find_unsound(a, uris):
 * Return the first of the words uris, which may be NULL, that is not sound, as a string
 * in a; NULL if all are.
 *
 * redirect_refused(a, uris): the same as a sentence for who wants to register them.
 */
const char *redirect_find_unsound(struct arena *a, const char *uris);
const char *redirect_refused(struct arena *a, const char *uris);

/*
 * redirect_matches(registered, uri):
 * Return 1 if uri equals one of the words registered, byte for byte (RFC 9700
 * section 2.1).  Only the port of an http URI on 127.0.0.1, [::1] or localhost may
 * differ: an app cannot know it before it starts (RFC 8252 section 7.3).
 */
int redirect_matches(const char *registered, const char *uri);

/*
 * redirect_allows_origin(a, registered, origin):
 * Return 1 if origin, as a browser sends it (RFC 6454 section 6.2), is the origin of
 * one of the words registered.  If the port of a redirect URI may differ, so may the
 * port of its origin: the app that gets the code there must be able to redeem it.
 */
int redirect_allows_origin(
    struct arena *a, const char *registered, const char *origin);

/* redirect_is_local(uri): 1 if uri is http on 127.0.0.1, [::1] or localhost. */
int redirect_is_local(const char *uri);

/* redirect_host(a, uri): the host or app of uri, for a person to read. */
const char *redirect_host(struct arena *a, const char *uri);

#endif
