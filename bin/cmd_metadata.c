/*
 * cmd_metadata.c: carnet metadata: the documents under /.well-known, as files.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "discovery.h"
#include "json.h"
#include "keys.h"
#include "site.h"

/*
 * A document: its name under /.well-known, the path behind that, and the path before
 * /.well-known ("": none), where OpenID Connect Discovery section 4 has the issuer's.
 */
struct document {
	const char *name, *path;
	const struct buf *text;
	const char *before;
	int has_type;	/* an .htaccess is written beside it */
};

/* Append the segment from s to end to path, and make that directory. */
static int
enter(struct buf *path, const char *s, const char *end)
{
	buf_char(path, '/');
	buf_add(path, s, (size_t)(end - s));
	if (mkdir(path->data, 0755) == 0)
		/* the web server reads it, whatever the umask is */
		return chmod(path->data, 0755);
	return errno == EEXIST ? 0 : -1;
}

/* Make the directories of DIR/name; path then ends before the last segment. */
static int
make_directories(struct buf *path, const char *name, const char **last)
{
	const char *end;

	for (; *(end = strchrnul(name, '/')) != '\0'; name = end + 1)
		if (end > name && enter(path, name, end) < 0)
			return -1;
	*last = name;
	return 0;
}

/* Write text to another name and rename it, so that a reader sees all of it. */
static int
replace(struct arena *a, const char *dir, const char *path, const struct buf *text)
{
	char *temporary = arena_printf(a, "%s/.carnet-XXXXXX", dir);
	int fd, good;

	if ((fd = mkstemp(temporary)) < 0)
		return -1;
	good = write(fd, text->data, text->len) == (ssize_t)text->len &&
	    fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	good = close(fd) == 0 && good && rename(temporary, path) == 0;
	if (!good)
		unlink(temporary);
	return good ? 0 : -1;
}

/*
 * Write the document to the file that a web server with the root dir serves at
 * the document's URL, and put its name to *file.  A server decodes the path
 * first.
 */
static int
write_document(struct cmd *c, const char *dir, const struct document *doc,
    const char **file)
{
	const char *last;
	struct buf path;

	buf_init(&path, c->a, 256);
	buf_str(&path, dir);
	if (make_directories(&path,
		arena_printf(c->a, "%s/.well-known/%s%s", doc->before,
		    doc->name, doc->path) + 1,
		&last) < 0) {
		cmd_refuse("%s: %s", path.data, strerror(errno));
		return -1;
	}
	*file = arena_printf(c->a, "%s/%s", path.data, last);
	if (replace(c->a, path.data, *file, doc->text) < 0) {
		cmd_refuse("%s: %s", *file, strerror(errno));
		return -1;
	}
	return 0;
}

/* Lines by which Apache sends files without an extension as JSON. */
#define TYPE                                          \
	"ForceType application/json\n"                \
	"<IfModule mod_headers.c>\n"                  \
	"\tHeader set Access-Control-Allow-Origin \"*\"\n" \
	"</IfModule>\n"

/*
 * Write .htaccess beside the document, unless there is one.  In .well-known, where
 * others have files too, it is for our names only; in a directory of the document's own
 * it is for all.
 */
static int
write_type(struct cmd *c, const char *file)
{
	const size_t len = (size_t)(strrchr(file, '/') - file);
	const char *folder = arena_dup(c->a, file, len), *path;
	struct buf text;

	path = arena_printf(c->a, "%s/.htaccess", folder);
	if (access(path, F_OK) == 0)
		return 0;
	buf_init(&text, c->a, 512);
	if (strcmp(strrchr(folder, '/'), "/.well-known") != 0)
		buf_str(&text, TYPE);
	else
		buf_str(&text, "<FilesMatch \"^(" DISCOVERY_SERVER
		    "|" DISCOVERY_OPENID "|" DISCOVERY_RESOURCE ")$\">\n" TYPE
		    "</FilesMatch>\n");
	if (replace(c->a, folder, path, &text) < 0) {
		cmd_refuse("%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

/* Has the issuer's path no segment that is empty, "." or ".."? */
static int
root_is_sound(const char *root)
{
	const char *end;

	for (const char *s = root; *s != '\0'; s = end) {
		s++;
		end = strchrnul(s, '/');
		if (end == s || (end - s == 1 && *s == '.') ||
		    (end - s == 2 && s[0] == '.' && s[1] == '.'))
			return 0;
	}
	return 1;
}

/* The document of the server; who may not read the keys gets what is always true. */
static const struct buf *
of_server(struct cmd *c)
{
	struct keys *ks = access(c->conf->keys, R_OK | X_OK) == 0
	    ? keys_load(c->conf->keys)
	    : NULL;
	const unsigned algs = keys_algs(ks);

	keys_free(ks);
	return discovery_server(c->conf, c->a, algs);
}

/* The documents: of the server, of the issuer's resources, of each resource. */
static size_t
list_documents(struct cmd *c, struct document *out)
{
	const char *root = site_root(c->conf, c->a), *path;
	size_t n = 0;

	out[n++] = (struct document) { DISCOVERY_SERVER, root, of_server(c),
		"", 1 };
	out[n++] = (struct document) { DISCOVERY_OPENID, "", of_server(c),
		root, 1 };
	out[n++] = (struct document) { DISCOVERY_RESOURCE, root,
		discovery_resource(c->conf, c->a, 0), "", 1 };
	for (unsigned no = 1; no <= c->conf->n_resources; no++) {
		path = discovery_resource_path(c->conf, no);
		if (strcmp(path, root) != 0)
			out[n++] = (struct document) { DISCOVERY_RESOURCE, path,
				discovery_resource(c->conf, c->a, no), "", 0 };
	}
	return n;
}

/* Would a file of this name be a directory too, for another document? */
static int
is_below_another(const struct document *doc, const struct document *all, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i++) {
		len = strlen(all[i].path);
		if (strcmp(doc->name, all[i].name) == 0 &&
		    strncmp(doc->path, all[i].path, len) == 0 &&
		    doc->path[len] == '/')
			return 1;
	}
	return 0;
}

/* Say which files there are. */
static int
print_files(struct cmd *c, const char *const *file, size_t n)
{
	struct buf b;

	buf_init(&b, c->a, 512);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_open(&b, "files", '[');
		for (size_t i = 0; i < n; i++)
			json_str(&b, NULL, file[i]);
		json_close(&b, ']');
		json_close(&b, '}');
		return cmd_print(&b);
	}
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s",
		    i == 0         ? "wrote "
			: i + 1 < n ? ", "
				    : " and ",
		    file[i]);
	buf_printf(&b, "; the server must send them as application/json, as"
	    " .htaccess there tells Apache");
	return cmd_print(&b);
}

static int
write_all(struct cmd *c, const char *dir)
{
	struct document doc[3 + RESOURCES_MAX];
	const char *file[3 + RESOURCES_MAX], *below = NULL;
	size_t n_files = 0;
	struct stat sb;
	size_t n;
	int rc;

	if (stat(dir, &sb) < 0 || !S_ISDIR(sb.st_mode))
		return cmd_refuse("%s is no directory", dir);
	if (!root_is_sound(site_root(c->conf, c->a)))
		return cmd_refuse("the path of %s cannot be that of a file",
		    c->conf->issuer);
	n = list_documents(c, doc);
	for (size_t i = 0; i < n; i++)
		if (is_below_another(&doc[i], doc, n))
			below = doc[i].path;
		else if (write_document(c, dir, &doc[i], &file[n_files]) < 0 ||
		    (doc[i].has_type && write_type(c, file[n_files]) < 0))
			return CMD_REFUSED;
		else
			n_files++;
	rc = print_files(c, file, n_files);
	return below == NULL || rc != CMD_OK
	    ? rc
	    : cmd_refuse("the document of the resource %s would be below another"
			 " file: have the web server ask the program"
			 " resource-metadata",
		  below);
}

/* Print the document of a resource, or of the issuer's own (NULL). */
static int
print_resource(struct cmd *c, const char *path)
{
	unsigned no = 0;

	if (path != NULL && !discovery_resource_find(c->conf, c->a, path, &no))
		return cmd_refuse("%s is no resource of [guard]", path);
	return cmd_print(discovery_resource(c->conf, c->a, no));
}

int
cmd_metadata(struct cmd *c)
{
	const char *dir = NULL;
	int resource = 0, n;
	const struct cmd_opt opts[] = {
		{ .name = "resource", .flag = &resource },
		{ .name = "write", .value = &dir },
	};
	char **operand, error[1024];

	n = cmd_options(c, opts, 2, &operand);
	if (n < 0 || n > resource || (dir != NULL && resource))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	/* The verb is bare and reads it itself, as it needs no database. */
	if ((c->conf = conf_load(c->conf_path, error, sizeof(error))) == NULL)
		return cmd_refuse("%s", error);
	if (dir != NULL)
		return write_all(c, dir);
	return resource ? print_resource(c, n == 1 ? operand[0] : NULL)
			: cmd_print(of_server(c));
}
