/* asked.c: what a guard is asked about a request, as keys of its answer. */
#include "asked.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plain.h"

#define DEPTH_MAX 12 /* slashes of a target that are tried */

/*
 * Headers that the guard does not look at, and that differ from one request to
 * the next, by their first letter.  All others are part of the key.
 */
#define OF_ONE_LETTER 5
static const char *const left_out[26][OF_ONE_LETTER] = {
	['a' - 'a'] = { "Accept", "Accept-Charset", "Accept-Encoding",
	    "Accept-Language" },
	['c' - 'a'] = { "Cache-Control", "Connection", "Content-Length",
	    "Content-Type", "Cookie" },
	['d' - 'a'] = { "DNT" },
	['i' - 'a'] = { "If-Match", "If-Modified-Since", "If-None-Match",
	    "If-Range", "If-Unmodified-Since" },
	['k' - 'a'] = { "Keep-Alive" },
	['p' - 'a'] = { "Pragma", "Priority" },
	['r' - 'a'] = { "Range", "Referer" },
	['s' - 'a'] = { "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site",
	    "Sec-Fetch-User", "Sec-WebSocket-Key" },
	['t' - 'a'] = { "Traceparent", "Tracestate" },
	['u' - 'a'] = { "User-Agent" },
	['x' - 'a'] = { "X-Request-Id" },
};

static int
is_left_out(const char *name)
{
	const int letter = (*name | 0x20) - 'a';

	if (letter < 0 || letter >= 26)
		return 0;
	for (size_t i = 0; i < OF_ONE_LETTER; i++) {
		if (left_out[letter][i] == NULL)
			return 0;
		if (strcasecmp(left_out[letter][i], name) == 0)
			return 1;
	}
	return 0;
}

void
asked_begin(struct asked *q, struct memory *m, const char *target)
{
	q->m = m;
	q->target = target;
	q->is_plain = plain_is(target);
	digest_begin(&q->d, memory_key(m));
}

/* With its NUL, so that no two lists of texts are the same bytes. */
static void
add_text(struct digesting *d, const char *text)
{
	digest_add(d, text, strlen(text) + 1);
}

void
asked_add(struct asked *q, const char *name, const char *value)
{
	if (is_left_out(name))
		return;
	add_text(&q->d, name);
	add_text(&q->d, value);
}

/* The key of the question about the target, or about all that is below it. */
static struct digest128
key_of(struct digesting d, const char *target, size_t len, int is_below)
{
	digest_add(&d, is_below ? "\0/" : "\0=", 2);
	digest_add(&d, target, len);
	return digest_end(d);
}

size_t
asked_find(const struct asked *q, const struct moment *now,
    char out[static MEMORY_LEN_MAX])
{
	const char *slash = q->target;
	struct digest128 key =
	    key_of(q->d, q->target, strlen(q->target), 0);
	size_t len = memory_find(q->m, &key, now, out);

	for (int i = 0; len == 0 && q->is_plain && i < DEPTH_MAX; i++) {
		key = key_of(q->d, q->target, (size_t)(slash - q->target) + 1, 1);
		len = memory_find(q->m, &key, now, out);
		slash = strpbrk(slash + 1, "/?");
		if (slash == NULL || *slash == '?')
			break;
	}
	return len;
}

void
asked_put(const struct asked *q, const struct moment *asked,
    const char *remember, const char *data, size_t len)
{
	const size_t all = strlen(q->target);
	char *end;
	const unsigned long n = strtoul(remember, &end, 10);
	const int is_below = q->is_plain && n > 0 && n <= all &&
	    q->target[n - 1] == '/';
	const struct digest128 key =
	    key_of(q->d, q->target, is_below ? n : all, is_below);

	if (end != remember && *end == '\0')
		memory_put(q->m, &key, asked, data, len);
}
