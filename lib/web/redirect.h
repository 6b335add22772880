/* redirect.h: redirect URIs: what may be registered, what matches. */
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
 * redirect_matches(registered, uri):
 * Return 1 if uri is one of the words registered, byte for byte (RFC 9700
 * section 2.1), but for the port of an http URI on 127.0.0.1, [::1] or
 * localhost, which an app cannot know before it starts (RFC 8252 section 7.3).
 */
int redirect_matches(const char *registered, const char *uri);

/*
 * redirect_allows_origin(a, registered, origin):
 * Return 1 if origin, as a browser sends it (RFC 6454 section 6.2), is that of
 * one of the words registered.  Where the port of a redirect URI is free, so is
 * that of its origin: who gets the code there must be able to redeem it.
 */
int redirect_allows_origin(
    struct arena *a, const char *registered, const char *origin);

/* redirect_host(a, uri): what a person is told that they will be sent to. */
const char *redirect_host(struct arena *a, const char *uri);

#endif
