/* req.h: struct req, one request; struct endpoint, the program that answers it. */
#ifndef CARNET_REQ_H
#define CARNET_REQ_H

#include <stddef.h>
#include <stdint.h>

#include "param.h"

struct arena;
struct buf;
struct conf;
struct json_object;
struct oerr;
struct once;
struct process;
struct req;
struct store;

enum {
	METHOD_GET = 1, /* and HEAD */
	METHOD_POST = 2,
	METHOD_DELETE = 4,
	METHOD_PUT = 8,
};

/* The media types of a body that an endpoint takes; any other is 415. */
enum {
	BODY_FORM = 1,
	BODY_JSON = 2,
	BODY_MULTIPART = 4, /* with passport_compat alone */
};

#define BODY_MAX (64 * 1024)

/*
 * What a program uses while it serves; the sandbox closes all else.
 * Every program reads the configuration too.
 */
enum {
	USES_STORE = 1, /* the database, locks and audit trail, for writing */
	USES_KEYS = 2,	/* what verifies tokens: keys_get */
	USES_PAGES = 4, /* the templates */
	USES_SIGNING = 8, /* the private keys: keys_get_signing */
	USES_LOOKUP = 16, /* the database, for reading only */
	USES_PASSWORDS = 32, /* it takes passwords: the socket of password_check */
	USES_FACTORS = 64, /* the key of second factors */
	USES_LOGIN_KEY = 128, /* process_open_login_key */
};

/* One program. */
struct endpoint {
	const char *name;
	unsigned methods;
	unsigned bodies;	/* BODY_FORM, BODY_JSON, ...; of a POST or PUT */
	size_t body_max;	/* bytes; 0: BODY_MAX */
	int query;		/* parameters are those of the query, not the body */
	int query_get;		/* the same, but only for GET */
	int any_path;		/* takes a PATH_INFO */
	int routed;		/* each path has methods of its own: api.h */
	unsigned uses;		/* USES_...; it has no access to anything else */
	int cors;		/* scripts of allowed origins may call it */
	int cors_any;		/* with cors: every origin is allowed */
	int spends_once;	/* its transaction calls once_spend (once.h) */
	int spends;		/* scripts of other origins are refused: cors_check */
	const char *audit;	/* the event of its refusals, or NULL */
	int waits;		/* hashes passwords or secrets: task.h */
	int lenient;		/* run judges rq->param_error itself */
	int authorizer;		/* the guard: it judges requests that another
				   program answers, of any method and path */
	/* Answers through resp.h and returns NULL, or returns an error. */
	const struct oerr *(*run)(struct req *rq);
	/* Answers an error. */
	void (*fail)(struct req *rq, const struct oerr *e);
};

struct field_error {
	struct field_error *next;
	const char *name, *text;
};

/* What the log and the audit trail tell of a request: trail.h. */
struct trail {
	const char *event;	/* NULL: none yet */
	const char *detail;	/* the grant, the verb, ... */
	const char *refusal;	/* the event if the request is refused; NULL: the
				   endpoint's audit */
	const char *user;	/* e-mail, as soon as it is known */
	const char *client_id;	/* as soon as it is known */
	int is_known;		/* the caller is no stranger: trail_end */
	const char *why;	/* the private reason of an error: oerr_why */
	const struct oerr *error; /* the last one that was logged */
};

/* A call that is made when the request ends: req_at_end. */
struct at_end {
	struct at_end *next;
	void (*run)(struct req *rq, void *ctx);
	void *ctx;
};

/* One request. */
struct req {
	struct process *pr;
	const struct endpoint *ep;
	const struct conf *conf;
	struct store *st;
	struct arena *a;
	int64_t now;		/* Unix seconds, read once */
	int now_us;		/* its microseconds, for the audit trail */
	char id[17];		/* names the request in the log */
	char **env;		/* "NAME=value", NULL behind the last */
	unsigned method;	/* METHOD_..., 0: another */
	int is_head;
	const char *script;	/* SCRIPT_NAME: where the program is mounted */
	const char *path;	/* PATH_INFO: "" or what follows, from its '/' */
	const char *param[PARAM_COUNT]; /* NULL: not sent */
	unsigned char param_sent[PARAM_COUNT]; /* 2: twice or more */
	struct json_object *json; /* a JSON body, or NULL */

	const char *bad_param;	/* the name of one that failed its validator */
	const struct oerr *param_error; /* of a lenient endpoint, or NULL */
	int leads_away;		/* a form of the page leads to a client: resp.h */
	struct trail trail;
	struct at_end *at_end;	/* the newest first */
	struct once *once;	/* what it took that counts once: once.h */
	struct field_error *field_errors;
	const char *hint;	/* of an error, for clients of Passport: oerr_hint */
	int status;		/* of the answer; 0: none yet */
	struct buf *headers;	/* lines so far */
	const struct buf *body;	/* NULL: none */
	const int *along;	/* a descriptor that goes with the answer, or NULL */
	int has_count;		/* the web server may remember: remember.h */
};

/* req_var(rq, name): the variable of the request's environment, or NULL. */
const char *req_var(const struct req *rq, const char *name);

/*
 * req_is_authorizer(rq):
 * Return 1 if the web server asks whether a request may go on (FastCGI 1.0
 * section 6.3), 0 if it wants an answer for its client.
 */
int req_is_authorizer(const struct req *rq);

/*
 * req_authorization(rq):
 * Return the credentials of the request: the Authorization header, under any of
 * the names by which Apache passes it on, or the header that the setting
 * auth_header names, for hosts that remove Authorization; NULL if there are none.
 */
const char *req_authorization(const struct req *rq);

/* req_method(name): the METHOD_... of the name, 0 for any other method. */
unsigned req_method(const char *name);

/* req_has_body(method): return 1 if a body counts: that of a POST or a PUT. */
int req_has_body(unsigned method);

/*
 * req_method_names(a, methods):
 * Return the names of the methods, METHOD_... or'ed, as the header Allow has
 * them: "GET, HEAD, POST" (RFC 9110 section 10.2.1).
 */
const char *req_method_names(struct arena *a, unsigned methods);

/*
 * req_at_end(rq, run, ctx):
 * run(rq, ctx) is called when the request ends: the answer is made but not yet sent,
 * and no transaction is open.  ctx must live as long as the request: use rq->a.
 *
 * req_end(rq): make these calls.
 */
void req_at_end(
    struct req *rq, void (*run)(struct req *rq, void *ctx), void *ctx);
void req_end(struct req *rq);

#endif
