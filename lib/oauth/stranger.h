/*
 * stranger.h: clients that register themselves (RFC 7591), or that have a document.
 *
 * Anybody can come, so such a client is a row of its own table, which is bounded,
 * until a user allows it something: then it becomes a client as others are.
 */
#ifndef CARNET_STRANGER_H
#define CARNET_STRANGER_H

#include <stdint.h>

struct arena;
struct client;
struct conf;
struct req;
struct store;
struct stranger;

#define STRANGER_WAITS_S 3600	/* who gets no token for so long is deleted */
#define STRANGERS_MAX 1000	/* of one origin, that no user knows yet */

/*
 * stranger_find(rq, client_id, out):
 * Find one that no user has allowed anything yet: its id (a number) is 0.  Return 1; 0 if
 * there is none, or if the settings do not let it in any more; -1 on a database error,
 * logged.  *out lives as long as the request.
 *
 * stranger_read(cf, a, s, out): the same for a row s; 1 or 0.
 */
int stranger_find(struct req *rq, const char *client_id, struct client *out);
int stranger_read(const struct conf *cf, struct arena *a,
    const struct stranger *s, struct client *out);

/*
 * stranger_admit(rq, cl, id):
 * Within the write transaction in which a user allows cl something: if its id is 0, make
 * it a client.  Put the number to *id.  Return 1; 0 if it is gone; -1 on a database error,
 * logged.
 */
int stranger_admit(struct req *rq, const struct client *cl, int64_t *id);

/*
 * stranger_used(st, cf, now, cl):
 * Within the write transaction that stores tokens for cl: if it registered itself, it
 * stays for another registration_idle.  This writes at most once a day.  Return 0, or -1
 * on a database error, logged.
 */
int stranger_used(struct store *st, const struct conf *cf, int64_t now,
    const struct client *cl);

#endif
