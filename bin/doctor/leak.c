/* leak.c: can secrets be fetched from the site? */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "audit.h"
#include "doctor.h"
#include "http.h"
#include "keys.h"

#define SAMPLE 512
#define DEEPEST 4
#define COPIES 8 /* of one file are asked for */

struct secret {
	const char *what, *path;
	const char *kind; /* what any file of its kind begins with, */
	int kind_is_all;  /* and is known by, as we must not open it */
	const char *cure;
	int has_copies; /* is a file that people edit, or save before */
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
		 " new keys (carnet install --force), as who has it can make"
		 " tokens.";

/*
 * The first bytes of the file.  Not of what SQLite has open: to close it would
 * drop the locks that SQLite has on it, and it begins as all of them do.
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

/* Does the site answer url with the file? */
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
 * Any directory above the file may be the document root: try what is then its
 * URL, below the host and below the base, the shortest first.
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

/* A file that SQLite keeps beside the database, beside the file behind a link.
 */
static const char *
beside(struct doctor *d, const char *suffix)
{
	char full[PATH_MAX];

	return arena_printf(d->a, "%s%s",
	    realpath(d->cf->database, full) == NULL ? d->cf->database : full,
	    suffix);
}

static int
tell(struct doctor *d, const struct secret *s)
{
	const char *url = served_at(d, s);

	if (url != NULL)
		bad(d, LEVEL_WRONG, s->cure, "Anyone can fetch %s: %s.",
		    s->what, url);
	return url == NULL;
}

/* Is the name that of a copy: carnet.conf~, .carnet.conf.swp, carnet-old.conf? */
static int
is_copy(const char *name, const char *of)
{
	const char *dot = strrchr(of, '.');
	const size_t len = strlen(name), n = dot == NULL
	    ? strlen(of)
	    : (size_t)(dot - of);

	if (strcmp(name, of) == 0 || n == 0 ||
	    (len > 8 && strcmp(name + len - 8, ".example") == 0) ||
	    (len > 4 && (strcmp(name + len - 4, "-wal") == 0 ||
			strcmp(name + len - 4, "-shm") == 0)))
		return 0;
	for (const char *p = name; *p != '\0'; p++)
		if (strncasecmp(p, of, n) == 0)
			return dot == NULL || strcasestr(p + n, dot) != NULL;
	return 0;
}

/* What an editor or a person left beside the file holds what it holds. */
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
		if (is_copy(en->d_name, slash + 1)) {
			copy.path = arena_printf(
			    d->a, "%s/%s", full, en->d_name);
			fine = tell(d, &copy) && fine;
			n++;
		}
	closedir(dir);
	return fine;
}

/*
 * sqlite.org/fileformat.html: how the log and its index begin.  A rollback
 * journal there is none of: with a log SQLite keeps none, and deletes what it
 * finds.
 */
void
check_exposure(struct doctor *d)
{
	const struct keys_entry *en =
	    d->ks == NULL ? NULL : keys_signer(d->ks, -1);
	const char *trail = d->cf->audit_log;
	const char *strangers = audit_part(d->a, trail, AUDIT_STRANGERS);
	const struct secret secrets[] = {
		{ "the database", d->cf->database, "SQLite format 3", 1, cure,
		    1 },
		{ "the database's log", beside(d, "-wal"), "\x37\x7f\x06", 1,
		    cure, 0 },
		{ "the log's index", beside(d, "-shm"), "\x18\xe2\x2d", 1,
		    cure, 0 },
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
	int fine = 1;

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		fine = tell(d, &secrets[i]) && fine;
		if (secrets[i].has_copies)
			fine = copies_are_kept(d, &secrets[i]) && fine;
	}
	if (fine)
		good(d,
		    "database, configuration and key were not to be"
		    " fetched");
}
