/* logout_token.h: a session ended: OpenID Connect Back-Channel Logout section 2.4. */
#ifndef CARNET_LOGOUT_TOKEN_H
#define CARNET_LOGOUT_TOKEN_H

#include <stdint.h>

struct client;
struct store;
struct writer;

/*
 * logout_token_make(w, st, cl, user, sid, out):
 * Put to *out the signed token that tells the client cl that its session sid ended;
 * sub is the user's, if they are still there.  Return 1; 0, with the reason in *out, if
 * there is no key to sign it with; -1 on a database error, logged.
 */
int logout_token_make(const struct writer *w, struct store *st,
    const struct client *cl, int64_t user, const char *sid,
    const char **out);

#endif
