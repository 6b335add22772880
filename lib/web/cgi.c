/* cgi.c: one request, by FastCGI or plain CGI, from its begin to its answer. */
#include "cgi.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "conn.h"
#include "cors.h"
#include "crypto.h"
#include "hasher.h"
#include "log.h"
#include "loop.h"
#include "oerr.h"
#include "process.h"
#include "request.h"
#include "resp.h"
#include "sandbox.h"
#include "store.h"
#include "task.h"
#include "trail.h"

extern char **environ;

const char *
cgi_var(const struct req *rq, const char *name)
{
	const size_t len = strlen(name);

	for (char **e = rq->env; *e != NULL; e++)
		if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
			return *e + len + 1;
	return NULL;
}

int
cgi_is_authorizer(const struct req *rq)
{
	const char *role = cgi_var(rq, "FCGI_ROLE");

	return role != NULL && strcmp(role, "AUTHORIZER") == 0;
}

const char *
cgi_authorization(const struct req *rq)
{
	static const char *const names[] = { "HTTP_AUTHORIZATION",
		"REDIRECT_HTTP_AUTHORIZATION",
		"REDIRECT_REDIRECT_HTTP_AUTHORIZATION" };
	const char *value;
	char *name;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = cgi_var(rq, names[i])) != NULL && *value != '\0')
			return value;
	if (rq->conf->auth_header == NULL)
		return NULL;
	name = arena_printf(rq->a, "HTTP_%s", rq->conf->auth_header);
	for (char *p = name; *p != '\0'; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return cgi_var(rq, name);
}

/*
 * Names the request in log and answer; no secret, so few bits are enough, and
 * those of many requests may be drawn, and lie here, together.
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
	random[0] &= 0x7f; /* a letter first: on a command line "-" is an option's */
	b64url_encode(random, sizeof(drawn[0]), rq->id);
}

/* One request, from its environment to its answer. */
static void
serve(struct process *pr, struct arena *a, struct conn *c, char **env)
{
	struct req rq = { .pr = pr, .a = a, .env = env };
	const struct oerr *e;
	const struct buf *out;
	struct buf headers;
	struct timespec t;

	/* Not time(): that one may be a tick behind, and a second with it. */
	clock_gettime(CLOCK_REALTIME, &t);
	rq.now = (int64_t)t.tv_sec;
	rq.now_us = (int)(t.tv_nsec / 1000);
	make_request_id(&rq);
	c->id = rq.id;
	log_request(rq.id);
	process_check(pr, rq.now);
	rq.conf = pr->conf;
	rq.st = pr->st;
	if (rq.st != NULL)
		store_forget_failure(rq.st);
	buf_init(&headers, a, 1024);
	rq.headers = &headers;

	if ((e = request_begin(&rq)) == NULL && !cors_preflight(&rq)) {
		if ((e = cors_check(&rq)) == NULL &&
		    (e = request_check(&rq, c)) == NULL)
			e = pr->ep->run(&rq);
	}
	if (e != NULL) {
		oerr_log(&rq, e);
		pr->ep->fail(&rq, e);
	}
	trail_end(&rq);
	out = resp_bytes(&rq);
	conn_answer(c, out->data, out->len);
	conn_drain(c);
	c->id = NULL;
	log_request(NULL);
	arena_clear(a);
}

/* ---- FastCGI ---- */

static const struct endpoint *served; /* for wanted, which has no more */

static size_t
wanted(char **env)
{
	const struct req rq = { .env = env };

	return request_wants(&rq, served);
}

#define IDLE_TASKS 4 /* that stay, with their stacks */

static struct {
	struct process *pr;
	struct task *idle[IDLE_TASKS];
	int n_idle;
	struct arena *a; /* of requests that never wait */
} fast;

static void
serve_task(void *ctx)
{
	struct conn *c = ctx;

	serve(fast.pr, task_arena(c->task), c, c->env);
}

/* Its request is answered. */
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
		serve(fast.pr, fast.a, c, c->env);
	} else {
		c->task = fast.n_idle > 0 ? fast.idle[--fast.n_idle]
					  : task_new();
		task_set(c->task, c);
		if ((is_over = task_run(c->task, serve_task, c)))
			end_task(c);
		else
			fast.pr->n_waiting++;
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

static void
rest(void *unused)
{
	(void)unused;
	if (fast.pr->st != NULL)
		store_rest(fast.pr->st);
}

static void
serve_fcgi(struct process *pr, struct arena *a)
{
	const struct served s = { .wanted = wanted, .serve = serve_conn,
		.resume = resume_conn, .rest = rest };

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

int
cgi_serve(const struct endpoint *ep)
{
	struct process pr = { .ep = ep };
	struct arena *a = arena_new();
	struct conn c = { .fd = -1 };

	umask(077);
	sandbox_quiet();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* an error will do: EFBIG */
	served = ep;
	pr.conf_path = conf_find(NULL, "/proc/self/exe");
	if (!is_fcgi()) {
		pr.once = 1;
		hasher_wake(-1);
		c.until_ms = conn_now_ms() + CONN_READ_MS;
		conn_expect(&c, request_length(&(struct req) { .env = environ }));
		serve(&pr, a, &c, environ);
		if (pr.st != NULL)
			store_rest(pr.st);
	} else {
		serve_fcgi(&pr, a);
	}
	process_end(&pr);
	arena_free(a);
	return 0;
}
