/* tmpl.h: page templates, a part of Mustache.  {{name}} is always escaped. */
#ifndef CARNET_TMPL_H
#define CARNET_TMPL_H

#include <stddef.h>

struct arena;
struct buf;
/* Names, and the string or list of each.  Inner data also sees outer names. */
struct tmpl_data;

/*
 * tmpl_data_new(a):
 * Return an empty set of names, which lives as long as the arena.
 */
struct tmpl_data *tmpl_data_new(struct arena *a);

/*
 * tmpl_set(d, name, value):
 * Make value the value of {{name}}.  It must outlive d.  NULL and "" are false
 * to a section.
 */
void tmpl_set(struct tmpl_data *d, const char *name, const char *value);

/*
 * tmpl_push(d, name):
 * Append an item to the list name of d and return it, for the caller to fill.
 * {{#name}}..{{/name}} is rendered for each item.
 */
struct tmpl_data *tmpl_push(struct tmpl_data *d, const char *name);

/*
 * tmpl_render(b, text, d, load, ctx):
 * Append the template text, filled from d, to b.  It may have Mustache's
 * variables ({{name}}, {{a.b}} and {{.}}), sections, inverted sections,
 * comments and partials.  load(ctx, name) returns the text of {{> name}}, or
 * NULL if there is none, which renders as nothing.  The characters & < > " '
 * and ` are escaped.  The raw forms {{{name}}} and {{&name}} are errors,
 * because one in a page allows cross-site scripts; so are other delimiters.
 * Return 0; -1 if the template is malformed, nests partials deeper than 8 or
 * sections deeper than 32: b then has a part of the page and must not be sent.
 */
int tmpl_render(struct buf *b, const char *text, const struct tmpl_data *d,
    const char *(*load)(void *ctx, const char *name), void *ctx);

/*
 * tmpl_render_text(b, text, d, load, ctx):
 * The same for plain text, as that of a mail: nothing is escaped.  A control
 * character in a value becomes a space, so that no value adds a line.
 */
int tmpl_render_text(struct buf *b, const char *text,
    const struct tmpl_data *d, const char *(*load)(void *ctx, const char *name),
    void *ctx);

#endif
