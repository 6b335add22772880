/* trail.h: the line of a request in the audit trail. */
#ifndef CARNET_TRAIL_H
#define CARNET_TRAIL_H

struct req;

/*
 * trail_note(rq, event):
 * The request did something that the audit trail must tell: event is its name, and
 * is not copied.  One line is written when the request ends, with the user, client
 * and detail that rq has then, and with the outcome.
 */
void trail_note(struct req *rq, const char *event);

/*
 * trail_end(rq):
 * The answer is ready: write the line, if there is one.  A stranger can be refused
 * as often as they like, and could fill the trail; so refusals of strangers go to a
 * file of their own (audit.h).  A caller is no stranger if they are signed in, have a
 * live token, or are a client that has shown its secret and revokes a token.  A
 * client that passes on what others sent it (a password, a code, a token to
 * introspect) does not vouch for them.
 */
void trail_end(struct req *rq);

#endif
