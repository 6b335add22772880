/* cgi.c: FastCGI and plain CGI; with fcgi.c the only includer of fcgiapp.h. */
#include "cgi.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "cors.h"
#include "crypto.h"
#include "fcgi.h"
#include "log.h"
#include "oerr.h"
#include "process.h"
#include "request.h"
#include "resp.h"
#include "sandbox.h"
#include "store.h"
#include "trail.h"

/* What is read and thrown away of a body that is too large. */
#define DRAIN_MAX (8 * 1024 * 1024)
#define SHORTAGE_US 200000 /* until the next try to accept */

extern char **environ;

/* Where a request comes from: a FastCGI request, or NULL: plain CGI. */
struct conn {
	FCGX_Request *fcgi;
	int drained;
	size_t left;	/* of a CGI body: no more may be read (RFC 3875 4.2) */
};

/* SIGTERM: accept no more; finish the request at hand. */
static volatile sig_atomic_t stop, is_idle;
static int no_socket; /* /dev/null */

void
cgi_expect(struct conn *c, size_t n)
{
	c->left = n;
}

ssize_t
cgi_read(struct conn *c, char *out, size_t size)
{
	ssize_t n;

	if (c->fcgi != NULL) {
		n = FCGX_GetStr(out, (int)size, c->fcgi->in);
	} else {
		if (size > c->left)
			size = c->left;
		while ((n = read(STDIN_FILENO, out, size)) < 0 &&
		    errno == EINTR)
			continue;
		if (n > 0)
			c->left -= (size_t)n;
	}
	if (n <= 0)
		c->drained = 1;
	return n;
}

static void
conn_write(struct conn *c, const char *data, size_t len)
{
	ssize_t n;

	if (c->fcgi != NULL) {
		FCGX_PutStr(data, (int)len, c->fcgi->out);
		return;
	}
	for (; len > 0; data += n, len -= (size_t)n)
		if ((n = write(STDOUT_FILENO, data, len)) < 0) {
			if (errno != EINTR)
				return; /* the server went away */
			n = 0;
		}
}

/* Unread input makes the server's end of the connection lose our answer. */
static void
conn_drain(struct conn *c)
{
	char rest[4096];

	for (size_t sum = 0; !c->drained && sum < DRAIN_MAX; sum += sizeof(rest))
		if (cgi_read(c, rest, sizeof(rest)) <= 0)
			break;
}

static void
log_to_server(void *ctx, const char *line)
{
	FCGX_Request *fcgi = ctx;

	FCGX_FPrintF(fcgi->err, "%s\n", line);
}

const char *
cgi_var(const struct req *rq, const char *name)
{
	return FCGX_GetParam(name, rq->env);
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
	conn_write(c, out->data, out->len);
	if (c->fcgi == NULL)
		close(STDOUT_FILENO); /* the server need not wait for our end */
	/* An authorizer has no input, and Apache would wait for who reads it. */
	if (!cgi_is_authorizer(&rq))
		conn_drain(c);
	log_request(NULL);
	arena_clear(a);
}

/*
 * Reads of the request at hand are not broken off: they are restarted.  So is the
 * accept, but on a descriptor that is no socket any more, and fails.
 */
static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
	if (is_idle)
		(void)dup2(no_socket, STDIN_FILENO);
}

/* What passes: the machine, or this process, is short of something. */
static int
is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS ||
	    err == ENOMEM || err == ECONNABORTED;
}

static int
accept_next(FCGX_Request *fcgi)
{
	int rc, is_told = 0;

	for (;;) {
		is_idle = 1;
		rc = stop ? -1 : FCGX_Accept_r(fcgi);
		is_idle = 0;
		if (stop || rc >= 0 || !is_shortage(-rc))
			return rc;
		if (!is_told)
			log_event("accept: %s%s", strerror(-rc),
			    log_cure(-rc));
		is_told = 1;
		usleep(SHORTAGE_US);
	}
}

static void
serve_fcgi(struct process *pr, struct arena *a)
{
	struct sigaction sa = { .sa_handler = on_term, .sa_flags = SA_RESTART };
	FCGX_Request fcgi;
	struct conn c;

	no_socket = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (no_socket < 0 ||
	    FCGX_InitRequest(&fcgi, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		log_event("cannot serve FastCGI on standard input");
		return;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* an error will do: EFBIG */
	while (accept_next(&fcgi) == 0) {
		c = (struct conn) { .fcgi = &fcgi };
		log_to(log_to_server, &fcgi);
		serve(pr, a, &c, fcgi.envp);
		log_to(NULL, NULL);
		fcgi_end(&fcgi);
		if (pr->st != NULL)
			store_rest(pr->st);
	}
}

int
cgi_serve(const struct endpoint *ep)
{
	struct process pr = { .ep = ep };
	struct arena *a = arena_new();
	struct conn c = { .fcgi = NULL };

	umask(077);
	sandbox_quiet();
	pr.conf_path = conf_find(NULL, "/proc/self/exe");
	/* Else the next call would begin it, and end us without a word. */
	if (FCGX_Init() != 0)
		err(111, "cannot begin FastCGI");
	if (FCGX_IsCGI()) {
		signal(SIGPIPE, SIG_IGN);
		signal(SIGXFSZ, SIG_IGN);
		pr.once = 1;
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
