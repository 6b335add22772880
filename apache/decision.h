/* decision.h: may this request go on, and who calls? */
#ifndef CARNET_MODULE_DECISION_H
#define CARNET_MODULE_DECISION_H

#include <httpd.h>

struct guard;
struct refusal;

/* A variable of the caller, and the header for a proxied program. */
struct decision_name {
	const char *variable, *header;
};
#define DECISION_NAMES 6
enum { DECISION_SCOPE = 3, DECISION_REMOTE_USER = 5 };
extern const struct decision_name decision_names[DECISION_NAMES];

/* Who calls: the values of decision_names; "" if the guard said nothing of one. */
struct caller {
	const char *value[DECISION_NAMES];
};

/* What the guard said about the request that a client sent. */
struct decision {
	const struct guard *guard;
	const struct refusal *refusal;	/* NULL: it is let through */
	struct caller caller;		/* if it is let through */
};

/*
 * decision_of(r, g):
 * Return the decision of that guard about the request that the client sent.  It is
 * asked once: a subrequest or an internal redirect has the same decision, because
 * the guard judges what the client asked for.
 */
const struct decision *decision_of(request_rec *r, struct guard *g);

/* decision_tell(r, d): say in the environment and the headers of r who calls. */
void decision_tell(request_rec *r, const struct decision *d);

/*
 * decision_refuse(r, no): r gets this answer.  Return its status.
 * decision_expect(r, no): r gets this answer if Apache refuses it with that status;
 * no NULL: r gets no answer of ours.
 * decision_refusal(r): return what was set by these two; NULL: nothing.
 */
int decision_refuse(request_rec *r, const struct refusal *no);
void decision_expect(request_rec *r, const struct refusal *no);
const struct refusal *decision_refusal(request_rec *r);

#endif
