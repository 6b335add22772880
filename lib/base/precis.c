/* precis.c: the form in which names and passwords are compared (RFC 8265). */
#include "precis.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "arena.h"
#include "buf.h"
#include "utf8.h"

#define NFC_GROWS 3 /* how many times longer UTF-8 gets, at most (UAX 15) */

int
precis_is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] > 0x7f)
			return 0;
	return 1;
}

/* RFC 8264 section 9.11, LetterDigits. */
#define LETTER_DIGITS \
    (UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu | UC_CATEGORY_MASK_Lo | \
	UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Nd | UC_CATEGORY_MASK_Mn | \
	UC_CATEGORY_MASK_Mc)

/*
 * RFC 8264 section 9.6, Exceptions.  Characters that are valid only beside
 * certain others (section 9.8 and the rules of RFC 5892) are refused: no name
 * needs them.
 */
static const struct {
	ucs4_t first, last;
	int is_valid;
} exceptions[] = {
	{ 0x00df, 0x00df, 1 }, { 0x03c2, 0x03c2, 1 }, { 0x06fd, 0x06fe, 1 },
	{ 0x0f0b, 0x0f0b, 1 }, { 0x3007, 0x3007, 1 },
	{ 0x00b7, 0x00b7, 0 }, { 0x0375, 0x0375, 0 }, { 0x05f3, 0x05f4, 0 },
	{ 0x0640, 0x0640, 0 }, { 0x07fa, 0x07fa, 0 }, { 0x302e, 0x302f, 0 },
	{ 0x3031, 0x3035, 0 }, { 0x303b, 0x303b, 0 }, { 0x30fb, 0x30fb, 0 },
	/* RFC 8264 section 9.9, OldHangulJamo. */
	{ 0x1100, 0x11ff, 0 }, { 0xa960, 0xa97f, 0 }, { 0xd7b0, 0xd7ff, 0 },
};

/* RFC 8264 section 4.2: is c in the IdentifierClass? */
static int
is_valid(ucs4_t c)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int kind = UC_DECOMP_CANONICAL;

	if (c < 0x80)
		return c >= 0x21 && c <= 0x7e;
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(*exceptions); i++)
		if (c >= exceptions[i].first && c <= exceptions[i].last)
			return exceptions[i].is_valid;
	if (uc_is_property_default_ignorable_code_point(c) ||
	    (uc_decomposition(c, &kind, parts) > 0 &&
		kind != UC_DECOMP_CANONICAL))
		return 0;
	return uc_is_general_category_withtable(c, LETTER_DIGITS);
}

/* RFC 5893 section 2: the kinds of direction that a name has, as bits. */
enum { SEEN_L = 1, SEEN_R = 2, SEEN_EN = 4, SEEN_AN = 8, SEEN_OTHER = 16 };

static int
direction(ucs4_t c)
{
	switch (uc_bidi_category(c)) {
	case UC_BIDI_L:
		return SEEN_L;
	case UC_BIDI_R:
	case UC_BIDI_AL:
		return SEEN_R;
	case UC_BIDI_EN:
		return SEEN_EN;
	case UC_BIDI_AN:
		return SEEN_AN;
	case UC_BIDI_NSM:
		return 0;
	default:
		return SEEN_OTHER;
	}
}

/* Is each character of s allowed in a name, and have they one direction? */
static int
is_name(const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	int first = 0, last = 0, seen = 0, now;
	ucs4_t c;

	while ((p = u8_next(&c, p)) != NULL) {
		if (!is_valid(c))
			return 0;
		now = direction(c);
		first = first != 0 ? first : now;
		last = now != 0 ? now : last;
		seen |= now;
	}
	if (!(seen & (SEEN_R | SEEN_AN)))
		return 1;
	return first == SEEN_R && !(seen & SEEN_L) &&
	    (last & (SEEN_R | SEEN_EN | SEEN_AN)) != 0 &&
	    (seen & (SEEN_EN | SEEN_AN)) != (SEEN_EN | SEEN_AN);
}

/* RFC 8265 section 3.3.1, the width rule: full and half width become usual. */
static void
map_width(struct buf *b, const char *text)
{
	ucs4_t c, parts[UC_DECOMPOSITION_MAX_LENGTH];
	const uint8_t *p = (const uint8_t *)text;
	uint8_t out[8];
	int kind, n;

	while ((p = u8_next(&c, p)) != NULL) {
		n = uc_decomposition(c, &kind, parts);
		if (n == 1 && (kind == UC_DECOMP_WIDE ||
				  kind == UC_DECOMP_NARROW))
			c = parts[0];
		n = u8_uctomb(out, c, sizeof(out));
		buf_add(b, out, n < 0 ? 0 : (size_t)n);
	}
}

char *
precis_username(struct arena *a, const char *text, size_t len)
{
	char *name = arena_dup(a, text, len);
	uint8_t *lower;
	struct buf b;
	size_t n;

	if (len == 0 || utf8_count(text, len) < 0)
		return NULL;
	if (!precis_is_ascii(name, len)) {
		buf_init(&b, a, len + 1);
		map_width(&b, name);
		lower = u8_tolower((const uint8_t *)b.data, b.len, NULL,
		    UNINORM_NFC, NULL, &n);
		if (lower == NULL)
			err(111, "u8_tolower");
		name = arena_dup(a, (const char *)lower, n);
		free(lower);
	}
	for (char *p = name; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return is_name(name) ? name : NULL;
}

const char *
precis_password(struct arena *a, const char *text, size_t longest)
{
	size_t len = strlen(text), room = len * NFC_GROWS + 1, n = room - 1;
	const uint8_t *p = (const uint8_t *)text;
	uint8_t *spaced, *out, *got, *end;
	const char *form = text;
	ucs4_t c;

	if (precis_is_ascii(text, len) || utf8_count(text, len) < 0)
		return text;
	end = spaced = arena_alloc(a, len + 1);
	while ((p = u8_next(&c, p)) != NULL) {
		if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs))
			c = ' ';
		end += u8_uctomb(end, c, 4);
	}
	out = arena_alloc(a, room);
	got = u8_normalize(
	    UNINORM_NFC, spaced, (size_t)(end - spaced), out, &n);
	if (got == NULL)
		err(111, "u8_normalize");
	if (got == out && n <= longest) {
		out[n] = '\0';
		form = (const char *)out;
	} else if (got != out) {
		explicit_bzero(got, n);
		free(got);
	}
	return form;
}
