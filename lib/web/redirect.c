/* redirect.c: redirect URIs: which may be registered, and which match. */
#include "redirect.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "uri.h"
#include "words.h"

/* If uri is an http URI on this machine, its length up to the port; else 0. */
static size_t
loopback(const char *uri)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://[::1]",
		"http://localhost" };
	size_t n;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		n = strlen(hosts[i]);
		if (strncmp(uri, hosts[i], n) == 0 &&
		    (uri[n] == '\0' || strchr(":/?", uri[n]) != NULL))
			return n;
	}
	return 0;
}

int
redirect_is_local(const char *uri)
{
	return loopback(uri) != 0;
}

/* Step over ":" and 1 to 5 digits; NULL if that is no port. */
static const char *
after_port(const char *s)
{
	size_t n;

	if (*s != ':')
		return s;
	n = strspn(s + 1, "0123456789");
	return n >= 1 && n <= 5 && strtoul(s + 1, NULL, 10) <= 65535 &&
		strchr("/?", s[1 + n]) != NULL
	    ? s + 1 + n
	    : NULL;
}

static int
match_one(const char *known, const char *uri)
{
	size_t n = loopback(known);
	const char *rest, *known_rest;

	if (strcmp(known, uri) == 0)
		return 1;
	if (n == 0 || loopback(uri) != n || strncmp(known, uri, n) != 0)
		return 0;
	known_rest = after_port(known + n);
	rest = after_port(uri + n);
	return known_rest != NULL && rest != NULL &&
	    strcmp(known_rest, rest) == 0;
}

int
redirect_matches(const char *registered, const char *uri)
{
	char known[2049];
	size_t n;

	for (; words_next(&registered, &n); registered += n) {
		if (n >= sizeof(known))
			continue;
		memcpy(known, registered, n);
		known[n] = '\0';
		if (match_one(known, uri))
			return 1;
	}
	return 0;
}

int
redirect_allows_origin(
    struct arena *a, const char *registered, const char *origin)
{
	const char *known, *sent = uri_origin(a, origin);
	size_t n, len;

	/* A browser has one spelling of each origin; another one is not from it. */
	if (sent == NULL || strcmp(sent, origin) != 0)
		return 0;
	for (; words_next(&registered, &n); registered += n) {
		known = uri_origin(a, arena_dup(a, registered, n));
		if (known == NULL)
			continue;
		if (strcmp(known, origin) == 0)
			return 1;
		len = loopback(known);
		if (len > 0 && loopback(origin) == len &&
		    strncmp(known, origin, len) == 0)
			return 1;
	}
	return 0;
}

int
redirect_is_sound(const char *uri)
{
	const char *colon = strchr(uri, ':'), *host;
	size_t scheme;

	if (colon == NULL || colon == uri || strlen(uri) > 2048)
		return 0;
	for (const char *p = uri; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("#\\\"<>", *p) != NULL)
			return 0;
	scheme = (size_t)(colon - uri);
	if (strncmp(uri, "https://", 8) == 0) {
		host = uri + 8;
		return strchr("/?:", *host) == NULL && *host != '\0' &&
		    memchr(host, '@', strcspn(host, "/?")) == NULL;
	}
	if (strncmp(uri, "http://", 7) == 0)
		return loopback(uri) != 0 &&
		    memchr(uri + 7, '@', strcspn(uri + 7, "/?")) == NULL &&
		    after_port(uri + loopback(uri)) != NULL;
	for (size_t i = 0; i < scheme; i++)
		if (!(islower((unsigned char)uri[i]) ||
			isdigit((unsigned char)uri[i]) ||
			strchr("+-.", uri[i]) != NULL))
			return 0;
	return memchr(uri, '.', scheme) != NULL && colon[1] != '\0';
}

const char *
redirect_find_unsound(struct arena *a, const char *uris)
{
	const char *uri;
	size_t n;

	for (; uris != NULL && words_next(&uris, &n); uris += n) {
		uri = arena_dup(a, uris, n);
		if (!redirect_is_sound(uri))
			return uri;
	}
	return NULL;
}

const char *
redirect_refused(struct arena *a, const char *uris)
{
	const char *uri = redirect_find_unsound(a, uris);

	return uri == NULL ? NULL
			   : arena_printf(a, "%s is no redirect URI: https,"
				 " http on 127.0.0.1, [::1] or localhost, or an"
				 " app's own scheme with a dot; no fragment", uri);
}

/* The host of an http or https URI; NULL for the scheme of an app. */
static const char *
web_host(const char *uri)
{
	if (strncmp(uri, "https://", 8) == 0)
		return uri + 8;
	return strncmp(uri, "http://", 7) == 0 ? uri + 7 : NULL;
}

const char *
redirect_host(struct arena *a, const char *uri)
{
	const char *host = web_host(uri);

	return host == NULL ? arena_dup(a, uri, strcspn(uri, ":"))
			    : arena_dup(a, host, strcspn(host, "/?"));
}
