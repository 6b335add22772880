/* remember.h: may a web server remember that a request was let through? */
#ifndef CARNET_REMEMBER_H
#define CARNET_REMEMBER_H

struct req;
struct rule;

/*
 * A module that can remember says so with the variable CARNET_REMEMBERS: it names the
 * file of store_changes.h that it has.
 *
 * remember_give(rq):
 * If it has none, or another one, the file goes along with the answer, whatever that
 * is.
 *
 * remember_offer(rq, ru):
 * The request was let through by this rule.  If the module has the right file, the
 * header Remember says that the answer counts in this second
 * (rq->now), until the count rises, for all requests that say the same and whose
 * target is plain (modules/plain.h) and begins with so many bytes of this one's.  0:
 * it counts for this target alone.
 * Nothing is said where something must be seen at each request, or where changes are
 * not counted.
 */
void remember_give(struct req *rq);
void remember_offer(struct req *rq, const struct rule *ru);

#endif
