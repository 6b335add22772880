/* root.c: are the secrets below a document root of a web server? */
#include <glob.h>
#include <limits.h>

#include "doctor.h"

/* Directories of these names are usually served. */
static const char *const served[] = { "public_html", "htdocs", "httpdocs",
	"www", "wwwroot", "webroot", "html", "cgi-bin" };

/* The files of web servers that name a document root, and the word for it. */
static const struct {
	const char *files, *word;
} servers[] = {
	{ "/etc/apache2/sites-enabled/*", "DocumentRoot" },
	{ "/etc/apache2/conf-enabled/*", "DocumentRoot" },
	{ "/etc/httpd/conf/httpd.conf", "DocumentRoot" },
	{ "/etc/httpd/conf.d/*.conf", "DocumentRoot" },
	{ "/etc/lighttpd/lighttpd.conf", "server.document-root" },
	{ "/etc/lighttpd/conf-enabled/*", "server.document-root" },
	{ "/etc/nginx/sites-enabled/*", "root" },
	{ "/etc/nginx/conf.d/*.conf", "root" },
};

/* The part of path up to a directory with a served name; NULL: none. */
static const char *
root_by_name(struct arena *a, const char *path)
{
	const char *slash = path, *end;
	size_t n;

	for (; (end = strchr(slash + 1, '/')) != NULL; slash = end) {
		n = (size_t)(end - slash) - 1;
		for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++)
			if (strlen(served[i]) == n &&
			    strncasecmp(served[i], slash + 1, n) == 0)
				return arena_dup(a, path, (size_t)(end - path));
	}
	return NULL;
}

/* Is path below the directory dir, with links in dir followed? */
static int
is_below(const char *path, const char *dir)
{
	char full[PATH_MAX];
	size_t n;

	if (*dir != '/' || realpath(dir, full) == NULL)
		return 0;
	n = strlen(full);
	return n > 1 && strncmp(path, full, n) == 0 && path[n] == '/';
}

/* The directory in a line "WORD [=] DIR;" of a server's configuration. */
static const char *
root_of_line(struct arena *a, const char *line, const char *word)
{
	const size_t n = strlen(word);

	line += strspn(line, " \t");
	if (strncasecmp(line, word, n) != 0 || strchr(" \t=", line[n]) == NULL)
		return NULL;
	line += n + strspn(line + n, " \t=\"'");
	return arena_dup(a, line, strcspn(line, "\"';\n \t"));
}

/* The document root in the file that path is below; NULL: none. */
static const char *
root_in_file(
    struct arena *a, const char *file, const char *word, const char *path)
{
	FILE *f = fopen(file, "re");
	const char *root, *found = NULL;
	char line[1024];

	if (f == NULL)
		return NULL;
	while (found == NULL && fgets(line, sizeof(line), f) != NULL) {
		root = root_of_line(a, line, word);
		if (root != NULL && is_below(path, root))
			found = root;
	}
	fclose(f);
	return found;
}

static const char *
configured_root(struct arena *a, const char *path)
{
	const char *found = getenv("DOCUMENT_ROOT");
	glob_t g;

	if (found != NULL && is_below(path, found))
		return arena_str(a, found);
	found = NULL;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		if (glob(servers[i].files, 0, NULL, &g) != 0)
			continue;
		for (size_t j = 0; j < g.gl_pathc && found == NULL; j++)
			found = root_in_file(
			    a, g.gl_pathv[j], servers[i].word, path);
		globfree(&g);
		if (found != NULL)
			break;
	}
	return found;
}

const char *
web_root_of(struct arena *a, const char *path)
{
	char full[PATH_MAX];
	const char *root;

	if (realpath(path, full) == NULL)
		return NULL;
	root = configured_root(a, full);
	return root != NULL ? root : root_by_name(a, full);
}

void
check_web_root(struct doctor *d)
{
	const struct {
		const char *what, *path, *setting;
		enum level level;
	} files[] = {
		{ "The configuration", d->cf->path,
		    "name it to the programs by CARNET_CONF.",
		    /* the server may refuse it, as deploy/ does: with a
		     * URL the check "exposure" asks for it */
		    d->cf->password_client_secret != NULL ? LEVEL_WRONG
							  : LEVEL_WARN },
		{ "The database", d->cf->database,
		    "set database in carnet.conf; if it was served, take new"
		    " keys too (carnet install --force).",
		    LEVEL_WRONG },
		{ "The directory of the private keys", d->cf->keys,
		    "set keys in carnet.conf; if it was served, take new keys"
		    " too (carnet install --force).",
		    LEVEL_WRONG },
	};
	const char *root;
	int fine = 1;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strstr(files[i].path, "://") != NULL)
			continue; /* on a server */
		if ((files[i].level == LEVEL_WARN && d->has & NEEDS_URL) ||
		    (root = web_root_of(d->a, files[i].path)) == NULL)
			continue;
		fine = 0;
		bad(d, files[i].level,
		    arena_printf(d->a,
			"Move it to a directory that no web server serves,"
			" and %s",
			files[i].setting),
		    "%s, %s, lies where web servers serve files (%s): anyone"
		    " may be able to read it.",
		    files[i].what, files[i].path, root);
	}
	if (fine)
		good(d, "%sdatabase and keys are below none",
		    files[0].level == LEVEL_WARN && d->has & NEEDS_URL
			? ""
			: "configuration, ");
}
