/* fuzz_query.c: building a query, and reading it back. */
#include "fuzz.h"

#include "url.h"

#define UNRESERVED \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

/* base, name, value, name, value...: lines. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *base = fuzz_split(a, &data, &size, '\n'), *query;
	char *names[16], *values[16];
	struct url_pair pair;
	size_t n = 0, len, start, out_len;
	struct buf b;

	buf_init(&b, a, 4);
	buf_str(&b, base);
	start = b.len;
	while (size > 0 && n < 16) {
		names[n] = fuzz_split(a, &data, &size, '\n');
		values[n] = fuzz_split(a, &data, &size, '\n');
		url_query_add(&b, names[n], values[n]);
		n++;
	}
	assert(strlen(b.data) == b.len && strncmp(b.data, base, start) == 0);
	query = b.data + start;
	assert(query[strspn(query, UNRESERVED "%=&?")] == '\0');
	assert(n == 0 || *query == (strchr(base, '?') ? '&' : '?'));
	if (n > 0)
		query++;
	len = strlen(query);
	for (size_t i = 0; i < n; i++) {
		assert(url_form_next(a, &query, &len, &pair) == 1);
		assert(strcmp(pair.name, names[i]) == 0);
		assert(strcmp(pair.value, values[i]) == 0);
	}
	assert(url_form_next(a, &query, &len, &pair) == 0);
	b.len = 0;
	url_encode(&b, base);
	assert(strcmp(url_decode(a, b.data, b.len, 0, &out_len), base) == 0 ||
	    *base == '\0');
	assert(out_len == strlen(base));
	arena_free(a);
	return 0;
}
