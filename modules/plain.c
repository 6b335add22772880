/* plain.c: a target that every program reads in the same way. */
#include "plain.h"

#include <string.h>

/* Beside letters and digits: what no server gives a meaning in a path. */
static const char in_path[] = "-_~!$&'()*+,=:@./";
static const char in_name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789-_.~[]";

/* Is the query one whose names are written out, and none of them is _method? */
static int
is_plain_query(const char *s)
{
	size_t n;

	for (; *s != '\0'; s += *s == '&') {
		n = strspn(s, in_name);
		if (n == strlen("_method") && strncmp(s, "_method", n) == 0)
			return 0;
		s += n;
		if (*s != '\0' && *s != '=' && *s != '&')
			return 0;
		s += strcspn(s, "&;#");
		if (*s != '\0' && *s != '&')
			return 0;
	}
	return 1;
}

/* As strspn(3), which would make a table for each target. */
static size_t
path_length(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++) {
		const char lower = (char)(s[n] | 0x20);

		if ((lower < 'a' || lower > 'z') &&
		    (s[n] < '0' || s[n] > '9') && strchr(in_path, s[n]) == NULL)
			break;
	}
	return n;
}

int
plain_is(const char *target)
{
	const size_t n = path_length(target);

	if (*target != '/' || (target[n] != '\0' && target[n] != '?'))
		return 0;
	for (size_t i = 0; i < n; i++) {
		const char next = i + 1 < n ? target[i + 1] : '\0';

		if ((target[i] == '/' && next == '/') ||
		    (target[i] == '.' && (next == '/' || next == '\0')))
			return 0;
	}
	return target[n] == '\0' || is_plain_query(target + n + 1);
}
