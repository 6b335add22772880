/* fuzz_template.c: no template lets markup of the data through. */
#include "fuzz.h"

#include "tmpl.h"

#define SPECIAL "<>\"'`"

struct source {
	const char *partial;
};

static const char *
load(void *ctx, const char *name)
{
	struct source *s = ctx;

	return strcmp(name, "none") == 0 ? NULL : s->partial;
}

/*
 * Remove the markup from a template, except "{{>": then only data can bring
 * markup.
 */
static char *
without_markup(char *text)
{
	for (char *p = text; *p != '\0'; p++)
		if (strchr(SPECIAL "&", *p) != NULL &&
		    !(*p == '>' && p - text >= 2 && p[-1] == '{' &&
			p[-2] == '{'))
			*p = 'x';
	return text;
}

static struct tmpl_data *
fill(struct arena *a, const char *value, const char *other)
{
	struct tmpl_data *d = tmpl_data_new(a), *item;

	tmpl_set(d, "a", value);
	tmpl_set(d, "empty", "");
	tmpl_set(d, "none", NULL);
	for (int i = 0; i < 2; i++) {
		item = tmpl_push(d, "list");
		tmpl_set(item, "a", i == 0 ? other : value);
		tmpl_set(item, "b", other);
		tmpl_set(tmpl_push(item, "in"), ".", value);
	}
	return d;
}

/*
 * There are only entities: an '&' begins one, and no other character is
 * special.
 */
static void
check_escaped(const char *s)
{
	static const char *const entity[] = { "&amp;", "&lt;", "&gt;", "&quot;",
		"&#39;", "&#96;" };
	size_t i;

	assert(strpbrk(s, SPECIAL) == NULL);
	for (; (s = strchr(s, '&')) != NULL; s++) {
		for (i = 0; i < 6; i++)
			if (strncmp(s, entity[i], strlen(entity[i])) == 0)
				break;
		assert(i < 6);
	}
}

/* Two values, the partial, the template: form feeds between. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *value = fuzz_split(a, &data, &size, '\f');
	const char *other = fuzz_split(a, &data, &size, '\f');
	char *partial = fuzz_split(a, &data, &size, '\f');
	char *text = fuzz_split(a, &data, &size, '\f');
	struct source s = { partial };
	struct buf b, again;
	int rc;

	buf_init(&b, a, 16);
	tmpl_render(&b, text, fill(a, value, other), load, &s);
	s.partial = without_markup(partial);
	without_markup(text);
	b.len = 0;
	rc = tmpl_render(&b, text, fill(a, value, other), load, &s);
	if (rc == 0)
		check_escaped(b.data);
	buf_init(&again, a, 4096);
	assert(
	    tmpl_render(&again, text, fill(a, value, other), load, &s) == rc);
	assert(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
	arena_free(a);
	return 0;
}
