/* rule.c: the rules of [guard]: what a path prefix and a method need. */
#include "rule.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "path.h"
#include "uri.h"
#include "url.h"
#include "words.h"

#define METHODS                                                           \
	"GET HEAD POST PUT PATCH DELETE OPTIONS QUERY PROPFIND PROPPATCH" \
	" MKCOL MKCALENDAR COPY MOVE LOCK UNLOCK REPORT SEARCH ACL"

/* Append the word, with a space before it unless it is the first. */
static void
add_word(struct buf *b, const char *word, size_t len)
{
	if (b->len > 0)
		buf_char(b, ' ');
	buf_add(b, word, len);
}

/* Read "GET,POST".  GET allows HEAD too. */
static const char *
read_methods(
    const struct rule_context *cx, struct rule *ru, const char *s, size_t len)
{
	struct buf b;
	size_t n;

	buf_init(&b, cx->a, len + 8);
	for (const char *end = s + len; s < end; s += n + (s[n] == ',')) {
		n = strcspn(s, ", \t");
		if (!words_have_n(METHODS, s, n) ||
		    (s[n] == ',' && s + n + 1 == end))
			return arena_printf(cx->a,
			    "%.*s is not a method; the methods"
			    " are " METHODS,
			    (int)(end - s), s);
		if (!words_have_n(b.data, s, n))
			add_word(&b, s, n);
		if (n == 3 && memcmp(s, "GET", 3) == 0 &&
		    !words_have(b.data, "HEAD"))
			add_word(&b, "HEAD", 4);
	}
	ru->methods = b.data;
	return NULL;
}

/* A prefix is an error if no path in normal form begins with it. */
static const char *
read_prefix(const struct rule_context *cx, struct rule *ru, const char *s)
{
	const unsigned fold = cx->fold_case ? PATH_FOLD : 0;
	size_t len = strlen(s);
	char *as_written = arena_str(cx->a, s);

	if (strchr(s, '*') != NULL)
		return arena_printf(cx->a,
		    "%s has a *, which has no meaning here: a prefix covers all"
		    " that is below it",
		    s);
	if (len > 1 && s[len - 1] == '/')
		as_written[--len] = '\0';
	ru->prefix = path_normal(cx->a, s, fold | PATH_READINGS);
	if (*s != '/' || ru->prefix == NULL || strpbrk(s, "?#; \t\\") != NULL ||
	    strcasecmp(ru->prefix, as_written) != 0)
		return arena_printf(cx->a,
		    "%s matches no path: a prefix is"
		    " written /like/this, decoded, without // . .. ? # ; or"
		    " \\, and no dot at a segment's end",
		    s);
	return NULL;
}

/* The words that end a list of scopes. */
#define BEHIND_SCOPES "acr max_age resource realm"

/* Read the scopes after "all" or "any". */
static const char *
read_scopes(const struct rule_context *cx, const char **s, const char *keyword,
    const char **out)
{
	struct buf b;
	size_t n;

	buf_init(&b, cx->a, strlen(*s) + 1);
	for (; words_next(s, &n) && !words_have_n(BEHIND_SCOPES, *s, n);
	     *s += n) {
		if (!words_have_n(cx->scopes, *s, n))
			return arena_printf(cx->a,
			    "%.*s is a scope that"
			    " [scopes] does not name",
			    (int)n, *s);
		if (words_have_n(b.data, *s, n))
			return arena_printf(
			    cx->a, "%.*s is named twice", (int)n, *s);
		add_word(&b, *s, n);
	}
	if (b.len == 0)
		return arena_printf(cx->a, "%s needs scopes after it", keyword);
	*out = b.data;
	return NULL;
}

/* A realm needs no escape in a quoted string (RFC 9110 section 5.6.4). */
static const char *
read_realm(const struct rule_context *cx, const char *s, const char **out)
{
	s += strspn(s, " \t");
	if (*s == '\0' || strpbrk(s, "\"\\") != NULL)
		return "realm needs a text after it, without quotes and"
		       " backslashes";
	*out = arena_str(cx->a, s);
	return NULL;
}

/* If the next word is keyword, step over it and return 1. */
static int
take(const char **s, const char *keyword)
{
	size_t n;

	if (!words_next(s, &n) || !words_have_n(keyword, *s, n))
		return 0;
	*s += n;
	return 1;
}

/* Read "acr mfa" and "max_age 5m": RFC 9470 section 3.  Return what is wrong. */
static const char *
read_sign_in(const struct rule_context *cx, struct rule *ru, const char **s)
{
	const char *text;
	size_t n;

	if (take(s, "acr")) {
		if (words_next(s, &n))
			ru->needs.acr = acr_find(*s, n);
		if (ru->needs.acr == ACR_NONE)
			return "acr needs pwd, mfa or phr after it";
		*s += n;
	}
	if (take(s, "max_age")) {
		text = words_next(s, &n) ? arena_dup(cx->a, *s, n) : "";
		if (cx->time(text, &ru->needs.max_age) < 0 ||
		    ru->needs.max_age < 1)
			return "max_age needs a time after it, such as 300 or"
			       " 5m";
		*s += n;
	}
	return NULL;
}

/*
 * Read "resource", or "resource https://...": RFC 8707 section 2.  Without a URI it
 * is that of the prefix on the issuer's host.
 */
static const char *
read_resource(const struct rule_context *cx, struct rule *ru, const char **s)
{
	struct buf b;
	const char *uri;
	size_t n;

	if (!take(s, "resource"))
		return NULL;
	if (!words_next(s, &n) || words_have_n("realm", *s, n)) {
		buf_init(&b, cx->a, 128);
		buf_str(&b, cx->origin);
		url_encode_path(&b, ru->prefix);
		ru->needs.resource = b.data;
	} else {
		uri = arena_dup(cx->a, *s, n);
		if (!cx->is_url(uri))
			return "resource needs an https URL without query after"
			       " it, or http on 127.0.0.1, [::1] or localhost;"
			       " or nothing, for the prefix on the issuer's host";
		ru->needs.resource = uri;
		*s += n;
	}
	ru->needs.at_audiences = 0;
	return NULL;
}

/* Rules may name the same resource; URIs that mean the same are one. */
static const char *
number_resource(const struct rule_context *cx, struct rule *ru)
{
	size_t i = 0;

	if (ru->needs.resource == NULL)
		return NULL;
	while (i < *cx->n_resources &&
	    !uri_same(cx->a, cx->resources[i]->needs.resource,
		ru->needs.resource))
		i++;
	if (i == RESOURCES_MAX)
		return arena_printf(
		    cx->a, "more than %d resources", RESOURCES_MAX);
	if (i == *cx->n_resources)
		cx->resources[(*cx->n_resources)++] = ru;
	ru->needs.resource = cx->resources[i]->needs.resource;
	ru->needs.resource_no = (unsigned)i + 1;
	return NULL;
}

/* Read the right side of a rule; usage below is its grammar. */
static const char *
read_needs(const struct rule_context *cx, struct rule *ru, const char *s)
{
	static const char usage[] =
	    "a rule is public; or user, client or token (any of them), or"
	    " nothing of these, then all or any with scopes, then acr with pwd,"
	    " mfa or phr, then max_age with a time, then resource, perhaps with"
	    " a URL, then realm with a text";
	const char *why = NULL;
	size_t n;
	int said = 1;

	ru->needs.realm = cx->realm;
	ru->needs.at_audiences = 1;
	if (take(&s, "public"))
		ru->is_public = 1;
	else if (take(&s, "user"))
		ru->needs.caller = CALLER_USER;
	else if (take(&s, "client"))
		ru->needs.caller = CALLER_CLIENT;
	else
		said = take(&s, "token");
	if (!ru->is_public && take(&s, "all"))
		why = read_scopes(cx, &s, "all", &ru->needs.all);
	else if (!ru->is_public && take(&s, "any"))
		why = read_scopes(cx, &s, "any", &ru->needs.any);
	else if (!said)
		return usage;
	if (why == NULL && !ru->is_public)
		why = read_sign_in(cx, ru, &s);
	if (why == NULL && !ru->is_public)
		why = read_resource(cx, ru, &s);
	if (why == NULL && !ru->is_public && take(&s, "realm"))
		return read_realm(cx, s, &ru->needs.realm);
	return why != NULL ? why : words_next(&s, &n) ? usage : NULL;
}

static int
share_a_method(const struct rule *x, const struct rule *y)
{
	const char *s = x->methods;
	size_t n;

	if (x->methods == NULL || y->methods == NULL)
		return 1;
	for (; words_next(&s, &n); s += n)
		if (words_have_n(y->methods, s, n))
			return 1;
	return 0;
}

const char *
rule_add(
    struct rule **rules, struct rule *ru, const struct rule_context *cx)
{
	size_t n = *ru->name == '/' ? 0 : strcspn(ru->name, " \t");
	const char *prefix = ru->name + n, *why;
	struct rule **at = rules;

	prefix += strspn(prefix, " \t");
	if ((n > 0 && (why = read_methods(cx, ru, ru->name, n)) != NULL) ||
	    (why = read_prefix(cx, ru, prefix)) != NULL ||
	    (why = read_needs(cx, ru, ru->value)) != NULL ||
	    (why = number_resource(cx, ru)) != NULL)
		return why;
	for (const struct rule *o = *rules; o != NULL; o = o->next)
		if (strcmp(o->prefix, ru->prefix) == 0 && share_a_method(o, ru))
			return arena_printf(cx->a,
			    "%s has a rule on line %d already; two rules for a"
			    " prefix must name different methods",
			    ru->prefix, o->line);
	/*
	 * Rules with the same prefix stay together, in the order of the file.
	 */
	while (*at != NULL && strcmp((*at)->prefix, ru->prefix) != 0)
		at = &(*at)->next;
	if (*at == NULL)
		for (at = rules; *at != NULL &&
		     strlen((*at)->prefix) >= strlen(ru->prefix);)
			at = &(*at)->next;
	while (*at != NULL && strcmp((*at)->prefix, ru->prefix) == 0)
		at = &(*at)->next;
	ru->next = *at;
	*at = ru;
	return NULL;
}

/* Whole segments: /docs covers /docs and /docs/x, not /docsx. */
static int
covers(const char *prefix, const char *path)
{
	size_t n = strlen(prefix);

	return n == 1 ||
	    (strncmp(prefix, path, n) == 0 &&
		(path[n] == '/' || path[n] == '\0'));
}

const struct rule *
rule_find(const struct rule *rules, const char *path, const char *method,
    const struct rule **out)
{
	const struct rule *first, *ru;

	*out = NULL;
	for (first = rules; first != NULL; first = first->next)
		if (covers(first->prefix, path))
			break;
	for (ru = first; ru != NULL && *out == NULL &&
	     strcmp(ru->prefix, first->prefix) == 0;
	     ru = ru->next)
		if (ru->methods == NULL || words_have(ru->methods, method))
			*out = ru;
	return first;
}

int
rule_is_last(const struct rule *rules, const struct rule *ru)
{
	/* The longest prefixes come first. */
	while (strlen(rules->prefix) > strlen(ru->prefix) &&
	    !covers(ru->prefix, rules->prefix))
		rules = rules->next;
	return strlen(rules->prefix) <= strlen(ru->prefix);
}

const char *
rule_methods(struct arena *a, const struct rule *first)
{
	struct buf b;
	size_t n;

	buf_init(&b, a, 64);
	for (const struct rule *ru = first;
	     ru != NULL && strcmp(ru->prefix, first->prefix) == 0;
	     ru = ru->next)
		for (const char *s = ru->methods; words_next(&s, &n); s += n)
			buf_printf(
			    &b, "%s%.*s", b.len > 0 ? ", " : "", (int)n, s);
	return b.data;
}
