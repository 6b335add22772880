/* subject.h: what tokens and APIs call a user or a client. */
#ifndef CARNET_SUBJECT_H
#define CARNET_SUBJECT_H

#include <stdint.h>

struct arena;
struct store;

/*
 * subject_of_user(a, id, subject):
 * Return the subject, or the id where that is NULL.
 */
const char *subject_of_user(
    struct arena *a, int64_t id, const char *subject);

/*
 * subject_of_client(a, client_id):
 * What the sub of a client's own token says: its id; where that is a number, with
 * "client:" before it.  So it is no user's (RFC 9068 section 5).
 */
const char *subject_of_client(struct arena *a, const char *client_id);

/*
 * subject_for(st, a, sector, id, subject, out):
 * Put to *out what the clients of a sector call the user: the same as everybody if
 * sector is NULL; else a name that nobody can compare with that of another sector
 * (OpenID Connect Core section 8.1).  Return 1, or -1 on a database error, logged.
 * Not within a transaction.
 */
int subject_for(struct store *st, struct arena *a, const char *sector,
    int64_t id, const char *subject, const char **out);

#endif
