/* cors.c: which sites' scripts may call (Fetch, section 3.2). */
#include "cors.h"

#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "oerr.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "store_client.h"
#include "uri.h"
#include "words.h"

#define BATCH 64

static int
is_of_public_client(struct req *rq, const char *origin)
{
	struct client *cl = arena_alloc(rq->a, BATCH * sizeof(*cl));
	int64_t after = 0;
	int n;

	if (rq->st == NULL)
		return 0;
	do {
		n = store_client_list_public(rq->st, rq->a, after, cl, BATCH);
		for (int i = 0; i < n; i++)
			if (redirect_allows_origin(
				rq->a, cl[i].redirect_uris, origin))
				return 1;
		if (n > 0)
			after = cl[n - 1].id;
	} while (n == BATCH);
	return 0;
}

/*
 * A page of our own needs no permission.  The browser may know us by another name
 * than the issuer's, and a proxy may change Host.  So one of three signs is enough:
 * the issuer, Host or Sec-Fetch-Site.
 */
static int
is_own(struct req *rq, const char *origin)
{
	const char *issuer = uri_origin(rq->a, rq->conf->issuer);
	const char *host = req_var(rq, "HTTP_HOST");
	const char *site = req_var(rq, "HTTP_SEC_FETCH_SITE");
	const char *at = strstr(origin, "://");

	return (issuer != NULL && strcmp(issuer, origin) == 0) ||
	    (host != NULL && at != NULL && strcmp(at + 3, host) == 0) ||
	    (site != NULL &&
		(strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0));
}

const struct oerr *
cors_check(struct req *rq)
{
	const char *origin = req_var(rq, "HTTP_ORIGIN");

	if (cors_answer(rq) || !rq->ep->spends || rq->conf == NULL ||
	    rq->st == NULL || origin == NULL || *origin == '\0' ||
	    is_own(rq, origin))
		return NULL;
	return &oerr_origin;
}

/* No credentials: a token is sent by script, never by cookie. */
static void
allow(struct req *rq, const char *origin)
{
	resp_header(rq, "Access-Control-Allow-Origin", "%s", origin);
	resp_header(rq, "Access-Control-Expose-Headers",
	    "WWW-Authenticate, Location, Retry-After, X-Request-Id,"
	    " DPoP-Nonce");
}

int
cors_answer(struct req *rq)
{
	const char *origin = req_var(rq, "HTTP_ORIGIN");
	const char *allowed;

	if (!rq->ep->cors || rq->conf == NULL)
		return 0;
	resp_header(rq, "Vary", "Origin"); /* for caches: answers differ */
	if (origin == NULL || *origin == '\0')
		return 0;
	if (rq->ep->cors_any) {
		allow(rq, "*");
		return 1;
	}
	allowed = rq->conf->cors_origins;
	if (allowed != NULL ? !words_have(allowed, origin)
			    : !is_of_public_client(rq, origin))
		return 0;
	allow(rq, origin);
	return 1;
}

int
cors_preflight(struct req *rq)
{
	const char *method = req_var(rq, "REQUEST_METHOD");

	if (!rq->ep->cors || method == NULL ||
	    strcmp(method, "OPTIONS") != 0 ||
	    req_var(rq, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") == NULL)
		return 0;
	if (cors_answer(rq)) {
		resp_header(rq, "Access-Control-Allow-Methods", "%s",
		    req_method_names(rq->a, rq->ep->methods));
		resp_header(rq, "Access-Control-Allow-Headers",
		    "Authorization, Content-Type, DPoP");
		resp_header(rq, "Access-Control-Max-Age", "600");
	}
	resp_empty(rq, 204);
	return 1;
}
