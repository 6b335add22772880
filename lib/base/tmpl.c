/* tmpl.c: page templates, a part of Mustache.  {{name}} is always escaped. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "tmpl_int.h"

#define MAX_PARTIALS 8
#define MAX_SECTIONS 32

#define SPACE " \t\r\n"
#define NAME                         \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789._-"

/* A text that is being read. */
struct source {
	const char *text, *p; /* its start, and the unread part */
	const char *indent;   /* put before each line, of a partial */
};

struct tag {
	char kind; /* one of "#^/!>"; 'v' for a variable */
	int alone; /* nothing else is on its line, which is not rendered */
	const char *name;
	size_t name_len;
	const char *start; /* of the tag, or of its line if it is alone */
};

/* One call of tmpl_render. */
struct job {
	struct buf *b;
	const char *(*load)(void *, const char *);
	void *ctx;
	int partials, sections; /* how many are open */
	int is_text;	/* not a page */
};

static int render(struct job *j, struct source *src, const struct scope *sc,
    const struct tag *open);

static int
starts_line(const struct source *src, const char *p)
{
	return p == src->text || p[-1] == '\n';
}

/* If the tag is alone on its line, skip the whole line. */
static void
take_line(struct source *src, struct tag *t)
{
	const char *start = t->start, *end = src->p + strspn(src->p, " \t");

	while (start > src->text && (start[-1] == ' ' || start[-1] == '\t'))
		start--;
	if (end[0] == '\r' && end[1] == '\n')
		end++;
	t->alone = starts_line(src, start) && (*end == '\n' || *end == '\0');
	if (t->alone) {
		t->start = start;
		src->p = *end == '\n' ? end + 1 : end;
	}
}

/*
 * Read up to the next tag and past it.  Return 1; 0 if there is none left, and
 * then t->start is the end of the text; -1 if the tag is malformed or is one of
 * {{{, {{& and {{=, which are refused.
 */
static int
next_tag(struct source *src, struct tag *t)
{
	const char *p;

	if ((t->start = strstr(src->p, "{{")) == NULL) {
		t->start = src->p = strchr(src->p, '\0');
		return 0;
	}
	p = t->start + 2;
	t->kind = 'v';
	t->alone = 0;
	if (*p != '\0' && strchr("#^/!>", *p) != NULL)
		t->kind = *p++;
	if (t->kind == '!') {
		if ((p = strstr(p, "}}")) == NULL)
			return -1;
	} else {
		t->name = p += strspn(p, SPACE);
		t->name_len = strspn(p, NAME);
		p += t->name_len;
		p += strspn(p, SPACE);
		if (t->name_len == 0 || p[0] != '}' || p[1] != '}')
			return -1;
	}
	src->p = p + 2;
	if (t->kind != 'v')
		take_line(src, t);
	return 1;
}

static void
put_plain(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		buf_char(b, (unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s);
}

static void
put_value(struct buf *b, const struct entry *e)
{
	static const char special[] = "&<>\"'`";
	static const char *const entity[] = { "&amp;", "&lt;", "&gt;", "&quot;",
		"&#39;", "&#96;" };
	const char *s = e == NULL || e->value == NULL ? "" : e->value;
	size_t n;

	for (;; s++) {
		n = strcspn(s, special);
		buf_add(b, s, n);
		s += n;
		if (*s == '\0')
			return;
		buf_str(b, entity[strchr(special, *s) - special]);
	}
}

static void
put(struct job *j, const struct entry *e)
{
	if (!j->is_text)
		put_value(j->b, e);
	else if (e != NULL && e->value != NULL)
		put_plain(j->b, e->value);
}

/* Append the text from s to end.  Lines within values are not indented. */
static void
put_text(
    struct job *j, const struct source *src, const char *s, const char *end)
{
	const char *newline;
	size_t n;

	for (; s < end; s += n) {
		if (starts_line(src, s))
			buf_str(j->b, src->indent);
		newline = memchr(s, '\n', (size_t)(end - s));
		n = (size_t)((newline == NULL ? end : newline + 1) - s);
		buf_add(j->b, s, n);
	}
}

/* Render the body for each item of a list, or one time for a true value. */
static int
section(struct job *j, struct source *src, const struct scope *sc,
    const struct tag *t)
{
	struct scope inner = { .up = sc };
	const struct entry *e;
	const char *body = src->p;
	int rc, is_true;

	e = sc == NULL ? NULL : tmpl_lookup(sc, t->name, t->name_len);
	is_true = e != NULL &&
	    (e->first != NULL || (e->value != NULL && *e->value != '\0'));
	if (t->kind == '^')
		return render(j, src, is_true ? NULL : sc, t);
	if (!is_true)
		return render(j, src, NULL, t);
	if (e->first == NULL) {
		inner.dot = e;
		return render(j, src, &inner, t);
	}
	inner.d = e->first;
	do {
		src->p = body;
		rc = render(j, src, &inner, t);
	} while (rc == 0 && (inner.d = inner.d->next) != NULL);
	return rc;
}

static int
partial(struct job *j, const struct source *outer, const struct scope *sc,
    const struct tag *t)
{
	char *name = arena_dup(j->b->a, t->name, t->name_len);
	struct source src = { .indent = "" };

	if ((src.text = src.p = j->load(j->ctx, name)) == NULL)
		return 0;
	if (t->alone)
		src.indent = arena_printf(j->b->a, "%s%.*s", outer->indent,
		    (int)strspn(t->start, " \t"), t->start);
	return render(j, &src, sc, NULL);
}

static int
closes(const struct tag *t, const struct tag *open)
{
	return t->name_len == open->name_len &&
	    memcmp(t->name, open->name, t->name_len) == 0;
}

/*
 * Render up to the tag that closes the section open; if open is NULL, to the
 * end of the text.  If sc is NULL, render nothing: a skipped part must be
 * well-formed too.
 */
static int
render(struct job *j, struct source *src, const struct scope *sc,
    const struct tag *open)
{
	const char *s;
	struct tag t;
	int rc;

	for (;;) {
		s = src->p;
		if ((rc = next_tag(src, &t)) < 0)
			return -1;
		if (sc != NULL) {
			put_text(j, src, s, t.start);
			if (rc == 1 && !t.alone && starts_line(src, t.start))
				buf_str(j->b, src->indent);
		}
		if (rc == 0)
			return open == NULL ? 0 : -1;
		if (t.kind == '/')
			return open != NULL && closes(&t, open) ? 0 : -1;
		if (t.kind == 'v' && sc != NULL)
			put(j, tmpl_lookup(sc, t.name, t.name_len));
		if (t.kind == '#' || t.kind == '^') {
			if (j->sections++ == MAX_SECTIONS ||
			    section(j, src, sc, &t) < 0)
				return -1;
			j->sections--;
		}
		if (t.kind == '>' && sc != NULL) {
			if (j->partials++ == MAX_PARTIALS ||
			    partial(j, src, sc, &t) < 0)
				return -1;
			j->partials--;
		}
	}
}

int
tmpl_render(struct buf *b, const char *text, const struct tmpl_data *d,
    const char *(*load)(void *ctx, const char *name), void *ctx)
{
	struct job j = { .b = b, .load = load, .ctx = ctx };
	struct source src = { .text = text, .p = text, .indent = "" };
	struct scope top = { .d = d };

	return render(&j, &src, &top, NULL);
}

int
tmpl_render_text(struct buf *b, const char *text, const struct tmpl_data *d,
    const char *(*load)(void *ctx, const char *name), void *ctx)
{
	struct job j = { .b = b, .load = load, .ctx = ctx, .is_text = 1 };
	struct source src = { .text = text, .p = text, .indent = "" };
	struct scope top = { .d = d };

	return render(&j, &src, &top, NULL);
}
