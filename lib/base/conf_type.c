/* conf_type.c: the types of settings, a row each: how a value is read. */
#include <ctype.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "address.h"
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "conf_int.h"
#include "identity.h"
#include "uri.h"
#include "verifier.h"
#include "words.h"

#define DAY 86400

/* ---- Numbers ---- */

int
conf_time(const char *s, int64_t *out)
{
	static const char units[] = "smhd";
	static const int64_t seconds[] = { 1, 60, 3600, DAY };
	const char *unit;
	int64_t n = 0;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++)
		if ((n = n * 10 + (*s - '0')) > INT_MAX)
			return -1;
	if (*s != '\0') {
		if ((unit = strchr(units, *s)) == NULL || s[1] != '\0')
			return -1;
		n *= seconds[unit - units];
	}
	*out = n;
	return 0;
}

/* Read a number within the range of the setting.  Return 1; 0 if it is none. */
static int
in_range(const struct setting *s, const char *value, int64_t *out)
{
	return conf_time(value, out) == 0 && *out >= s->min && *out <= s->max;
}

static int
read_seconds(struct reading *r, const struct setting *s, const char *value)
{
	int64_t seconds;

	if (!in_range(s, value, &seconds))
		return conf_refuse(r, "%s is a time of %lld to %lld seconds,"
		    " such as 90, 30s, 10m, 2h or 30d", s->name,
		    (long long)s->min, (long long)s->max);
	memcpy((char *)r->cf + s->at, &seconds, sizeof(seconds));
	return 0;
}

/* A time without a unit is a number. */
static int
read_number(struct reading *r, const struct setting *s, const char *value)
{
	int64_t n;

	if (!in_range(s, value, &n) ||
	    strspn(value, "0123456789") != strlen(value))
		return conf_refuse(r, "%s is a number of %lld to %lld", s->name,
		    (long long)s->min, (long long)s->max);
	memcpy((char *)r->cf + s->at, &n, sizeof(n));
	return 0;
}

/* One of two or three words, as its place among them. */
static int
read_word_of(struct reading *r, const struct setting *s, const char *value,
    const char *const *words)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(value, words[i]) == 0) {
			memcpy((char *)r->cf + s->at, &i, sizeof(i));
			return 0;
		}
	return words[2] == NULL
	    ? conf_refuse(r, "%s is %s or %s", s->name, words[1], words[0])
	    : conf_refuse(r, "%s is %s, %s or %s", s->name, words[0], words[1],
		  words[2]);
}

static int
read_choice(struct reading *r, const struct setting *s, const char *value)
{
	return read_word_of(r, s, value, s->words);
}

static int
read_bool(struct reading *r, const struct setting *s, const char *value)
{
	static const char *const words[] = { "no", "yes", NULL };

	return read_word_of(r, s, value, words);
}

/* ---- Texts: each returns the value in its normal form; NULL if it is wrong ---- */

static const char *
read_text(const struct conf *cf, const char *value)
{
	return arena_str(cf->a, value);
}

static const char *
read_path(const struct conf *cf, const char *value)
{
	return *value == '\0' ? NULL : conf_beside(cf, value);
}

static const char *
read_database(const struct conf *cf, const char *value)
{
	return uri_has_authority(value) ? arena_str(cf->a, value)
					: read_path(cf, value);
}

/* https, or http to this machine, without a user or a character of doubt. */
static int
is_https_or_loopback(const char *s)
{
	static const char *const loopback[] = { "http://127.0.0.1",
	    "http://localhost", "http://[::1]" };
	size_t n;

	if (s[strcspn(s, "#\\\"<>")] != '\0')
		return 0;
	/* A browser drops a tab: "/<tab>/" would be "//" to it. */
	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return 0;
	if (strncmp(s, "https://", 8) == 0)
		return strchr("/:?", s[8]) == NULL &&
		    memchr(s + 8, '@', strcspn(s + 8, "/?")) == NULL;
	for (size_t i = 0; i < 3; i++) {
		n = strlen(loopback[i]);
		if (strncmp(s, loopback[i], n) == 0 &&
		    (s[n] == '\0' || strchr(":/?", s[n]) != NULL) &&
		    memchr(s + n, '@', strcspn(s + n, "/?")) == NULL)
			return 1;
	}
	return 0;
}

int
conf_is_issuer(const char *s)
{
	const char *path = strstr(s, "://");

	if (path == NULL || s[strcspn(s, "?@")] != '\0')
		return 0;
	/* A path of our own that began with "//" would name another host. */
	if ((path = strstr(path + 3, "//")) != NULL &&
	    strspn(path, "/") != strlen(path))
		return 0;
	return is_https_or_loopback(s);
}

static const char *
read_issuer(const struct conf *cf, const char *value)
{
	size_t len = strlen(value);

	if (!conf_is_issuer(value))
		return NULL;
	while (len > 0 && value[len - 1] == '/')
		len--;
	return arena_dup(cf->a, value, len);
}

/* A link of our pages must not be a script, in any spelling. */
static int
is_link(const char *s)
{
	static const char *const begins[] = { "https://", "http://",
	    "mailto:" };

	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return 0;
	if (s[0] == '/')
		return s[1] != '/' && s[1] != '\\';
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(s, begins[i], strlen(begins[i])) == 0)
			return s[strlen(begins[i])] != '\0';
	return 0;
}

static const char *
read_link(const struct conf *cf, const char *value)
{
	return is_link(value) ? arena_str(cf->a, value) : NULL;
}

static const char *
read_page(const struct conf *cf, const char *value)
{
	return is_https_or_loopback(value) ? arena_str(cf->a, value) : NULL;
}

/* A path on this host. */
static const char *
read_local(const struct conf *cf, const char *value)
{
	return value[0] == '/' && value[1] != '/' && value[1] != '\\'
	    ? arena_str(cf->a, value)
	    : NULL;
}

/*
 * Words, each a scheme, a host and perhaps a port: return them as browsers send
 * them (RFC 6454 section 6.2), or NULL if one is no origin.
 */
static const char *
read_origins(const struct conf *cf, const char *s)
{
	const char *word;
	struct buf b;
	size_t n;

	buf_init(&b, cf->a, strlen(s) + 1);
	for (; words_next(&s, &n); s += n) {
		word = arena_dup(cf->a, s, n);
		if (!uri_is_origin(word))
			return NULL;
		buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
		    uri_origin(cf->a, word));
	}
	return b.data;
}

static const char *
read_nets(const struct conf *cf, const char *value)
{
	return address_nets_ok(value) ? arena_str(cf->a, value) : NULL;
}

/* Words, each a host in lower case, and perhaps a port; "*." is any host in a domain. */
static const char *
read_hosts(const struct conf *cf, const char *value)
{
	const char *s = value, *host, *end;
	size_t n;

	for (; words_next(&s, &n); s += n) {
		host = n > 2 && memcmp(s, "*.", 2) == 0 ? s + 2 : s;
		end = host + strspn(host,
				 "abcdefghijklmnopqrstuvwxyz0123456789.-");
		if (*s == '[' && (end = memchr(s, ']', n)) != NULL)
			end++;
		if (end == NULL || end == host)
			return NULL;
		if (*end == ':' && end < s + n)
			end += 1 + strspn(end + 1, "0123456789");
		if (end != s + n || end[-1] == ':')
			return NULL;
	}
	return arena_str(cf->a, value);
}

/* The name of a header (RFC 9110 section 5.1), as CGI can hand it on. */
static const char *
read_header(const struct conf *cf, const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (!isascii((unsigned char)*p) ||
		    (!isalnum((unsigned char)*p) && *p != '-'))
			return NULL;
	return *value == '\0' ? NULL : arena_str(cf->a, value);
}

/* The text is put into the quotes of a challenge. */
static const char *
read_realm(const struct conf *cf, const char *value)
{
	return *value != '\0' && strpbrk(value, "\"\\") == NULL
	    ? arena_str(cf->a, value)
	    : NULL;
}

/* The text is put into a style sheet: nothing else may be in it. */
static const char *
read_colour(const struct conf *cf, const char *value)
{
	return value[0] == '#' && strlen(value) == 7 &&
		strspn(value + 1, "0123456789abcdefABCDEF") == 6
	    ? arena_str(cf->a, value)
	    : NULL;
}

static const char *
read_address(const struct conf *cf, const char *value)
{
	return identity_email(cf->a, value);
}

/* Nothing is searched for: which program that is must not depend on who runs it. */
static const char *
read_command(const struct conf *cf, const char *value)
{
	struct arena *a = cf->a;
	char **word;

	return words_quoted(a, value, &word) > 0 && word[0][0] == '/'
	    ? arena_str(a, value)
	    : NULL;
}

/* smtp[s]://[user:password@]host[:port], the host without a character of doubt. */
static const char *
read_smtp(const struct conf *cf, const char *value)
{
	const char *start, *host, *at, *end;
	size_t n;

	for (const char *p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\"\\<>?#", *p) != NULL)
			return NULL;
	if (strncmp(value, "smtp://", 7) != 0 &&
	    strncmp(value, "smtps://", 8) != 0)
		return NULL;
	host = start = strstr(value, "://") + 3;
	if ((at = strrchr(start, '@')) != NULL)
		host = at + 1;
	end = host[0] == '[' ? strchr(host, ']') : NULL;
	n = end != NULL ? (size_t)(end + 1 - host)
			: strspn(host, "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
	if (n == 0 || strcspn(start, "/") < (size_t)(host - start))
		return NULL;
	if (host[n] == ':')
		n += 1 + strspn(host + n + 1, "0123456789");
	return host[n] == '\0' || strcmp(host + n, "/") == 0
	    ? arena_str(cf->a, value)
	    : NULL;
}

static const char *
read_verifier(const struct conf *cf, const char *value)
{
	return verifier_path(value) != NULL ? arena_str(cf->a, value) : NULL;
}

/* ---- The types ---- */

static const struct {
	/* A text: its form, or NULL; and how the error of a wrong one goes on. */
	const char *(*text)(const struct conf *cf, const char *value);
	const char *wants;
	/* Another: read value into the member; 0, or -1 refused. */
	int (*read)(
	    struct reading *r, const struct setting *s, const char *value);
} types[] = {
	[TYPE_TEXT] = { .text = read_text },
	[TYPE_SCOPES] = { .text = read_text }, /* checked when [scopes] is read */
	[TYPE_PATH] = { .text = read_path, .wants = "is a path" },
	[TYPE_DATABASE] = { .text = read_database,
	    .wants = "is a path, or a URI: postgresql://..." },
	[TYPE_ISSUER] = { .text = read_issuer,
	    .wants = "is an https URL without query, or http on 127.0.0.1,"
		     " [::1] or localhost" },
	[TYPE_LINK] = { .text = read_link,
	    .wants = "is the address of a page or of a person, such as"
		     " https://example.org/help, /help or"
		     " mailto:help@example.org" },
	[TYPE_PAGE] = { .text = read_page,
	    .wants = "is the https URL of a page, or http on 127.0.0.1, [::1] or"
		     " localhost, without a fragment" },
	[TYPE_LOCAL] = { .text = read_local,
	    .wants = "is a path on this host, such as /logo.svg" },
	[TYPE_ORIGINS] = { .text = read_origins,
	    .wants = "are origins such as https://app.example,"
		     " http://localhost:3000 or capacitor://localhost, with"
		     " spaces between" },
	[TYPE_NETS] = { .text = read_nets,
	    .wants = "are addresses or networks such as 192.0.2.7 or"
		     " 10.0.0.0/8, with spaces between" },
	[TYPE_HOSTS] = { .text = read_hosts,
	    .wants = "are hosts such as keys.example or 127.0.0.1:8443, in"
		     " lower case, with spaces between" },
	[TYPE_HEADER] = { .text = read_header,
	    .wants = "is the name of a header: letters, digits and '-'" },
	[TYPE_REALM] = { .text = read_realm,
	    .wants = "is a text without quotes and backslashes" },
	[TYPE_COLOUR] = { .text = read_colour,
	    .wants = "is a colour such as #0b5d54" },
	[TYPE_ADDRESS] = { .text = read_address,
	    .wants = "is an e-mail address" },
	[TYPE_COMMAND] = { .text = read_command,
	    .wants = "is the full path of a program, and words that it is"
		     " given; one with spaces stands in double quotes" },
	[TYPE_SMTP] = { .text = read_smtp,
	    .wants = "is smtps://[USER:PASSWORD@]HOST[:PORT], or smtp:// for"
		     " STARTTLS" },
	[TYPE_VERIFIER] = { .text = read_verifier,
	    .wants = "is unix:PATH or saslauthd:PATH, with the full path of a"
		     " socket, of 107 bytes at most" },
	[TYPE_SECONDS] = { .read = read_seconds },
	[TYPE_NUMBER] = { .read = read_number },
	[TYPE_CHOICE] = { .read = read_choice },
	[TYPE_BOOL] = { .read = read_bool },
};

int
conf_store(struct reading *r, const struct setting *s, const char *value)
{
	const char *text;

	if (types[s->type].read != NULL)
		return types[s->type].read(r, s, value);
	if ((text = types[s->type].text(r->cf, value)) == NULL)
		return conf_refuse(r, "%s %s", s->name, types[s->type].wants);
	memcpy((char *)r->cf + s->at, &text, sizeof(text));
	return 0;
}
