/* guard.c: is the guard asked, before what it guards? */
#include "doctor.h"
#include "http.h"
#include "json.h"
#include "rule.h"

/* What each server is told, to ask the guard first; NULL: any other. */
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
 * Is it a refusal of the guard?  Its challenge names the resource's metadata
 * (RFC 9728 section 5.1); without a rule for GET it is 405, without a challenge.
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
 * What was answered, and not by the guard as it should.  A 404 is no comfort:
 * the guard answers first, and what lies below that path may be there.
 */
static void
tell_answer(struct doctor *d, const char *url, const struct http_answer *an)
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
		    "%s answers %d, so whether the guard is asked cannot be"
		    " told.",
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

/* Does the token reach the guard there, in the header that is to be? */
static int
token_arrives(struct doctor *d, const char *url)
{
	const char *other = d->cf->auth_header;

	switch (try_header(d, url, "Authorization")) {
	case ARRIVED:
		return 1;
	case EATEN:
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

/*
 * Ask by GET, which changes nothing whoever answers (RFC 9110 section 9.2.1):
 * without a token, and with one that nobody ever made.  A server may lead a
 * directory's name to that with a slash before it asks the guard.
 */
static int
prefix_is_guarded(struct doctor *d, const char *prefix)
{
	const char *url = arena_printf(d->a, "%.*s%s",
	    (int)(url_path(d->base) - d->base), d->base,
	    http_path(d->a, prefix));
	struct http_answer an;

	if (http_get(d->a, url, &an) == 0 && an.status / 100 == 3) {
		url = arena_printf(d->a, "%s/", url);
		http_get(d->a, url, &an);
	}
	if (an.error != NULL || !is_refusal(d, &an)) {
		tell_answer(d, url, &an);
		return 0;
	}
	return an.status != 401 || token_arrives(d, url);
}

/*
 * A server that keeps two slashes (nginx: merge_slashes off) may find the file
 * without finding the place that it guards.  What a program of ours answers was
 * asked; what the server refuses as malformed, or leads elsewhere, is not served.
 */
static int
slashes_are_guarded(struct doctor *d, const char *prefix)
{
	const char *url = arena_printf(d->a, "%.*s/%s",
	    (int)(url_path(d->base) - d->base), d->base,
	    http_path(d->a, prefix));
	struct http_answer an;

	if (http_get(d->a, url, &an) == 0 && an.status / 100 == 3) {
		url = arena_printf(d->a, "%s/", url);
		http_get(d->a, url, &an);
	}
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
 * A method that nobody has, in the header that some programs believe.  Where it
 * comes to the guard it comes to the program behind, and the guard sees to it.
 */
static void
see_override(struct doctor *d, const char *prefix)
{
	const struct http_request rq = {
		.url = arena_printf(d->a, "%.*s%s",
		    (int)(url_path(d->base) - d->base), d->base,
		    http_path(d->a, prefix)),
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

/* What is public to GET is left out: no question would tell. */
void
check_guard(struct doctor *d)
{
	const struct rule *ru, *get;
	const char *last = "", *tells = NULL; /* of a method's own rule */
	int n = 0, fine = 1;

	for (ru = d->cf->rules; ru != NULL; ru = ru->next) {
		if (strcmp(ru->prefix, last) == 0)
			continue; /* those of one prefix stand together */
		last = ru->prefix;
		rule_find(ru, ru->prefix, "GET", &get);
		if (get != NULL && get->is_public)
			continue;
		n++;
		fine = prefix_is_guarded(d, ru->prefix) &&
		    slashes_are_guarded(d, ru->prefix) && fine;
		if (get != NULL && get->methods != NULL)
			tells = ru->prefix;
	}
	if (n == 0)
		good(d, "no path of [guard] asks for a token");
	else if (fine)
		good(d, "asked about all %d paths of [guard]", n);
	if (fine && tells != NULL)
		see_override(d, tells);
}
