/* passport_id.h: what the tokens that Laravel Passport gave are called here. */
#ifndef CARNET_PASSPORT_ID_H
#define CARNET_PASSPORT_ID_H

#include "crypto.h"
#include "id.h"

/*
 * passport_id(jti, out): put to out the id of an access token: the first bytes of the
 * SHA-256 of Passport's own.
 * passport_refresh(id, out): put to out the digest by which a refresh token is found.
 */
void passport_id(const char *jti, struct id *out);
void passport_refresh(const char *id, struct digest *out);

/*
 * passport_map_scope(map, name, len):
 * The name here of the scope whose name there is the *len bytes at name: in map, words
 * "old=new", what is behind "old="; else name itself.  Its length is put to *len; 0: the
 * scope is left out.
 */
const char *passport_map_scope(const char *map, const char *name, size_t *len);

#endif
