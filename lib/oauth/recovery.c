/* recovery.c: recovery codes, each good once in place of a second factor. */
#include "recovery.h"

#include <string.h>

#include "crypto.h"
#include "store_factor.h"
#include "tmpl.h"

#define LEN 16 /* characters that count */

/* Digits that are not taken for each other, as Crockford's base32. */
static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

int
recovery_digest(const char *typed, struct digest *d)
{
	char code[LEN];
	const char *at;
	size_t n = 0;

	for (; *typed != '\0'; typed++) {
		char c = *typed;

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
		at = strchr(digits, c);
		if (at == NULL || n == LEN)
			return 0;
		code[n++] = c;
	}
	if (n < LEN)
		return 0;
	digest_of(code, sizeof(code), d);
	explicit_bzero(code, sizeof(code));
	return 1;
}

void
recovery_make(struct recovery *r)
{
	uint8_t bytes[LEN];
	char *p;

	for (r->n = 0; r->n < RECOVERY_N; r->n++) {
		crypto_random(bytes, sizeof(bytes));
		p = r->text[r->n];
		for (int i = 0; i < LEN; i++) {
			if (i > 0 && i % 4 == 0)
				*p++ = '-';
			*p++ = digits[bytes[i] & 31];
		}
		*p = '\0';
	}
}

int
recovery_store(struct store *st, int64_t user, const struct recovery *r)
{
	struct digest d;

	if (store_recovery_delete(st, user) < 0)
		return -1;
	for (int i = 0; i < r->n; i++)
		if (!recovery_digest(r->text[i], &d) ||
		    store_recovery_add(st, user, &d) < 0)
			return -1;
	return 1;
}

void
recovery_show(const struct recovery *r, struct tmpl_data *d)
{
	for (int i = 0; i < r->n; i++)
		tmpl_set(tmpl_push(d, "recovery_codes"), "code", r->text[i]);
}
