/* courier_job.c: the kinds of jobs, and how each is done. */
#include "courier_job.h"

#include <string.h>

#include "arena.h"
#include "cmd.h"
#include "conf.h"
#include "courier.h"
#include "document.h"
#include "fetch.h"
#include "fetcher.h"
#include "jwk_set.h"
#include "link.h"
#include "log.h"
#include "logout_token.h"
#include "mail.h"
#include "oerr.h"
#include "req.h"
#include "sector.h"
#include "store_client.h"
#include "store_logout.h"
#include "store_outbox.h"

/* The functions of a kind return what carrier_send does, and why. */
static enum carrier_result
send_mail(struct courier *co, const struct job *j, const char **why)
{
	struct arena *a = co->c->a;

	*why = "no mail is set up";
	return co->carrier == NULL ? CARRIER_LATER : carrier_send(
	    co->carrier, a, mail_address(a, j->target), j->body, why);
}

/* Somebody asked for a mail: write it, and it is a job of its own. */
static enum carrier_result
answer(struct courier *co, const struct job *j, const char **why)
{
	const struct writer w = { .conf = co->c->conf, .a = co->c->a,
		.now = co->now };
	const int n = link_answer(&w, co->c->st, j, why);

	return n == 1 ? CARRIER_TAKEN : n == 0 ? CARRIER_LATER : CARRIER_GONE;
}

/* A document that somebody wants: whatever comes of it ends the job. */
static enum carrier_result
fetch(struct courier *co, const struct job *j, size_t max, const char **why,
    int (*take)(const struct writer *w, struct store *st, const struct job *j,
	const struct got *g, const char **why))
{
	const struct writer w = { .conf = co->c->conf, .a = co->c->a,
		.now = co->now };
	struct fetched f;
	struct got g;
	/* Behind a "#" stands for whom it is: sector.c. */
	const char *url = arena_dup(
	    co->c->a, j->target, strcspn(j->target, "#"));
	const int n = fetcher_get(co->fetcher, co->c->a, url, max, &f);

	*why = f.why;
	if (n < 0)
		return CARRIER_GONE;
	g = (struct got) { .text = n == 1 ? f.body : NULL,
		.max_age_s = f.max_age_s, .why = f.why };
	if (take(&w, co->c->st, j, &g, why) < 0)
		return CARRIER_GONE;
	log_event("%s %s: %s", j->kind, oerr_shown(co->c->a, url),
	    *why == NULL ? "fetched" : *why);
	return CARRIER_TAKEN;
}

static enum carrier_result
fetch_document(struct courier *co, const struct job *j, const char **why)
{
	return fetch(co, j, DOCUMENT_BYTES_MAX, why, document_take);
}

static enum carrier_result
fetch_jwks(struct courier *co, const struct job *j, const char **why)
{
	return fetch(co, j, JWK_SET_BYTES_MAX, why, fetch_take_jwks);
}

static enum carrier_result
fetch_sector(struct courier *co, const struct job *j, const char **why)
{
	return fetch(co, j, SECTOR_BYTES_MAX, why, sector_take);
}

/* Back-Channel Logout sections 2.5 and 2.8: 200, and 204, as some frameworks have it. */
static enum carrier_result
log_out(struct courier *co, const struct job *j, const char **why)
{
	const struct writer w = { .conf = co->c->conf, .a = co->c->a,
		.now = co->now };
	const char *token;
	struct client cl;
	struct fetched f;
	int n = store_client_by_id(co->c->st, w.a, j->target, &cl);

	if (n < 0)
		return CARRIER_GONE;
	if (n == 0 || cl.revoked_at != 0 || cl.backchannel_logout_uri == NULL)
		return CARRIER_TAKEN; /* nobody wants it any more */
	n = logout_token_make(&w, co->c->st, &cl, j->user, j->body, &token);
	*why = token;
	if (n <= 0)
		return n < 0 ? CARRIER_GONE : CARRIER_LATER;
	n = fetcher_post(co->fetcher, w.a, cl.backchannel_logout_uri,
	    arena_printf(w.a, "logout_token=%s", token), &f);
	*why = f.why;
	if (n <= 0)
		return n < 0 ? CARRIER_GONE : CARRIER_LATER;
	*why = arena_printf(w.a, "%s answered %d, not 200", j->target, f.status);
	return f.status == 200 || f.status == 204 ? CARRIER_TAKEN
						  : CARRIER_LATER;
}

static const struct kind {
	const char *name;
	int is_inner;	/* nothing goes out: it is not counted, nor audited */
	enum carrier_result (*run)(
	    struct courier *co, const struct job *j, const char **why);
} kinds[] = {
	{ .name = "mail", .run = send_mail },
	{ .name = "sign_up", .run = answer, .is_inner = 1 },
	{ .name = "recover", .run = answer, .is_inner = 1 },
	{ .name = "email", .run = answer, .is_inner = 1 },
	{ .name = LOGOUT_JOB, .run = log_out },
	{ .name = FETCH_JWKS, .run = fetch_jwks, .is_inner = 1 },
	{ .name = FETCH_DOCUMENT, .run = fetch_document, .is_inner = 1 },
	{ .name = FETCH_SECTOR, .run = fetch_sector, .is_inner = 1 },
};

/* A kind that this program does not know has no run. */
static const struct kind *
kind_of(const struct job *j)
{
	static const struct kind unknown = { .name = "" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, j->kind) == 0)
			return &kinds[i];
	return &unknown;
}

int
courier_job_is_inner(const struct job *j)
{
	return kind_of(j)->is_inner;
}

enum carrier_result
courier_job_run(struct courier *co, const struct job *j, const char **why)
{
	const struct kind *k = kind_of(j);

	*why = "this program does not know its kind";
	return k->run == NULL ? CARRIER_LATER : k->run(co, j, why);
}
