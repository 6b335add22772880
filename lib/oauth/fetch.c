/* fetch.c: what the courier is to fetch from other sites, asked for by a request. */
#include "fetch.h"

#include <string.h>

#include "conf.h"
#include "jwk_set.h"
#include "letter.h"
#include "log.h"
#include "oerr.h"
#include "req.h"
#include "store_client.h"
#include "store_outbox.h"

/* A fetch takes 5 s at most, and the courier does one after the other. */
#define UNDER_WAY_MAX 20
#define DAY_S 86400

int
fetch_url_is_sound(const char *url)
{
	const char *host = url + 8;
	size_t n;

	if (strncmp(url, "https://", 8) != 0 || strlen(url) > 2048)
		return 0;
	for (const char *p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("#\\\"<>^`{|}", *p) != NULL)
			return 0;
	n = strcspn(host, "/?");
	return n > 0 && *host != ':' && memchr(host, '@', n) == NULL;
}

/* One is wanted. */
struct wanted {
	struct req *rq;
	struct fetch *f;
	int is_full;
};

int
fetch_ask_step(struct store *st, const struct conf *cf, struct arena *a,
    int64_t now, struct fetch *f)
{
	const struct job j = { .kind = f->kind, .target = f->url,
		.body = f->body == NULL ? "" : f->body, .created_at = now };
	int n;

	if ((n = store_fetch_find(st, a, f->url, f->kind, f)) < 0)
		return -1;
	if (n == 1 && (f->is_under_way || f->expires_at > now))
		return 1;
	if ((n = store_fetch_under_way(st, UNDER_WAY_MAX)) < 0)
		return -1;
	if (n >= UNDER_WAY_MAX)
		return 0;
	f->asked_at = now;
	f->is_under_way = 1;
	f->why = NULL;
	f->expires_at = now + 2 * DAY_S; /* its job is tried for a day */
	n = store_outbox_add(st, (cf->outbox_max + 1) / 2, &j);
	return n == 1 ? store_fetch_put(st, f) : n;
}

static int
ask_step(struct store *st, void *ctx)
{
	struct wanted *w = ctx;
	const int n = fetch_ask_step(
	    st, w->rq->conf, w->rq->a, w->rq->now, w->f);

	w->is_full = n == 0;
	return n == 1 ? 1 : -1;
}

/* Most often it is known already: that takes no write. */
const struct oerr *
fetch_ask(struct req *rq, struct fetch *f)
{
	struct wanted w = { .rq = rq, .f = f };
	int n;

	if ((n = store_fetch_find(rq->st, rq->a, f->url, f->kind, f)) < 0)
		return oerr_machine(rq);
	if (n == 1 && (f->is_under_way || f->expires_at > rq->now))
		return NULL;
	if (store_write(rq->st, ask_step, &w) == 1)
		return NULL;
	return w.is_full ? oerr_why(rq, &oerr_busy,
			       "too many documents are to be fetched")
			 : oerr_machine(rq);
}

int
fetch_end_step(struct store *st, const struct job *j, int64_t now,
    const char *why, int64_t again_s)
{
	const struct fetch f = { .url = j->target, .kind = j->kind,
		.asked_at = j->created_at, .why = why,
		.expires_at = now + again_s };

	return store_outbox_done(st, j->id) < 0 || store_fetch_put(st, &f) < 0
	    ? -1
	    : 1;
}

/* Keys that came. */
struct keys_step {
	const struct writer *w;
	const struct job *j;
	const struct got *g;
	const char *why;
};

static int
keys_step(struct store *st, void *ctx)
{
	const struct keys_step *k = ctx;

	if (k->why == NULL &&
	    store_client_set_keys(st, k->j->target, k->g->text) < 0)
		return -1;
	return fetch_end_step(st, k->j, k->w->now, k->why, FETCH_AGAIN_S);
}

int
fetch_take_jwks(const struct writer *w, struct store *st,
    const struct job *j, const struct got *g, const char **why)
{
	struct keys_step k = { .w = w, .j = j, .g = g, .why = g->why };

	if (g->text != NULL)
		k.why = jwk_set_refused(w->a, g->text, 0);
	*why = k.why;
	return store_write(st, keys_step, &k);
}
