/* b64.h: base64 and base64url (RFC 4648); time depends on length only. */
#ifndef CARNET_B64_H
#define CARNET_B64_H

#include <stddef.h>
#include <sys/types.h>

/* The length of n bytes in base64url without padding. */
#define B64_LEN(n) (((n)*4 + 2) / 3)

/*
 * b64url_encode(data, len, out):
 * Write data as base64url without padding (RFC 7515 section 2) and a NUL to
 * out, which has room for B64_LEN(len) + 1 bytes.  Return the length without
 * the NUL.
 */
size_t b64url_encode(const void *data, size_t len, char *out);

/*
 * b64url_decode(s, len, out):
 * Decode base64url without padding into out, which has room for len * 3 / 4
 * bytes.  Return the number of bytes; -1 for a character outside the alphabet,
 * an impossible length, or padding bits that are not zero: each byte string has
 * only one spelling (RFC 4648 section 3.5).
 */
ssize_t b64url_decode(const char *s, size_t len, void *out);

/*
 * b64_decode(s, len, out):
 * The same for base64 with padding (RFC 4648 section 4).
 */
ssize_t b64_decode(const char *s, size_t len, void *out);

#endif
