/*
 * register.c: POST /oauth/register, GET PUT DELETE /oauth/register/ID: clients register
 * themselves (RFC 7591), and change that (RFC 7592).
 */
#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "client_metadata.h"
#include "conf.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "oerr.h"
#include "registration.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "sector.h"
#include "serve.h"
#include "site.h"
#include "store_client.h"
#include "store_erase.h"
#include "store_stranger.h"
#include "stranger.h"
#include "throttle_count.h"
#include "trail.h"

static const struct oerr oerr_metadata = { 400, METADATA_BAD, NULL, NULL };
static const struct oerr oerr_uri = { 400, METADATA_BAD_URI, NULL, NULL };

/* A client, and what it is told once. */
struct known {
	struct client cl;
	char secret[SECRET_TEXT_LEN + 1]; /* "": none, or it was told before */
	const char *token;	/* its registration access token */
	int is_waiting;		/* no user knows it: it is a row of strangers */
	int64_t expires_at;	/* of that row */
};

/* ---- Answers ---- */

/* RFC 7591 section 3.2.1, RFC 7592 section 3. */
static const struct oerr *
answer(struct req *rq, const struct known *k, int status)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 2048);
	json_open(b, NULL, '{');
	json_str(b, "client_id", k->cl.client_id);
	json_int(b, "client_id_issued_at", k->cl.created_at);
	if (*k->secret != '\0') {
		json_str(b, "client_secret", k->secret);
		json_int(b, "client_secret_expires_at", 0);
	}
	json_str(b, "registration_access_token", k->token);
	json_str(b, "registration_client_uri",
	    arena_printf(rq->a, "%s/%s",
		site_url(rq->conf, rq->a, SITE_REGISTER), k->cl.client_id));
	client_metadata_write(b, rq->conf, &k->cl);
	json_close(b, '}');
	resp_header(rq, "Cache-Control", "no-store");
	resp_header(rq, "Pragma", "no-cache");
	return resp_json(rq, status, b);
}

/* RFC 6750 section 3. */
static const struct oerr *
refuse_token(struct req *rq, const char *why)
{
	const struct oerr *e = guard_token(rq) == NULL ? &oerr_no_token
						      : &oerr_invalid_token;

	resp_header(rq, "WWW-Authenticate", "Bearer realm=\"%s\"%s",
	    rq->conf->issuer,
	    e == &oerr_no_token ? "" : ", error=\"invalid_token\"");
	return oerr_why(rq, e, "%s", why);
}

/* A digest of the bearer token; 0 if none was sent. */
static int
token_sent(struct req *rq, struct digest *out)
{
	const char *token = guard_token(rq);

	if (token == NULL || *token == '\0')
		return 0;
	digest_of(token, strlen(token), out);
	return 1;
}

/* What the body asks for. */
static const struct oerr *
read_metadata(struct req *rq, struct client *cl)
{
	const struct client new = REGISTRATION_NEW;
	const char *error, *why;

	if (rq->param_error != NULL)
		return oerr_say(rq, &oerr_metadata, "%s",
		    rq->param_error->description);
	*cl = new;
	why = client_metadata_take(rq->conf, rq->a, rq->json, cl, &error);
	return why == NULL ? NULL
			   : oerr_say(rq,
				 strcmp(error, METADATA_BAD_URI) == 0
				     ? &oerr_uri
				     : &oerr_metadata,
				 "%s.", why);
}

/* The row of a client that waits. */
static struct stranger
row_of(struct req *rq, const struct known *k)
{
	struct buf b;

	buf_init(&b, rq->a, 2048);
	json_open(&b, NULL, '{');
	client_metadata_write(&b, rq->conf, &k->cl);
	json_close(&b, '}');
	return (struct stranger) {
		.client_id = k->cl.client_id, .metadata = b.data,
		.origin = CLIENT_REGISTERED,
		.secret = k->cl.secret, .has_secret = k->cl.has_secret,
		.manage = k->cl.manage, .has_manage = 1, .created_at = k->cl.created_at,
		.expires_at = k->expires_at,
	};
}

/* ---- POST /oauth/register ---- */

/* A registration to be stored. */
struct adding {
	struct req *rq;
	const struct digest *ticket; /* or NULL: anybody may register */
	struct stranger row;
	int64_t wait_s;
	enum { ADD_STORED, ADD_USED, ADD_TOO_MANY, ADD_FULL } end;
};

static int
add_step(struct store *st, void *ctx)
{
	struct adding *ad = ctx;
	struct req *rq = ad->rq;
	int64_t first;
	int n = 1;

	ad->end = ADD_STORED;
	if (ad->ticket != NULL &&
	    (n = store_reg_ticket_use(st, ad->ticket, rq->now)) == 0)
		ad->end = ADD_USED;
	if (n == 1 &&
	    (n = throttle_place(rq, "registrations", rq->conf->registrations,
		 &ad->wait_s)) == 0)
		ad->end = ADD_TOO_MANY;
	if (n <= 0 ||
	    (n = store_stranger_waiting(st, CLIENT_REGISTERED, rq->now,
		 STRANGERS_MAX, &first)) < 0)
		return -1;
	if (n >= STRANGERS_MAX) {
		ad->end = ADD_FULL;
		ad->wait_s = first - rq->now;
		return -1;
	}
	/* One goes for one that comes, so that no cron job is needed. */
	return store_erase_idle(st, rq->now) < 0 ||
		store_stranger_add(st, &ad->row) < 0
	    ? -1
	    : 1;
}

/* Who is refused for that holds up nobody: it is looked at before the lock, too. */
static int
is_full(struct req *rq, struct adding *ad)
{
	int64_t first;

	if (store_stranger_waiting(rq->st, CLIENT_REGISTERED, rq->now,
		STRANGERS_MAX, &first) < STRANGERS_MAX)
		return 0;
	ad->end = ADD_FULL;
	ad->wait_s = first - rq->now;
	return 1;
}

static const struct oerr *
store_added(struct req *rq, struct adding *ad)
{
	if (!is_full(rq, ad) && store_write(rq->st, add_step, ad) == 1)
		return NULL;
	switch (ad->end) {
	case ADD_USED:
		return refuse_token(rq, "a ticket that was used up meanwhile");
	case ADD_TOO_MANY:
		return throttle_later(rq, ad->wait_s,
		    "too many registrations for this address");
	case ADD_FULL:
		return throttle_later(
		    rq, ad->wait_s, "too many registered clients are unused");
	default:
		return oerr_machine(rq);
	}
}

static const struct oerr *
check_ticket(struct req *rq, struct digest *ticket)
{
	int n = 0;

	if (token_sent(rq, ticket) &&
	    (n = store_reg_ticket_find(rq->st, ticket, rq->now)) < 0)
		return oerr_machine(rq);
	return n == 1 ? NULL
		      : refuse_token(rq, "no ticket, or one that is not good");
}

static const struct oerr *
add(struct req *rq)
{
	const int wants = rq->conf->registration == REGISTRATION_TICKET;
	char token[SECRET_TEXT_LEN + 1];
	struct known k = { .token = token, .is_waiting = 1,
		.expires_at = rq->now + STRANGER_WAITS_S };
	struct adding *ad = arena_alloc(rq->a, sizeof(*ad));
	struct digest ticket;
	const struct oerr *e;

	if ((wants && (e = check_ticket(rq, &ticket)) != NULL) ||
	    (e = read_metadata(rq, &k.cl)) != NULL)
		return e;
	k.cl.client_id = registration_make_id(rq->a);
	k.cl.created_at = rq->now;
	rq->trail.client_id = k.cl.client_id;
	if (k.cl.has_secret)
		secret_make(k.secret, &k.cl.secret);
	secret_make(token, &k.cl.manage);
	*ad = (struct adding) { .rq = rq, .ticket = wants ? &ticket : NULL,
		.row = row_of(rq, &k) };
	if ((e = store_added(rq, ad)) == NULL) {
		trail_note(rq, "register");
		e = answer(rq, &k, 201);
	}
	explicit_bzero(token, sizeof(token));
	explicit_bzero(k.secret, sizeof(k.secret));
	return e;
}

/* ---- /oauth/register/ID ---- */

/* The client of that id: with a number, or one that waits.  1, 0 or -1. */
static int
load(struct req *rq, const char *id, struct known *k)
{
	struct stranger s;
	int n = store_client_by_id(rq->st, rq->a, id, &k->cl);

	k->is_waiting = n == 0;
	if (n != 0)
		return n < 0 ? -1 : k->cl.revoked_at == 0;
	n = store_stranger_find(rq->st, rq->a, id, rq->now, &s);
	k->expires_at = s.expires_at;
	return n == 1 ? stranger_read(rq->conf, rq->a, &s, &k->cl) : n;
}

/* RFC 7592 section 2: an unknown client and a wrong token are told alike. */
static const struct oerr *
check_token(struct req *rq, const char *id, struct known *k)
{
	struct digest d;
	int n;

	if (!token_sent(rq, &d))
		return refuse_token(rq, "no registration access token");
	if ((n = load(rq, id, k)) < 0)
		return oerr_machine(rq);
	if (n == 0 || !k->cl.has_manage || !digest_equal(&d, &k->cl.manage))
		return refuse_token(rq, "no such client, or another token");
	k->token = guard_token(rq);
	rq->trail.client_id = k->cl.client_id;
	rq->trail.is_known = 1;
	return NULL;
}

static int
secret_fits(const struct client *cl, const char *secret)
{
	struct digest d;

	digest_of(secret, strlen(secret), &d);
	return cl->has_secret && digest_equal(&d, &cl->secret);
}

/*
 * RFC 7592 section 2.2: the client says who it is, and may repeat its secret.  What the
 * server gives it is not the client's to say.
 */
static const struct oerr *
check_said(struct req *rq, const struct known *k)
{
	static const char *const ours[] = { "registration_access_token",
		"registration_client_uri", "client_secret_expires_at",
		"client_id_issued_at" };
	const char *id = json_get_str(rq->json, "client_id");
	const char *secret = json_get_str(rq->json, "client_secret");
	struct json_object *v;

	if (id == NULL || strcmp(id, k->cl.client_id) != 0)
		return oerr_say(rq, &oerr_metadata,
		    "client_id is missing, or is that of another client.");
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (json_object_object_get_ex(rq->json, ours[i], &v))
			return oerr_say(rq, &oerr_metadata,
			    "%s is not sent with a change.", ours[i]);
	return secret == NULL || secret_fits(&k->cl, secret)
	    ? NULL
	    : oerr_say(rq, &oerr_metadata,
		  "client_secret is not the client's: a client cannot choose"
		  " one.");
}

static int
sector_differs(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

/*
 * What a user allowed the client that it was is not for what it is now.  Its tokens stay,
 * unless they would name the user as in another sector: who has both names knows that
 * they are one person (OpenID Connect Core section 8.1).
 */
static int
end_granted(struct store *st, int64_t client, int is_of_another_sector)
{
	return is_of_another_sector ? store_erase_granted(st, client)
				    : store_erase_consents(st, client);
}

/* A change to be stored. */
struct changing {
	struct req *rq;
	const struct known *k;
	const struct digest *had; /* the token that the caller showed */
	int is_gone;
};

/* It may have become a client meanwhile, or be gone: the caller tries again. */
static int
change_step(struct store *st, void *ctx)
{
	struct changing *ch = ctx;
	const struct known *k = ch->k;
	struct known now = { .token = NULL };
	struct stranger s;
	int n = load(ch->rq, k->cl.client_id, &now);

	ch->is_gone = n == 0 ||
	    (n == 1 && (now.is_waiting != k->is_waiting ||
		!digest_equal(&now.cl.manage, ch->had)));
	if (n < 0 || ch->is_gone)
		return -1;
	if (k->is_waiting) {
		s = row_of(ch->rq, k);
		return store_stranger_change(st, &s);
	}
	return store_client_change(st, &k->cl) == 1 &&
		end_granted(st, k->cl.id,
		    sector_differs(now.cl.sector, k->cl.sector)) >= 0
	    ? 1
	    : -1;
}

static const struct oerr *
change(struct req *rq, struct known *k)
{
	const struct client had = k->cl;
	struct changing ch = { .rq = rq, .k = k, .had = &had.manage };
	const struct oerr *e;

	if (rq->param_error == NULL && (e = check_said(rq, k)) != NULL)
		return e;
	if ((e = read_metadata(rq, &k->cl)) != NULL)
		return e;
	k->cl.id = had.id;
	k->cl.client_id = had.client_id;
	k->cl.created_at = had.created_at;
	k->cl.manage = had.manage;
	/* What the operator set stays, and so does what they took away. */
	if (!k->is_waiting)
		k->cl.scope = scope_format(rq->conf, rq->a,
		    scope_of_client(rq->conf, &had) &
			scope_of_client(rq->conf, &k->cl) & ~SCOPE_STAR);
	if (k->cl.jwks_uri != NULL && had.jwks_uri != NULL &&
	    strcmp(k->cl.jwks_uri, had.jwks_uri) == 0)
		k->cl.jwks = had.jwks;
	sector_keep(&had, &k->cl);
	k->cl.access_ttl = had.access_ttl;
	k->cl.refresh_ttl = had.refresh_ttl;
	k->cl.alg = had.alg;
	k->cl.par_required = had.par_required;
	if (k->cl.has_secret && had.has_secret)
		k->cl.secret = had.secret;
	else if (k->cl.has_secret)
		secret_make(k->secret, &k->cl.secret);
	if (store_write(rq->st, change_step, &ch) != 1)
		return ch.is_gone
		    ? oerr_why(rq, &oerr_busy, "it changed meanwhile")
		    : oerr_machine(rq);
	trail_note(rq, "register_change");
	e = answer(rq, k, 200);
	explicit_bzero(k->secret, sizeof(k->secret));
	return e;
}

static const struct oerr *
erase(struct req *rq, const struct known *k)
{
	const int n = k->is_waiting
	    ? store_stranger_delete(rq->st, k->cl.client_id)
	    : store_erase_client(rq->st, k->cl.id);

	if (n < 0)
		return oerr_machine(rq);
	if (n == 0) /* a user allowed it something meanwhile */
		return oerr_why(rq, &oerr_busy, "it changed meanwhile");
	trail_note(rq, "register_delete");
	return resp_empty(rq, 204);
}

static const struct oerr *
manage(struct req *rq, const char *id)
{
	const unsigned methods = METHOD_GET | METHOD_PUT | METHOD_DELETE;
	struct known k = { .token = NULL };
	const struct oerr *e;

	if (!(rq->method & methods))
		return resp_method(rq, methods);
	if ((e = check_token(rq, id, &k)) != NULL)
		return e;
	return rq->method == METHOD_PUT ? change(rq, &k)
	    : rq->method == METHOD_GET	? answer(rq, &k, 200)
					: erase(rq, &k);
}

static const struct oerr *
serve_register(struct req *rq)
{
	if (rq->conf->registration == REGISTRATION_CLOSED)
		return oerr_why(rq, &oerr_not_found, "registration is closed");
	if (rq->path[0] == '/' && rq->path[1] != '\0')
		return manage(rq, rq->path + 1);
	return rq->method == METHOD_POST ? add(rq)
					 : resp_method(rq, METHOD_POST);
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_STORE,
		.name = "register", .audit = "register",
		.methods = METHOD_GET | METHOD_POST | METHOD_PUT |
		    METHOD_DELETE,
		.bodies = BODY_JSON, .query = 1, .lenient = 1,
		.any_path = 1, .routed = 1, .cors = 1, .cors_any = 1,
		.run = serve_register, .fail = resp_error_json,
	};

	return serve(&ep);
}
