/*
 * courier.c: one courier.
 *
 * A job is taken by putting its next try to a later time, and deleted when it is
 * done.  Who is killed between the two leaves it for that next try: no job is lost,
 * and one may be done twice.
 */
#include "courier.h"

#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "audit.h"
#include "carrier.h"
#include "cmd.h"
#include "conf.h"
#include "confine.h"
#include "courier_job.h"
#include "fetcher.h"
#include "letter.h"
#include "log.h"
#include "req.h"
#include "sandbox.h"
#include "store.h"
#include "store_logout.h"
#include "store_outbox.h"
#include "store_user.h"

#define FIRST_S 60	/* from the first try to the second; then it doubles */
#define DAY_S 86400	/* for so long a job is tried */
#define LOOK_S 1	/* between two looks into the outbox */

struct timespec
courier_conf_at(const struct cmd *c)
{
	struct stat sb;

	return stat(c->conf_path, &sb) == 0 ? sb.st_mtim
					    : (struct timespec) { 0 };
}

/* When a job whose try begins now is tried again: the last time after a day. */
static int64_t
next_try(const struct job *j, int64_t now)
{
	const int64_t last = j->created_at + DAY_S;
	const int64_t next =
	    now + (j->tries < 11 ? (int64_t)FIRST_S << j->tries : DAY_S);

	return now < last && next > last && last >= now + FIRST_S ? last : next;
}

/* The audit trail has how it ended. */
static void
note(struct courier *co, const struct job *j, const char *why)
{
	const struct conf *cf = co->c->conf;
	struct timespec t;
	struct audit ev = { .detail = j->kind,
		.event = strcmp(j->kind, LOGOUT_JOB) == 0 ? "logout" : "mail",
		.outcome = why == NULL ? "ok" : "given_up", .why = why };
	struct user u;

	if (j->user != 0 &&
	    store_user_by_id(co->c->st, co->c->a, j->user, &u) == 1)
		ev.user = u.email;
	clock_gettime(CLOCK_REALTIME, &t);
	ev.at = (int64_t)t.tv_sec;
	ev.at_us = (int)(t.tv_nsec / 1000);
	audit_write(cf->audit_log, cf->audit_size << 20, cf->syslog, &ev);
}

/* The job was done, or not, and why.  -1: a database error. */
static int
end_job(struct courier *co, const struct job *j, int64_t next,
    enum carrier_result got, const char *why)
{
	const int is_last = got == CARRIER_REFUSED ||
	    (got != CARRIER_TAKEN && co->now >= j->created_at + DAY_S);

	if (got == CARRIER_TAKEN && courier_job_is_inner(j))
		return 0; /* it was ended with what came of it */
	if (got == CARRIER_TAKEN)
		co->sent++;
	else if (is_last)
		co->given_up++;
	else
		co->failed++;
	if (got != CARRIER_TAKEN)
		log_event("%s %lld, try %lld: %s; %s %lld s", j->kind,
		    (long long)j->id, (long long)j->tries + 1, why,
		    is_last ? "given up after" : "again in",
		    (long long)(is_last ? co->now - j->created_at
					: next - co->now));
	if (got != CARRIER_TAKEN && !is_last)
		return 0;
	note(co, j, got == CARRIER_TAKEN ? NULL : why);
	return store_outbox_done(co->c->st, j->id) < 0 ? -1 : 0;
}

/*
 * Do one job that is due.  Return 1 if there may be more; 0 if there is none; -1 if
 * the database failed, or there is no carrier any more.
 */
static int
one_job(struct courier *co)
{
	struct store *st = co->c->st;
	const char *why = NULL;
	enum carrier_result got;
	struct job j;
	int64_t next;
	int n;

	co->now = (int64_t)time(NULL);
	store_set_now(st, co->now);
	if ((n = store_outbox_due(st, co->c->a, co->now, &j)) <= 0)
		return n;
	next = next_try(&j, co->now);
	if ((n = store_outbox_take(st, &j, next)) <= 0)
		return n < 0 ? -1 : 1; /* another courier was faster */
	got = courier_job_run(co, &j, &why);
	co->is_old |= got == CARRIER_LATER || got == CARRIER_GONE;
	if (end_job(co, &j, next, got, why) < 0)
		return -1;
	return got == CARRIER_GONE ? -1 : 1;
}

/* From here on it has the database and the socket to its carrier, and no more. */
static void
shut_in(struct courier *co)
{
	const struct conf *cf = co->c->conf;

	if (!cf->sandbox)
		return;
	confined_free(confine_files(
	    cf, USES_STORE | USES_PAGES | USES_SIGNING, 0));
	(void)sandbox_enter(cf->syslog ? SANDBOX_LOCAL : 0);
}

/* Carrier and fetcher are started while we may still start a process. */
static int
begin(struct courier *co)
{
	struct cmd *c = co->c;

	co->conf_at = courier_conf_at(c);
	if (letter_is_set_up(c->conf) &&
	    (co->carrier = carrier_start(c->conf, c->a)) == NULL)
		return CMD_REFUSED;
	co->fetcher = fetcher_start(c->conf, c->a);
	if ((c->st = store_open(c->conf->database, c->conf->durability_full)) ==
	    NULL) {
		carrier_end(co->carrier);
		fetcher_end(co->fetcher);
		return CMD_SYSTEM;
	}
	shut_in(co);
	return CMD_OK;
}

static void
end(struct courier *co)
{
	carrier_end(co->carrier);
	fetcher_end(co->fetcher);
	store_close(co->c->st);
	co->c->st = NULL;
}

/* A carrier that ended ends it: what is left has its time. */
int
courier_once(struct courier *co)
{
	struct arena *all = co->c->a;
	int n = 0, rc;

	if ((rc = begin(co)) != CMD_OK)
		return rc;
	co->c->a = arena_new();
	while (!*co->is_over && (n = one_job(co)) > 0)
		arena_clear(co->c->a);
	arena_free(co->c->a);
	co->c->a = all;
	end(co);
	return n < 0 && co->failed + co->given_up == 0 ? CMD_SYSTEM : CMD_OK;
}

/* Has something changed that was read at the start? */
static int
is_stale(const struct courier *co)
{
	const struct timespec at = courier_conf_at(co->c);

	return at.tv_sec != co->conf_at.tv_sec ||
	    at.tv_nsec != co->conf_at.tv_nsec || store_is_gone(co->c->st);
}

int
courier_go_on(struct courier *co)
{
	const struct timespec look = { .tv_sec = LOOK_S };
	int n = 0, rc;

	if ((rc = begin(co)) != CMD_OK)
		return rc;
	co->c->a = arena_new();
	while (!*co->is_over && n >= 0 && !co->is_old && !is_stale(co)) {
		while (!*co->is_over && (n = one_job(co)) > 0)
			arena_clear(co->c->a);
		if (n == 0 && !co->is_old)
			nanosleep(&look, NULL);
	}
	arena_free(co->c->a);
	end(co);
	return n < 0 ? CMD_SYSTEM : COURIER_AGAIN;
}
