/* stranger.c: clients that register themselves, or that have a document. */
#include "stranger.h"

#include <string.h>

#include "arena.h"
#include "client_metadata.h"
#include "conf.h"
#include "fetch.h"
#include "json.h"
#include "registration.h"
#include "req.h"
#include "store_client.h"
#include "store_stranger.h"

#define DAY_S 86400

int
stranger_read(const struct conf *cf, struct arena *a, const struct stranger *s,
    struct client *out)
{
	struct client cl = REGISTRATION_NEW;
	const char *error, *why;

	/* It was checked; but the scopes may have changed since. */
	why = strcmp(s->origin, CLIENT_DOCUMENT) == 0
	    ? client_metadata_document(cf, a, s->client_id, s->metadata, &cl)
	    : client_metadata_take(cf, a,
		  json_parse(a, s->metadata, strlen(s->metadata)), &cl,
		  &error);
	if (why != NULL)
		return 0;
	cl.client_id = s->client_id;
	cl.has_secret = s->has_secret;
	cl.secret = s->secret;
	cl.manage = s->manage;
	cl.has_manage = s->has_manage;
	cl.origin = s->origin;
	cl.created_at = s->created_at;
	cl.said = s->metadata;
	*out = cl;
	return 1;
}

int
stranger_find(struct req *rq, const char *client_id, struct client *out)
{
	struct stranger s;
	int n;

	if (rq->conf->registration == REGISTRATION_CLOSED)
		return 0;
	n = store_stranger_find(rq->st, rq->a, client_id, rq->now, &s);
	return n == 1 ? stranger_read(rq->conf, rq->a, &s, out) : n;
}

/* They are there when the client comes with its code.  If not, it is told to wait. */
static int
want_keys(struct req *rq, const struct client *cl)
{
	struct fetch f = { .kind = FETCH_JWKS, .url = cl->jwks_uri };

	return fetch_ask_step(rq->st, rq->conf, rq->a, rq->now, &f);
}

/*
 * Take it from the strangers, if it is still what the user saw: it may have changed its
 * registration, or its document may have been read anew, since the request began.
 * Return 1; 0 if it changed; -1 on a database error; *is_gone is set if it is no stranger
 * any more.
 */
static int
take_away(struct req *rq, struct client *new, int *is_gone)
{
	struct stranger s;
	int n = store_stranger_find(rq->st, rq->a, new->client_id, rq->now, &s);

	*is_gone = n == 0;
	if (n <= 0)
		return n;
	if (strcmp(s.metadata, new->said) != 0)
		return 0;
	new->secret = s.secret;
	return store_stranger_delete(rq->st, new->client_id);
}

/* Two tabs may allow the same client: the second finds that the row is gone. */
int
stranger_admit(struct req *rq, const struct client *cl, int64_t *id)
{
	struct client new = *cl;
	int is_gone, n;

	*id = cl->id;
	if (cl->id != 0)
		return cl->sector_was == NULL
		    ? 1
		    : store_client_set_sector(rq->st, cl);
	n = take_away(rq, &new, &is_gone);
	if (n < 0 || (n == 0 && !is_gone))
		return n;
	if (n == 1) {
		new.idle_at = rq->now + STRANGER_WAITS_S;
		n = store_client_add(rq->st, &new);
		if (n == 1 && new.jwks_uri != NULL && want_keys(rq, &new) < 0)
			n = -1;
	} else {
		n = store_client_by_id(rq->st, rq->a, cl->client_id, &new);
		if (n == 1 && new.revoked_at != 0)
			n = 0;
	}
	*id = new.id;
	return n;
}

/* A client whose access token still lives may use it, which the guard does not note. */
int
stranger_used(struct store *st, const struct conf *cf, int64_t now,
    const struct client *cl)
{
	const int64_t ttl = cl->access_ttl > 0 ? cl->access_ttl
					      : cf->access_ttl;
	const int64_t until = now +
	    (ttl > cf->registration_idle ? ttl : cf->registration_idle);

	return cl->idle_at == 0 || cl->idle_at > until - DAY_S
	    ? 0
	    : store_client_used(st, cl->id, until) < 0 ? -1 : 0;
}
