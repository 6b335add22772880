/* id.c: ids of tokens and of families: a time, then random bytes. */
#include "id.h"

#include <string.h>
#include <time.h>

#include "arena.h"
#include "b64.h"
#include "crypto.h"

#define TIME_LEN 5 /* bytes of the seconds, at the start of an id */

void
id_make(int64_t now, struct id *out)
{
	struct timespec t;
	uint64_t at;

	crypto_random(out->byte, ID_LEN);
	/*
	 * The fraction keeps new rows at the end of the index within a second.
	 */
	clock_gettime(CLOCK_REALTIME, &t);
	at = (uint64_t)now << 24 | (uint64_t)t.tv_nsec * (1 << 24) / 1000000000;
	for (int i = 0; i < 8; i++)
		out->byte[i] = (uint8_t)(at >> (8 * (7 - i)));
}

int64_t
id_time(const struct id *id)
{
	int64_t t = 0;

	for (int i = 0; i < TIME_LEN; i++)
		t = t << 8 | id->byte[i];
	return t;
}

char *
id_text(struct arena *a, const struct id *id)
{
	char *text = arena_alloc(a, ID_TEXT_LEN + 1);

	b64url_encode(id->byte, ID_LEN, text);
	return text;
}

int
id_read(const char *text, struct id *out)
{
	return strlen(text) == ID_TEXT_LEN &&
	    b64url_decode(text, ID_TEXT_LEN, out->byte) == ID_LEN;
}
