/* registration.h: what a client may be. */
#ifndef CARNET_REGISTRATION_H
#define CARNET_REGISTRATION_H

struct arena;
struct client;
struct conf;

/*
 * registration_grants(a, text, out):
 * Put the grants of text (names with commas or spaces between) to *out as words,
 * in the form that they are stored in: device_code by its name on the wire, and
 * with refresh_token if one of them gives a user's tokens.  Return NULL, or the
 * sentence that says why not.
 */
const char *registration_grants(
    struct arena *a, const char *text, const char **out);

/*
 * registration_check(cf, a, cl, is_public):
 * Hold the client as it would be stored against every rule for name, grants,
 * redirect URIs, scopes, algorithm and secret (RFC 6749 sections 2.1 and 3.1.2).
 * Return NULL if all hold, else the sentence that says why not, which lives as
 * long as a.
 */
const char *registration_check(const struct conf *cf, struct arena *a,
    const struct client *cl, int is_public);

#endif
