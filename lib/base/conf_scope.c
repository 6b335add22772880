/* conf_scope.c: the scopes of [scopes], and those of OpenID Connect. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf_int.h"
#include "words.h"

/* A scope token (RFC 6749 section 3.3), of characters that a URL needs not escape. */
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
int
conf_scope_add(struct reading *r, const char *name, const char *value)
{
	static const char mark[] = "privileged:";
	struct conf *cf = r->cf;
	struct conf_scope *sc;

	if (!scope_is_name(name))
		return conf_refuse(r, "a scope's name is 1 to 64 letters, digits and"
		    " any of - _ . : /");
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (strcmp(cf->scopes[i].name, name) == 0)
			return conf_refuse(r, "the scope %s stands twice", name);
	if (cf->n_scopes == SCOPES_OWN_MAX)
		return conf_refuse(r, "more than %d scopes", SCOPES_OWN_MAX);
	sc = &cf->scopes[cf->n_scopes++];
	sc->name = arena_str(cf->a, name);
	if ((sc->privileged = strncmp(value, mark, strlen(mark)) == 0))
		for (value += strlen(mark); *value == ' ';)
			value++;
	sc->description = arena_str(cf->a, *value == '\0' ? name : value);
	return 0;
}

/* OpenID Connect Core sections 3.1.2.1, 5.4 and 11; groups is what most servers have. */
static const struct {
	const char *name, *description;
	enum scope_built_in which;
} built_in[] = {
	{ "openid", "Know who you are each time you sign in", SCOPE_OPENID },
	{ "profile", "See your name", SCOPE_PROFILE },
	{ "email", "See your e-mail address", SCOPE_EMAIL },
	{ "groups", "See the groups that you are in", SCOPE_GROUPS },
	{ "offline_access", "Go on while you are away", SCOPE_OFFLINE },
};

/* The row of that name; a new one at the end if there is none. */
static size_t
find_or_add(struct conf *cf, const char *name, const char *description)
{
	size_t i = 0;

	while (i < cf->n_scopes && strcmp(cf->scopes[i].name, name) != 0)
		i++;
	if (i == cf->n_scopes)
		cf->scopes[cf->n_scopes++] = (struct conf_scope) {
			.name = name, .description = description,
		};
	return i;
}

void
conf_scope_built_in(struct conf *cf)
{
	const size_t own = cf->n_scopes;
	size_t row;

	for (size_t i = 0; i < SCOPE_BUILT_IN_COUNT; i++) {
		row = find_or_add(
		    cf, built_in[i].name, built_in[i].description);
		cf->built_in[built_in[i].which] = UINT64_C(1) << row;
		if (row >= own)
			cf->all_built_in |= UINT64_C(1) << row;
	}
}

const char *
conf_scope_names(const struct conf *cf)
{
	struct buf b;

	buf_init(&b, cf->a, 256);
	for (size_t i = 0; i < cf->n_scopes; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", cf->scopes[i].name);
	return b.data;
}

int
conf_scope_check(struct reading *r, const struct setting *s, const char *words)
{
	const char *names = conf_scope_names(r->cf);
	size_t n;

	for (; words_next(&words, &n); words += n)
		if (!words_have_n(names, words, n))
			return conf_refuse(r, "%s names %.*s, which [scopes] does"
			    " not", s->name, (int)n, words);
	return 0;
}
