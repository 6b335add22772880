/* ticket.h: who has signed in at the site: a JWT that it signs with login.key. */
#ifndef CARNET_TICKET_H
#define CARNET_TICKET_H

#include <stdint.h>

#include "vouched.h"

struct arena;
struct login_keys;

#define TICKET_SECONDS 60  /* the longest life of a ticket */
#define TICKET_SKEW_S 5	   /* the site's clock may differ by so much */

struct ticket {
	struct person person;
	const char *state;	/* that of the browser which was sent there */
	const char *jti;	/* no other ticket has it */
	const char *amr;	/* how they signed in (RFC 8176): words, or NULL */
	int64_t expires_at;
	int64_t auth_time;	/* when they signed in; 0: it does not say */
	int is_late;		/* it is good, but it has expired */
};

/*
 * ticket_read(a, text, keys, issuer, now, out):
 * Check the ticket, and put what it says to out; texts are in a.  It is signed by
 * HS256 with one of the keys, and by nothing else; its audience is issuer; it lives
 * at most a minute.  Return NULL; or the reason, for the log, why it does not count,
 * with out->is_late set if time is all that is wrong.
 */
const char *ticket_read(struct arena *a, const char *text,
    const struct login_keys *keys, const char *issuer, int64_t now,
    struct ticket *out);

#endif
