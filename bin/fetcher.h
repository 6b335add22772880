/* fetcher.h: the process that asks other sites' web servers. */
#ifndef CARNET_FETCHER_H
#define CARNET_FETCHER_H

#include <stddef.h>

struct arena;
struct conf;
struct fetcher;

/*
 * fetcher_start(cf, a):
 * Start it.  It connects to nobody but public addresses (libexec/public.h), and to the
 * setting courier_hosts.  It ends when we do.  Return it, in a.
 */
struct fetcher *fetcher_start(const struct conf *cf, struct arena *a);

/* What a web server answered. */
struct fetched {
	int status;		/* of HTTP; of a GET always 200 */
	long max_age_s;		/* of Cache-Control; -1: it does not say */
	const char *body;	/* of a GET, JSON: a NUL behind it */
	size_t len;
	const char *why;	/* there is no answer that counts */
};

/*
 * fetcher_get(f, a, url, max, out), fetcher_post(f, a, url, form, out):
 * Get the JSON document at the https URL, of at most max bytes (32 KB); or post a
 * form there.  Return 1 if there was an answer; 0 if not, and then out->why says why,
 * in words that may be shown to anybody; -1 if there is no fetcher any more.
 */
int fetcher_get(struct fetcher *f, struct arena *a, const char *url, size_t max,
    struct fetched *out);
int fetcher_post(struct fetcher *f, struct arena *a, const char *url,
    const char *form, struct fetched *out);

/* fetcher_end(f): it is wanted no more.  NULL is fine. */
void fetcher_end(struct fetcher *f);

#endif
