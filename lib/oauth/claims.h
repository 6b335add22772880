/* claims.h: what an app is told about a user (OpenID Connect Core section 5). */
#ifndef CARNET_CLAIMS_H
#define CARNET_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct client;
struct json_object;
struct oerr;
struct req;
struct tmpl_data;
struct user;

/* Where claims are told, and how words and the parameter claims name the place. */
#define CLAIMS_USERINFO "userinfo"
#define CLAIMS_ID_TOKEN "id_token"

/* What is asked for by the parameter claims (section 5.5). */
struct claims_asked {
	struct json_object *o;	/* NULL: nothing */
	uint64_t scope;		/* the scopes that these claims belong to */
	const char *sub;	/* who must sign in; NULL: anybody */
	const char *acr;	/* words, one of which must be met; or NULL */
};

/*
 * claims_read(rq, cl, out):
 * Read the parameter, if there is one; out->scope is what of it the client cl may
 * have.  Return NULL, or invalid_request.
 *
 * claims_words(rq, as, u):
 * Return the claims of u that as asks for, as words such as "userinfo.email"; NULL:
 * none.  A claim that is asked for with a value is among them if it has that value.
 */
const struct oerr *claims_read(
    struct req *rq, const struct client *cl, struct claims_asked *out);
const char *claims_words(
    struct req *rq, const struct claims_asked *as, const struct user *u);

/*
 * claims_write(rq, b, u, scope, words, place):
 * Append the claims of u to a JSON object: those of the scopes, and those that words
 * (NULL: none) name for the place.  A claim that u does not have is left out.
 */
void claims_write(struct req *rq, struct buf *b, const struct user *u,
    uint64_t scope, const char *words, const char *place);

/*
 * claims_show(rq, u, scope, d):
 * The list "told" of d: label and value of each; "has_told", if scope tells any.
 */
void claims_show(struct req *rq, const struct user *u, uint64_t scope,
    struct tmpl_data *d);

/* claims_list(b): append the names of the claims to an open JSON array. */
void claims_list(struct buf *b);

#endif
