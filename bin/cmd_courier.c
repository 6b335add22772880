/*
 * cmd_courier.c: carnet courier: the one program that goes out: it does the jobs that
 * others left in the outbox.
 *
 * A job is taken by putting its next try to a later time, and deleted when it is
 * done.  Who is killed between the two leaves it for that next try: no job is lost,
 * and one may be done twice.
 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "carrier.h"
#include "cmd.h"
#include "conf.h"
#include "confine.h"
#include "document.h"
#include "fetch.h"
#include "fetcher.h"
#include "json.h"
#include "jwk_set.h"
#include "letter.h"
#include "link.h"
#include "log.h"
#include "logout_token.h"
#include "mail.h"
#include "oerr.h"
#include "req.h"
#include "sandbox.h"
#include "store.h"
#include "store_client.h"
#include "store_logout.h"
#include "store_outbox.h"
#include "store_user.h"

#define FIRST_S 60	/* from the first try to the second; then it doubles */
#define DAY_S 86400	/* for so long a job is tried */
#define LOOK_S 1	/* between two looks into the outbox */
#define REST_S 1	/* before one that ended is started anew; it doubles, to */
#define REST_MAX_S 60	/* where it cannot start */

/* How a courier that is followed ends, to be started anew. */
#define END_AGAIN 3

struct courier {
	struct cmd *c;
	struct carrier *carrier;
	struct fetcher *fetcher;
	struct timespec conf_at; /* when the configuration was changed */
	int64_t now;
	int sent, failed, given_up;
	int is_old;	/* a try failed: what the carrier has read may be old */
};

static volatile sig_atomic_t is_over;
static volatile pid_t followed; /* whom to tell, or 0 */

static void
be_over(int sig)
{
	(void)sig;
	is_over = 1;
	if (followed != 0)
		kill(followed, SIGTERM);
}

/* SIGTERM and SIGINT: what is under way is ended first. */
static void
catch_signals(void)
{
	struct sigaction act = { .sa_handler = be_over };

	sigemptyset(&act.sa_mask);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
}

static struct timespec
changed_at(const char *path)
{
	struct stat sb;

	return stat(path, &sb) == 0 ? sb.st_mtim : (struct timespec) { 0 };
}

/* ---- Jobs ---- */

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
	const int n = fetcher_get(co->fetcher, co->c->a, j->target, max, &f);

	*why = f.why;
	if (n < 0)
		return CARRIER_GONE;
	g = (struct got) { .text = n == 1 ? f.body : NULL,
		.max_age_s = f.max_age_s, .why = f.why };
	if (take(&w, co->c->st, j, &g, why) < 0)
		return CARRIER_GONE;
	log_event("%s %s: %s", j->kind, oerr_shown(co->c->a, j->target),
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

static enum carrier_result
run_job(struct courier *co, const struct job *j, const char **why)
{
	const struct kind *k = kind_of(j);

	*why = "this program does not know its kind";
	return k->run == NULL ? CARRIER_LATER : k->run(co, j, why);
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

	if (got == CARRIER_TAKEN && kind_of(j)->is_inner)
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
	got = run_job(co, &j, &why);
	co->is_old |= got == CARRIER_LATER || got == CARRIER_GONE;
	if (end_job(co, &j, next, got, why) < 0)
		return -1;
	return got == CARRIER_GONE ? -1 : 1;
}

/* ---- One courier ---- */

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

	co->conf_at = changed_at(c->conf_path);
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

/* What is due, once.  A carrier that ended ends it: what is left has its time. */
static int
go_once(struct courier *co)
{
	struct arena *all = co->c->a;
	int n = 0, rc;

	if ((rc = begin(co)) != CMD_OK)
		return rc;
	co->c->a = arena_new();
	while (!is_over && (n = one_job(co)) > 0)
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
	const struct timespec at = changed_at(co->c->conf_path);

	return at.tv_sec != co->conf_at.tv_sec ||
	    at.tv_nsec != co->conf_at.tv_nsec || store_is_gone(co->c->st);
}

/*
 * Jobs as they come.  It ends, to be started anew, when something changed that it
 * has read, and after a failure, as that may come from what the carrier has read:
 * the addresses of name servers, say.
 */
static int
go_on(struct courier *co)
{
	const struct timespec look = { .tv_sec = LOOK_S };
	int n = 0, rc;

	if ((rc = begin(co)) != CMD_OK)
		return rc;
	co->c->a = arena_new();
	while (!is_over && n >= 0 && !co->is_old && !is_stale(co)) {
		while (!is_over && (n = one_job(co)) > 0)
			arena_clear(co->c->a);
		if (n == 0 && !co->is_old)
			nanosleep(&look, NULL);
	}
	arena_free(co->c->a);
	end(co);
	return n < 0 ? CMD_SYSTEM : END_AGAIN;
}

/* ---- The one that starts it anew ---- */

/* Does a client have its keys elsewhere, or want logout tokens? */
static int
has_clients_elsewhere(const struct conf *cf)
{
	struct store *st = store_open_to_read(cf->database);
	const int n = st == NULL ? 0
	    : store_client_has_keys_at(st) == 1 ||
		store_client_wants_logout(st) == 1;

	store_close(st);
	return n;
}

static int
has_work(const struct conf *cf, const char *path)
{
	if (letter_is_set_up(cf) || cf->client_documents != DOCUMENTS_OFF ||
	    has_clients_elsewhere(cf))
		return 1;
	cmd_refuse("there is nothing to do: no client has a jwks_uri or a"
		   " backchannel_logout_uri, client_documents is off, and no mail"
		   " is set up (mail_from, and mail_command or smtp, in %s)",
	    path);
	return 0;
}

/* A configuration that is broken is told once, and the one before it stays. */
static void
read_again(struct cmd *c, struct timespec *read_at)
{
	const struct timespec at = changed_at(c->conf_path);
	struct conf *cf;
	char error[1024];

	if (at.tv_sec == read_at->tv_sec && at.tv_nsec == read_at->tv_nsec)
		return;
	*read_at = at;
	if ((cf = conf_load(c->conf_path, error, sizeof(error))) == NULL ||
	    !has_work(cf, c->conf_path)) {
		if (cf == NULL)
			cmd_refuse("%s", error);
		conf_free(cf);
		return;
	}
	conf_free(c->conf);
	c->conf = cf;
}

/* Start one, and wait for its end; how it exited, or -1 if it was killed. */
static int
run_one(struct cmd *c)
{
	struct courier co = { .c = c };
	const pid_t parent = getpid();
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if ((followed = pid) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		is_over = getppid() != parent;
		_exit(go_on(&co));
	}
	if (is_over) /* it may have been so before we knew whom to tell */
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0)
		continue;
	followed = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
follow(struct cmd *c)
{
	struct timespec rest = { .tv_sec = REST_S };
	struct timespec read_at = changed_at(c->conf_path);

	while (!is_over) {
		if (run_one(c) == END_AGAIN)
			rest.tv_sec = REST_S;
		else if (rest.tv_sec < REST_MAX_S)
			rest.tv_sec *= 2;
		if (!is_over)
			nanosleep(&rest, NULL);
		read_again(c, &read_at);
	}
	return CMD_OK;
}

static int
report(struct cmd *c, const struct courier *co)
{
	struct buf b;

	buf_init(&b, c->a, 128);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_int(&b, "sent", co->sent);
		json_int(&b, "failed", co->failed);
		json_int(&b, "given_up", co->given_up);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "sent %d, failed %d, given up %d", co->sent,
		    co->failed, co->given_up);
	}
	return cmd_print(&b);
}

int
cmd_courier(struct cmd *c)
{
	struct courier co = { .c = c };
	int is_once = 0, follows = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ .name = "once", .flag = &is_once },
		{ .name = "follow", .flag = &follows },
	};
	char **operand;

	if ((n = cmd_options(c, opts, 2, &operand)) != 0 ||
	    (is_once && follows))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = cmd_read_conf(c)) != CMD_OK ||
	    (rc = cmd_become_owner(c)) != CMD_OK)
		return rc;
	if (!has_work(c->conf, c->conf_path))
		return CMD_REFUSED;
	sandbox_quiet();
	catch_signals();
	if (follows)
		return follow(c);
	rc = go_once(&co);
	/* Cron mails what a program prints. */
	return rc == CMD_OK && (c->json || cmd_is_terminal(c))
	    ? report(c, &co)
	    : rc;
}
