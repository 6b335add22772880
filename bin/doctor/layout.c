/* layout.c: are the data in directories of their own? */
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "doctor.h"

/* Is path the directory dir, or below it, with links followed? */
static int
is_in(const char *path, const char *dir)
{
	char full[PATH_MAX], top[PATH_MAX];
	size_t n;

	if (path == NULL || realpath(path, full) == NULL ||
	    realpath(dir, top) == NULL)
		return 0;
	n = strlen(top);
	return strncmp(full, top, n) == 0 &&
	    (n == 1 || full[n] == '\0' || full[n] == '/');
}

static const char *
directory_of(struct doctor *d, const char *path)
{
	return dirname(arena_str(d->a, path));
}

/* Return what is in dir and must not be writable by the programs, or NULL. */
static const char *
other_in(struct doctor *d, const char *dir)
{
	const struct {
		const char *what, *path;
	} others[] = {
		{ "the configuration", d->cf->path },
		{ "the keys", d->cf->keys },
		{ "the programs", d->programs },
		{ "the templates", d->cf->templates },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (is_in(others[i].path, dir))
			return others[i].what;
	return NULL;
}

/*
 * The programs may write into these directories.  The sandbox (Landlock) allows
 * whole directories, not single files.  If the configuration, a key or a
 * program is there too, a bug could overwrite it.
 */
void
check_layout(struct doctor *d)
{
	const struct conf *cf = d->cf;
	const char *dir = cf->database_dir != NULL ? cf->database_dir : cf->state;
	const char *what;
	const char *trail = directory_of(d, cf->audit_log);
	const int has_trail =
	    strcmp(trail, dir) == 0 && access(cf->audit_log, F_OK) == 0;
	int fine = 1;

	if (cf->database_dir != NULL && (what = other_in(d, dir)) != NULL) {
		fine = 0;
		bad(d, LEVEL_WARN,
		    arena_printf(d->a,
			"Stop the programs; mkdir -m 700 %s/data; mv %s*%s%s"
			" %s/data/; set database in carnet.conf to %s/data/%s;"
			" start the programs.",
			dir, cf->database, has_trail ? " " : "",
			has_trail ? arena_printf(d->a, "%s*", cf->audit_log)
				  : "",
			dir, dir, basename(arena_str(d->a, cf->database))),
		    "The programs may write into %s, where the database is;"
		    " %s should be elsewhere.",
		    dir, what);
	}
	if ((cf->database_dir == NULL || strcmp(cf->state, dir) != 0) &&
	    (what = other_in(d, cf->state)) != NULL) {
		fine = 0;
		bad(d, LEVEL_WARN,
		    "Set state in carnet.conf to a directory of its own.",
		    "The programs may write into %s (state); %s should be"
		    " elsewhere.",
		    cf->state, what);
	}
	if (strcmp(trail, dir) != 0 && strcmp(trail, cf->state) != 0 &&
	    (what = other_in(d, trail)) != NULL) {
		fine = 0;
		bad(d, LEVEL_WARN,
		    "Set audit_log in carnet.conf to a file in a directory of"
		    " its own.",
		    "The programs may write into %s, where the audit trail is;"
		    " %s should be elsewhere.",
		    trail, what);
	}
	if (fine)
		good(d, "what the programs write is in %s alone", dir);
}
