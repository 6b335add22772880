/* conf.c: carnet.conf: settings as a table: name, type, offset, default, range. */
#include "conf.h"

#include <limits.h>
#include <stdarg.h>

#include "arena.h"
#include "rule.h"
#include "words.h"

enum type {
	TYPE_TEXT,
	TYPE_PATH,	/* relative to the file */
	TYPE_URL,
	TYPE_ORIGINS,
	TYPE_SCOPES,
	TYPE_HEADER,
	TYPE_REALM,	/* text without quotes */
	TYPE_COLOUR,	/* #rrggbb */
	TYPE_LOCAL,	/* a URL path on this host */
	TYPE_TIME,	/* seconds, or with a unit */
	TYPE_CHOICE,	/* two words: 0 and 1 */
};

struct setting {
	const char *section, *name;
	enum type type;
	size_t offset;
	const char *preset;	/* as it would stand in the file; NULL: unset */
	int64_t min, max;	/* of a time */
	const char *choice[2];
};

#define AT(member) offsetof(struct conf, member)
#define DAY 86400

static const struct setting settings[] = {
	{ "", "issuer", TYPE_URL, AT(issuer), NULL, 0, 0, { 0 } },
	{ "", "database", TYPE_PATH, AT(database), "carnet.db", 0, 0, { 0 } },
	{ "", "keys", TYPE_PATH, AT(keys), "keys", 0, 0, { 0 } },
	{ "", "templates", TYPE_PATH, AT(templates), NULL, 0, 0, { 0 } },
	{ "", "site_name", TYPE_TEXT, AT(site_name), "carnet", 0, 0, { 0 } },
	{ "", "site_colour", TYPE_COLOUR, AT(site_colour), "#0b5d54", 0, 0,
	    { 0 } },
	{ "", "site_logo", TYPE_LOCAL, AT(site_logo), NULL, 0, 0, { 0 } },
	{ "", "auth_header", TYPE_HEADER, AT(auth_header), NULL, 0, 0, { 0 } },
	{ "", "audiences", TYPE_TEXT, AT(audiences), "", 0, 0, { 0 } },
	{ "", "cors_origins", TYPE_ORIGINS, AT(cors_origins), NULL, 0, 0,
	    { 0 } },
	{ "", "default_scopes", TYPE_SCOPES, AT(default_scopes), "", 0, 0,
	    { 0 } },
	{ "", "user_scopes", TYPE_SCOPES, AT(user_scopes), NULL, 0, 0, { 0 } },
	{ "", "access_ttl", TYPE_TIME, AT(access_ttl), "1h", 1, 366 * DAY,
	    { 0 } },
	{ "", "refresh_ttl", TYPE_TIME, AT(refresh_ttl), "30d", 1, 3660 * DAY,
	    { 0 } },
	{ "", "refresh_grace", TYPE_TIME, AT(refresh_grace), "30s", 0, 600,
	    { 0 } },
	{ "", "personal_ttl", TYPE_TIME, AT(personal_ttl), "180d", 1,
	    3660 * DAY, { 0 } },
	{ "", "code_ttl", TYPE_TIME, AT(code_ttl), "60s", 1, 600, { 0 } },
	{ "", "device_code_ttl", TYPE_TIME, AT(device_code_ttl), "10m", 1,
	    3600, { 0 } },
	{ "", "device_interval", TYPE_TIME, AT(device_interval), "5s", 1, 60,
	    { 0 } },
	{ "", "session_ttl", TYPE_TIME, AT(session_ttl), "12h", 60, 366 * DAY,
	    { 0 } },
	{ "", "durability", TYPE_CHOICE, AT(durability_full), "full", 0, 0,
	    { "normal", "full" } },
	{ "", "passport_compat", TYPE_CHOICE, AT(passport_compat), "no", 0, 0,
	    { "no", "yes" } },
	{ "password_token", "client_id", TYPE_TEXT, AT(password_client_id),
	    NULL, 0, 0, { 0 } },
	{ "password_token", "client_secret", TYPE_TEXT,
	    AT(password_client_secret), NULL, 0, 0, { 0 } },
	{ "guard", "realm", TYPE_REALM, AT(guard_realm), NULL, 0, 0, { 0 } },
	{ "guard", "fold_case", TYPE_CHOICE, AT(guard_fold_case), "no", 0, 0,
	    { "no", "yes" } },
};
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* What one reading of a file knows. */
struct reading {
	struct conf *cf;
	const char *section;
	int line;
	char *error;
	size_t error_size;
	int set_on[N_SETTINGS];	/* the line that set it, or 0 */
	struct rule *rules;	/* as written, the last first */
};

static int refuse(struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what is wrong on the line at hand; return -1. */
static int
refuse(struct reading *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = r->line > 0 ? snprintf(r->error, r->error_size, "%s:%d: ",
			      r->cf->path, r->line)
			: snprintf(r->error, r->error_size, "%s: ",
			      r->cf->path);
	if (n < 0 || (size_t)n >= r->error_size)
		return -1;
	va_start(ap, fmt);
	vsnprintf(r->error + n, r->error_size - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

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

/* https, or http to this machine alone; no query, fragment or user. */
static int
url_is_issuer(const char *s)
{
	static const char *const loopback[] = { "http://127.0.0.1",
	    "http://localhost", "http://[::1]" };
	const char *path = strstr(s, "://");
	size_t n;

	if (path == NULL || s[strcspn(s, "?#@\\\"<>")] != '\0')
		return 0;
	/* A browser drops a tab: "/<tab>/" would be "//" to it. */
	for (const char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return 0;
	/* A path of our own that began with "//" would name another host. */
	if ((path = strstr(path + 3, "//")) != NULL &&
	    strspn(path, "/") != strlen(path))
		return 0;
	if (strncmp(s, "https://", 8) == 0)
		return s[8] != '\0' && s[8] != '/' && s[8] != ':';
	for (size_t i = 0; i < 3; i++) {
		n = strlen(loopback[i]);
		if (strncmp(s, loopback[i], n) == 0 &&
		    (s[n] == '\0' || s[n] == ':' || s[n] == '/'))
			return 1;
	}
	return 0;
}

/* Words, each a scheme, a host and perhaps a port: what a browser sends. */
static int
words_are_origins(const char *s)
{
	const char *host;
	size_t n, skip;

	for (; words_next(&s, &n); s += n) {
		skip = strncmp(s, "https://", 8) == 0 ? 8
		    : strncmp(s, "http://", 7) == 0   ? 7
						      : n;
		host = s + skip;
		if (skip >= n || strcspn(host, "/?#@*\"\\") < n - skip)
			return 0;
	}
	return 1;
}

static int
header_is_name(const char *s)
{
	if (*s == '\0')
		return 0;
	for (; *s != '\0'; s++)
		if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') ||
			(*s >= '0' && *s <= '9') || *s == '-'))
			return 0;
	return 1;
}

/* Turn the value of one setting into its member of the configuration. */
static int
store(struct reading *r, const struct setting *s, const char *value)
{
	char *member = (char *)r->cf + s->offset;
	const char *dir_end, *text = arena_str(r->cf->a, value);
	int64_t seconds;

	switch (s->type) {
	case TYPE_TIME:
		if (conf_time(value, &seconds) < 0 || seconds < s->min ||
		    seconds > s->max)
			return refuse(r, "%s is a time of %lld to %lld seconds,"
			    " such as 90, 30s, 10m, 2h or 30d", s->name,
			    (long long)s->min, (long long)s->max);
		memcpy(member, &seconds, sizeof(seconds));
		return 0;
	case TYPE_CHOICE:
		for (int i = 0; i < 2; i++)
			if (strcmp(value, s->choice[i]) == 0) {
				memcpy(member, &i, sizeof(i));
				return 0;
			}
		return refuse(r, "%s is %s or %s", s->name, s->choice[1],
		    s->choice[0]);
	case TYPE_URL:
		if (!url_is_issuer(value))
			return refuse(r, "%s is an https URL without query, or"
			    " http on 127.0.0.1, [::1] or localhost", s->name);
		for (char *end = (char *)(uintptr_t)text + strlen(text);
		     end > text && end[-1] == '/';)
			*--end = '\0';
		break;
	case TYPE_PATH:
		if (*value == '\0')
			return refuse(r, "%s is a path", s->name);
		dir_end = strrchr(r->cf->path, '/');
		if (*value != '/' && dir_end != NULL)
			text = arena_printf(r->cf->a, "%.*s/%s",
			    (int)(dir_end - r->cf->path), r->cf->path, value);
		break;
	case TYPE_HEADER:
		if (!header_is_name(value))
			return refuse(r, "%s is the name of a header: letters,"
			    " digits and '-'", s->name);
		break;
	case TYPE_REALM: /* it stands in the quotes of a challenge */
		if (*value == '\0' || strpbrk(value, "\"\\") != NULL)
			return refuse(r, "%s is a text without quotes and"
			    " backslashes", s->name);
		break;
	case TYPE_COLOUR: /* it stands in a style sheet: nothing else may */
		if (value[0] != '#' || strlen(value) != 7 ||
		    strspn(value + 1, "0123456789abcdefABCDEF") != 6)
			return refuse(r, "%s is a colour such as #0b5d54",
			    s->name);
		break;
	case TYPE_LOCAL:
		if (value[0] != '/' || value[1] == '/' || value[1] == '\\')
			return refuse(r, "%s is a path on this host, such as"
			    " /logo.svg", s->name);
		break;
	case TYPE_ORIGINS:
		if (!words_are_origins(value))
			return refuse(r, "%s are origins such as"
			    " https://app.example or http://localhost:3000,"
			    " with spaces between", s->name);
		break;
	case TYPE_TEXT:
	case TYPE_SCOPES: /* checked when all of [scopes] is read */
		break;
	}
	memcpy(member, &text, sizeof(text));
	return 0;
}

/* RFC 6749 section 3.3: a scope token, in what a URL shows without trouble. */
static int
scope_is_name(const char *s)
{
	if (*s == '\0' || strlen(s) > 64)
		return 0;
	for (; *s != '\0'; s++)
		if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') ||
			(*s >= '0' && *s <= '9') || strchr("-_.:/", *s)))
			return 0;
	return 1;
}

/* "name = description", or "name = privileged: description". */
static int
add_scope(struct reading *r, const char *name, const char *value)
{
	static const char mark[] = "privileged:";
	struct conf *cf = r->cf;
	struct conf_scope *sc;

	if (!scope_is_name(name))
		return refuse(r, "a scope's name is 1 to 64 letters, digits and"
		    " any of - _ . : /");
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (strcmp(cf->scopes[i].name, name) == 0)
			return refuse(r, "the scope %s stands twice", name);
	if (cf->n_scopes == SCOPES_MAX)
		return refuse(r, "more than %d scopes", SCOPES_MAX);
	sc = &cf->scopes[cf->n_scopes++];
	sc->name = arena_str(cf->a, name);
	if ((sc->privileged = strncmp(value, mark, strlen(mark)) == 0))
		for (value += strlen(mark); *value == ' ';)
			value++;
	sc->description = arena_str(cf->a, *value == '\0' ? name : value);
	return 0;
}

/* A rule is read when all that it rests on is. */
static int
keep_rule(struct reading *r, const char *name, const char *value)
{
	struct rule *ru = arena_alloc(r->cf->a, sizeof(*ru));

	ru->name = arena_str(r->cf->a, name);
	ru->value = arena_str(r->cf->a, value);
	ru->line = r->line;
	ru->next = r->rules;
	r->rules = ru;
	return 0;
}

static int
set(struct reading *r, const char *name, const char *value)
{
	if (strcmp(r->section, "scopes") == 0)
		return add_scope(r, name, value);
	if (strcmp(r->section, "guard") == 0 && strchr(name, '/') != NULL)
		return keep_rule(r, name, value);
	for (size_t i = 0; i < N_SETTINGS; i++) {
		if (strcmp(settings[i].section, r->section) != 0 ||
		    strcmp(settings[i].name, name) != 0)
			continue;
		if (r->set_on[i] != 0)
			return refuse(r, "%s stands twice (first on line %d)",
			    name, r->set_on[i]);
		r->set_on[i] = r->line;
		return store(r, &settings[i], value);
	}
	return *r->section == '\0'
	    ? refuse(r, "unknown setting %s; see carnet.conf(5)", name)
	    : refuse(r, "unknown setting %s in [%s]; see carnet.conf(5)", name,
		  r->section);
}

static char *
trim(char *s)
{
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	for (end = s + strlen(s);
	     end > s && strchr(" \t\r", end[-1]) != NULL;)
		*--end = '\0';
	return s;
}

static int
read_line(struct reading *r, char *line)
{
	static const char *const sections[] = { "scopes", "password_token",
	    "guard", "throttle" };
	char *equals, *end;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return 0;
	if (*line == '[') {
		end = line + strlen(line) - 1;
		if (*end != ']')
			return refuse(r, "a section is written [name]");
		*end = '\0';
		for (size_t i = 0; i < sizeof(sections) / sizeof(*sections);
		     i++)
			if (strcmp(line + 1, sections[i]) == 0) {
				r->section = sections[i];
				return 0;
			}
		return refuse(r, "unknown section [%s]; there are [scopes],"
		    " [password_token], [guard] and [throttle]", line + 1);
	}
	if ((equals = strchr(line, '=')) == NULL)
		return refuse(r, "a setting is written name = value");
	*equals = '\0';
	return set(r, trim(line), trim(equals + 1));
}

static int
words_are_scopes(struct reading *r, const struct setting *s, const char *words)
{
	size_t i, n;

	for (words += strspn(words, " "); *words != '\0';
	     words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		for (i = 0; i < r->cf->n_scopes; i++)
			if (strlen(r->cf->scopes[i].name) == n &&
			    memcmp(r->cf->scopes[i].name, words, n) == 0)
				break;
		if (i == r->cf->n_scopes)
			return refuse(r, "%s names %.*s, which [scopes] does"
			    " not", s->name, (int)n, words);
	}
	return 0;
}

/* In the order of the file: the later of two that clash is the one refused. */
static int
add_rules(struct reading *r)
{
	struct rule *ru, *next, *first = NULL;
	const char *why;

	for (ru = r->rules; ru != NULL; ru = next) {
		next = ru->next;
		ru->next = first;
		first = ru;
	}
	for (ru = first; ru != NULL; ru = next) {
		next = ru->next;
		r->line = ru->line;
		if ((why = rule_add(r->cf, ru)) != NULL)
			return refuse(r, "%s", why);
	}
	return 0;
}

/* What can be told only when all lines are read. */
static int
finish(struct reading *r)
{
	const struct setting *s;
	const char *text;

	for (size_t i = 0; i < N_SETTINGS; i++) {
		s = &settings[i];
		r->line = r->set_on[i];
		if (r->line == 0 && s->preset != NULL &&
		    store(r, s, s->preset) < 0)
			return -1;
		memcpy(&text, (char *)r->cf + s->offset, sizeof(text));
		if (s->type == TYPE_SCOPES && text != NULL &&
		    words_are_scopes(r, s, text) < 0)
			return -1;
	}
	if (add_rules(r) < 0)
		return -1;
	r->line = 0;
	if (r->cf->issuer == NULL)
		return refuse(r, "issuer is not set: the https URL that this"
		    " server is reached at");
	return 0;
}

struct conf *
conf_parse(const char *text, const char *path, char *error, size_t size)
{
	struct arena *a = arena_new();
	struct conf *cf = arena_alloc(a, sizeof(*cf));
	struct reading r = { .cf = cf, .section = "", .error = error,
	    .error_size = size };
	const char *end;
	int good = 1;

	cf->a = a;
	cf->path = arena_str(a, path);
	while (good && *text != '\0') {
		r.line++;
		end = strchrnul(text, '\n');
		good = read_line(&r,
			   arena_dup(a, text, (size_t)(end - text))) == 0;
		text = *end == '\0' ? end : end + 1;
	}
	if (good && finish(&r) == 0)
		return cf;
	arena_free(a);
	return NULL;
}

void
conf_free(struct conf *cf)
{
	if (cf != NULL)
		arena_free(cf->a);
}
