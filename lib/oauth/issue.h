/* issue.h: mint, store and answer a set of tokens. */
#ifndef CARNET_ISSUE_H
#define CARNET_ISSUE_H

#include <stdint.h>

#include "store.h"

struct access_token;
struct client;
struct conf;
struct oerr;
struct req;
struct user;

/* What a grant uses up. */
enum spend { SPEND_NOTHING, SPEND_REFRESH, SPEND_KEPT, SPEND_CODE,
	SPEND_DEVICE };

/* For whom tokens are, and what is spent for them. */
struct subject {
	/*
	 * NULL: the client itself.  If nothing is spent the password was given.
	 */
	const struct user *user;
	uint64_t scope;		 /* of the access token */
	uint64_t granted;	 /* of the refresh token */
	enum spend spend;
	struct digest digest;	 /* of what is spent */
	/*
	 * The refresh token to answer with, of a refresh: the next one, or of one
	 * that is kept (SPEND_KEPT) itself.  NULL: a random one.
	 */
	const char *next;
	struct id family;	 /* that it belongs to */
	/*
	 * That it was granted for, NULL: for none in particular.  It is bound to
	 * that for good: all tokens of its family are for this one (RFC 8707
	 * section 2.2).  What nothing was granted for before, as a password, is
	 * bound to none, whatever the token request names.
	 */
	const char *resource;
};

/*
 * issue_tokens(rq, cl, sub):
 * Sign an access token, with a refresh token where the client holds that grant
 * and there is a user; spend and store in one transaction; answer as RFC 6749
 * section 5.1.  When the answer says 200 all of it is on disk.
 */
const struct oerr *issue_tokens(
    struct req *rq, const struct client *cl, const struct subject *sub);

/*
 * issue_replayed(rq, family, why):
 * Something was presented that is used up: a thief has it, or had it.  Revoke
 * all that the sign-in gave, now, and return invalid_grant.
 */
const struct oerr *issue_replayed(
    struct req *rq, const struct id *family, const char *why);

/*
 * issue_family_end(cf, family):
 * Return when the family ends by refresh_max, in Unix seconds: its id begins with
 * the time of its sign-in.
 */
int64_t issue_family_end(const struct conf *cf, const struct id *family);

/* What an access token is made of. */
struct mint {
	const struct client *cl;
	int64_t user;		/* 0: the client itself */
	uint64_t scope;
	int64_t ttl_s;
	const struct id *family; /* or NULL */
	const char *name;	/* of a personal token, or NULL */
	const char *audience;	/* NULL: the issuer */
};

/*
 * issue_mint(rq, m, row, jwt):
 * Fill row, which the caller stores, and put the signed token to *jwt.
 */
const struct oerr *issue_mint(struct req *rq, const struct mint *m,
    struct access_token *row, char **jwt);

/* issue_personal_client(rq, out): the client that personal tokens are of. */
const struct oerr *issue_personal_client(struct req *rq, struct client *out);

/*
 * issue_id_make(now, out):
 * A new id of a token or family: now (Unix seconds) in 5 bytes, the clock's part of
 * a second in 3, and 8 bytes of chance.
 */
void issue_id_make(int64_t now, struct id *out);

/*
 * issue_id_text(a, id), issue_id_read(text, out):
 * An id as the wire has it; read returns 1 if text is one.
 */
char *issue_id_text(struct arena *a, const struct id *id);
int issue_id_read(const char *text, struct id *out);

#endif
