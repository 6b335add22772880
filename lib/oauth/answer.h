/* answer.h: what a client is told of its authorization request (RFC 6749 section 4.1.2). */
#ifndef CARNET_ANSWER_H
#define CARNET_ANSWER_H

struct authorization;
struct oerr;
struct req;

/*
 * answer_error(rq, az, e), answer_code(rq, az, code):
 * Send the browser back to the client with the error or the code, and with state
 * and iss (RFC 9207).  The one place that builds such an answer.
 */
const struct oerr *answer_error(struct req *rq,
    const struct authorization *az, const struct oerr *e);
const struct oerr *answer_code(struct req *rq,
    const struct authorization *az, const char *code);

/*
 * answer_refuse(rq, az, e):
 * Show the error e to a person who is not signed in, with a link to the client
 * that carries the error.  A redirect at once would let anybody's link lead
 * from our address to any registered client (RFC 9700 section 4.11.2).
 */
const struct oerr *answer_refuse(struct req *rq,
    const struct authorization *az, const struct oerr *e);

#endif
