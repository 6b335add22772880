/* site.c: checks of the running site: server, TLS, clock. */
#include <time.h>

#include "doctor.h"
#include "http.h"

#define DAY 86400
#define CERTIFICATE_DAYS 14
#define SKEW_WARN_S 5
#define SKEW_WRONG_S 60

const char *
cure_of_silence(const char *error)
{
	static const struct {
		const char *word, *cure;
	} cures[] = {
		{ "cannot be run",
		    "Install the command curl (apt-get install"
		    " curl), which asks the site." },
		{ "curl: (6)",
		    "Correct the host's name, or its entry in the"
		    " DNS." },
		{ "curl: (7)", "Start the web server, or open its port." },
		{ "curl: (28)",
		    "See whether a firewall drops what is sent"
		    " there, and whether the server hangs." },
		{ "curl: (60)",
		    "Have the server send a valid certificate for"
		    " this name, with the chain up to a known authority." },
		{ "curl: (35)", "Let the server speak TLS at this port." },
	};

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (strstr(error, cures[i].word) != NULL)
			return cures[i].cure;
	return "See the web server's error log.";
}

void
check_site(struct doctor *d)
{
	struct http_answer an;
	const char *url = url_of(d, SITE_JWKS);

	if (http_get(d->a, url, &an) < 0) {
		bad(d, LEVEL_WRONG, cure_of_silence(an.error),
		    "%s does not answer: %s.", url, an.error);
		return;
	}
	d->has |= NEEDS_SITE;
	d->server = http_header(d->a, &an, "Server", NULL);
	d->via = http_header(d->a, &an, "Via", NULL);
	if (d->server == NULL || *d->server == '\0')
		d->server = "";
	good(d, "%s answers, server %s%s%s", d->base,
	    *d->server == '\0' ? "does not tell its name" : d->server,
	    d->via == NULL ? "" : ", by way of ", d->via == NULL ? "" : d->via);
}

/*
 * A program that keeps running after its answer is FastCGI.  A plain CGI
 * program may be about to end, so wait a moment.
 */
void
check_interface(struct doctor *d)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	count_running(d); /* again: Apache starts programs on request */
	for (int i = 0; i < 25 && d->n_running > 0; i++) {
		nanosleep(&pause, NULL);
		count_running(d);
	}
	if (d->n_running > 0)
		good(d, "FastCGI: programs keep running");
	else if (d->programs != NULL && is_loopback(d->base))
		good(d, "plain CGI, or programs of another directory");
	else
		good(d, "cannot be seen from here");
}

/* On the usual port, plain http should only redirect to https. */
static int
http_leads_on(struct doctor *d)
{
	const char *host = url_host(d->a, d->base), *to;
	const char *url = arena_printf(
	    d->a, "http://%s%s", host, url_path(url_of(d, SITE_TOKEN)));
	struct http_answer an;

	if (host[0] != '[' && strchr(host, ':') != NULL)
		return 1;
	if (http_get(d->a, url, &an) < 0)
		return 1; /* no server listens: no secret is sent there */
	to = http_header(d->a, &an, "Location", NULL);
	if (an.status / 100 == 3 && to != NULL &&
	    strncasecmp(to, "https://", 8) == 0)
		return 1;
	bad(d, LEVEL_WARN,
	    "Have the server redirect http to https for this"
	    " host (301), before any program is asked.",
	    "%s answers %d, so secrets may be sent without encryption.", url,
	    an.status);
	return 0;
}

void
check_https(struct doctor *d)
{
	const int is_https = strncmp(d->base, "https://", 8) == 0;
	const char *issuer = d->has & NEEDS_ISSUER ? d->cf->issuer : d->base;
	int fine = 1;

	if (!is_https && !is_loopback(d->base)) {
		fine = 0;
		bad(d, LEVEL_WRONG,
		    "Give the server a certificate (for"
		    " example from Let's Encrypt), and use https.",
		    "%s is not encrypted: passwords and tokens can be read on"
		    " the way.",
		    d->base);
	}
	if (is_https)
		fine = http_leads_on(d) && fine;
	if (strcmp(issuer, d->base) != 0) {
		fine = 0;
		bad(d,
		    is_loopback(d->base) && !is_loopback(issuer)
			? LEVEL_WARN /* a server behind the one in front */
			: LEVEL_WRONG,
		    "Set issuer in carnet.conf to the URL that clients use,"
		    " the same in scheme, host, port and path; or give that"
		    " URL to carnet doctor.",
		    "The issuer is %s, and the site was asked at %s.", issuer,
		    d->base);
	}
	if (fine)
		good(d, "the issuer is where the site is");
}

/* Read a date as curl prints it with OpenSSL or with GnuTLS. */
static time_t
read_date(const char *text)
{
	struct tm tm = { 0 };

	if (strptime(text, "%b %d %H:%M:%S %Y GMT", &tm) == NULL &&
	    strptime(text, "%Y-%m-%d %H:%M:%S", &tm) == NULL)
		return 0;
	return timegm(&tm);
}

/* The first certificate that the site sends is its own. */
void
check_certificate(struct doctor *d)
{
	static const char mark[] = "Expire date:";
	struct http_answer an;
	const char *p;
	long long days;
	time_t end;

	if (strncmp(d->base, "https://", 8) != 0 ||
	    http_send(d->a,
		&(struct http_request){
		    .url = url_of(d, SITE_JWKS), .certificates = 1 },
		&an) < 0)
		return;
	p = strstr(an.body, mark);
	if (p == NULL || (end = read_date(p + strlen(mark))) == 0) {
		good(d, "verified; this curl does not tell when it expires");
		return;
	}
	days = (end - d->c->now) / DAY;
	if (days < CERTIFICATE_DAYS)
		bad(d, LEVEL_WARN,
		    "Renew it, and see why that does not happen"
		    " by itself.",
		    "The certificate expires at %s, in %lld"
		    " days.",
		    cmd_date(d->a, end), days);
	else
		good(d, "verified, expires in %lld days", days);
}

int
clock_off(struct doctor *d, const char *url, long long *off)
{
	struct http_answer an;
	const char *date, *age;
	struct tm tm = { 0 };
	time_t before = time(NULL), after, there;

	*off = 0;
	if (http_get(d->a, url, &an) < 0)
		return 0;
	after = time(NULL);
	date = http_header(d->a, &an, "Date", NULL);
	age = http_header(d->a, &an, "Age", NULL);
	if (date == NULL ||
	    strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL) {
		bad(d, LEVEL_WARN, "Have the web server send its Date.",
		    "The answers have no Date.");
		return 0;
	}
	there = timegm(&tm) + (age == NULL ? 0 : (time_t)strtol(age, NULL, 10));
	/* Date has whole seconds: a second before the request is no skew. */
	*off = there > after      ? there - after
	    : there < before - 1 ? there - before
				 : 0;
	return 1;
}

void
check_time(struct doctor *d)
{
	long long off;

	if (!clock_off(d, url_of(d, SITE_TOKEN), &off))
		return;
	if (off > -SKEW_WARN_S && off < SKEW_WARN_S)
		good(d, "the server's clock is this one's");
	else
		bad(d, llabs(off) >= SKEW_WRONG_S ? LEVEL_WRONG : LEVEL_WARN,
		    "Set both clocks by NTP: by the one tokens are made and"
		    " expire, by the other they may be checked.",
		    "The server's clock is %lld seconds %s this machine's.",
		    llabs(off), off > 0 ? "ahead of" : "behind");
}
