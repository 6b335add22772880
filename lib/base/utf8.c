/* utf8.c: checking that text is UTF-8. */
#include "utf8.h"

#include <string.h>

/* Return how many bytes the character at s takes; 0 if it is malformed. */
static size_t
char_len(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return s[0] != '\0';
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* a lower byte is overlong */
	if (s[0] == 0xed)
		high = 0x9f; /* a higher byte is a surrogate */
	if (s[0] == 0xf0)
		low = 0x90; /* a lower byte is overlong */
	if (s[0] == 0xf4)
		high = 0x8f; /* a higher byte is past U+10FFFF */
	if (n > len || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

ssize_t
utf8_count(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	ssize_t count = 0;
	size_t n;

	for (; len > 0; p += n, len -= n, count++)
		if ((n = char_len(p, len)) == 0)
			return -1;
	return count;
}

int
utf8_is_line(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return 0;
	return utf8_count(s, strlen(s)) >= 0;
}
