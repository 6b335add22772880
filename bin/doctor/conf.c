/* conf.c: checks of the configuration. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "embed.h"
#include "tmpl.h"
#include "words.h"

#define FILE_MAX_SIZE (1 << 20)
#define FAULTS_MAX 20
#define TEMPLATE_MAX (256 * 1024)

/* The text of a file, at most size bytes of it, in a; NULL with errno set. */
static char *
read_text(struct arena *a, const char *path, size_t size)
{
	struct stat sb;
	char *text;
	ssize_t n = -1;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		return NULL;
	if (fstat(fd, &sb) == 0 && (size_t)sb.st_size < size)
		size = (size_t)sb.st_size;
	text = arena_alloc(a, size + 1);
	n = read(fd, text, size);
	close(fd);
	return n < 0 ? NULL : text;
}

/* Overwrite line n of text with a comment; return 0 if there is no line n. */
static int
blank_line(char *text, long n)
{
	for (; n > 1 && (text = strchr(text, '\n')) != NULL; n--)
		text++;
	if (n < 1 || text == NULL || *text == '\0')
		return 0;
	memset(text, '#', strcspn(text, "\n"));
	return 1;
}

/*
 * Report each wrong line, and read the configuration without them, for the
 * other checks.
 */
static void
read_good_lines(struct doctor *d, char *text)
{
	const char *path = d->c->conf_path;
	const size_t len = strlen(path);
	char error[1024];
	long line;

	for (int i = 0; i < FAULTS_MAX; i++) {
		d->cf = conf_parse(text, path, error, sizeof(error));
		if (d->cf != NULL) {
			d->has |= NEEDS_CONF | NEEDS_ISSUER;
			return;
		}
		bad(d, LEVEL_WRONG,
		    "Correct it there: carnet.conf(5) explains"
		    " every setting; running programs keep the old"
		    " configuration, new ones answer 500.",
		    "%s", error);
		line = strncmp(error, path, len) == 0 && error[len] == ':'
		    ? strtol(error + len + 1, NULL, 10)
		    : 0;
		if (!blank_line(text, line))
			break;
	}
	/* The issuer may be missing: the paths can be read without it. */
	text = arena_printf(d->a, "issuer = https://issuer.invalid\n%s", text);
	d->cf = conf_parse(text, path, error, sizeof(error));
	if (d->cf != NULL)
		d->has |= NEEDS_CONF;
}

void
check_configuration(struct doctor *d)
{
	const char *path = d->c->conf_path;
	char error[1024], *text;

	d->cf = conf_load(path, error, sizeof(error));
	if (d->cf != NULL) {
		d->has |= NEEDS_CONF | NEEDS_ISSUER;
		good(d, "%s", path);
		return;
	}
	text = read_text(d->a, path, FILE_MAX_SIZE);
	if (text != NULL && *text != '\0' && access(path, R_OK) == 0) {
		read_good_lines(d, text);
		return;
	}
	bad(d, LEVEL_WRONG,
	    access(path, F_OK) < 0 && errno == ENOENT
		? "Run carnet install --issuer URL, or name the file with"
		  " --conf or CARNET_CONF."
		: "Run this as the user that the programs run as, or give the"
		  " file to that user.",
	    "There is no configuration to read: %s.", error);
}

void
check_issuer(struct doctor *d)
{
	if (strncmp(d->cf->issuer, "https://", 8) == 0 || d->base == NULL ||
	    is_loopback(d->base))
		good(d, "%s", d->cf->issuer);
	else
		bad(d, LEVEL_WRONG,
		    "Set issuer in carnet.conf to the https URL"
		    " of the site.",
		    "The issuer %s means this machine alone, and the site is"
		    " at %s.",
		    d->cf->issuer, d->base);
}

static const struct conf_scope *
find_scope(const struct conf *cf, const char *name, size_t len)
{
	for (size_t i = 0; i < cf->n_scopes; i++)
		if (strlen(cf->scopes[i].name) == len &&
		    memcmp(cf->scopes[i].name, name, len) == 0)
			return &cf->scopes[i];
	return NULL;
}

void
check_scopes(struct doctor *d)
{
	const struct conf *cf = d->cf;
	const char *words = cf->default_scopes;
	const struct conf_scope *sc;
	size_t n;
	const size_t own = cf->n_scopes -
	    (size_t)__builtin_popcountll(cf->all_built_in);
	int fine = own > 0;

	if (!fine)
		bad(d, LEVEL_WARN,
		    "Name the rights of your API in the section"
		    " [scopes] of carnet.conf.",
		    "There are no scopes, so no token can be limited.");
	for (; words_next(&words, &n); words += n) {
		sc = find_scope(cf, words, n);
		if (sc == NULL || !sc->privileged)
			continue;
		fine = 0;
		bad(d, LEVEL_WARN,
		    "Take it out of default_scopes, or do not"
		    " mark it privileged.",
		    "default_scopes gives the privileged scope %s to clients"
		    " that ask for no scope.",
		    sc->name);
	}
	if (fine)
		good(d, "%zu scopes", own);
}

/* Return the partial of that name: the site's own, else the built-in one. */
static const char *
load_partial(void *ctx, const char *name)
{
	struct doctor *d = ctx;
	const char *text = read_text(d->a,
	    arena_printf(d->a, "%s/%s", d->cf->templates, name), TEMPLATE_MAX);

	return text != NULL ? text : embed_find(name);
}

/* Check one file of the directory templates, by rendering it. */
static int
template_is_fine(struct doctor *d, const char *name)
{
	const char *path = arena_printf(d->a, "%s/%s", d->cf->templates, name);
	const char *text = read_text(d->a, path, TEMPLATE_MAX);
	struct buf b;

	if (embed_find(name) == NULL) {
		bad(d, LEVEL_WARN,
		    "Give it the name of a file of templates/,"
		    " or delete it.",
		    "%s: no page has that name, and the file is unused unless"
		    " another template names it.",
		    path);
		return 0;
	}
	if (text == NULL) {
		bad(d, LEVEL_WRONG,
		    "Let the user that the programs run as"
		    " read it.",
		    "%s: %s.", path, strerror(errno));
		return 0;
	}
	buf_init(&b, d->a, 4096);
	if (tmpl_render(&b, text, tmpl_data_new(d->a), load_partial, d) == 0)
		return 1;
	bad(d, LEVEL_WRONG,
	    "Start again from the file of that name in"
	    " templates/: close each section, and use no raw form"
	    " ({{{name}}}, {{&name}}).",
	    "%s is malformed, so its page cannot be shown.", path);
	return 0;
}

void
check_templates(struct doctor *d)
{
	struct dirent *de;
	int fine = 1, n = 0;
	size_t len;
	DIR *dir;

	if (d->cf->templates == NULL) {
		good(d, "those compiled in");
		return;
	}
	if ((dir = opendir(d->cf->templates)) == NULL) {
		bad(d, LEVEL_WRONG,
		    "Make that directory, or take the setting"
		    " templates out.",
		    "%s: %s.", d->cf->templates, strerror(errno));
		return;
	}
	while ((de = readdir(dir)) != NULL) {
		len = strlen(de->d_name);
		if (len > 5 && strcmp(de->d_name + len - 5, ".html") == 0) {
			fine = template_is_fine(d, de->d_name) && fine;
			n++;
		}
	}
	closedir(dir);
	if (fine)
		good(d, "%d of the site's own", n);
}
