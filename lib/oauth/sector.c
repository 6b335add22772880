/* sector.c: apps of several hosts that call a user the same: their list. */
#include "sector.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "crypto.h"
#include "fetch.h"
#include "json.h"
#include "letter.h"
#include "oerr.h"
#include "req.h"
#include "store_client.h"
#include "store_outbox.h"
#include "words.h"

#define GOOD_S 86400 /* so long a list that was read counts */

int
sector_is_url(const char *sector)
{
	return sector != NULL && strncmp(sector, "https://", 8) == 0;
}

/* The host of the URL, without its port. */
static const char *
host_of(struct arena *a, const char *url)
{
	const char *host = url + 8;

	return arena_dup(a, host,
	    *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?"));
}

void
sector_keep(const struct client *had, struct client *new)
{
	const size_t n = had->sector == NULL ? 0 : strlen(had->sector);

	if (sector_is_url(new->sector) && n > 0 &&
	    strncmp(new->sector + 8, had->sector, n) == 0 &&
	    strchr(":/?", new->sector[8 + n]) != NULL &&
	    strcmp(had->redirect_uris, new->redirect_uris) == 0)
		new->sector = had->sector;
}

/*
 * Several clients have one list: what is stored of a fetch is for these redirect URIs
 * alone, so their digest stands behind the URL, as a fragment, which nobody sends.
 */
static const char *
name_of(struct arena *a, const struct client *cl)
{
	char text[B64_LEN(DIGEST_LEN) + 1];
	struct digest d;

	digest_of(cl->redirect_uris, strlen(cl->redirect_uris), &d);
	b64url_encode(d.byte, DIGEST_LEN, text);
	return arena_printf(a, "%s#%s", cl->sector, text);
}

static const struct oerr *
say_failed(struct req *rq, const char *why)
{
	return oerr_say(rq, &oerr_invalid_request,
	    "The list of addresses that this app shares with others"
	    " (sector_identifier_uri) could not be used: %s. In a minute it is"
	    " tried again.", why);
}

const struct oerr *
sector_find(
    struct req *rq, struct client *cl, int is_signed_in, int *is_there)
{
	struct fetch f = { .kind = FETCH_SECTOR, .url = name_of(rq->a, cl),
		.body = cl->redirect_uris };
	const struct oerr *e;
	int n;

	*is_there = 0;
	if (!is_signed_in) {
		n = store_fetch_find(rq->st, rq->a, f.url, f.kind, &f);
		if (n < 0)
			return oerr_machine(rq);
		if (n == 0 || f.expires_at <= rq->now)
			return NULL;
	} else if ((e = fetch_ask(rq, &f)) != NULL) {
		return e;
	}
	if (f.why != NULL && !f.is_under_way)
		return say_failed(rq, f.why);
	*is_there = !f.is_under_way;
	if (*is_there) {
		cl->sector_was = cl->sector;
		cl->sector = host_of(rq->a, cl->sector);
	} else if (f.asked_at < rq->now - FETCH_AGAIN_S) {
		return oerr_why(rq, say_failed(rq, "it was not fetched"),
		    "a list is still to be fetched: is the courier running?");
	}
	return NULL;
}

/* ---- The courier ---- */

static int
has(struct json_object *list, const char *uri, size_t len)
{
	struct json_object *o;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		if (json_object_is_type(o, json_type_string) &&
		    (size_t)json_object_get_string_len(o) == len &&
		    memcmp(json_object_get_string(o), uri, len) == 0)
			return 1;
	}
	return 0;
}

static const char *
check(struct arena *a, const char *text, const char *uris)
{
	struct json_object *list = json_parse(a, text, strlen(text));
	size_t n;

	if (!json_object_is_type(list, json_type_array))
		return "it is no JSON array";
	for (; words_next(&uris, &n); uris += n)
		if (!has(list, uris, n))
			return "it lacks a redirect URI of the app";
	return NULL;
}

/* A list that came. */
struct came {
	const struct writer *w;
	const struct job *j;
	const char *why;
};

static int
take_step(struct store *st, void *ctx)
{
	const struct came *c = ctx;

	return fetch_end_step(st, c->j, c->w->now, c->why,
	    c->why == NULL ? GOOD_S : FETCH_AGAIN_S);
}

int
sector_take(const struct writer *w, struct store *st, const struct job *j,
    const struct got *g, const char **why)
{
	struct came c = { .w = w, .j = j, .why = g->why };

	if (g->text != NULL)
		c.why = check(w->a, g->text, j->body);
	*why = c.why;
	return store_write(st, take_step, &c);
}
