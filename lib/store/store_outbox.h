/* store_outbox.h: the jobs of the courier: what is to be sent. */
#ifndef CARNET_STORE_OUTBOX_H
#define CARNET_STORE_OUTBOX_H

#include <stdint.h>

struct arena;
struct store;

struct job {
	int64_t id;
	const char *kind;	/* "mail" */
	int64_t user;		/* whom it is about; 0: nobody */
	const char *target;	/* of mail: the address */
	const char *body;	/* of mail: the message */
	int64_t created_at, next_at; /* Unix seconds */
	int64_t tries;		/* that were begun */
};

/*
 * store_outbox_add(st, max, j):
 * Within the write transaction that wants the job: store kind, user, target, body
 * and created_at of j.  Return 1; 0 if max jobs wait already; -1 on a database
 * error, logged.
 */
int store_outbox_add(struct store *st, int64_t max, const struct job *j);

/*
 * store_outbox_due(st, a, now, out):
 * Find the job whose time came first, if it has come.
 */
int store_outbox_due(
    struct store *st, struct arena *a, int64_t now, struct job *out);

/*
 * store_outbox_take(st, j, next_at):
 * Begin a try of j as it was found; its next one is at next_at, if this one does
 * not end in store_outbox_done.  Of two couriers at once one gets 1.
 */
int store_outbox_take(struct store *st, const struct job *j, int64_t next_at);

/* store_outbox_done(st, id): the job is done, or given up: forget it. */
int store_outbox_done(struct store *st, int64_t id);

/* The jobs that wait in the outbox. */
struct outbox {
	int64_t n;	/* jobs */
	int64_t oldest;	/* Unix seconds; 0: there is none */
};

/* store_outbox_look(st, out): Return 1, or -1 on a database error, logged. */
int store_outbox_look(struct store *st, struct outbox *out);

#endif
