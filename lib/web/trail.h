/* trail.h: what a request leaves in the audit trail. */
#ifndef CARNET_TRAIL_H
#define CARNET_TRAIL_H

struct req;

/*
 * trail_note(rq, event):
 * The request did something that belongs into the audit trail, by this name;
 * event is not copied.  The line is written once, before the answer, with user,
 * client and detail as rq has them then, and how it ended.
 */
void trail_note(struct req *rq, const char *event);

/*
 * trail_end(rq):
 * The answer is ready to be sent: write the line, if any.  Anybody can be
 * refused as often as they like, so that refusals stand apart (audit.h), but for
 * those of who is known: signed in, with a live token, or a client that has
 * shown its secret and gives a token up.  A client that hands on what others
 * sent it (a password, a code, a token to be looked at) does not vouch for them.
 */
void trail_end(struct req *rq);

#endif
