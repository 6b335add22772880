/* fuzz_path.c: the path that the guard judges, and the rule that it finds. */
#include "fuzz.h"

#include <ctype.h>

#include "path.h"
#include "rule.h"
#include "url.h"

/*
 * RFC 3986 section 5.2.4 on a decoded path without empty segments; but a step
 * above the root gives NULL.
 */
static char *
remove_dot_segments(struct arena *a, char *in)
{
	char *out = arena_alloc(a, strlen(in) + 2), *last;
	size_t n;

	while (*in != '\0') {
		if (strncmp(in, "/./", 3) == 0 || strcmp(in, "/.") == 0) {
			in += 2;
		} else if (strncmp(in, "/../", 4) == 0 ||
		    strcmp(in, "/..") == 0) {
			in += 3;
			if ((last = strrchr(out, '/')) == NULL)
				return NULL;
			*last = '\0';
		} else {
			n = 1 + strcspn(in + 1, "/");
			if (n > 1)
				strncat(out, in, n);
			in += n;
		}
	}
	return *out == '\0' ? arena_str(a, "/") : out;
}

static char *
squeeze(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++)
		if (*s != '/' || s[1] != '/')
			*p++ = *s;
	return out;
}

/* The result is a path that no server reads in another way. */
static void
check_normal(struct arena *a, const char *target, const char *path)
{
	char *text, *again;
	struct buf b;
	size_t n;

	assert(*path == '/' && strstr(path, "//") == NULL);
	assert(strstr(path, "/./") == NULL && strstr(path, "/../") == NULL);
	n = strlen(path);
	assert(n == 1 || path[n - 1] != '/');
	for (const char *p = path; *p != '\0'; p++)
		assert((unsigned char)*p >= ' ' && *p != 0x7f);
	buf_init(&b, a, 64);
	for (const char *p = path; *p != '\0'; p++)
		buf_printf(&b, strchr("%?#", *p) ? "%%%02X" : "%c", *p);
	again = path_normal(a, b.data, 0);
	assert(again != NULL && strcmp(again, path) == 0);
	if (*target != '/')
		return;
	text = url_decode(a, target, strcspn(target, "?#"), 0, &n);
	assert(text != NULL && strlen(text) == n);
	text = remove_dot_segments(a, squeeze(a, text));
	assert(text != NULL && strcmp(text, path) == 0);
}

/* Only if the target has one of these, the reading may differ from the path. */
static void
check_reading(struct arena *a, const char *target, const char *path,
    unsigned reading, const char *chars)
{
	const char *other = path_normal(a, target, reading);

	if (strpbrk(target, chars) == NULL)
		assert(path == NULL ? other == NULL : strcmp(other, path) == 0);
}

/* Folding changes only letters; a slash is kept only if there is one. */
static void
check_flags(struct arena *a, const char *target, const char *path)
{
	const char *fold = path_normal(a, target, PATH_FOLD);
	const char *kept = path_normal(a, target, PATH_KEEP_SLASH);

	for (unsigned as = 2; as <= PATH_READINGS; as += 2) {
		const char *other = path_normal(a, target, as);

		if (path_has_one_reading(target))
			assert(path == NULL ? other == NULL
					    : strcmp(other, path) == 0);
	}
	check_reading(a, target, path, PATH_CUT_PARAM, ";%");
	check_reading(a, target, path, PATH_WINDOWS, "\\%. ");
	assert((fold == NULL) == (path == NULL));
	if (fold != NULL)
		assert(strcasecmp(fold, path) == 0);
	for (; fold != NULL && *fold != '\0'; fold++)
		assert(!isupper((unsigned char)*fold));
	if (strcasestr(target, "%2f") == NULL)
		assert(path == NULL ? kept == NULL : strcmp(kept, path) == 0);
}

/* Is each segment of prefix the same one of path? */
static int
is_below(struct arena *a, const char *path, const char *prefix)
{
	char *p = arena_str(a, path + 1), *q = arena_str(a, prefix + 1), *want;
	char *got;

	while ((want = strsep(&q, "/")) != NULL && *want != '\0')
		if ((got = strsep(&p, "/")) == NULL || strcmp(got, want) != 0)
			return 0;
	return 1;
}

/*
 * Of all rules that cover the path, the one that is found has the longest
 * prefix.
 */
static void
check_rules(struct arena *a, const struct conf *cf, const char *path,
    const char *method)
{
	const struct rule *out = NULL, *first, *best = NULL;

	first = rule_find(cf->rules, path, method, &out);
	for (const struct rule *r = cf->rules; r != NULL; r = r->next)
		if (is_below(a, path, r->prefix) &&
		    (best == NULL || strlen(r->prefix) > strlen(best->prefix)))
			best = r;
	assert((best == NULL) == (first == NULL));
	assert(first == NULL || strcmp(first->prefix, best->prefix) == 0);
	assert(out == NULL || strcmp(out->prefix, first->prefix) == 0);
	if (out != NULL && out->methods != NULL)
		assert(strstr(out->methods, method) != NULL);
	if (first != NULL && out == NULL)
		assert(*rule_methods(a, first) != '\0');
}

/* The request target, the method, lines of [guard]. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *target = fuzz_split(a, &data, &size, '\n');
	const char *method = fuzz_split(a, &data, &size, '\n');
	const char *lines = fuzz_split(a, &data, &size, '\0');
	char *path = path_normal(a, target, 0);
	struct conf *cf = fuzz_conf(arena_printf(a, CONF "[guard]\n%s", lines));

	if (path != NULL)
		check_normal(a, target, path);
	check_flags(a, target, path);
	if (cf != NULL && path != NULL)
		check_rules(a, cf, path, method);
	conf_free(cf);
	arena_free(a);
	return 0;
}
