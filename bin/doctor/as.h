/* as.h: carnet doctor --as: what the steps of a client share. */
#ifndef CARNET_DOCTOR_AS_H
#define CARNET_DOCTOR_AS_H

#include "crypto.h"
#include "doctor.h"

struct http_answer;
struct json_object;

/* What a step says: the client goes on; it stops here; no more can be seen. */
enum went { WENT_ON, WENT_WRONG, WENT_TO_THE_END };

/* A client that is played, and what it has found. */
struct play {
	struct doctor *d;
	const char *url;           /* as it was given, without a slash at its end */
	const char *scope;         /* to ask for, or NULL */
	const char *client_id;     /* given or registered, or NULL */
	const char *redirect_uri;
	const char *client_secret; /* registered, or NULL */
	/* RFC 7592, of a client that was registered here, or NULL. */
	const char *registered_at, *registered_token;
	const char *metadata;      /* the URL of the resource's document, or NULL */
	const char *resource;      /* what tokens are for, or NULL */
	const char *issuer;
	struct json_object *server; /* the issuer's document */
	int has_secret;            /* such a client has a secret */
	char verifier[SECRET_TEXT_LEN + 1];
	struct digest challenge;   /* SHA-256 of the verifier (RFC 7636) */
};

/* The steps, in the order in which a client takes them; as_find.c, as_ask.c. */
enum went as_call(struct play *p);      /* call the resource without a token */
enum went as_resource(struct play *p);  /* read its document (RFC 9728) */
enum went as_server(struct play *p);    /* read the issuer's (RFC 8414) */
enum went as_openid(struct play *p);    /* read the issuer's (OIDC Discovery) */
enum went as_script(struct play *p);    /* may a page of the app's call? */
enum went as_client(struct play *p);    /* be registered, or register */
enum went as_authorize(struct play *p); /* ask for authorization */
enum went as_token(struct play *p);     /* redeem a code, which is made up */
enum went as_userinfo(struct play *p);  /* ask who the user is */

/* as_wrong(p, cure, fmt, ...): report why a client stops here; WENT_WRONG. */
enum went as_wrong(struct play *p, const char *cure, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * as_forget(p):
 * Delete the client that as_client registered, if the server lets it (RFC 7592).
 */
void as_forget(struct play *p);

/*
 * as_play(d, name, url, client_id, redirect_uri):
 * Play the client of that name.  Return 0; -1 if there is no client of that name.
 */
int as_play(struct doctor *d, const char *name, const char *url,
    const char *client_id, const char *redirect_uri);

#endif
