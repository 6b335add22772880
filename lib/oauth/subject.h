/* subject.h: what tokens and APIs call a user or a client. */
#ifndef CARNET_SUBJECT_H
#define CARNET_SUBJECT_H

#include <stdint.h>

struct arena;

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

#endif
