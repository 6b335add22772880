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

/* trail_end(rq): the answer is ready to be sent: write the line, if any. */
void trail_end(struct req *rq);

#endif
