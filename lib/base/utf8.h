/* utf8.h: what text may come in. */
#ifndef CARNET_UTF8_H
#define CARNET_UTF8_H

#include <stddef.h>
#include <sys/types.h>

/*
 * utf8_count(s, len):
 * Return the number of characters in the len bytes at s, or -1 if they are not
 * UTF-8 (RFC 3629: no overlong forms, no surrogates) or hold a NUL.
 */
ssize_t utf8_count(const char *s, size_t len);

/*
 * utf8_is_line(s): return 1 if s is UTF-8 without control characters (the ASCII
 * ones and DEL), as a name that is shown to people has to be.
 */
int utf8_is_line(const char *s);

#endif
