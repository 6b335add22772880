/* fuzz_form.c: application/x-www-form-urlencoded: splitting, decoding, rules.
 */
#include "fuzz.h"

#include "input.h"
#include "multipart.h"
#include "url.h"
#include "utf8.h"

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c == '\0' ? NULL : strchr(digits, c);

	return p == NULL ? -1 : (int)(p - digits) % 16;
}

/* The URL standard's parser, byte by byte; but a bad '%' is an error. */
static int
slow_next(const char **s, const char *end, char *out[2], size_t len[2])
{
	int side = 0, any = 0, bad = 0;

	len[0] = len[1] = 0;
	for (; *s < end; ++*s) {
		if (**s == '&') {
			if (any)
				break;
			continue;
		}
		any = 1;
		if (**s == '=' && side == 0) {
			side = 1;
		} else if (**s == '%') {
			if (end - *s < 3 || hex((*s)[1]) < 0 ||
			    hex((*s)[2]) < 0) {
				bad = 1;
				continue;
			}
			out[side][len[side]++] =
			    (char)(hex((*s)[1]) * 16 + hex((*s)[2]));
			*s += 2;
		} else {
			out[side][len[side]++] = **s == '+' ? ' ' : **s;
		}
	}
	return bad ? -1 : any;
}

static void
check_pairs(struct arena *a, const char *text, size_t len)
{
	const char *slow = text, *end = text + len;
	char *out[2] = { arena_alloc(a, len + 1), arena_alloc(a, len + 1) };
	struct url_pair p;
	size_t n[2];
	int rc;

	do {
		rc = url_form_next(a, &text, &len, &p);
		assert(rc == slow_next(&slow, end, out, n));
		if (rc != 1)
			continue;
		assert(p.name_len == n[0] && memcmp(p.name, out[0], n[0]) == 0);
		assert(
		    p.value_len == n[1] && memcmp(p.value, out[1], n[1]) == 0);
		assert(p.name[n[0]] == '\0' && p.value[n[1]] == '\0');
	} while (rc != 0);
}

/* No field is longer than the body, and each has a NUL behind it. */
static void
check_parts(struct arena *a, const char *text, size_t len)
{
	struct url_pair p;
	struct multipart m;

	if (!multipart_begin(
		a, "multipart/form-data; boundary=b", text, len, &m))
		return;
	while (multipart_next(a, &m, &p) == 1)
		assert(p.name_len + p.value_len < len &&
		    p.name[p.name_len] == '\0' && p.value[p.value_len] == '\0');
}

/*
 * What was taken is text without control characters; what was refused has a
 * reason.
 */
static void
check_params(const struct req *rq, const struct oerr *e)
{
	assert(e == NULL || (e->status == 400 && *e->description != '\0'));
	for (int p = 0; p < PARAM_COUNT; p++) {
		const char *v = rq->param[p];

		if (v == NULL)
			continue;
		assert(rq->param_sent[p] > 0 && *v != '\0');
		assert(strlen(v) <= 16384 && utf8_count(v, strlen(v)) > 0);
		for (; *v != '\0'; v++)
			assert((unsigned char)*v >= ' ' && *v != 0x7f);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_site site;
	struct arena *a = arena_new();
	char *text = malloc(size + 1);
	struct req *rq;

	memcpy(text, data, size);
	check_pairs(a, text, size);
	check_parts(a, text, size);
	for (site.ep.lenient = 0; site.ep.lenient < 2; site.ep.lenient++) {
		rq = fuzz_request(&site, a, NULL);
		check_params(rq, input_form(rq, text, size));
	}
	free(text);
	arena_free(a);
	return 0;
}
