/* fuzz_redirect.c: which redirect URIs may be registered, and which match. */
#include "fuzz.h"

#include <ctype.h>

#include "redirect.h"

/* The parts of an http URI on this machine; 0 if it is no such URI. */
struct loopback {
	char host[16];
	const char *rest;
};

static int
split_loopback(const char *uri, struct loopback *out)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]",
		"localhost" };
	char *end;
	long port;

	for (size_t i = 0; i < 3; i++) {
		snprintf(out->host, sizeof(out->host), "%s", hosts[i]);
		if (strncmp(uri, "http://", 7) != 0 ||
		    strncmp(uri + 7, hosts[i], strlen(hosts[i])) != 0)
			continue;
		out->rest = uri + 7 + strlen(hosts[i]);
		if (*out->rest == ':') {
			if (!isdigit((unsigned char)out->rest[1]))
				return 0;
			port = strtol(out->rest + 1, &end, 10);
			if (port > 65535 || end - out->rest > 6 ||
			    strchr("/?", *end) == NULL)
				return 0;
			out->rest = end;
		}
		return 1;
	}
	return 0;
}

/* The rule of RFC 8252 section 7.3, on whole parsed URIs. */
static int
slow_match(const char *known, const char *uri)
{
	struct loopback k, u;

	if (strlen(known) > 2048)
		return 0;
	if (strcmp(known, uri) == 0)
		return 1;
	return split_loopback(known, &k) && split_loopback(uri, &u) &&
	    strcmp(k.host, u.host) == 0 && strcmp(k.rest, u.rest) == 0 &&
	    (*k.rest == '\0' || *k.rest == '/' || *k.rest == '?');
}

/* Each registered word alone: their order and number do not matter. */
static int
slow_matches(struct arena *a, const char *registered, const char *uri)
{
	char *words = arena_str(a, registered), *word;

	while ((word = strsep(&words, " ")) != NULL)
		if (*word != '\0' && slow_match(word, uri))
			return 1;
	return 0;
}

/* A registered URI can be put into a header and a page. */
static void
check_sound(struct arena *a, const char *uri)
{
	static const char *const evil[] = {
		"javascript:", "data:", "vbscript:", "file:", "about:", "blob:"
	};
	const char *host = redirect_host(a, uri);

	for (const char *p = uri; *p != '\0'; p++)
		assert(*p > ' ' && *p < 0x7f && strchr("#\"\\<>", *p) == NULL);
	for (size_t i = 0; i < sizeof(evil) / sizeof(evil[0]); i++)
		assert(strncasecmp(uri, evil[i], strlen(evil[i])) != 0);
	assert(strchr(uri, ':') != NULL && redirect_matches(uri, uri));
	assert(*host != '\0' && strstr(uri, host) != NULL);
	assert(strpbrk(host, "@/?#") == NULL);
}

/* The registered words, a newline, the URI that is asked for. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *registered = fuzz_split(a, &data, &size, '\n');
	const char *uri = fuzz_split(a, &data, &size, '\n');

	assert(redirect_matches(registered, uri) ==
	    slow_matches(a, registered, uri));
	if (redirect_is_sound(uri))
		check_sound(a, uri);
	redirect_host(a, uri);
	arena_free(a);
	return 0;
}
