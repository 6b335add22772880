/* conf_setting.c: the settings: name, type, offset, default, range. */
#include "address.h"
#include "arena.h"
#include "buf.h"
#include "conf_int.h"
#include "uri.h"
#include "words.h"

#define AT(member) offsetof(struct conf, member)
#define DAY 86400

const struct setting conf_settings[CONF_SETTINGS] = {
	{ "", "issuer", TYPE_URL, AT(issuer), NULL, 0, 0, { 0 } },
	{ "", "database", TYPE_PATH, AT(database), NULL, 0, 0, { 0 } },
	{ "", "state", TYPE_PATH, AT(state), NULL, 0, 0, { 0 } },
	{ "", "keys", TYPE_PATH, AT(keys), "keys", 0, 0, { 0 } },
	{ "", "templates", TYPE_PATH, AT(templates), NULL, 0, 0, { 0 } },
	{ "", "site_name", TYPE_TEXT, AT(site_name), "carnet", 0, 0, { 0 } },
	{ "", "site_colour", TYPE_COLOUR, AT(site_colour), "#0b5d54", 0, 0,
	    { 0 } },
	{ "", "site_logo", TYPE_LOCAL, AT(site_logo), NULL, 0, 0, { 0 } },
	{ "", "help_url", TYPE_LINK, AT(help_url), NULL, 0, 0, { 0 } },
	{ "", "password_min", TYPE_NUMBER, AT(password_min), "8", 8, 64,
	    { 0 } },
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
	{ "", "refresh_max", TYPE_TIME, AT(refresh_max), "0", 0, 3660 * DAY,
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
	{ "", "audit_log", TYPE_PATH, AT(audit_log), NULL, 0, 0, { 0 } },
	{ "", "audit_size", TYPE_NUMBER, AT(audit_size), "16", 0, 4096, { 0 } },
	{ "", "syslog", TYPE_CHOICE, AT(syslog), "no", 0, 0, { "no", "yes" } },
	{ "", "sandbox", TYPE_CHOICE, AT(sandbox), "yes", 0, 0, { "no", "yes" } },
	{ "", "passport_compat", TYPE_CHOICE, AT(passport_compat), "no", 0, 0,
	    { "no", "yes" } },
	{ "password_token", "client_id", TYPE_TEXT, AT(password_client_id),
	    NULL, 0, 0, { 0 } },
	{ "password_token", "client_secret", TYPE_TEXT,
	    AT(password_client_secret), NULL, 0, 0, { 0 } },
	{ "password_token", "user_names", TYPE_CHOICE,
	    AT(password_user_names), "no", 0, 0, { "no", "yes" } },
	{ "guard", "realm", TYPE_REALM, AT(guard_realm), NULL, 0, 0, { 0 } },
	{ "throttle", "window", TYPE_TIME, AT(throttle_window), "15m", 1, DAY,
	    { 0 } },
	{ "throttle", "account_address", TYPE_NUMBER,
	    AT(throttle_account_address), "10", 0, 1000000, { 0 } },
	{ "throttle", "account", TYPE_NUMBER, AT(throttle_account), "30", 0,
	    1000000, { 0 } },
	{ "throttle", "address", TYPE_NUMBER, AT(throttle_address), "100", 0,
	    1000000, { 0 } },
	{ "throttle", "client", TYPE_NUMBER, AT(throttle_client), "200", 0,
	    1000000, { 0 } },
	{ "throttle", "device_codes", TYPE_NUMBER, AT(device_codes), "300", 0,
	    1000000, { 0 } },
	{ "throttle", "hashes", TYPE_NUMBER, AT(hashes), "0", 0, 1024, { 0 } },
	{ "throttle", "hash_queue", TYPE_NUMBER, AT(hash_queue), "64", 1, 1024,
	    { 0 } },
	{ "throttle", "hash_wait", TYPE_TIME, AT(hash_wait), "5s", 0, 60,
	    { 0 } },
	{ "throttle", "trusted_proxies", TYPE_NETS, AT(trusted_proxies), "", 0,
	    0, { 0 } },
	{ "guard", "fold_case", TYPE_CHOICE, AT(guard_fold_case), "no", 0, 0,
	    { "no", "yes" } },
};

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

/*
 * Words, each a scheme, a host and perhaps a port: return them as browsers send
 * them (RFC 6454 section 6.2), or NULL if one is no origin.
 */
static const char *
read_origins(struct arena *a, const char *s)
{
	const char *word;
	struct buf b;
	size_t n;

	buf_init(&b, a, strlen(s) + 1);
	for (; words_next(&s, &n); s += n) {
		word = arena_dup(a, s, n);
		if (!uri_is_origin(word))
			return NULL;
		buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
		    uri_origin(a, word));
	}
	return b.data;
}

/* What a link of our pages may lead to: no script, and no spelling of one. */
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

int
conf_store(struct reading *r, const struct setting *s, const char *value)
{
	char *member = (char *)r->cf + s->offset;
	const char *text = arena_str(r->cf->a, value);
	int64_t seconds;

	switch (s->type) {
	case TYPE_TIME:
		if (conf_time(value, &seconds) < 0 || seconds < s->min ||
		    seconds > s->max)
			return conf_refuse(r, "%s is a time of %lld to %lld seconds,"
			    " such as 90, 30s, 10m, 2h or 30d", s->name,
			    (long long)s->min, (long long)s->max);
		memcpy(member, &seconds, sizeof(seconds));
		return 0;
	case TYPE_NUMBER:
		/* A time without a unit is a number. */
		if (conf_time(value, &seconds) < 0 || seconds < s->min ||
		    seconds > s->max ||
		    strspn(value, "0123456789") != strlen(value))
			return conf_refuse(r, "%s is a number of %lld to %lld",
			    s->name, (long long)s->min, (long long)s->max);
		memcpy(member, &seconds, sizeof(seconds));
		return 0;
	case TYPE_CHOICE:
		for (int i = 0; i < 2; i++)
			if (strcmp(value, s->choice[i]) == 0) {
				memcpy(member, &i, sizeof(i));
				return 0;
			}
		return conf_refuse(r, "%s is %s or %s", s->name, s->choice[1],
		    s->choice[0]);
	case TYPE_URL:
		if (!url_is_issuer(value))
			return conf_refuse(r, "%s is an https URL without query, or"
			    " http on 127.0.0.1, [::1] or localhost", s->name);
		for (char *end = (char *)(uintptr_t)text + strlen(text);
		     end > text && end[-1] == '/';)
			*--end = '\0';
		break;
	case TYPE_PATH:
		if (*value == '\0')
			return conf_refuse(r, "%s is a path", s->name);
		text = conf_beside(r->cf, value);
		break;
	case TYPE_HEADER:
		if (!header_is_name(value))
			return conf_refuse(r, "%s is the name of a header: letters,"
			    " digits and '-'", s->name);
		break;
	case TYPE_REALM: /* it stands in the quotes of a challenge */
		if (*value == '\0' || strpbrk(value, "\"\\") != NULL)
			return conf_refuse(r, "%s is a text without quotes and"
			    " backslashes", s->name);
		break;
	case TYPE_COLOUR: /* it stands in a style sheet: nothing else may */
		if (value[0] != '#' || strlen(value) != 7 ||
		    strspn(value + 1, "0123456789abcdefABCDEF") != 6)
			return conf_refuse(r, "%s is a colour such as #0b5d54",
			    s->name);
		break;
	case TYPE_LOCAL:
		if (value[0] != '/' || value[1] == '/' || value[1] == '\\')
			return conf_refuse(r, "%s is a path on this host, such as"
			    " /logo.svg", s->name);
		break;
	case TYPE_LINK:
		if (!is_link(value))
			return conf_refuse(r, "%s is the address of a page or of"
			    " a person, such as https://example.org/help, /help"
			    " or mailto:help@example.org", s->name);
		break;
	case TYPE_ORIGINS:
		if ((text = read_origins(r->cf->a, value)) == NULL)
			return conf_refuse(r, "%s are origins such as"
			    " https://app.example, http://localhost:3000 or"
			    " capacitor://localhost, with spaces between",
			    s->name);
		break;
	case TYPE_NETS:
		if (!address_nets_ok(value))
			return conf_refuse(r, "%s are addresses or networks"
			    " such as 192.0.2.7 or 10.0.0.0/8, with spaces"
			    " between", s->name);
		break;
	case TYPE_TEXT:
	case TYPE_SCOPES: /* checked when all of [scopes] is read */
		break;
	}
	memcpy(member, &text, sizeof(text));
	return 0;
}
