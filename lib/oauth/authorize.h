/* authorize.h: an authorization request (RFC 6749 section 4.1). */
#ifndef CARNET_AUTHORIZE_H
#define CARNET_AUTHORIZE_H

#include <stdint.h>

#include "acr.h"
#include "claims.h"
#include "document.h"
#include "id_token.h"
#include "pushed.h"
#include "store_client.h"

struct oerr;
struct req;

enum {
	PROMPT_NONE = 1,
	PROMPT_LOGIN = 2,
	PROMPT_CONSENT = 4,
	PROMPT_SELECT = 8, /* the page that asks for consent has the account */
};

/* A request, checked. */
struct authorization {
	struct client client;
	int is_signed_in;	/* somebody is: set by the caller */
	enum document document;	/* of a client that has one */
	const char *awaited;	/* the URL that is to be read first, or NULL */
	const char *redirect_uri;
	const char *state;	/* or NULL */
	const char *challenge;	/* of PKCE, or NULL */
	const char *resource;	/* or NULL */
	const char *jkt;	/* the key that the code is for (RFC 9449), or NULL */
	int form_post;		/* the answer is a form, not a query */
	unsigned prompt;	/* as far as it was understood */
	const struct oerr *prompt_error; /* or NULL */
	uint64_t scope;		/* asked, and the client may have it */
	const char *nonce;	/* or NULL */
	struct claims_asked claims;
	struct id_hint hint;	/* who should be signed in; sub NULL: anybody */
	enum acr acr;		/* the least that will do; ACR_NONE: any */
	int64_t max_age;	/* seconds since the sign-in; -1: any */
	int is_pushed;		/* it came by way of /oauth/par */
	struct pushed pushed;	/* if so, and a browser brings it */
};

/*
 * authorize_client(rq, az):
 * Find client and redirect URI.  Until this returns NULL nothing may be sent to
 * that URI: an error is for the person at the browser (RFC 6749 section
 * 4.1.2.1).  If a document of the client is to be read first, or the list of its sector, this
 * returns NULL with az->document set to DOCUMENT_SIGN_IN or DOCUMENT_WAIT, with az->awaited,
 * and with no client and no URI.
 */
const struct oerr *authorize_client(struct req *rq, struct authorization *az);

/*
 * authorize_check(rq, az):
 * Check all other parameters.  An error is for the client: answer_error
 * (answer.h) answers it to who is signed in, and under prompt=none; answer_refuse to
 * anybody else.
 */
const struct oerr *authorize_check(struct req *rq, struct authorization *az);

/*
 * authorize_push(rq, cl, az):
 * The client cl pushes a request (RFC 9126 section 2.1): check it as the two functions
 * above do.  An error is for the client.
 */
const struct oerr *authorize_push(
    struct req *rq, const struct client *cl, struct authorization *az);

/*
 * authorize_is_for(rq, az, u, is):
 * Put to *is whether u is who the client expects: by id_token_hint, or the claim sub
 * with a value.  Return 0, or -1 on a database error, logged.
 */
struct user;
int authorize_is_for(struct req *rq, const struct authorization *az,
    const struct user *u, int *is);

/*
 * authorize_self(rq):
 * Return the request as a path of our own, to come back to from another page of ours;
 * a "login" in its prompt, and max_age, which are then done, are left out.
 *
 * authorize_login_url(rq, az, anew):
 * Return the sign-in page, which leads back here.  anew: a site that signs people in
 * elsewhere must ask, even if it knows who it is.
 *
 * authorize_was_tried(rq):
 * Return 1 if the browser comes back from there, of a request with acr_values, or of
 * one that was pushed: a
 * sign-in that is still not worth enough will not be so the next time.
 */
const char *authorize_self(struct req *rq);
const char *authorize_login_url(
    struct req *rq, const struct authorization *az, int anew);
int authorize_was_tried(const struct req *rq);

#endif
