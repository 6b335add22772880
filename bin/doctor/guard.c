/* guard.c: does the web server ask the guard about the guarded paths? */
#include "doctor.h"
#include "http.h"
#include "json.h"
#include "rule.h"

/* How to make each server ask the guard; NULL: any other server. */
static const struct {
	const char *server, *cure;
} cures[] = {
	{ "lighttpd",
	    "Load mod_fastcgi before mod_proxy and mod_cgi, and make the guard"
	    " the authorizer of that path, as deploy/lighttpd/guard.conf"
	    " does." },
	{ "Apache",
	    "Write \"Use CarnetGuarded\" with that path, as"
	    " deploy/apache/guard.conf does, and have no other Require or"
	    " Satisfy let it through." },
	{ "nginx",
	    "Write auth_request into the location that serves that path, as"
	    " deploy/nginx/guard.conf does; a longer location, or one with a"
	    " pattern, needs its own." },
	{ NULL,
	    "Have the web server ask the program guard before it serves that"
	    " path: deploy/ has a guard.conf for lighttpd, Apache and nginx." },
};

static const char *
cure_of(const struct doctor *d)
{
	size_t i = 0;

	while (cures[i].server != NULL &&
	    strncasecmp(
		d->server, cures[i].server, strlen(cures[i].server)) != 0)
		i++;
	return cures[i].cure;
}

/*
 * Is the answer a refusal by the guard?  The guard's challenge names the
 * resource's metadata (RFC 9728 section 5.1).  If no rule allows GET, the guard
 * answers 405 without a challenge.
 */
static int
is_refusal(struct doctor *d, const struct http_answer *an)
{
	const char *challenge =
	    http_header(d->a, an, "WWW-Authenticate", NULL);
	const char *error =
	    json_get_str(json_parse(d->a, an->body, an->body_len), "error");

	if (http_header(d->a, an, "X-Request-Id", NULL) == NULL)
		return 0;
	if (an->status == 405)
		return error != NULL && strcmp(error, "method_not_allowed") == 0;
	return (an->status == 401 || an->status == 403) && challenge != NULL &&
	    strstr(challenge, "resource_metadata=") != NULL;
}

/*
 * Report an answer that is not the guard's refusal.  A 404 is reported too: the
 * guard would have answered first, and files below that path may exist.
 */
static void
report_answer(struct doctor *d, const char *url, const struct http_answer *an)
{
	const int ours = http_header(d->a, an, "X-Request-Id", NULL) != NULL;

	if (an->error != NULL)
		bad(d, LEVEL_WRONG, "See the web server's error log.",
		    "%s does not answer: %s.", url, an->error);
	else if (an->status >= 500)
		bad(d, LEVEL_WRONG,
		    "See that the program guard runs and finds its"
		    " configuration and database; the web server's error log"
		    " has the reason.",
		    "%s answers %d, so it is not known whether the guard is"
		    " asked.",
		    url, an->status);
	else if (ours && an->status == 403)
		bad(d, LEVEL_WRONG,
		    "Let the guard read the same configuration"
		    " (CARNET_CONF).",
		    "The guard has no rule for %s, and this configuration has"
		    " one.",
		    url);
	else
		bad(d, LEVEL_WRONG, cure_of(d),
		    "%s is answered %d without asking the guard, so no token"
		    " is needed.",
		    url, an->status);
}

/* Does a token in the right header reach the guard at url? */
static int
token_arrives(struct doctor *d, const char *url)
{
	const char *other = d->cf->auth_header;

	switch (try_header(d, url, "Authorization")) {
	case ARRIVED:
		return 1;
	case REMOVED:
		if (other != NULL && try_header(d, url, other) == ARRIVED)
			return 1;
		bad(d, LEVEL_WRONG,
		    "Have the server hand the header to the guard, too:"
		    " CGIPassAuth On in Apache's <Location>, fastcgi_param"
		    " HTTP_AUTHORIZATION $http_authorization in nginx's"
		    " location of the guard.",
		    "Authorization does not reach the guard at %s, so that"
		    " every token is refused.",
		    url);
		return 0;
	default:
		bad(d, LEVEL_WRONG, cure_of(d),
		    "%s does not refuse a made-up token as the guard does.",
		    url);
		return 0;
	}
}

/* The URL of prefix on the site's host, with more between the two. */
static const char *
url_below_root(struct doctor *d, const char *more, const char *prefix)
{
	return arena_printf(d->a, "%.*s%s%s",
	    (int)(url_path(d->base) - d->base), d->base, more,
	    http_path(d->a, prefix));
}

/*
 * GET that URL, and return it.  A server may redirect a directory's name to the
 * name with a slash before it asks the guard: then GET that.
 */
static const char *
get_below_root(struct doctor *d, const char *more, const char *prefix,
    struct http_answer *an)
{
	const char *url = url_below_root(d, more, prefix);

	if (http_get(d->a, url, an) == 0 && an->status / 100 == 3) {
		url = arena_printf(d->a, "%s/", url);
		http_get(d->a, url, an);
	}
	return url;
}

/*
 * Ask without a token, and with a made-up one.  GET is safe whoever answers
 * (RFC 9110 section 9.2.1).
 */
static int
prefix_is_guarded(struct doctor *d, const char *prefix)
{
	struct http_answer an;
	const char *url = get_below_root(d, "", prefix, &an);

	if (an.error != NULL || !is_refusal(d, &an)) {
		report_answer(d, url, &an);
		return 0;
	}
	return an.status != 401 || token_arrives(d, url);
}

/*
 * Ask with two slashes.  A server that keeps them (nginx: merge_slashes off)
 * may find the file but not the rule that guards it.  There is no fault if a
 * program of carnet answers, or if the server refuses the path or redirects it.
 */
static int
slashes_are_guarded(struct doctor *d, const char *prefix)
{
	struct http_answer an;
	const char *url = get_below_root(d, "/", prefix, &an);

	if (an.error != NULL || an.status >= 500 || an.status == 400 ||
	    an.status / 100 == 3 ||
	    http_header(d->a, &an, "X-Request-Id", NULL) != NULL)
		return 1;
	bad(d, LEVEL_WRONG,
	    "Have the server take two slashes for one, as nginx does by its"
	    " merge_slashes, or lead them to the place that it guards, as"
	    " the rewrite of deploy/nginx/guard.conf does.",
	    "%s is answered %d without asking the guard, so no token is"
	    " needed.",
	    url, an.status);
	return 0;
}

/*
 * Send an unknown method in X-HTTP-Method-Override, which some programs obey.
 * If it reaches the guard, it reaches the guarded program too, and the guard
 * refuses it.
 */
static void
try_override(struct doctor *d, const char *prefix)
{
	const struct http_request rq = {
		.url = url_below_root(d, "", prefix),
		.header = { "X-HTTP-Method-Override: CARNET" },
	};
	struct http_answer an;

	if (http_send(d->a, &rq, &an) < 0 || an.status != 400 ||
	    http_header(d->a, &an, "X-Request-Id", NULL) == NULL)
		return;
	good(d,
	    "X-HTTP-Method-Override reaches %s, and the guard refuses a method"
	    " with another rule there",
	    rq.url);
}

/*
 * Paths that are public to GET are left out: the guard lets the request pass.
 */
void
check_guard(struct doctor *d)
{
	const struct rule *ru, *get;
	const char *last = "", *by_method = NULL; /* its rules name methods */
	int n = 0, fine = 1;

	for (ru = d->cf->rules; ru != NULL; ru = ru->next) {
		if (strcmp(ru->prefix, last) == 0)
			continue; /* rules of one prefix follow each other */
		last = ru->prefix;
		rule_find(ru, ru->prefix, "GET", &get);
		if (get != NULL && get->is_public)
			continue;
		n++;
		fine = prefix_is_guarded(d, ru->prefix) &&
		    slashes_are_guarded(d, ru->prefix) && fine;
		if (get != NULL && get->methods != NULL)
			by_method = ru->prefix;
	}
	if (n == 0)
		good(d, "no path of [guard] needs a token");
	else if (fine)
		good(d, "asked about all %d paths of [guard]", n);
	if (fine && by_method != NULL)
		try_override(d, by_method);
}
