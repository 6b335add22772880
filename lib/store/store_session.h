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
/* Delete all sessions of the user except keep (NULL: all of them). */
int store_session_delete_others(
    struct store *st, int64_t user, const struct digest *keep);
/* store_session_confirm(st, d, now): the user proved again that it is them. */
int store_session_confirm(
    struct store *st, const struct digest *d, int64_t now);
/* List the sessions that have not expired, the last seen first; none that is half. */
int store_session_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct session *out, size_t n);

#endif
