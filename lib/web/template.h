/* template.h: the templates of pages and mails, by name. */
#ifndef CARNET_TEMPLATE_H
#define CARNET_TEMPLATE_H

struct arena;
struct conf;

/*
 * template_find(cf, a, name):
 * Return the text of the template: the site's own, else the one compiled in.  NULL
 * if there is none of that name.
 */
const char *template_find(
    const struct conf *cf, struct arena *a, const char *name);

#endif
