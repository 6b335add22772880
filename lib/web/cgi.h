/* cgi.h: struct req, struct endpoint, cgi_serve: FastCGI and plain CGI. */
#ifndef CARNET_CGI_H
#define CARNET_CGI_H

#include <stddef.h>
#include <stdint.h>

#include "param.h"
#include "process.h"

struct arena;
struct buf;
struct conf;
struct json_object;
struct oerr;
struct store;

enum {
	METHOD_GET = 1, /* and HEAD */
	METHOD_POST = 2,
	METHOD_DELETE = 4,
};

/* What a body may be; what is neither is 415. */
enum {
	BODY_FORM = 1,
	BODY_JSON = 2,
};

#define BODY_MAX (64 * 1024)

/*
 * What a program uses once it serves; the sandbox keeps it from the rest.  All read
 * the configuration.
 */
enum {
	USES_STORE = 1, /* the database, locks and the audit trail: to write */
	USES_KEYS = 2,	/* what verifies tokens: keys_get */
	USES_PAGES = 4, /* the templates */
	USES_SIGNING = 8, /* the private keys: keys_get_signing */
};

/* One program. */
struct endpoint {
	const char *name;
	unsigned methods;
	unsigned bodies;	/* BODY_FORM, BODY_JSON; of a POST */
	size_t body_max;	/* 0: BODY_MAX */
	int query;		/* parameters are those of the query, not the body */
	int query_get;		/* the same, of a GET alone */
	int any_path;		/* takes a PATH_INFO */
	int routed;		/* each path has methods of its own: api.h */
	unsigned uses;		/* USES_...; what is not named is shut */
	int cors;		/* scripts of allowed origins may call it */
	int spends;		/* and those of others are refused: cors_check */
	const char *audit;	/* the event that its refusals are, or NULL */
	int waits;		/* hashes passwords or secrets: task.h */
	int lenient;		/* run looks at rq->param_error itself */
	int authorizer;		/* judges requests that others answer: any
				   method and path, and the body is not ours */
	/* Answers through resp.h and returns NULL, or returns an error. */
	const struct oerr *(*run)(struct req *rq);
	/* Answers an error. */
	void (*fail)(struct req *rq, const struct oerr *e);
};

struct field_error {
	struct field_error *next;
	const char *name, *text;
};

/* One request. */
struct req {
	struct process *pr;
	const struct conf *conf;
	struct store *st;
	struct arena *a;
	int64_t now;		/* Unix seconds, read once */
	int now_us;		/* and microseconds, for the audit trail */
	char id[17];		/* names the request in the log */
	char **env;
	unsigned method;
	int is_head;
	const char *script;	/* SCRIPT_NAME: where the program is mounted */
	const char *path;	/* PATH_INFO: "" or what follows, from its '/' */
	const char *param[PARAM_COUNT]; /* NULL: not sent */
	unsigned char param_sent[PARAM_COUNT];
	struct json_object *json; /* a JSON body, or NULL */

	const char *bad_param;	/* the name of one that failed its validator */
	const struct oerr *param_error; /* of a lenient endpoint, or NULL */
	int leads_away;		/* a form of the page leads to a client: resp.h */
	const char *why;	/* for the log */
	const struct oerr *refused; /* the last that was logged */
	/* For the audit trail: trail.h. */
	const char *event, *detail;
	const char *refusal;	/* what it is if refused; NULL: see the endpoint */
	const char *user;	/* e-mail, as soon as it is known */
	const char *client_id;	/* for the log, as soon as it is known */
	int is_known;		/* no stranger: see trail.h */
	struct field_error *field_errors;
	int status;		/* of the answer; 0: none yet */
	struct buf *headers;	/* lines so far */
	const struct buf *body;	/* NULL: none */
};

/* cgi_var(rq, name): the variable of the request's environment, or NULL. */
const char *cgi_var(const struct req *rq, const char *name);

/*
 * cgi_is_authorizer(rq):
 * Return 1 if the web server asks whether to go on with a request (FastCGI 1.0
 * section 6.3), 0 if it wants an answer for its client.
 */
int cgi_is_authorizer(const struct req *rq);

/*
 * cgi_authorization(rq):
 * Return the credentials of the request: the Authorization header, under any of
 * the names that Apache hands it on by, or the header that the configuration
 * names for hosts that eat it; NULL if there are none.
 */
const char *cgi_authorization(const struct req *rq);

/*
 * cgi_serve(ep):
 * Serve requests: one, when started as a plain CGI program; as FastCGI until
 * SIGTERM, which lets the request at hand be finished.  Return main's result.
 */
int cgi_serve(const struct endpoint *ep);

#endif
