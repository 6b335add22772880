/* handoff.c: does the site that signs people in do so? */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "doctor.h"
#include "http.h"
#include "keys_login.h"
#include "url.h"

#define SKEW_WARN_S 3 /* of the 5 seconds that a ticket allows */
#define NOT_OURS "https://doctor.invalid/"

/* The key and the settings. */
void
check_handoff(struct doctor *d)
{
	const struct conf *cf = d->cf;
	struct login_keys keys;
	int fd, n;

	if (cf->login_url == NULL)
		return;
	fd = open(cf->login_key, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		bad(d, LEVEL_WRONG,
		    "carnet keys login, and copy the file to the site.",
		    "login_url is set, and there is no key %s: nobody can sign"
		    " in.", cf->login_key);
		return;
	}
	if (!keys_login_read(fd, cf->login_key, &keys)) {
		bad(d, LEVEL_WRONG,
		    "Let the user of the programs read it; or carnet keys login"
		    " --force, and copy the file to the site.",
		    "Nobody can sign in: %s.", d->log);
		return;
	}
	n = keys.n;
	explicit_bzero(&keys, sizeof(keys));
	if (!is_loopback(cf->issuer) && is_loopback(cf->login_url))
		bad(d, LEVEL_WRONG, "Set login_url to the site's public address.",
		    "login_url leads each user's browser to its own machine: %s.",
		    cf->login_url);
	else
		good(d, "%s, %s", cf->login_url,
		    n == 2 ? "two keys: the site may use either"
			   : "the key can be used");
}

/* The site's page for this return_to; 0, or -1 reported. */
static int
ask_page(struct doctor *d, const char *return_to, struct http_answer *an)
{
	struct buf b;

	buf_init(&b, d->a, 512);
	buf_str(&b, d->cf->login_url);
	url_query_add(&b, "state", "carnet-doctor");
	url_query_add(&b, "return_to", return_to);
	if (http_get(d->a, b.data, an) == 0)
		return 0;
	bad(d, LEVEL_WRONG, cure_of_silence(an->error),
	    "%s does not answer: %s.", d->cf->login_url, an->error);
	return -1;
}

/* Does the way back lead to the program?  The POST leaves no line in the trail. */
static int
way_back_is_fine(struct doctor *d)
{
	const struct http_request rq = {
		.url = arena_printf(d->a, "%s/return", url_of(d, SITE_LOGIN)),
		.header = { "Content-Type: text/plain" },
		.body = "-",
	};
	struct http_answer an;

	if (http_send(d->a, &rq, &an) == 0 && an.status == 415)
		return 1;
	bad(d, LEVEL_WRONG,
	    "Map that path to the program login, as the files of deploy/ do.",
	    "%s does not lead to the program login: nobody comes back from the"
	    " site.", rq.url);
	return 0;
}

static int
page_is_fine(struct doctor *d)
{
	const char *back = arena_printf(d->a, "%s/return",
	    site_url(d->cf, d->a, SITE_LOGIN));
	const char *url = d->cf->login_url, *to;
	struct http_answer an;

	if (ask_page(d, back, &an) < 0)
		return 0;
	if (an.status >= 400) {
		bad(d, LEVEL_WRONG,
		    "See that login_url is the page's address, and that the page"
		    " has this issuer; its server's error log may have more.",
		    "%s answers %d to a browser that is sent there to sign in.",
		    url, an.status);
		return 0;
	}
	if (ask_page(d, NOT_OURS, &an) < 0)
		return 0;
	to = http_header(d->a, &an, "Location", NULL);
	if (to == NULL || strncmp(to, NOT_OURS, strlen(NOT_OURS)) != 0)
		return 1;
	bad(d, LEVEL_WRONG,
	    "Have the page compare return_to with the address that it is"
	    " configured for, as deploy/examples/ do.",
	    "%s sends a browser, and a ticket, to whatever address return_to"
	    " names.", url);
	return 0;
}

static int
clocks_agree(struct doctor *d)
{
	long long off;

	if (!clock_off(d, d->cf->login_url, &off) || llabs(off) < SKEW_WARN_S)
		return 1;
	bad(d, LEVEL_WRONG, "Set both clocks by NTP.",
	    "The clock of %s is %lld seconds %s this machine's; tickets allow"
	    " 5.", url_host(d->a, d->cf->login_url), llabs(off),
	    off > 0 ? "ahead of" : "behind");
	return 0;
}

/* The site's page, and the way back. */
void
check_login_page(struct doctor *d)
{
	if (d->cf->login_url != NULL && page_is_fine(d) && clocks_agree(d) &&
	    way_back_is_fine(d))
		good(d, "%s answers, its clock is this one's, and the way back"
			" is open", d->cf->login_url);
}
