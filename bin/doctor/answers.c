/* answers.c: do the headers of the programs reach the clients? */
#include "doctor.h"
#include "http.h"
#include "json.h"
#include "store_client.h"
#include "uri.h"
#include "words.h"

#define BATCH 64

/*
 * RFC 6749 section 5.1: token answers are not cached, errors included.  The
 * request has a wrong media type because it then leaves no line in the audit
 * trail.
 */
void
check_caching(struct doctor *d)
{
	const struct http_request rq = { .url = url_of(d, SITE_TOKEN),
		.header = { "Content-Type: text/plain" },
		.body = "grant_type=none" };
	struct http_answer an;
	const char *cache;

	if (http_send(d->a, &rq, &an) < 0)
		return;
	if (json_parse(d->a, an.body, an.body_len) == NULL ||
	    http_header(d->a, &an, "X-Request-Id", NULL) == NULL) {
		bad(d, LEVEL_WRONG,
		    "Let POST through to the program token: a"
		    " firewall for web applications or a redirect may be in"
		    " the way.",
		    "A POST to %s is answered %d, by no program"
		    " of carnet.",
		    rq.url, an.status);
		return;
	}
	cache = http_header(d->a, &an, "Cache-Control", NULL);
	if (cache != NULL && strstr(cache, "no-store") != NULL &&
	    strstr(cache, "public") == NULL)
		good(d, "token answers are not stored");
	else
		bad(d, LEVEL_WRONG,
		    "Leave Cache-Control to the programs: take"
		    " the rule for caching (expires, Header set) out of the"
		    " server's configuration for these paths.",
		    "Token answers say \"Cache-Control: %s\", so a cache may"
		    " keep tokens.",
		    cache == NULL ? "" : cache);
}

/* An origin whose scripts may call the programs, or NULL. */
static const char *
allowed_origin(struct doctor *d)
{
	const char *words = d->has & NEEDS_CONF ? d->cf->cors_origins : NULL;
	struct client cl[BATCH];
	const char *origin;
	size_t len;
	int n = 0;

	if (words != NULL)
		return words_next(&words, &len) ? arena_dup(d->a, words, len)
						: NULL;
	if (d->has & NEEDS_STORE)
		n = store_client_list_public(d->st, d->a, 0, cl, BATCH);
	for (int i = 0; i < n; i++)
		for (words = cl[i].redirect_uris; words_next(&words, &len);
		     words += len) {
			origin = uri_origin(d->a, arena_dup(d->a, words, len));
			if (origin != NULL)
				return origin;
		}
	return NULL;
}

/*
 * Ask as a browser does before a script's POST.  Return the first
 * Access-Control-Allow-Origin; put the number of them to *n.
 */
static const char *
preflight(struct doctor *d, const char *origin, int *n)
{
	const struct http_request rq = { .url = url_of(d, SITE_TOKEN),
		.method = "OPTIONS",
		.header = { arena_printf(d->a, "Origin: %s", origin),
		    "Access-Control-Request-Method: POST",
		    "Access-Control-Request-Headers: authorization" } };
	struct http_answer an;

	*n = 0;
	if (http_send(d->a, &rq, &an) < 0)
		return NULL;
	return http_header(d->a, &an, "Access-Control-Allow-Origin", n);
}

void
check_cors(struct doctor *d)
{
	static const char cure[] =
	    "Leave OPTIONS and the headers"
	    " Access-Control-* to the programs: take the server's own rules"
	    " for them out.";
	const char *origin = allowed_origin(d), *told;
	int n;

	told = preflight(d, "https://doctor.invalid", &n);
	if (n > 0) {
		bad(d, LEVEL_WRONG, cure,
		    "Scripts of any site may call:"
		    " \"Access-Control-Allow-Origin: %s\".",
		    told);
		return;
	}
	if (origin == NULL) {
		good(d, "no origin is allowed to call, and none may");
		return;
	}
	told = preflight(d, origin, &n);
	if (n == 1 && strcmp(told, origin) == 0)
		good(d, "scripts of %s may call", origin);
	else
		bad(d, LEVEL_WRONG, cure,
		    "Scripts of %s should be allowed,"
		    " and browsers are told %s.",
		    origin,
		    n == 0       ? "nothing"
			: n == 1 ? told
				 : "more than one thing");
}

/* Ask for an error page: all pages have the same headers. */
void
check_page_headers(struct doctor *d)
{
	static const struct {
		const char *name, *value;
	} wanted[] = {
		{ "Content-Security-Policy", "frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
	};
	struct http_answer an;
	const char *value;
	int n, fine = 1;

	/* With this parameter it is a page also where a site signs people in. */
	if (http_get(d->a,
		arena_printf(d->a, "%s?action=out", url_of(d, SITE_LOGIN)),
		&an) < 0 ||
	    !http_media_is(d->a, &an, "text/html") ||
	    http_header(d->a, &an, "X-Request-Id", NULL) == NULL)
		return; /* not a page of carnet: the check "paths" reports it */
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		value = http_header(d->a, &an, wanted[i].name, &n);
		if (n == 1 && strstr(value, wanted[i].value) != NULL)
			continue;
		fine = 0;
		bad(d, LEVEL_WRONG,
		    "Take that header out of the web server's"
		    " (and the proxy's) configuration for these paths: the"
		    " programs send it.",
		    "The pages come with %s, and should with one that says"
		    " %s.",
		    n == 0 ? arena_printf(d->a, "no %s", wanted[i].name)
			   : arena_printf(d->a, "%d of %s: \"%s\"", n,
				 wanted[i].name, value),
		    wanted[i].value);
	}
	if (strncmp(d->base, "https://", 8) == 0 &&
	    http_header(d->a, &an, "Strict-Transport-Security", NULL) == NULL) {
		fine = 0;
		bad(d, LEVEL_WARN,
		    "Have the web server send"
		    " Strict-Transport-Security: max-age=31536000.",
		    "Browsers are not told to use only https.");
	}
	if (fine)
		good(d, "as the programs send them");
}
