/* enrol.h: a user adds a second factor, or makes new recovery codes. */
#ifndef CARNET_ENROL_H
#define CARNET_ENROL_H

struct oerr;
struct recovery;
struct req;
struct store;
struct user;

#define FACTOR_NAME_MAX 60	/* characters */

/*
 * enrol_add(rq, u, add, factor, why, made):
 * Add a second factor in one transaction: if u still has the credential that they had
 * when the factor was checked, add(st, factor) stores it, and returns 1, 0 if it may not
 * be added, or -1; then their factors are counted.  u is brought up to date.  Who has
 * no recovery codes gets some.  Return NULL, and in *why NULL or why it was not added;
 * or the error.
 */
const struct oerr *enrol_add(struct req *rq, struct user *u,
    int (*add)(struct store *st, const void *factor), const void *factor,
    const char **why, struct recovery *made);

/* enrol_recovery(rq, u, made): make new recovery codes; the old ones end. */
const struct oerr *enrol_recovery(
    struct req *rq, const struct user *u, struct recovery *made);

/* enrol_read_again(rq, u): read u as they are after a change; NULL, or the error. */
const struct oerr *enrol_read_again(struct req *rq, struct user *u);

/* What a page says whose form was made before the last change. */
#define ENROL_STALE \
    "This page was out of date, so nothing was added. Try once more."

#endif
