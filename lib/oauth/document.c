/* document.c: clients whose id is the URL of what they say of themselves. */
#include "document.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "client_metadata.h"
#include "conf.h"
#include "fetch.h"
#include "json.h"
#include "letter.h"
#include "oerr.h"
#include "registration.h"
#include "req.h"
#include "sector.h"
#include "store_client.h"
#include "store_erase.h"
#include "store_outbox.h"
#include "store_stranger.h"
#include "stranger.h"
#include "words.h"

/* For how long a document is good: as its server says, within bounds. */
#define GOOD_MIN_S 300
#define GOOD_MAX_S 86400
#define GOOD_S 3600	/* if it does not say */

int
document_is_url(const char *client_id)
{
	return strncmp(client_id, "https://", 8) == 0;
}

/* "." and "..", also as "%2e": two programs could read two URLs in one. */
static int
is_dots(const char *segment, size_t n)
{
	size_t dots = 0;

	for (size_t i = 0; i < n; dots++)
		if (segment[i] == '.')
			i++;
		else if (n - i >= 3 && strncasecmp(segment + i, "%2e", 3) == 0)
			i += 3;
		else
			return 0;
	return dots == 1 || dots == 2;
}

static int
has_dots(const char *path)
{
	size_t n;

	for (; *path == '/'; path += n) {
		n = strcspn(++path, "/?");
		if (is_dots(path, n))
			return 1;
	}
	return 0;
}

/* Is the host one of the words, with its port or without, or below one with "*."? */
static int
is_listed(const char *hosts, const char *host, size_t len)
{
	const size_t bare = *host == '['
	    ? strcspn(host, "]") + 1
	    : strcspn(host, ":/?");
	size_t n;

	for (; words_next(&hosts, &n); hosts += n) {
		if ((n == len || n == bare) &&
		    strncasecmp(hosts, host, n) == 0)
			return 1;
		if (n > 2 && memcmp(hosts, "*.", 2) == 0 && bare > n - 1 &&
		    strncasecmp(host + bare - (n - 1), hosts + 1, n - 1) == 0)
			return 1;
	}
	return 0;
}

const char *
document_url_refused(const struct conf *cf, struct arena *a, const char *url)
{
	const char *host = url + 8, *path;

	if (!document_is_url(url) || !fetch_url_is_sound(url))
		return "it is no https URL without user and fragment";
	path = host + strcspn(host, "/?");
	if (*path != '/')
		return "it has no path";
	if (has_dots(path))
		return "its path has a segment of dots";
	return cf->client_documents_hosts == NULL ||
		is_listed(cf->client_documents_hosts, host,
		    (size_t)(path - host))
	    ? NULL
	    : arena_printf(a, "its host %.*s is none that this server takes",
		  (int)(path - host), host);
}

/* ---- Finding ---- */

/*
 * The client that is stored: 1, 0 or -1; *is_refused is set if the operator lets it in no
 * more.
 */
static int
find_stored(
    struct req *rq, const char *url, struct client *out, int *is_refused)
{
	struct stranger s;
	int n = store_client_by_id(rq->st, rq->a, url, out);

	*is_refused = n == 1 &&
	    (out->revoked_at != 0 || out->origin == NULL ||
		strcmp(out->origin, CLIENT_DOCUMENT) != 0);
	if (n != 0)
		return n;
	n = store_stranger_find(rq->st, rq->a, url, rq->now, &s);
	return n == 1 ? stranger_read(rq->conf, rq->a, &s, out) : n;
}

static int
is_pinned(const struct client *cl)
{
	return cl->id != 0 && cl->idle_at == 0;
}

/* The courier looks from time to time; nobody waits for that. */
static const struct oerr *
renew_pinned(struct req *rq, const char *url)
{
	struct fetch f = { .kind = FETCH_DOCUMENT, .url = url };

	(void)fetch_ask(rq, &f);
	return NULL;
}

static const struct oerr *
say_failed(struct req *rq, const char *why)
{
	return oerr_say(rq, &oerr_invalid_request,
	    "What the app says of itself, at the address that is its name, could"
	    " not be read: %s. In a minute it is tried again.", why);
}

/* It is wanted: is it under way, or how did it fail?  It may have come this moment. */
static const struct oerr *
ask(struct req *rq, const char *url, struct client *out, enum document *state)
{
	struct fetch f = { .kind = FETCH_DOCUMENT, .url = url };
	const struct oerr *e;
	int is_refused;

	if ((e = fetch_ask(rq, &f)) != NULL)
		return e;
	if (!f.is_under_way && f.why == NULL) {
		*state = DOCUMENT_READ;
		return find_stored(rq, url, out, &is_refused) == 1 && !is_refused
		    ? NULL
		    : say_failed(rq, "it is not one that is taken here");
	}
	*state = DOCUMENT_WAIT;
	if (!f.is_under_way)
		return say_failed(rq, f.why);
	return f.asked_at >= rq->now - FETCH_AGAIN_S
	    ? NULL
	    : oerr_why(rq, say_failed(rq, "it was not fetched"),
		  "a document is still to be fetched: is the courier running?");
}

const struct oerr *
document_find(struct req *rq, const char *url, int is_signed_in,
    int is_decided, struct client *out, enum document *state)
{
	struct fetch f = { .url = url };
	const char *why;
	int is_there, is_refused, n;

	*state = DOCUMENT_NONE;
	if (rq->conf->client_documents == DOCUMENTS_OFF)
		return NULL;
	if ((why = document_url_refused(rq->conf, rq->a, url)) != NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The name of the app is no address of a document: %s.",
		    why);
	if ((is_there = find_stored(rq, url, out, &is_refused)) < 0)
		return oerr_machine(rq);
	if (is_refused)
		return NULL;
	if (is_there && is_pinned(out)) {
		*state = DOCUMENT_READ;
		return renew_pinned(rq, url);
	}
	if (rq->conf->client_documents != DOCUMENTS_OPEN)
		return NULL;
	if ((n = store_fetch_find(rq->st, rq->a, url, FETCH_DOCUMENT, &f)) < 0)
		return oerr_machine(rq);
	if (is_there &&
	    (is_decided ||
		(n == 1 && !f.is_under_way && f.why == NULL &&
		    f.expires_at > rq->now))) {
		*state = DOCUMENT_READ;
		return NULL;
	}
	*state = DOCUMENT_SIGN_IN;
	return is_signed_in ? ask(rq, url, out, state) : NULL;
}

int
document_known(struct req *rq, const char *url, struct client *out)
{
	const int let_in = rq->conf->client_documents;
	int n, is_refused;

	if (let_in == DOCUMENTS_OFF ||
	    document_url_refused(rq->conf, rq->a, url) != NULL)
		return 0;
	n = find_stored(rq, url, out, &is_refused);
	return n == 1 &&
		(is_refused || (let_in != DOCUMENTS_OPEN && !is_pinned(out)))
	    ? 0
	    : n;
}

/* ---- Storing ---- */

const char *
document_merge(const struct conf *cf, struct arena *a,
    const struct client *had, struct client *new)
{
	const struct registration nothing = { .name = NULL };

	new->id = had->id;
	new->client_id = had->client_id;
	new->idle_at = had->idle_at;
	new->scope = had->scope;
	new->alg = had->alg;
	new->access_ttl = had->access_ttl;
	new->refresh_ttl = had->refresh_ttl;
	new->refresh_keep = had->refresh_keep;
	new->par_required = had->par_required;
	new->is_trusted = had->is_trusted;
	new->id_token_claims = had->id_token_claims;
	sector_keep(had, new);
	if (new->jwks_uri != NULL && had->jwks_uri != NULL &&
	    strcmp(new->jwks_uri, had->jwks_uri) == 0)
		new->jwks = had->jwks;
	return registration_take(cf, a, &nothing, new);
}

static const char *
text_of(const struct conf *cf, struct arena *a, const struct client *cl)
{
	struct buf b;

	buf_init(&b, a, 1024);
	json_open(&b, NULL, '{');
	client_metadata_write(&b, cf, cl);
	json_close(&b, '}');
	return b.data;
}

/* A document that came. */
struct came {
	const struct writer *w;
	const struct job *j;
	const struct got *g;
	int64_t good_s;
	const char *why;
};

/* What users allowed the client that it was is not for what it is now. */
static int
renew(struct store *st, struct came *c, const struct client *had)
{
	const struct conf *cf = c->w->conf;
	struct client new = REGISTRATION_NEW;

	c->why = client_metadata_document(
	    cf, c->w->a, c->j->target, c->g->text, &new);
	if (c->why == NULL)
		c->why = document_merge(cf, c->w->a, had, &new);
	if (c->why != NULL || strcmp(text_of(cf, c->w->a, had),
				  text_of(cf, c->w->a, &new)) == 0)
		return 0;
	if (had->idle_at != 0 && store_erase_consents(st, had->id) < 0)
		return -1;
	return store_client_change(st, &new) < 0 ? -1 : 0;
}

static int
add(struct store *st, struct came *c)
{
	const int64_t now = c->w->now;
	const struct stranger s = { .client_id = c->j->target,
		.origin = CLIENT_DOCUMENT, .metadata = c->g->text,
		.created_at = now,
		.expires_at = now + (c->good_s > STRANGER_WAITS_S
					? c->good_s
					: STRANGER_WAITS_S) };
	int64_t first;
	const int n = store_stranger_waiting(
	    st, CLIENT_DOCUMENT, now, STRANGERS_MAX, &first);

	if (n < 0)
		return -1;
	if (n >= STRANGERS_MAX) {
		c->why = "too many apps wait for a user";
		return 0;
	}
	return store_stranger_add(st, &s) < 0 ? -1 : 0;
}

static int
take_step(struct store *st, void *ctx)
{
	struct came *c = ctx;
	const struct conf *cf = c->w->conf;
	struct client cl = REGISTRATION_NEW, had;
	int n = 0;

	c->why = c->g->text == NULL ? c->g->why
				    : client_metadata_document(cf, c->w->a,
					  c->j->target, c->g->text, &cl);
	if (c->why == NULL &&
	    (n = store_client_by_id(st, c->w->a, c->j->target, &had)) == 1)
		n = had.origin != NULL &&
			strcmp(had.origin, CLIENT_DOCUMENT) == 0
		    ? renew(st, c, &had)
		    : 0;
	else if (c->why == NULL && n == 0 &&
	    cf->client_documents == DOCUMENTS_OPEN)
		n = add(st, c);
	if (n < 0)
		return -1;
	return fetch_end_step(st, c->j, c->w->now, c->why,
	    c->why == NULL ? c->good_s : FETCH_AGAIN_S);
}

int
document_take(const struct writer *w, struct store *st, const struct job *j,
    const struct got *g, const char **why)
{
	const int64_t said = g->max_age_s < 0 ? GOOD_S : g->max_age_s;
	struct came c = { .w = w, .j = j, .g = g,
		.good_s = said < GOOD_MIN_S ? GOOD_MIN_S
		    : said > GOOD_MAX_S	    ? GOOD_MAX_S
					    : said };
	const int n = store_write(st, take_step, &c);

	*why = c.why;
	return n;
}
