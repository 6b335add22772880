/* defuse.h: texts that defuse/php-encryption, version 2, encrypted by a password. */
#ifndef CARNET_DEFUSE_H
#define CARNET_DEFUSE_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* In hexadecimal: what each text begins with, and how long the longest one may be. */
#define DEFUSE_BEGINS "def50200"
#define DEFUSE_MAX 4096

/*
 * defuse_open(a, text, key, len):
 * Decrypt text, which is hexadecimal, by the password of len bytes at key.  This takes
 * 100,000 rounds of PBKDF2-HMAC-SHA-256: as long as a password hash, so it has its
 * turn as one (hasher.h).  Return what was encrypted, in a, with a NUL behind it; NULL
 * if text is none, or was made or changed by somebody who does not know the key.
 */
char *defuse_open(
    struct arena *a, const char *text, const uint8_t *key, size_t len);

#endif
