/* serve.c: a program serves its endpoint, by FastCGI or plain CGI. */
#include "serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "body.h"
#include "buf.h"
#include "check.h"
#include "conf.h"
#include "conn.h"
#include "cors.h"
#include "crypto.h"
#include "hasher.h"
#include "input.h"
#include "log.h"
#include "loop.h"
#include "oerr.h"
#include "process.h"
#include "req.h"
#include "resp.h"
#include "sandbox.h"
#include "store.h"
#include "task.h"
#include "trail.h"

extern char **environ;

/*
 * The id names the request in the log and in the answer.  It is no secret, so few
 * bits are enough, and ids for many requests are drawn at the same time.
 */
static void
make_request_id(struct req *rq)
{
	static uint8_t drawn[20][12];
	static size_t left;
	uint8_t *random;

	if (left == 0) {
		left = sizeof(drawn) / sizeof(drawn[0]);
		crypto_random(drawn, sizeof(drawn));
	}
	random = drawn[--left];
	random[0] &= 0x7f; /* the first is a letter: "-" would begin an option */
	b64url_encode(random, sizeof(drawn[0]), rq->id);
}

/* Give the request its time, its id, its configuration and its database. */
static void
begin(struct req *rq, struct conn *c)
{
	struct timespec t;

	/* time() may be a tick late, and then it is a second late. */
	clock_gettime(CLOCK_REALTIME, &t);
	rq->now = (int64_t)t.tv_sec;
	rq->now_us = (int)(t.tv_nsec / 1000);
	make_request_id(rq);
	c->id = rq->id;
	log_request(rq->id);
	process_check(rq->pr, rq->now);
	rq->conf = rq->pr->conf;
	rq->st = rq->pr->st;
	if (rq->st != NULL)
		store_forget_failure(rq->st);
	buf_init(rq->headers, rq->a, 1024);
}

/* Check the request, and let the endpoint answer it. */
static const struct oerr *
run(struct req *rq, struct conn *c)
{
	const struct oerr *e;

	if ((e = check_begin(rq)) != NULL)
		return e;
	if (cors_preflight(rq))
		return NULL;
	if ((e = cors_check(rq)) != NULL ||
	    (e = check_row(rq)) != NULL ||
	    (e = input_read(rq, c)) != NULL)
		return e;
	return rq->ep->run(rq);
}

/* One request, from its environment to its answer. */
static void
serve_one(struct process *pr, struct arena *a, struct conn *c, char **env)
{
	struct buf headers;
	struct req rq = { .pr = pr, .ep = pr->ep, .a = a, .env = env,
		.headers = &headers };
	const struct oerr *e;
	const struct buf *out;

	begin(&rq, c);
	if ((e = run(&rq, c)) != NULL) {
		oerr_log(&rq, e);
		rq.ep->fail(&rq, e);
	}
	req_end(&rq);
	trail_end(&rq);
	out = resp_bytes(&rq);
	c->along = rq.along;
	conn_answer(c, out->data, out->len);
	conn_drain(c);
	c->id = NULL;
	log_request(NULL);
	arena_clear(a);
}

/* ---- FastCGI ---- */

#define IDLE_TASKS 4 /* finished tasks that the next requests use again */

static struct {
	struct process *pr;
	struct task *idle[IDLE_TASKS];
	int n_idle;
	int crowd;	 /* the most that waited at once, since the last trim */
	struct arena *a; /* of requests that never wait */
} fast;

static size_t
wanted(char **env)
{
	const struct req rq = { .ep = fast.pr->ep, .env = env };

	return check_wants(&rq);
}

static void
serve_task(void *ctx)
{
	struct conn *c = ctx;

	serve_one(fast.pr, task_arena(c->task), c, c->env);
}

/* The request of the connection's task is answered. */
static void
end_task(struct conn *c)
{
	struct task *t = c->task;

	c->task = NULL;
	if (fast.n_idle < IDLE_TASKS)
		fast.idle[fast.n_idle++] = t;
	else
		task_free(t);
}

static int
serve_conn(struct conn *c, void *unused)
{
	int is_over = 1;

	(void)unused;
	log_to(conn_log, c);
	if (!fast.pr->ep->waits) {
		serve_one(fast.pr, fast.a, c, c->env);
	} else {
		c->task = fast.n_idle > 0 ? fast.idle[--fast.n_idle]
					  : task_new();
		task_set(c->task, c);
		if ((is_over = task_run(c->task, serve_task, c)))
			end_task(c);
		else if (++fast.pr->n_waiting > fast.crowd)
			fast.crowd = fast.pr->n_waiting;
	}
	log_request(NULL);
	log_to(NULL, NULL);
	return is_over;
}

static void
resume_conn(struct conn *c, void *unused)
{
	(void)unused;
	log_to(conn_log, c);
	log_request(c->id);
	if (fast.pr->st != NULL)
		store_forget_failure(fast.pr->st);
	if (task_resume(c->task)) {
		fast.pr->n_waiting--;
		end_task(c);
	}
	log_request(NULL);
	log_to(NULL, NULL);
}

/*
 * After a crowd the free memory is in pieces between what is in use, and malloc keeps
 * it.  Requests that do not wait use the same memory one after the other.
 */
static void
trim(void)
{
	if (fast.crowd <= IDLE_TASKS || fast.pr->n_waiting > 0)
		return;
	fast.crowd = 0;
	(void)malloc_trim(0);
}

static void
idle(void *unused)
{
	(void)unused;
	trim();
	if (fast.pr->st != NULL)
		store_idle(fast.pr->st);
}

static void
serve_fcgi(struct process *pr, struct arena *a)
{
	const struct served s = { .wanted = wanted, .serve = serve_conn,
		.resume = resume_conn, .idle = idle };

	fast.pr = pr;
	fast.a = a;
	loop_run(&s);
	while (fast.n_idle > 0)
		task_free(fast.idle[--fast.n_idle]);
}

/* A FastCGI program is started with a socket that is not connected. */
static int
is_fcgi(void)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(STDIN_FILENO, (struct sockaddr *)&peer, &len) < 0 &&
	    errno == ENOTCONN;
}

static void
serve_cgi(struct process *pr, struct arena *a)
{
	struct conn c = { .fd = -1, .until_ms = conn_now_ms() + CONN_READ_MS };

	hasher_wake(-1);
	conn_expect(&c, body_length(&(struct req) { .env = environ }));
	serve_one(pr, a, &c, environ);
	if (pr->st != NULL)
		store_idle(pr->st);
}

int
serve(const struct endpoint *ep)
{
	struct process pr = { .ep = ep };
	struct arena *a = arena_new();

	umask(077);
	sandbox_quiet();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write then fails with EFBIG */
	process_begin(&pr, conf_find(NULL, "/proc/self/exe"), !is_fcgi());
	if (pr.serves_one)
		serve_cgi(&pr, a);
	else
		serve_fcgi(&pr, a);
	process_end(&pr);
	arena_free(a);
	return 0;
}
