/* uri.c: URIs that mean the same (RFC 3986 section 6.2), and origins. */
#include "uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "words.h"

/* Where the parts of a URI are (RFC 3986 section 3). */
struct parts {
	size_t scheme_len;
	int has_authority;
	const char *user, *host;
	const char *path; /* and all after it */
	size_t user_len;  /* with its '@' */
	size_t host_len;
	const char *port; /* digits */
	size_t port_len;
};

static int
scheme_is(const char *uri, const struct parts *p, const char *name)
{
	return strlen(name) == p->scheme_len &&
	    strncasecmp(uri, name, p->scheme_len) == 0;
}

static size_t
scheme_len(const char *uri)
{
	size_t n = 0;

	if (!isalpha((unsigned char)uri[0]))
		return 0;
	while (isalnum((unsigned char)uri[n]) ||
	    (uri[n] != '\0' && strchr("+-.", uri[n]) != NULL))
		n++;
	return uri[n] == ':' ? n : 0;
}

/* Split "user@host:port".  An IPv6 address has brackets around it. */
static int
split_authority(struct parts *p, const char *s, size_t len)
{
	const char *end = s + len, *at = memrchr(s, '@', len), *colon;

	p->user = s;
	p->user_len = at == NULL ? 0 : (size_t)(at + 1 - s);
	p->host = s + p->user_len;
	len -= p->user_len;
	colon = memrchr(p->host, ':', len);
	if (colon != NULL && memchr(colon, ']', (size_t)(end - colon)) != NULL)
		colon = NULL;
	p->host_len = (size_t)((colon == NULL ? end : colon) - p->host);
	p->port = colon == NULL ? end : colon + 1;
	p->port_len = (size_t)(end - p->port);
	return p->port_len <= 5 &&
	    strspn(p->port, "0123456789") >= p->port_len &&
	    (p->host_len == 0 || *p->host == '[' ||
		memchr(p->host, ':', p->host_len) == NULL);
}

/* Return 1 and the parts, or 0 if uri is not a URI. */
static int
split(const char *uri, struct parts *p)
{
	size_t len;

	memset(p, 0, sizeof(*p));
	if ((p->scheme_len = scheme_len(uri)) == 0)
		return 0;
	p->path = uri + p->scheme_len + 1;
	if (strncmp(p->path, "//", 2) != 0)
		return 1;
	p->has_authority = 1;
	len = strcspn(p->path + 2, "/?#");
	if (!split_authority(p, p->path + 2, len))
		return 0;
	p->path += 2 + len;
	return 1;
}

static void
add_lower(struct buf *b, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_char(b, (char)tolower((unsigned char)s[i]));
}

static int
hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* RFC 3986 sections 6.2.2.1 and 6.2.2.2: decode what needs no encoding. */
static void
add_decoded(struct buf *b, const char *s, size_t len)
{
	int c;

	for (size_t i = 0; i < len; i++) {
		if (s[i] != '%' || len - i < 3 ||
		    !isxdigit((unsigned char)s[i + 1]) ||
		    !isxdigit((unsigned char)s[i + 2])) {
			buf_char(b, s[i]);
			continue;
		}
		c = hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]);
		if (c < 0x80 && (isalnum(c) || (c != 0 && strchr("-._~", c))))
			buf_char(b, (char)c);
		else
			buf_printf(b, "%%%02X", (unsigned)c);
		i += 2;
	}
}

/* An IPv6 address has many spellings; browsers send that of RFC 5952. */
static void
add_host(struct buf *b, const struct parts *p)
{
	struct in6_addr ip6;
	struct buf host;
	char text[INET6_ADDRSTRLEN];

	buf_init(&host, b->a, p->host_len);
	add_decoded(&host, p->host, p->host_len);
	if (host.len > 2 && host.data[0] == '[' &&
	    host.data[host.len - 1] == ']') {
		host.data[host.len - 1] = '\0';
		if (inet_pton(AF_INET6, host.data + 1, &ip6) == 1 &&
		    inet_ntop(AF_INET6, &ip6, text, sizeof(text)) != NULL) {
			buf_printf(b, "[%s]", text);
			return;
		}
		host.data[host.len - 1] = ']';
	}
	add_lower(b, host.data, host.len);
}

/* RFC 3986 section 6.2.3: the scheme's default port is left out. */
static void
add_port(struct buf *b, const char *uri, const struct parts *p)
{
	const unsigned long port = strtoul(p->port, NULL, 10);

	if (p->port_len > 0 && !(port == 443 && scheme_is(uri, p, "https")) &&
	    !(port == 80 && scheme_is(uri, p, "http")))
		buf_printf(b, ":%lu", port);
}

/* RFC 3986 section 5.2.4, of a path that begins with a slash. */
static void
add_path(struct buf *b, const char *s, size_t len)
{
	const size_t start = b->len;
	const char *end = s + len;
	size_t n;

	for (; s < end; s += n) {
		for (n = 1; s + n < end && s[n] != '/';)
			n++;
		if (n == 3 && memcmp(s, "/..", 3) == 0)
			while (b->len > start && b->data[--b->len] != '/')
				continue;
		else if (n != 2 || s[1] != '.') {
			buf_add(b, s, n);
			continue;
		}
		b->data[b->len] = '\0';
		if (s + n == end)
			buf_char(b, '/');
	}
}

const char *
uri_normal(struct arena *a, const char *uri)
{
	struct buf b, path;
	struct parts p;
	size_t len;

	if (!split(uri, &p))
		return uri;
	buf_init(&b, a, strlen(uri) + 2);
	add_lower(&b, uri, p.scheme_len);
	buf_char(&b, ':');
	if (p.has_authority) {
		buf_str(&b, "//");
		add_decoded(&b, p.user, p.user_len);
		add_host(&b, &p);
		add_port(&b, uri, &p);
	}
	len = strcspn(p.path, "?#");
	buf_init(&path, a, len + 1);
	add_decoded(&path, p.path, len);
	if (path.len == 0 && p.has_authority)
		buf_char(&b, '/');
	else if (*path.data == '/')
		add_path(&b, path.data, path.len);
	else
		buf_add(&b, path.data, path.len);
	add_decoded(&b, p.path + len, strlen(p.path + len));
	return b.data;
}

int
uri_same(struct arena *a, const char *x, const char *y)
{
	return strcmp(x, y) == 0 ||
	    strcmp(uri_normal(a, x), uri_normal(a, y)) == 0;
}

const char *
uri_find(struct arena *a, const char *words, const char *uri)
{
	const char *one;
	size_t n;

	for (; words_next(&words, &n); words += n) {
		one = arena_dup(a, words, n);
		if (uri_same(a, one, uri))
			return one;
	}
	return NULL;
}

const char *
uri_origin(struct arena *a, const char *uri)
{
	struct parts p;
	struct buf b;

	if (!split(uri, &p) || p.host_len == 0)
		return NULL;
	buf_init(&b, a, strlen(uri) + 1);
	add_lower(&b, uri, p.scheme_len);
	buf_str(&b, "://");
	add_host(&b, &p);
	add_port(&b, uri, &p);
	return b.data;
}

int
uri_is_absolute(const char *uri)
{
	const size_t n = scheme_len(uri);

	return n > 0 && uri[n + strcspn(uri + n, " #\"<>\\^`{|}")] == '\0';
}

int
uri_has_authority(const char *text)
{
	const size_t n = scheme_len(text);

	return n > 0 && strncmp(text + n, "://", 3) == 0;
}

int
uri_is_origin(const char *uri)
{
	/* A page of these has no origin, or one that many other pages share. */
	static const char *const none[] = { "file", "data", "blob", "about",
		"javascript", "ftp", "ws", "wss" };
	struct parts p;

	if (!split(uri, &p) || p.host_len == 0 || p.user_len > 0 ||
	    (*p.path != '\0' && strcmp(p.path, "/") != 0))
		return 0;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (scheme_is(uri, &p, none[i]))
			return 0;
	for (const char *s = p.host; s < p.host + p.host_len; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    strchr("*\"\\<>^`{|}%", *s) != NULL)
			return 0;
	return strtoul(p.port, NULL, 10) <= 65535;
}
