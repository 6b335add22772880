/* tmpl.h: page templates, a part of Mustache: {{name}} is escaped, always. */
#ifndef CARNET_TMPL_H
#define CARNET_TMPL_H

#include <stddef.h>

struct arena;
struct buf;
struct tmpl_data; /* names to strings and lists; its parent's names shine through */

/*
 * tmpl_data_new(a):
 * Return an empty set of names, which lives as long as the arena.
 */
struct tmpl_data *tmpl_data_new(struct arena *a);

/*
 * tmpl_set(d, name, value):
 * Have {{name}} stand for value, which must outlive d; NULL and "" are false to
 * a section.
 */
void tmpl_set(struct tmpl_data *d, const char *name, const char *value);

/*
 * tmpl_push(d, name):
 * Append an item to the list name of d and return it, for the caller to fill.
 * {{#name}}..{{/name}} is rendered once an item.
 */
struct tmpl_data *tmpl_push(struct tmpl_data *d, const char *name);

/*
 * tmpl_render(b, text, d, load, ctx):
 * Append the template text, filled from d, to b.  What is supported is
 * Mustache's variables ({{name}} and {{a.b}}, {{.}}), sections, inverted
 * sections, comments and partials: load(ctx, name) returns the text of
 * {{> name}}, or NULL if there is none, which renders as nothing.  Not supported, and an
 * error: the raw forms {{{name}}} and {{&name}}, as one of them forgotten in a
 * page is a cross-site script; and other delimiters.  Escaped are & < > " ' and
 * `.  Return 0; -1 if the template is malformed, nests partials deeper than 8
 * or sections deeper than 32: b then holds a part of the page, for nobody.
 */
int tmpl_render(struct buf *b, const char *text, const struct tmpl_data *d,
    const char *(*load)(void *ctx, const char *name), void *ctx);

#endif
