/* auth.c: does the header Authorization reach the programs? */
#include "doctor.h"
#include "http.h"

/* A made-up token.  Its refusal proves that the header arrived. */
#define NO_TOKEN "Bearer carnet-doctor-no-token"

enum arrival
try_header(struct doctor *d, const char *url, const char *name)
{
	const struct http_request rq = { .url = url,
		.header = { arena_printf(d->a, "%s: " NO_TOKEN, name) } };
	struct http_answer an;
	const char *challenge;

	if (http_send(d->a, &rq, &an) < 0 || an.status != 401)
		return NO_PROGRAM;
	challenge = http_header(d->a, &an, "WWW-Authenticate", NULL);
	if (challenge == NULL)
		return NO_PROGRAM;
	if (strncasecmp(challenge, "Bearer", 6) != 0)
		return BASIC;
	if (strstr(challenge, "error=\"invalid_token\"") != NULL)
		return ARRIVED;
	return strstr(challenge, "error=") == NULL ? REMOVED : NO_PROGRAM;
}

/*
 * Layers that may remove the header, and the cure; the first row that fits
 * counts.
 */
static const struct layer {
	const char *server; /* the start of the Server header; NULL: any */
	int via;            /* only if there is a Via header */
	int fcgi;           /* 1: only FastCGI; 0: only CGI; -1: both */
	const char *who, *cure;
} layers[] = {
	{ NULL, 1, -1, "the reverse proxy that Via names",
	    "Let the proxy hand on Authorization as it is; to see that it is"
	    " the proxy, run carnet doctor with the URL of the server behind"
	    " it." },
	{ "Apache", 0, 0,
	    "Apache, which keeps it from CGI programs, or takes"
	    " it out as a proxy",
	    "Write CGIPassAuth On into the <Directory> of the programs, or"
	    " into its .htaccess; where that is not allowed, write into"
	    " .htaccess: RewriteEngine On, and RewriteRule ^ -"
	    " [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]; as a proxy, no"
	    " RequestHeader unset Authorization." },
	{ "Apache", 0, 1, "Apache, which keeps it from FastCGI programs",
	    "Write CGIPassAuth On into the <Location> or <Directory> of the"
	    " programs (or, for mod_fcgid, FcgidPassHeader Authorization)." },
	{ "nginx", 0, -1, "nginx, or a proxy before it",
	    "Before fastcgi_pass: fastcgi_param HTTP_AUTHORIZATION"
	    " $http_authorization; before proxy_pass: proxy_set_header"
	    " Authorization $http_authorization; and no"
	    " fastcgi_pass_request_headers off." },
	{ "lighttpd", 0, -1,
	    "a reverse proxy in front of lighttpd, which"
	    " itself hands it on",
	    "Let the proxy hand on Authorization as it is (Apache: no"
	    " RequestHeader unset; nginx: proxy_set_header Authorization"
	    " $http_authorization); to see that it is the proxy, run carnet"
	    " doctor with the URL of the server behind it." },
	{ NULL, 0, -1, "the web server or a proxy before it",
	    "Have it hand the header on to the programs as HTTP_AUTHORIZATION"
	    " or REDIRECT_HTTP_AUTHORIZATION; carnet-cgi(8) says what each"
	    " server wants." },
};

static const struct layer *
find_layer(const struct doctor *d)
{
	const struct layer *l = layers;

	for (;; l++)
		if ((!l->via || d->via != NULL) &&
		    (l->server == NULL ||
			strncasecmp(d->server, l->server, strlen(l->server)) ==
			    0) &&
		    (l->fcgi < 0 || l->fcgi == (d->n_running > 0)))
			return l;
}

/* Report that Authorization is removed, by what, and if auth_header arrives. */
static void
report_removed(struct doctor *d)
{
	const struct layer *l = find_layer(d);
	const char *other = d->has & NEEDS_CONF ? d->cf->auth_header : NULL;

	if (other != NULL &&
	    try_header(d, url_of(d, SITE_USER), other) == ARRIVED) {
		bad(d, LEVEL_WARN, l->cure,
		    "Authorization does not arrive (removed by %s), and %s"
		    " does, so that clients that do not know that header are"
		    " refused.",
		    l->who, other);
		return;
	}
	bad(d, LEVEL_WRONG, l->cure,
	    "Authorization does not reach the"
	    " programs%s%s (removed by %s), so that every token is refused.",
	    other == NULL ? "" : ", and neither does ",
	    other == NULL ? "" : other, l->who);
}

void
check_authorization(struct doctor *d)
{
	switch (try_header(d, url_of(d, SITE_USER), "Authorization")) {
	case ARRIVED:
		good(d, "arrives");
		break;
	case REMOVED:
		report_removed(d);
		break;
	case BASIC:
		bad(d, LEVEL_WRONG,
		    "Take AuthType, auth_basic or auth.require"
		    " off these paths in the web server's configuration:"
		    " tokens are what protects them.",
		    "The web server itself asks for a password before %s.",
		    url_of(d, SITE_USER));
		break;
	case NO_PROGRAM:
		bad(d, LEVEL_WRONG,
		    "Mend the path, the configuration and"
		    " the keys first.",
		    "%s does not refuse a made-up token,"
		    " so it is not known whether Authorization arrives.",
		    url_of(d, SITE_USER));
		break;
	}
}
