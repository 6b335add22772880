/* cookie.c: the cookies of this server (RFC 6265). */
#include "cookie.h"

#include <string.h>

#include "arena.h"
#include "b64.h"
#include "conf.h"
#include "crypto.h"
#include "req.h"
#include "resp.h"

#define ISSUER_BYTES 9 /* of the issuer's digest, in the cookie's name */

static int
is_https(const struct req *rq)
{
	return strncmp(rq->conf->issuer, "https:", 6) == 0;
}

/*
 * A browser sends a cookie to every port of a host, and this one to every path (RFC
 * 6265 section 8.5).  Its name has a digest of the issuer, so that two sites on one
 * host do not overwrite each other's cookie.  With the prefix __Host- a browser
 * refuses such a cookie from another host or for another path.
 */
static const char *
name_of(const struct req *rq, enum cookie which)
{
	static const char *const suffix[] = { [COOKIE_SESSION] = "",
		[COOKIE_DETOUR] = "-site" };
	char text[B64_LEN(ISSUER_BYTES) + 1];
	struct digest d;

	digest_of(rq->conf->issuer, strlen(rq->conf->issuer), &d);
	b64url_encode(d.byte, ISSUER_BYTES, text);
	return arena_printf(rq->a, "%scarnet-%s%s",
	    is_https(rq) ? "__Host-" : "", text, suffix[which]);
}

const char *
cookie_get(struct req *rq, enum cookie which,
    int (*fits)(const char *value, size_t len))
{
	const char *p = req_var(rq, "HTTP_COOKIE"), *name = name_of(rq, which);
	const size_t n = strlen(name);
	size_t len;

	for (; p != NULL && *p != '\0'; p += *p == ';') {
		p += strspn(p, " \t");
		len = strcspn(p, ";");
		if (len > n && p[n] == '=' && memcmp(p, name, n) == 0 &&
		    fits(p + n + 1, len - n - 1))
			return arena_dup(rq->a, p + n + 1, len - n - 1);
		p += len;
	}
	return NULL;
}

void
cookie_set(struct req *rq, enum cookie which, const char *value,
    int64_t max_age_s)
{
	resp_header(rq, "Set-Cookie",
	    "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
	    name_of(rq, which), value, (long long)max_age_s,
	    is_https(rq) ? "; Secure" : "");
}
