/* precis.h: names and passwords in the one form that is compared (RFC 8265). */
#ifndef CARNET_PRECIS_H
#define CARNET_PRECIS_H

#include <stddef.h>

struct arena;

/*
 * precis_username(a, text, len):
 * Return the len bytes at text by the profile UsernameCaseMapped (RFC 8265
 * section 3.3): full width as half, lower case, NFC.  NULL if they are no UTF-8,
 * empty, or hold what no name has: spaces, controls, symbols, characters that
 * are not seen, two directions.
 */
char *precis_username(struct arena *a, const char *text, size_t len);

/*
 * precis_password(a, text, longest):
 * Return text by the profile OpaqueString (RFC 8265 section 4.2): other spaces
 * as U+0020, NFC.  ASCII is returned as it is; so is what is no UTF-8, and what
 * would be longer than longest bytes.
 */
const char *precis_password(
    struct arena *a, const char *text, size_t longest);

/* precis_is_ascii(text): return 1 if no byte is above 0x7f. */
int precis_is_ascii(const char *text, size_t len);

#endif
