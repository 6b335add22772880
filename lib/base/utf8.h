/* utf8.h: checking that text is UTF-8. */
#ifndef CARNET_UTF8_H
#define CARNET_UTF8_H

#include <stddef.h>
#include <sys/types.h>

/*
 * utf8_count(s, len):
 * Return the number of characters in the len bytes at s, or -1 if they are not
 * UTF-8 (RFC 3629: no overlong forms, no surrogates) or contain a NUL.
 */
ssize_t utf8_count(const char *s, size_t len);

/*
 * utf8_is_line(s): return 1 if s is UTF-8 without ASCII control characters.  A
 * name that is shown to users must be.
 */
int utf8_is_line(const char *s);

#endif
