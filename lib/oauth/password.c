/* password.c: what a new password must be: NIST SP 800-63B section 5.1.1.2. */
#include "password.h"

#include <string.h>
#include <sys/types.h>

#include "arena.h"
#include "conf.h"
#include "password_int.h"
#include "precis.h"
#include "passwd.h"
#include "store_user.h"
#include "utf8.h"
#include "words.h"

#define WORD_CHARS_MIN 3 /* a shorter word is in too many others */
#define AROUND_MAX 4 /* characters around a common word: a year, say */

/* Rows of neighbours, in the alphabet or on a keyboard. */
static const char *const rows[] = {
	"01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm",
	"qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
};

/* In small letters, as far as ASCII goes. */
static char *
fold(struct arena *a, const char *s)
{
	char *folded = arena_str(a, s);

	for (char *p = folded; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return folded;
}

/* Is the word behind the first one of the row, or that one? */
static int
begins_before(const char *row, const char *word)
{
	const size_t n = strcspn(row, " ");
	const int order = strncmp(word, row, n);

	return order > 0 || (order == 0 && strlen(word) >= n);
}

/* Look for the word in its row: the last one that begins before it. */
static int
is_listed(const char *word)
{
	size_t low = 0, high = password_common_rows, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (begins_before(password_common[middle], word))
			low = middle;
		else
			high = middle;
	}
	return words_have(password_common[low], word);
}

/* The letter that a digit or a sign replaces in the middle of a word. */
static char
letter_of(char c)
{
	static const char signs[] = "@43!10$57", letters[] = "aaeiiosst";
	const char *at = c == '\0' ? NULL : strchr(signs, c);

	return at == NULL ? c : letters[at - signs];
}

/* The first n bytes of text, as they are, and with letters for digits and signs. */
static int
is_listed_as(struct arena *a, const char *text, size_t n)
{
	char *word = arena_dup(a, text, n);

	if (is_listed(word))
		return 1;
	for (char *p = word; *p != '\0'; p++)
		*p = letter_of(*p);
	return is_listed(word);
}

/*
 * "monkey12!", "p@ssw0rd": a listed word, with a few digits and signs around it or in
 * the place of letters.
 */
static int
is_common(struct arena *a, const char *folded)
{
	const size_t len = strlen(folded);
	size_t from = 0, end = len;

	if (is_listed_as(a, folded, len))
		return 1;
	while (end > 0 && (folded[end - 1] < 'a' || folded[end - 1] > 'z'))
		end--;
	while (from < end && (folded[from] < 'a' || folded[from] > 'z'))
		from++;
	return (len - end <= AROUND_MAX && is_listed_as(a, folded, end)) ||
	    (len - (end - from) <= AROUND_MAX &&
		is_listed_as(a, folded + from, end - from));
}

/* Is y next to x in a row, before or behind it?  */
static int
are_neighbours(char x, char y)
{
	const char *at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (at = rows[i]; (at = strchr(at, x)) != NULL; at++)
			if (at[1] == y || (at > rows[i] && at[-1] == y))
				return 1;
	return 0;
}

/* "aaaaaaaa", "abcdefgh", "98765432", "qwertyui": each is the last or beside it. */
static int
is_row(const char *s)
{
	for (; s[0] != '\0' && s[1] != '\0'; s++)
		if (s[1] != s[0] && !are_neighbours(s[0], s[1]))
			return 0;
	return 1;
}

static int
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c & 0x80);
}

/* The length of the longest of the words that s begins with, or 0. */
static size_t
begins_with(const char *s, const char *words)
{
	size_t best = 0, n;

	for (; words_next(&words, &n); words += n)
		if (n > best && utf8_count(words, n) >= WORD_CHARS_MIN &&
		    strncmp(s, words, n) == 0)
			best = n;
	return best;
}

/*
 * Is it made of words of the text, with digits and signs between them?
 * "GraceHopper1906!" is, of "Grace Hopper".
 */
static int
is_made_of(struct arena *a, const char *folded, const char *text)
{
	char *words = fold(a, text == NULL ? "" : text);
	size_t n;
	int found = 0;

	for (char *p = words; *p != '\0'; p++)
		if (!is_letter(*p) && (*p < '0' || *p > '9'))
			*p = ' ';
	for (; *folded != '\0'; folded += n)
		if ((n = begins_with(folded, words)) > 0)
			found = 1;
		else if (is_letter(*folded))
			return 0;
		else
			n = 1;
	return found;
}

const char *
password_refusal(const struct conf *cf, struct arena *a, const char *password,
    const struct user *u)
{
	/* In the form that is hashed: an accent is no character of its own. */
	const char *form = precis_password(a, password, PASSWD_MAX);
	const size_t len = strlen(form);
	const ssize_t n = utf8_count(form, len);
	const char *folded = fold(a, form);

	if (n < 0)
		return "it is not UTF-8";
	if (n < cf->password_min)
		return arena_printf(a, "it has fewer than %lld characters",
		    (long long)cf->password_min);
	if (len > PASSWD_MAX)
		return arena_printf(
		    a, "it is longer than %d bytes", PASSWD_MAX);
	if (is_common(a, folded) || is_row(folded))
		return "it is one of those that are tried first";
	if (u != NULL && is_made_of(a, folded, arena_printf(a, "%s %s %s",
		u->email == NULL ? "" : u->email,
		u->login == NULL ? "" : u->login,
		u->name == NULL ? "" : u->name)))
		return "it is made of your own address or name";
	if (is_made_of(a, folded, cf->site_name))
		return "it is made of the name of this site";
	return NULL;
}
