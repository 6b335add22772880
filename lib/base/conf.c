/* conf.c: carnet.conf: from text to settings that fit together. */
#include "conf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf_int.h"
#include "uri.h"
#include "words.h"

int
conf_refuse(struct reading *r, const char *fmt, ...)
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

/* Keep a rule until the end of the file: it uses scopes and settings. */
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

/* Is the current line in this section?  NULL: before the first section. */
static int
is_in(const struct reading *r, const char *section)
{
	return section == NULL || r->section == NULL
	    ? section == r->section
	    : strcmp(section, r->section) == 0;
}

static int
set(struct reading *r, const char *name, const char *value)
{
	if (is_in(r, "scopes"))
		return conf_scope_add(r, name, value);
	if (is_in(r, "guard") && strchr(name, '/') != NULL)
		return keep_rule(r, name, value);
	for (size_t i = 0; i < conf_n_settings; i++) {
		if (!is_in(r, conf_settings[i].section) ||
		    strcmp(conf_settings[i].name, name) != 0)
			continue;
		if (r->set_on[i] != 0)
			return conf_refuse(r, "%s stands twice (first on line %d)",
			    name, r->set_on[i]);
		r->set_on[i] = r->line;
		return conf_store(r, &conf_settings[i], value);
	}
	return r->section == NULL
	    ? conf_refuse(r, "unknown setting %s; see carnet.conf(5)", name)
	    : conf_refuse(r, "unknown setting %s in [%s]; see carnet.conf(5)", name,
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
			return conf_refuse(r, "a section is written [name]");
		*end = '\0';
		for (size_t i = 0; i < sizeof(sections) / sizeof(*sections);
		     i++)
			if (strcmp(line + 1, sections[i]) == 0) {
				r->section = sections[i];
				return 0;
			}
		return conf_refuse(r, "unknown section [%s]; there are [scopes],"
		    " [password_token], [guard] and [throttle]", line + 1);
	}
	if ((equals = strchr(line, '=')) == NULL)
		return conf_refuse(r, "a setting is written name = value");
	*equals = '\0';
	return set(r, trim(line), trim(equals + 1));
}

/* Rules are added in the order of the file: of two that clash the later one is wrong. */
static int
add_rules(struct reading *r)
{
	/* NULL is for the lack of an issuer, which is refused later. */
	const char *origin = r->cf->issuer == NULL
	    ? NULL
	    : uri_origin(r->cf->a, r->cf->issuer);
	const struct rule_context cx = { .a = r->cf->a,
		.scopes = conf_scope_names(r->cf),
		.realm = r->cf->guard_realm,
		.fold_case = r->cf->guard_fold_case,
		.time = conf_time,
		.origin = origin == NULL ? "" : origin,
		.is_url = conf_is_issuer,
		.resources = r->cf->resources,
		.n_resources = &r->cf->n_resources };
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
		if ((why = rule_add(&r->cf->rules, ru, &cx)) != NULL)
			return conf_refuse(r, "%s", why);
		if (ru->needs.resource != NULL && r->cf->passport_compat)
			return conf_refuse(r, "a rule has the word resource, and"
			    " passport_compat is yes: tokens then name their"
			    " client, and no resource");
	}
	return 0;
}

/* Mail has a sender, and one way out. */
static int
mail_fits(struct reading *r)
{
	const struct conf *cf = r->cf;

	if (cf->mail_command != NULL && cf->smtp != NULL)
		return conf_refuse(r, "mail_command and smtp are both set: mail"
		    " goes by one of them");
	if ((cf->mail_command != NULL || cf->smtp != NULL) &&
	    cf->mail_from == NULL)
		return conf_refuse(r, "mail_from is not set: the address that"
		    " mail is from");
	if (cf->sign_up == SIGN_UP_OPEN && cf->mail_from == NULL)
		return conf_refuse(r, "sign_up is open, and no mail is set up:"
		    " an account begins with the link in a mail");
	return 0;
}

/* Is there a line that sets it?  Its number, or 0. */
static int
line_of(const struct reading *r, const char *name)
{
	size_t i = 0;

	while (strcmp(conf_settings[i].name, name) != 0)
		i++;
	return r->set_on[i];
}

/*
 * Where the site signs people in, nobody else asks for their password, unless the
 * operator wants both.
 */
static int
sign_in_fits(struct reading *r)
{
	struct conf *cf = r->cf;

	if (cf->login_key == NULL)
		cf->login_key = arena_printf(cf->a, "%s/login.key", cf->keys);
	if (line_of(r, "password_sign_in") == 0)
		cf->password_sign_in = cf->login_url == NULL;
	if (cf->password_sign_in || cf->login_url != NULL)
		return 0;
	r->line = line_of(r, "password_sign_in");
	return conf_refuse(r, "password_sign_in is no, and login_url is not set:"
	    " nobody could sign in");
}

/* After the last line: set the defaults, and check settings against each other. */
static int
finish(struct reading *r)
{
	const struct setting *s;
	const char *text;

	conf_scope_built_in(r->cf);
	for (size_t i = 0; i < conf_n_settings; i++) {
		s = &conf_settings[i];
		r->line = r->set_on[i];
		if (r->line == 0 && s->preset != NULL &&
		    conf_store(r, s, s->preset) < 0)
			return -1;
		if (s->type != TYPE_SCOPES)
			continue;
		memcpy(&text, (char *)r->cf + s->at, sizeof(text));
		if (text != NULL && conf_scope_check(r, s, text) < 0)
			return -1;
	}
	if (add_rules(r) < 0)
		return -1;
	conf_data(r->cf);
	r->line = 0;
	if (mail_fits(r) < 0 || sign_in_fits(r) < 0)
		return -1;
	r->line = 0;
	if (r->cf->issuer == NULL)
		return conf_refuse(r, "issuer is not set: the https URL that this"
		    " server is reached at");
	return 0;
}

struct conf *
conf_parse(const char *text, const char *path, char *error, size_t size)
{
	struct arena *a = arena_new();
	struct conf *cf = arena_alloc(a, sizeof(*cf));
	struct reading r = { .cf = cf, .error = error,
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
