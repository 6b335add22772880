/* cookie.h: the cookies of this server (RFC 6265). */
#ifndef CARNET_COOKIE_H
#define CARNET_COOKIE_H

#include <stddef.h>
#include <stdint.h>

struct req;

enum cookie {
	COOKIE_SESSION,	/* who is signed in: session.h */
	COOKIE_DETOUR,	/* sign-ins that are under way elsewhere: detour.h */
};

/*
 * cookie_get(rq, which, fits):
 * Return the first value that the browser sent and that fits(value, len), in the
 * request's arena; NULL if there is none.  Another program of the host may have set
 * one of the same name.
 *
 * cookie_set(rq, which, value, max_age_s):
 * Give the browser the cookie, for so many seconds; 0: take it away.
 */
const char *cookie_get(struct req *rq, enum cookie which,
    int (*fits)(const char *value, size_t len));
void cookie_set(struct req *rq, enum cookie which, const char *value,
    int64_t max_age_s);

#endif
