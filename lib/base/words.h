/* words.h: lists of words with spaces between, as in scope. */
#ifndef CARNET_WORDS_H
#define CARNET_WORDS_H

#include <stddef.h>

struct arena;

/*
 * words_next(s, len):
 * Move *s to its first word, put the word's length to *len, and return 1;
 * return 0 if there is no word.  The caller steps over the word.
 */
int words_next(const char **s, size_t *len);

/* words_have(s, word): return 1 if word is in the list s, which may be NULL. */
int words_have(const char *s, const char *word);

/* words_have_n(s, word, len): the same for a word of len bytes. */
int words_have_n(const char *s, const char *word, size_t len);

/*
 * words_quoted(a, s, out):
 * Split s into words; text in double quotes is a word, or a part of one,
 * with its spaces.  Put them, with NULL behind the last, to *out, in a.  Return how
 * many; -1 if a quote is not closed.
 */
int words_quoted(struct arena *a, const char *s, char ***out);

#endif
