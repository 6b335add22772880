/* scope.h: sets of scopes: what is asked, and what may be had. */
#ifndef CARNET_SCOPE_H
#define CARNET_SCOPE_H

#include <stdint.h>

struct arena;
struct client;
struct conf;
struct access;
struct oerr;
struct req;
struct tmpl_data;
struct user;

/* A set is a word of bits: conf.h; SCOPE_STAR is '*'. */

/*
 * scope_parse(cf, words, unknown):
 * Return the set that words name.  A word that is no scope is left out, and
 * *unknown (which may be NULL) is set to 1.
 */
uint64_t scope_parse(const struct conf *cf, const char *words, int *unknown);

/* scope_format(cf, a, set): the words of set in the configuration's order. */
char *scope_format(const struct conf *cf, struct arena *a, uint64_t set);

/*
 * scope_of_client(cf, cl), scope_of_user(cf, u):
 * What each may have at most.  A client without a limit: all that is not marked
 * privileged; a user without one: the setting user_scopes.  A user may always have
 * the scopes of OpenID Connect.
 */
uint64_t scope_of_client(const struct conf *cf, const struct client *cl);
uint64_t scope_of_user(const struct conf *cf, const struct user *u);

/*
 * scope_of_token(cf, a, t):
 * Return the scopes of the access token t that its client and its user (if any)
 * may have now: what either of them lost since, the token lost too.
 */
const char *scope_of_token(
    const struct conf *cf, struct arena *a, const struct access *t);

/*
 * scope_offer(rq, cl, asked, out):
 * For a user who is yet to agree, on the web or for a device: put to out what cl
 * may have of the words asked (NULL: the default).  What the client may not have
 * is left out, as many a client asks for all that the metadata lists; if nothing
 * is left, invalid_scope.  An unknown scope is invalid_scope, and so is '*',
 * which would hide from the consent page what is asked.  With openid both are left
 * out.
 */
const struct oerr *scope_offer(struct req *rq, const struct client *cl,
    const char *asked, uint64_t *out);

/*
 * scope_grant(rq, cl, u, asked, out):
 * Put to out what cl gets when it asks for the words asked, or for nothing
 * (NULL: the default), on behalf of u (NULL: for itself).  What the client may
 * not have is invalid_scope; what the user may not have is left out, and if
 * nothing is left, invalid_scope.  '*' means all that both may have, if the
 * client's limit is '*', but for the scopes of OpenID Connect.  A client has none of
 * these for itself.
 */
const struct oerr *scope_grant(struct req *rq, const struct client *cl,
    const struct user *u, const char *asked, uint64_t *out);

/*
 * scope_consent(rq, user, client, resource, scope):
 * Within a write transaction, note that the user lets the client have scope at
 * resource (NULL: wherever it asks), in addition to what was granted before.
 * Return -1 on error.
 */
int scope_consent(struct req *rq, int64_t user, int64_t client,
    const char *resource, uint64_t scope);

/* scope_is_privileged(cf, set): return 1 if any scope of set is privileged. */
int scope_is_privileged(const struct conf *cf, uint64_t set);

/* scope_show(cf, set, d): the list "scopes" of d: each name and description. */
void scope_show(const struct conf *cf, uint64_t set, struct tmpl_data *d);

/* scope_show_as(cf, set, d, list): the same as a list of another name. */
void scope_show_as(const struct conf *cf, uint64_t set, struct tmpl_data *d,
    const char *list);

#endif
