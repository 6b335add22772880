/* passport.h: what Laravel Passport gave: ids of its tokens, times, its rows. */
#ifndef CARNET_PASSPORT_H
#define CARNET_PASSPORT_H

#include <stdint.h>

#include "passport_id.h"
#include "seen.h"
#include "store.h"

struct conf;
struct record;

/* Passport's id of a token, the jti, has at most so many characters. */
#define PASSPORT_ID_MAX 100

/*
 * passport_zone(name):
 * Times without a zone are of this one from now on: "Europe/Paris".  Return 0 if this
 * machine does not know it.
 *
 * passport_time(text, out):
 * Read a date and time, in that zone unless it names one itself, as Unix seconds.
 * NULL gives 0.  Return 1; 0 if it is none.
 */
int passport_zone(const char *name);
int passport_time(const char *text, int64_t *out);

/* What a row is of, and what becomes of it. */
enum passport_kind {
	PASSPORT_USER, PASSPORT_CLIENT, PASSPORT_PERSONAL, PASSPORT_ACCESS,
	PASSPORT_REFRESH, PASSPORT_KINDS
};
enum passport_end {
	PASSPORT_BROUGHT,	/* it is stored */
	PASSPORT_THERE,		/* it was there */
	PASSPORT_EXPIRED,	/* it had ended before */
	PASSPORT_REVOKED,
	PASSPORT_LEFT,		/* it lives, and does not come along */
	PASSPORT_ENDS
};

#define PASSPORT_SCOPES_MAX 64 /* that are told */

/* What was done so far. */
struct passport_sum {
	int64_t n[PASSPORT_KINDS][PASSPORT_ENDS];
	int64_t consents;
	int64_t numbered;	/* clients whose id is a number */
	int64_t sub_kept;	/* of them: their sub is that number */
	int n_unknown;
	struct {		/* scopes that [scopes] has not */
		const char *name;
		int64_t n;
	} unknown[PASSPORT_SCOPES_MAX];
};

/* An import at work. */
struct passport {
	const struct conf *cf;
	struct store *st;
	struct arena *a;	/* of one row */
	struct arena *kept;	/* of all */
	int64_t now;
	const char *map;	/* "a=b" words: scopes that have another name here */
	const char *provider;	/* of the users, among Laravel's auth providers */
	int keep_sub;
	/* A row does not come along as it is: why. */
	void (*tell)(void *ctx, const char *text);
	void *ctx;

	struct seen users, clients; /* that came along, or were there */
	struct passport_sum sum;
};

/*
 * passport_user(im, r), passport_client, passport_access, passport_refresh_row:
 * Within a write transaction, take in a row of Passport's tables.  Count it, and tell
 * why it does not come along.  Return 0, or -1 on a database error.
 */
int passport_user(struct passport *im, const struct record *r);
int passport_client(struct passport *im, const struct record *r);
int passport_access(struct passport *im, const struct record *r);
int passport_refresh_row(struct passport *im, const struct record *r);

/*
 * passport_last(im):
 * After all rows: an access token that has no refresh token becomes a member of a
 * family all the same, so that it ends with what its user allowed the app.
 */
int passport_last(struct passport *im);

#endif
