/*
 * fuzz_conf.c: a configuration that is taken has what all other code relies on.
 */
#include "fuzz.h"

#include "scope.h"
#include "uri.h"
#include "words.h"

static void
check_issuer(const struct conf *cf)
{
	const char *s = cf->issuer;
	size_t len = strlen(s);

	assert(strncmp(s, "https://", 8) == 0 || strncmp(s, "http://", 7) == 0);
	assert(s[len - 1] != '/');
	/* The text is put into headers, JSON and pages as it is. */
	for (; *s != '\0'; s++)
		assert(
		    *s > ' ' && *s < 0x7f && strchr("\"\\<>?#@", *s) == NULL);
}

static void
check_times(const struct conf *cf)
{
	assert(cf->access_ttl >= 1 && cf->access_ttl <= 366 * 86400);
	assert(cf->refresh_ttl >= 1 && cf->refresh_grace >= 0);
	assert(cf->refresh_grace <= 600 && cf->personal_ttl >= 1);
	assert(cf->code_ttl >= 1 && cf->code_ttl <= 600);
	assert(cf->device_code_ttl >= 1 && cf->device_interval >= 1);
	assert(cf->session_ttl >= 60);
}

/* Each scope has a bit; a set that is written is read back the same. */
static void
check_scopes(const struct conf *cf, struct arena *a)
{
	uint64_t all = 0, one;
	int unknown = 0;

	assert(cf->n_scopes <= SCOPES_MAX);
	for (size_t i = 0; i < cf->n_scopes; i++) {
		one = scope_parse(cf, cf->scopes[i].name, &unknown);
		assert(one == UINT64_C(1) << i && !unknown);
		assert(cf->scopes[i].description != NULL);
		all |= one;
	}
	assert(scope_parse(cf, scope_format(cf, a, all), &unknown) == all);
	scope_parse(cf, cf->default_scopes, &unknown);
	if (cf->user_scopes != NULL)
		scope_parse(cf, cf->user_scopes, &unknown);
	assert(!unknown);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *text = fuzz_split(a, &data, &size, '\0');
	char error[256] = "", small[8];
	struct conf *cf = conf_parse(text, "/srv/c.conf", error, sizeof(error));

	if (cf != NULL) {
		check_issuer(cf);
		check_times(cf);
		check_scopes(cf, a);
		assert(*cf->database == '/' || uri_has_authority(cf->database));
		assert(*cf->keys == '/');
		assert(strlen(cf->site_colour) == 7);
		assert(
		    cf->site_logo == NULL || strncmp(cf->site_logo, "//", 2));
	} else {
		assert(strncmp(error, "/srv/c.conf", 11) == 0);
		assert(conf_parse(text, "/x", small, sizeof(small)) == NULL);
		assert(strlen(small) < sizeof(small));
	}
	conf_free(cf);
	arena_free(a);
	return 0;
}
