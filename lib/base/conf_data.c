/* conf_data.c: the default places of a site's data. */
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "conf_int.h"
#include "uri.h"

#define DATABASE "carnet.db"
#define DATA "data"

const char *
conf_beside(const struct conf *cf, const char *path)
{
	const char *end = strrchr(cf->path, '/');

	if (*path == '/' || end == NULL)
		return arena_str(cf->a, path);
	return arena_printf(
	    cf->a, "%.*s/%s", (int)(end - cf->path), cf->path, path);
}

/* Is there such a file beside the configuration? */
static int
is_there(const struct conf *cf, const char *name)
{
	struct stat sb;

	return stat(conf_beside(cf, name), &sb) == 0;
}

static const char *
directory_of(const struct conf *cf, const char *path)
{
	const char *end = strrchr(path, '/');

	return end == NULL ? "."
	    : end == path  ? "/"
			   : arena_dup(cf->a, path, (size_t)(end - path));
}

/*
 * Earlier versions put the database beside the configuration.  Such a site goes
 * on with it: a new, empty database would have none of its users.  If there is
 * a data/, the file beside the configuration is not used: it may be an old
 * copy, in which revoked tokens are still valid.
 */
void
conf_data(struct conf *cf)
{
	if (cf->database == NULL) {
		cf->is_old_layout = !is_there(cf, DATA) && is_there(cf, DATABASE);
		cf->database = conf_beside(
		    cf, cf->is_old_layout ? DATABASE : DATA "/" DATABASE);
	}
	if (!uri_has_authority(cf->database))
		cf->database_dir = directory_of(cf, cf->database);
	if (cf->state == NULL)
		cf->state = cf->database_dir != NULL ? cf->database_dir
						     : conf_beside(cf, DATA);
	if (cf->audit_log == NULL)
		cf->audit_log = arena_printf(cf->a, "%s/audit.log", cf->state);
}
