/* precis.h: the form in which names and passwords are compared (RFC 8265). */
#ifndef CARNET_PRECIS_H
#define CARNET_PRECIS_H

#include <stddef.h>

struct arena;

/*
 * precis_username(a, text, len):
 * Return the len bytes at text by the profile UsernameCaseMapped (RFC 8265
 * section 3.3): usual width, lower case, NFC.  Return NULL if they are empty,
 * are not UTF-8, have spaces, control characters, symbols or invisible
 * characters, or mix two directions of writing.
 */
char *precis_username(struct arena *a, const char *text, size_t len);

/*
 * precis_password(a, text, longest):
 * Return text by the profile OpaqueString (RFC 8265 section 4.2): each space is
 * U+0020, NFC.  ASCII is returned unchanged; so is a text that is not UTF-8 or
 * would become longer than longest bytes.
 */
const char *precis_password(
    struct arena *a, const char *text, size_t longest);

/* precis_is_ascii(text, len): return 1 if no byte is above 0x7f. */
int precis_is_ascii(const char *text, size_t len);

#endif
