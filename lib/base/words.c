/* words.c: lists of words with spaces between, as in scope. */
#include "words.h"

#include <string.h>

#include "arena.h"

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

int
words_quoted(struct arena *a, const char *s, char ***out)
{
	/* A word takes a byte and a space at least. */
	char **word = arena_alloc(a, (strlen(s) / 2 + 2) * sizeof(*word));
	char *to = arena_alloc(a, strlen(s) + 1);
	int n = 0, is_quoted = 0, is_open = 0;

	for (; *s != '\0'; s++) {
		if (*s == ' ' && !is_quoted) {
			*to = '\0';
			to += is_open;
			is_open = 0;
			continue;
		}
		if (!is_open)
			word[n++] = to;
		is_open = 1;
		if (*s == '"')
			is_quoted = !is_quoted;
		else
			*to++ = *s;
	}
	*to = '\0';
	*out = word;
	return is_quoted ? -1 : n;
}
