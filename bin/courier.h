/* courier.h: one courier: it does the jobs that others left in the outbox. */
#ifndef CARNET_COURIER_H
#define CARNET_COURIER_H

#include <signal.h>
#include <stdint.h>
#include <time.h>

struct carrier;
struct cmd;
struct fetcher;

/* How a courier that goes on ends, to be started anew. */
#define COURIER_AGAIN 3

struct courier {
	struct cmd *c;
	const volatile sig_atomic_t *is_over; /* a signal said so */
	struct carrier *carrier;
	struct fetcher *fetcher;
	struct timespec conf_at; /* when the configuration was changed */
	int64_t now;
	int sent, failed, given_up;
	int is_old;	/* a try failed: what the carrier has read may be old */
};

/* courier_conf_at(c): when the configuration was changed. */
struct timespec courier_conf_at(const struct cmd *c);

/*
 * courier_once(co):
 * Do what is due, once.  Return what the verb exits with.
 *
 * courier_go_on(co):
 * Do jobs as they come.  It ends, to be started anew, when something changed that it
 * has read, and after a failure, as that may come from what the carrier has read: the
 * addresses of name servers, say.  Return COURIER_AGAIN, or what the verb exits with.
 */
int courier_once(struct courier *co);
int courier_go_on(struct courier *co);

#endif
