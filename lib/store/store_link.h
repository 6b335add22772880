/* store_link.h: links that lead back to us from a mail. */
#ifndef CARNET_STORE_LINK_H
#define CARNET_STORE_LINK_H

#include "store.h"

struct link {
	struct digest digest;	/* of its secret */
	const char *kind;	/* "sign_up", "invite", "recover", "email" */
	int64_t user;		/* whose account it changes; 0: it begins one */
	const char *email;	/* that it is for, or NULL */
	const char *name;	/* of an account that begins, or NULL */
	const char *password;	/* the same: its hash, or NULL */
	const char *return_to;	/* where the person was going, or NULL */
	int64_t credential;	/* the user's, when the link was made */
	int64_t expires_at;	/* Unix seconds */
};

int store_link_add(struct store *st, const struct link *l);
/*
 * store_link_find(st, a, d, now, out):
 * Find a link that is still good: it has not expired, and its user, if it has one,
 * is not disabled and has had no new credential since (of "recover", no new address
 * either).
 */
int store_link_find(struct store *st, struct arena *a, const struct digest *d,
    int64_t now, struct link *out);
/* store_link_spend(st, d): of two at once, one gets 1. */
int store_link_spend(struct store *st, const struct digest *d);
/*
 * store_link_pending(st, now, most, n):
 * Count to *n, up to most, the accounts that strangers asked for and that wait for
 * their link to be opened.
 */
int store_link_pending(
    struct store *st, int64_t now, int64_t most, int64_t *n);

#endif
