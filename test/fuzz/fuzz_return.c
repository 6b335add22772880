/* fuzz_return.c: a return target that is called safe leads to our own pages. */
#include "fuzz.h"

#include "site.h"

/*
 * What a browser makes of a target (the URL standard): it drops tabs and
 * newlines, takes '\' for '/', and goes to another host behind "//" or a
 * scheme.
 */
static int
leaves(const char *s)
{
	char first[3] = "";
	size_t n = 0;

	for (; *s != '\0' && n < 2; s++)
		if (strchr("\t\r\n", *s) == NULL && (n > 0 || *s > ' '))
			first[n++] = *s == '\\' ? '/' : *s;
	return first[0] != '/' || first[1] == '/';
}

/* The issuer's host part, a newline, the target. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *host = fuzz_split(a, &data, &size, '\n');
	const char *target = fuzz_split(a, &data, &size, '\n');
	struct conf *cf =
	    fuzz_conf(arena_printf(a, "issuer = https://%s\n", host));
	const char *path;
	size_t n;

	if (cf != NULL) {
		for (int s = 0; s < SITE_COUNT; s++) {
			path = site_path(cf, a, (enum site)s);
			assert(!leaves(path));
			n = strlen(site_url(cf, a, (enum site)s));
			assert(n > strlen(path));
		}
		if (site_return_is_safe(cf, a, target)) {
			assert(!leaves(target));
			assert(strpbrk(target, "\\# \t\r\n") == NULL);
			n = strcspn(target, "?");
			path = arena_dup(a, target, n);
			assert(strcmp(path, site_path(cf, a, SITE_AUTHORIZE)) ==
				0 ||
			    strcmp(path, site_path(cf, a, SITE_DEVICE)) == 0 ||
			    strcmp(path, site_path(cf, a, SITE_ACCOUNT)) == 0);
		}
	}
	conf_free(cf);
	arena_free(a);
	return 0;
}
