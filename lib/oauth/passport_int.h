/* passport_int.h: what the passport_*.c share. */
#ifndef CARNET_PASSPORT_INT_H
#define CARNET_PASSPORT_INT_H

#include "passport.h"

/* passport_get(r, name): the value of a member; NULL also for an empty text. */
const char *passport_get(const struct record *r, const char *name);

/* passport_truth(r, name): 1 for true, t and 1. */
int passport_truth(const struct record *r, const char *name);

/* passport_words(a, text): a list of texts, as JSON or as words, as words. */
const char *passport_words(struct arena *a, const char *text);

/* passport_count(im, kind, end): count one; return 0. */
int passport_count(
    struct passport *im, enum passport_kind kind, enum passport_end end);

/* passport_left(im, kind, id, why): it does not come along; return 0. */
int passport_left(struct passport *im, enum passport_kind kind, const char *id,
    const char *why);

/* passport_note(im, kind, id, what): it comes along, but for this. */
void passport_note(struct passport *im, enum passport_kind kind,
    const char *id, const char *what);

/*
 * passport_scope(im, text, out):
 * Put to out the set of a row's scopes, after --map-scope; all for '*'.  Scopes that
 * [scopes] has not are counted.
 */
void passport_scope(struct passport *im, const char *text, uint64_t *out);

/*
 * passport_find_user(im, id, out):
 * Put to out the number of the user that Passport calls id.  1; 0 if they did not come
 * along; -1.
 */
int passport_find_user(struct passport *im, const char *id, int64_t *out);

#endif
