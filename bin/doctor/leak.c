/* leak.c: does the site serve files with secrets? */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "audit.h"
#include "doctor.h"
#include "http.h"
#include "keys.h"
#include "store.h"

#define SAMPLE 512
#define DEEPEST 4
#define COPIES 8 /* how many copies of a file are asked for */

struct secret {
	const char *what, *path;
	const char *kind; /* the first bytes of any file of its kind */
	int kind_is_all;  /* compare only kind: the file must not be opened */
	const char *cure;
	int has_copies; /* people edit it, and leave copies beside it */
};

static const char
    cure[] = "Move it out of what the web server serves, now; then make new"
	     " keys (carnet install --force), new client secrets (carnet"
	     " client secret) and new passwords, as all of them may be"
	     " known.",
    conf_cure[] = "Move it out of what the web server serves, or keep it back"
		  " as deploy/apache/htaccess does; if it holds a"
		  " client_secret, make that client a new one (carnet client"
		  " secret).",
    trail_cure[] = "Move it out of what the web server serves: audit_log in"
		   " carnet.conf; it tells who signed in when and from where,"
		   " and no secret.",
    key_cure[] = "Move it out of what the web server serves, now; then make"
		 " new keys (carnet install --force), as anyone who has it can make"
		 " tokens.";

/*
 * Read the first bytes of the file.  A file that SQLite has open is not read:
 * to close it would drop SQLite's locks on it.
 */
static size_t
sample(const struct secret *s, char out[static SAMPLE])
{
	ssize_t n = -1;
	int fd;

	if (s->kind_is_all)
		return 0;
	if ((fd = open(s->path, O_RDONLY | O_CLOEXEC)) >= 0) {
		n = read(fd, out, SAMPLE);
		close(fd);
	}
	return n < 16 ? 0 : (size_t)n;
}

/* Does the site answer url with the file s? */
static int
is_served(struct doctor *d, const struct secret *s, const char *url)
{
	const struct http_request rq = { .url = url,
		.header = { "Range: bytes=0-1023" } };
	const size_t kind = strlen(s->kind);
	char own[SAMPLE];
	struct http_answer an;
	size_t n;
	int same;

	if (http_send(d->a, &rq, &an) < 0 || an.status / 100 != 2)
		return 0;
	n = sample(s, own);
	same = an.body_len >= n && memcmp(an.body, own, n) == 0;
	explicit_bzero(own, sizeof(own));
	if (n > 0)
		return same;
	return kind > 0 && an.body_len >= kind &&
	    memcmp(an.body, s->kind, kind) == 0;
}

/*
 * Any directory above the file may be the document root.  Try the URL that the
 * file would have then, below the host and below the base, the shortest first.
 */
static const char *
served_at(struct doctor *d, const struct secret *s)
{
	const char *base = url_path(d->base), *url;
	const char *roots[] = { "", base };
	char full[PATH_MAX];
	const char *slash;
	int deep = 0;

	if (realpath(s->path, full) == NULL)
		return NULL;
	slash = full + strlen(full);
	while (slash > full && deep < DEEPEST) {
		if (*--slash != '/')
			continue;
		deep++;
		for (int i = 0; i < (*base == '\0' ? 1 : 2); i++) {
			url = arena_printf(d->a, "%.*s%s%s",
			    (int)(base - d->base), d->base, roots[i],
			    http_path(d->a, slash));
			if (is_served(d, s, url))
				return url;
		}
	}
	return NULL;
}

/*
 * The files of the database.  They lie beside the file that a link points to.
 */
static const struct store_file *
database_files(struct doctor *d, size_t *n)
{
	char full[PATH_MAX];

	return store_files(realpath(d->cf->database, full) == NULL
		? d->cf->database
		: full, d->a, n);
}

/* Report the secret if it is served; return 1 if it is not. */
static int
is_kept(struct doctor *d, const struct secret *s)
{
	const char *url = served_at(d, s);

	if (url != NULL)
		bad(d, LEVEL_WRONG, s->cure, "Anyone can fetch %s: %s.",
		    s->what, url);
	return url == NULL;
}

/* Is it the name of one of the database's files? */
static int
is_of_database(struct doctor *d, const char *name)
{
	const struct store_file *file;
	const char *slash;
	size_t n;

	file = database_files(d, &n);
	for (size_t i = 0; i < n; i++) {
		slash = strrchr(file[i].path, '/');
		if (strcmp(name, slash == NULL ? file[i].path : slash + 1) == 0)
			return 1;
	}
	return 0;
}

/* Is it the name of a copy: carnet.conf~, .carnet.conf.swp, carnet-old.conf? */
static int
is_copy(struct doctor *d, const char *name, const char *of)
{
	const char *dot = strrchr(of, '.');
	const size_t len = strlen(name), n = dot == NULL
	    ? strlen(of)
	    : (size_t)(dot - of);

	if (strcmp(name, of) == 0 || n == 0 ||
	    (len > 8 && strcmp(name + len - 8, ".example") == 0) ||
	    is_of_database(d, name))
		return 0;
	for (const char *p = name; *p != '\0'; p++)
		if (strncasecmp(p, of, n) == 0)
			return dot == NULL || strcasestr(p + n, dot) != NULL;
	return 0;
}

/* Are copies, which an editor or a person left beside the file, not served? */
static int
copies_are_kept(struct doctor *d, const struct secret *s)
{
	struct secret copy = *s;
	char full[PATH_MAX], *slash;
	const struct dirent *en;
	int fine = 1, n = 0;
	DIR *dir;

	if (realpath(s->path, full) == NULL)
		return 1;
	slash = strrchr(full, '/');
	*slash = '\0';
	if ((dir = opendir(slash == full ? "/" : full)) == NULL)
		return 1;
	copy.what = arena_printf(d->a, "a copy of %s", s->what);
	while (n < COPIES && (en = readdir(dir)) != NULL)
		if (is_copy(d, en->d_name, slash + 1)) {
			copy.path = arena_printf(
			    d->a, "%s/%s", full, en->d_name);
			fine = is_kept(d, &copy) && fine;
			n++;
		}
	closedir(dir);
	return fine;
}

/*
 * There is no rollback journal to ask for: in WAL mode SQLite has none, and it
 * deletes one that it finds.
 */
static int
database_is_kept(struct doctor *d)
{
	const struct store_file *file;
	struct secret s = { .kind_is_all = 1, .cure = cure };
	int fine = 1;
	size_t n;

	file = database_files(d, &n);
	for (size_t i = 0; i < n; i++) {
		if (file[i].begins == NULL)
			continue;
		s.what = file[i].what;
		s.path = file[i].path;
		s.kind = file[i].begins;
		fine = is_kept(d, &s) && fine;
		/* People copy the first one, which the setting names. */
		if (i == 0)
			fine = copies_are_kept(d, &s) && fine;
	}
	return fine;
}

void
check_exposure(struct doctor *d)
{
	const struct keys_entry *en =
	    d->ks == NULL ? NULL : keys_signer(d->ks, -1);
	const char *trail = d->cf->audit_log;
	const char *strangers = audit_part(d->a, trail, AUDIT_STRANGERS);
	const struct secret secrets[] = {
		{ "the audit trail", trail, "{\"at\"", 0, trail_cure, 0 },
		{ "the audit trail of strangers", strangers, "{\"at\"", 0,
		    trail_cure, 0 },
		{ "the old audit trail", arena_printf(d->a, "%s.1", trail),
		    "{\"at\"", 0, trail_cure, 0 },
		{ "the old audit trail of strangers",
		    arena_printf(d->a, "%s.1", strangers), "{\"at\"", 0,
		    trail_cure, 0 },
		{ "the configuration", d->cf->path, "", 0, conf_cure, 1 },
		{ "the private key",
		    arena_printf(d->a, "%s/%s", d->cf->keys,
			en == NULL ? "ES256.pem" : en->file),
		    "-----BEGIN ", 0, key_cure, 1 },
	};
	int fine = database_is_kept(d);

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		fine = is_kept(d, &secrets[i]) && fine;
		if (secrets[i].has_copies)
			fine = copies_are_kept(d, &secrets[i]) && fine;
	}
	if (fine)
		good(d,
		    "database, configuration and key cannot be"
		    " fetched");
}
