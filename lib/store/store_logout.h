/* store_logout.h: the clients of a session are told that it ends. */
#ifndef CARNET_STORE_LOGOUT_H
#define CARNET_STORE_LOGOUT_H

#include <stdint.h>

#include "crypto.h"

struct store;

/*
 * store_logout_session(st, d), store_logout_user(st, user, keep):
 * Within the write transaction that ends the session d, or all sessions of the user but
 * keep (NULL: all of them), and before they are deleted: store a job for the courier
 * for each client of theirs that wants a logout token (OpenID Connect Back-Channel
 * Logout).  Jobs beyond what the outbox may have (store_set_outbox_max; else
 * LOGOUT_JOBS_MAX) are lost.  Return how many, or -1.
 */
#define LOGOUT_JOBS_MAX 10000
#define LOGOUT_JOB "logout"	/* kind; its target is a client_id, its body the sid */
int store_logout_session(struct store *st, const struct digest *d);
int store_logout_user(
    struct store *st, int64_t user, const struct digest *keep);

/* store_logout_forget(st, user): the same, of sessions that are not deleted. */
int store_logout_forget(struct store *st, int64_t user);

/*
 * store_logout_erase(st, user):
 * Within the write transaction that deletes the user: the same, and no job names the
 * user any more: a token then has the sid alone (section 2.4).  Return how many jobs
 * do so, or -1.
 */
int store_logout_erase(struct store *st, int64_t user);

/*
 * store_logout_move(st, from, to):
 * Within a write transaction: the same user goes on in the session to, so the clients
 * of from are its clients now.  Return how many, or -1.
 */
int store_logout_move(struct store *st, const struct digest *from,
    const struct digest *to);

#endif
