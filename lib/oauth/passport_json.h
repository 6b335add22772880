/* passport_json.h: clients and tokens as the JSON of Laravel Passport 12 has them. */
#ifndef CARNET_PASSPORT_JSON_H
#define CARNET_PASSPORT_JSON_H

struct arena;
struct buf;
struct client;
struct passport_token;
struct user;

/*
 * passport_json_client(a, b, name, cl, u, secret):
 * Append the client cl, as a member name or (NULL) as an element.  u is who asks: of
 * another user nothing is told.  secret, which is shown once, is its text, or NULL.
 *
 * passport_json_token(a, b, t, u): append the members of t, a token of the user u.
 */
void passport_json_client(struct arena *a, struct buf *b, const char *name,
    const struct client *cl, const struct user *u, const char *secret);
void passport_json_token(struct arena *a, struct buf *b,
    const struct passport_token *t, const struct user *u);

#endif
