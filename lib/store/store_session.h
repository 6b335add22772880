/* store_session.h: sign-in sessions. */
#ifndef CARNET_STORE_SESSION_H
#define CARNET_STORE_SESSION_H

#include "store.h"
#include "store_proof.h"

struct session {
	struct digest digest;
	int64_t user;
	const char *agent, *address;
	int64_t created_at, seen_at, expires_at;
	struct proof proof;
	int64_t confirmed_at;	/* when the user last proved it was them; 0: never */
	int64_t credential;	/* version that was checked */
	/*
	 * It is the first step of a sign-in whose second step is still to come:
	 * nobody is signed in by it.
	 */
	int is_half;
};

int store_session_add(struct store *st, const struct session *s);
/* Find one that has not expired. */
int store_session_find(struct store *st, struct arena *a,
    const struct digest *d, int64_t now, struct session *out);
int store_session_seen(struct store *st, const struct digest *d, int64_t now);
int store_session_delete(struct store *st, const struct digest *d);
/*
 * Delete all sessions of the user except keep (NULL: all of them).  Of a session that
 * is deleted the clients are told: store_logout.h.
 */
int store_session_delete_others(
    struct store *st, int64_t user, const struct digest *keep);
/* store_session_confirm(st, d, now): the user proved again that it is them. */
int store_session_confirm(
    struct store *st, const struct digest *d, int64_t now);
/*
 * store_session_client(st, a, d, client, sid):
 * Within a write transaction, note that the user of the session d signs in to the
 * client, and put to *sid what the client calls the session: SID_LEN random
 * characters, the same at each sign-in there.  Return 1, or -1 on a database error.
 *
 * store_session_sid(st, a, d, client, sid): find it; 0 if there is none.
 */
#define SID_LEN 22
int store_session_client(struct store *st, struct arena *a,
    const struct digest *d, int64_t client, const char **sid);
int store_session_sid(struct store *st, struct arena *a,
    const struct digest *d, int64_t client, const char **sid);
/* List the sessions that have not expired, the last seen first; none that is half. */
int store_session_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct session *out, size_t n);

#endif
