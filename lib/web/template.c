/* template.c: the templates of pages and mails, by name. */
#include "template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "embed.h"
#include "log.h"

#define TEMPLATE_MAX (256 * 1024)

const char *
template_find(const struct conf *cf, struct arena *a, const char *name)
{
	char *text, *path;
	size_t n;
	FILE *f;

	if (cf->templates == NULL)
		return embed_find(name);
	path = arena_printf(a, "%s/%s", cf->templates, name);
	if ((f = fopen(path, "re")) == NULL) {
		if (errno != ENOENT)
			log_event("%s: %s", path, strerror(errno));
		return embed_find(name);
	}
	text = arena_alloc(a, TEMPLATE_MAX + 1);
	n = fread(text, 1, TEMPLATE_MAX, f);
	text[n] = '\0';
	if (ferror(f)) {
		log_event("%s: cannot be read", path);
		text = NULL;
	}
	fclose(f);
	return text == NULL ? embed_find(name) : text;
}
