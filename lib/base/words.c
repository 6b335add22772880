/* words.c: lists of words with spaces between, as in scope. */
#include "words.h"

#include <string.h>

int
words_next(const char **s, size_t *len)
{
	*s += strspn(*s, " ");
	*len = strcspn(*s, " ");
	return *len > 0;
}

int
words_have_n(const char *s, const char *word, size_t len)
{
	size_t n;

	if (s == NULL)
		return 0;
	for (; words_next(&s, &n); s += n)
		if (n == len && memcmp(s, word, n) == 0)
			return 1;
	return 0;
}

int
words_have(const char *s, const char *word)
{
	return words_have_n(s, word, strlen(word));
}
