/* confine.c: the sandbox leaves open only what the configuration names. */
#include "confine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "conf.h"
#include "req.h"
#include "sandbox.h"
#include "store.h"

/*
 * Keys three times, templates, state, two names of nine files; and ten files that are
 * read to connect.
 */
#define PLACES_MAX 33

struct confined {
	struct arena *a;
	struct sandbox_place place[PLACES_MAX];
	size_t n;
	int has_porter;
	int has_network;
};

/* Is path, by its text, the directory dir or below it? */
static int
is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' ||
		(path[n] == '/' && strstr(path + n, "/..") == NULL));
}

static int
covers(const struct confined *c, const char *path, int writes)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->place[i].writes >= writes &&
		    is_below(path, c->place[i].path))
			return 1;
	return 0;
}

static void
add(struct confined *c, const char *path, int writes)
{
	if (!covers(c, path, writes))
		c->place[c->n++] = (struct sandbox_place) {
			.path = arena_str(c->a, path), .writes = writes,
		};
}

static void
add_directory_of(struct confined *c, const char *path, int writes)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (slash == path)
		len = 1;
	add(c, slash == NULL ? "." : arena_dup(c->a, path, len), writes);
}

/* Add the directory of the file; of a symbolic link, also of its target. */
static void
add_file(struct confined *c, const char *path, int writes)
{
	char *real = realpath(path, NULL);

	add_directory_of(c, path, writes);
	if (real != NULL)
		add_directory_of(c, real, writes);
	free(real);
}

static void
add_database(struct confined *c, const char *database)
{
	const struct store_file *file;
	const char *const *read;
	size_t n;

	file = store_files(database, c->a, &n);
	for (size_t i = 0; i < n; i++)
		add_file(c, file[i].path, 1);
	/* The file alone: private keys of others may lie beside it. */
	read = store_reads(database, c->a, &n);
	for (size_t i = 0; i < n; i++)
		if (access(read[i], R_OK) == 0)
			add(c, read[i], 0);
}

/* A site of an earlier version has none before carnet install made it. */
static void
add_factors(struct confined *c, const struct conf *cf, unsigned uses)
{
	const char *dir = arena_printf(c->a, "%s/" KEYS_FACTORS, cf->keys);

	if (uses & USES_FACTORS && access(dir, F_OK) == 0)
		add(c, dir, 0);
}

/* Which sockets a program opens while it serves. */
int
confine_sockets(const struct conf *cf, unsigned uses)
{
	static const int needs_of[] = {
		[STORE_BY_LOCAL_SOCKET] = SANDBOX_LOCAL,
		/* Names are looked up by local sockets, too. */
		[STORE_BY_NETWORK] = SANDBOX_NETWORK | SANDBOX_LOCAL,
		[STORE_IN_FILES] = 0,
	};
	int sockets = cf->syslog ? SANDBOX_LOCAL : 0;

	if (uses & (USES_STORE | USES_LOOKUP))
		sockets |= needs_of[store_reach(cf->database)];
	return sockets;
}

/* The directories that are written come first: often the others are below them. */
static struct confined *
needs(const struct conf *cf, unsigned uses, int has_porter)
{
	struct arena *a = arena_new();
	struct confined *c = arena_alloc(a, sizeof(*c));

	c->a = a;
	c->has_porter = has_porter;
	c->has_network = (confine_sockets(cf, uses) & SANDBOX_NETWORK) != 0;
	/* A reader also writes: the locks are in a file of the database. */
	if (uses & (USES_STORE | USES_LOOKUP))
		add_database(c, cf->database);
	if (uses & USES_STORE) {
		add(c, cf->state, 1);
		for (int part = 0; part < AUDIT_PARTS; part++)
			add_file(c, audit_part(a, cf->audit_log, part), 1);
	}
	if (!has_porter)
		add_file(c, cf->path, 0);
	if (uses & USES_SIGNING)
		add(c, cf->keys, 0);
	if (uses & USES_KEYS)
		add(c, arena_printf(a, "%s/" KEYS_PUBLIC, cf->keys), 0);
	add_factors(c, cf, uses);
	if (uses & USES_PAGES && cf->templates != NULL)
		add(c, cf->templates, 0);
	return c;
}

/* Without the setting cors_origins, the allowed origins are in the database. */
unsigned
confine_uses(const struct endpoint *ep, const struct conf *cf)
{
	return ep->uses |
	    (ep->cors && cf->cors_origins == NULL ? USES_LOOKUP : 0);
}

/* The real path of the file's directory, to be freed; NULL: there is none. */
static char *
real_directory(const char *path)
{
	char *dir = strdup(path), *real, *slash;

	if (dir == NULL || (slash = strrchr(dir, '/')) == NULL) {
		free(dir);
		return realpath(".", NULL);
	}
	slash[slash == dir] = '\0';
	real = realpath(dir, NULL);
	free(dir);
	return real;
}

/* Is path in directory?  If it cannot be found out, the answer is yes. */
static int
is_in(const char *directory, const char *path)
{
	char *dir = real_directory(path);
	int is = dir == NULL || directory == NULL ||
	    strcmp(directory, "/") == 0 || is_below(dir, directory);

	free(dir);
	return is;
}

/* Is path below the directory of the configuration, or of its link's target? */
static int
is_beside(const struct conf *cf, const char *path)
{
	char *dir = real_directory(cf->path), *real = realpath(cf->path, NULL);
	char *there = real == NULL ? NULL : real_directory(real);
	int is = is_in(dir, path) || is_in(there, path);

	free(dir);
	free(real);
	free(there);
	return is;
}

int
confine_needs_porter(const struct conf *cf)
{
	const char *in_keys = arena_printf(cf->a, "%s/" KEYS_PUBLIC, cf->keys);

	return is_beside(cf, in_keys) ||
	    (cf->database_dir != NULL && is_beside(cf, cf->database)) ||
	    is_beside(cf, cf->audit_log);
}

struct confined *
confine_files(const struct conf *cf, unsigned uses, int has_porter)
{
	struct confined *c = needs(cf, uses, has_porter);

	if ((c->has_network ? sandbox_files_and_network
			    : sandbox_files)(c->place, c->n) == 1)
		return c;
	confined_free(c);
	return NULL;
}

const char *
confined_from(struct confined *c, const struct conf *cf, unsigned uses)
{
	struct confined *new;
	const char *path = NULL;

	if (c == NULL)
		return NULL;
	new = needs(cf, uses, c->has_porter);
	for (size_t i = 0; i < new->n && path == NULL; i++)
		if (!covers(c, new->place[i].path, new->place[i].writes))
			path = arena_str(c->a, new->place[i].path);
	confined_free(new);
	return path;
}

void
confined_free(struct confined *c)
{
	if (c != NULL)
		arena_free(c->a);
}
