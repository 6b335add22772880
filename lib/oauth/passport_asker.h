/* passport_asker.h: who asks for the JSON of Laravel Passport 12. */
#ifndef CARNET_PASSPORT_ASKER_H
#define CARNET_PASSPORT_ASKER_H

struct oerr;
struct req;
struct visitor;

/*
 * passport_asker(rq, wants_fresh, v):
 * Put to v who asks: somebody who is signed in, by the cookie of this site.  What
 * changes something must come from a page of this site; if wants_fresh, they signed in
 * in the last fresh_ttl.  Its body, or its form, is rq->json then, an object.  A GET is
 * answered with the header X-CSRF-TOKEN, for the next change.  Return NULL, or the
 * error: with the statuses that Laravel has, 401, 419 and 423.
 */
const struct oerr *passport_asker(
    struct req *rq, int wants_fresh, struct visitor *v);

extern const struct oerr passport_signed_out; /* 401 */

#endif
