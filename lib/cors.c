/* cors.c: which scripts of other sites may call (Fetch, section 3.2). */
#include "cors.h"

#include "arena.h"
#include "cgi.h"
#include "conf.h"
#include "redirect.h"
#include "resp.h"
#include "store_client.h"
#include "words.h"

#define BATCH 64

/* Is the origin that of one of the redirect URIs? */
static int
is_of_uris(struct req *rq, const char *uris, const char *origin)
{
	const char *source;
	size_t n;

	for (; words_next(&uris, &n); uris += n) {
		source = redirect_source(rq->a, arena_dup(rq->a, uris, n));
		/* an app's own scheme is no origin */
		if (source != NULL && strstr(source, "://") != NULL &&
		    strcmp(source, origin) == 0)
			return 1;
	}
	return 0;
}

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
			if (is_of_uris(rq, cl[i].redirect_uris, origin))
				return 1;
		if (n > 0)
			after = cl[n - 1].id;
	} while (n == BATCH);
	return 0;
}

int
cors_answer(struct req *rq)
{
	const char *origin = cgi_var(rq, "HTTP_ORIGIN");
	const char *allowed;

	if (!rq->pr->ep->cors || rq->conf == NULL)
		return 0;
	resp_header(rq, "Vary", "Origin"); /* a cache must tell them apart */
	if (origin == NULL)
		return 0;
	allowed = rq->conf->cors_origins;
	if (allowed != NULL ? !words_have(allowed, origin)
			    : !is_of_public_client(rq, origin))
		return 0;
	/* No credentials: a token is sent by script, never by cookie. */
	resp_header(rq, "Access-Control-Allow-Origin", "%s", origin);
	resp_header(rq, "Access-Control-Expose-Headers",
	    "WWW-Authenticate, Location, Retry-After, X-Request-Id");
	return 1;
}

int
cors_preflight(struct req *rq)
{
	const char *method = cgi_var(rq, "REQUEST_METHOD");
	const unsigned m = rq->pr->ep->methods;

	if (!rq->pr->ep->cors || method == NULL ||
	    strcmp(method, "OPTIONS") != 0 ||
	    cgi_var(rq, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") == NULL)
		return 0;
	if (cors_answer(rq)) {
		resp_header(rq, "Access-Control-Allow-Methods", "%s%s%s",
		    m & METHOD_GET ? "GET, " : "",
		    m & METHOD_DELETE ? "DELETE, " : "",
		    m & METHOD_POST ? "POST" : "HEAD");
		resp_header(rq, "Access-Control-Allow-Headers",
		    "Authorization, Content-Type");
		resp_header(rq, "Access-Control-Max-Age", "600");
	}
	resp_empty(rq, 204);
	return 1;
}
