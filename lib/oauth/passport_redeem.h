/* passport_redeem.h: a refresh token of Passport's is shown at the token endpoint. */
#ifndef CARNET_PASSPORT_REDEEM_H
#define CARNET_PASSPORT_REDEEM_H

struct client;
struct digest;
struct oerr;
struct refresh_token;
struct req;

/*
 * passport_redeem(rq, cl, text, d, out):
 * Find the row of the refresh token text, which passport_is_refresh, and put to *d the
 * digest by which it is stored.  Decrypting it has its turn as a password has, and a
 * failure is counted as one of a client's secret.  Return NULL, or the error.
 */
const struct oerr *passport_redeem(struct req *rq, const struct client *cl,
    const char *text, struct digest *d, struct refresh_token *out);

#endif
