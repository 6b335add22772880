/*
 * cmd_passport.c: carnet import passport: a site of Laravel Passport moves here.
 *
 * The whole file is taken in by one transaction, which --dry-run undoes.  The file is
 * read in it, as often as it has to run.
 */
#include "cmd_passport.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "disk.h"
#include "json.h"
#include "passport_key.h"
#include "spool.h"
#include "store_copy.h"
#include "store_passport.h"

/* A row is told in a line of a file, as there may be many. */
static void
tell(void *ctx, const char *text)
{
	struct importing *im = ctx;

	im->n_told++;
	(void)fprintf(im->told, "%s\n", text);
}

static void
begin_run(struct importing *im)
{
	seen_free(&im->p.users);
	seen_free(&im->p.clients);
	im->p.users = im->p.clients = (struct seen) { .n = 0 };
	im->p.sum = (struct passport_sum) { .n_unknown = 0 };
	memset(im->lines, 0, sizeof(im->lines));
	im->why = NULL;
	im->has_end = 0;
	im->has_zone = im->zone != NULL;
	im->n_told = 0;
	buf_cut(im->advice, 0);
	im->p.provider = "users";
	rewind(im->in);
	rewind(im->told);
	if (ftruncate(fileno(im->told), 0) < 0)
		err(CMD_SYSTEM, "a temporary file");
}

static int
step(struct store *st, void *ctx)
{
	struct importing *im = ctx;

	im->p.st = st;
	begin_run(im);
	if (passport_read_lines(im) < 0 || passport_last(&im->p) < 0 ||
	    passport_check_rows(im) < 0 ||
	    (*im->p.map != '\0' && store_passport_map(st, im->p.map) < 0))
		return -1;
	return im->dry_run || im->p.sum.n_unknown > 0 ? -1 : 1;
}

/*
 * The copy of the database, under a name that is free; "" of a database on a server,
 * which has tools of its own for that; NULL: it failed.
 */
static const char *
copy_database(struct cmd *c)
{
	size_t n;
	const char *path = arena_printf(c->a, "%s.before-passport",
	    c->conf->database);

	(void)store_files(c->conf->database, c->a, &n);
	if (n == 0)
		return "";
	for (int i = 2; access(path, F_OK) == 0; i++)
		path = arena_printf(c->a, "%s.before-passport-%d",
		    c->conf->database, i);
	return store_copy(c->st, path) < 0 ? NULL : path;
}

static int
store_all(struct importing *im)
{
	const char *copy = NULL;
	int rc;

	if (!im->dry_run && (copy = copy_database(im->c)) == NULL)
		return CMD_SYSTEM;
	rc = store_write(im->c->st, step, im);
	if (rc < 0 && copy != NULL && *copy != '\0')
		(void)unlink(copy);
	if (im->why != NULL)
		return cmd_refuse("%s; nothing was stored", im->why);
	if (rc < 0 && !im->dry_run && im->p.sum.n_unknown == 0)
		return CMD_SYSTEM;
	if (fflush(im->told) != 0)
		return cmd_refuse("cannot write a temporary file: %s",
		    strerror(errno));
	passport_check_end(im);
	if (rc == 1 && *copy != '\0')
		buf_printf(im->advice, "The database as it was before: %s\n",
		    copy);
	rc = passport_report(im, rc == 1);
	return rc == CMD_OK && im->p.sum.n_unknown > 0 ? CMD_REFUSED : rc;
}

/* Each is a=b, or a= for a scope that tokens lose. */
static int
check_map(struct cmd *c, const char *map)
{
	const char *equals = map == NULL ? "=" : map;

	for (; map != NULL && *map != '\0'; map += strcspn(map, " "),
		map += strspn(map, " ")) {
		equals = memchr(map, '=', strcspn(map, " "));
		if (equals == NULL || equals == map)
			return cmd_refuse("--map-scope takes a=b");
		if (equals[1] != '\0' && equals[1] != ' ' &&
		    cmd_scope(c, arena_dup(c->a, equals + 1,
			strcspn(equals + 1, " "))) < 0)
			return CMD_REFUSED;
	}
	return CMD_OK;
}

static int
import(struct importing *im, const char *check)
{
	struct cmd *c = im->c;
	int rc;

	if ((rc = cmd_begin(c)) != CMD_OK ||
	    (rc = check_map(c, im->p.map)) != CMD_OK)
		return rc;
	if (im->p.map == NULL)
		im->p.map = "";
	im->p.cf = c->conf;
	im->p.a = arena_new();
	im->p.kept = c->a;
	im->p.now = c->now;
	im->p.tell = tell;
	im->p.ctx = im;
	if ((im->told = spool_open(c->conf->database)) == NULL)
		rc = cmd_refuse("cannot make a temporary file: %s",
		    strerror(errno));
	if (rc == CMD_OK && check != NULL)
		rc = passport_check_read(im, check);
	if (rc == CMD_OK)
		rc = store_all(im);
	if (im->told != NULL)
		fclose(im->told);
	seen_free(&im->p.users);
	seen_free(&im->p.clients);
	arena_free(im->p.a);
	return rc;
}

/* The file is opened before root becomes the owner of the database. */
int
cmd_import_passport(struct cmd *c)
{
	struct buf advice;
	struct importing im = { .c = c, .advice = &advice };
	const char *check = NULL;
	const struct cmd_opt opts[] = {
		{ .name = "dry-run", .flag = &im.dry_run },
		{ .name = "map-scope", .value = &im.p.map },
		{ .name = "keep-sub", .flag = &im.p.keep_sub },
		{ .name = "check", .value = &check },
		{ .name = "timezone", .value = &im.zone },
	};
	char **operand;
	int n, rc;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	buf_init(&advice, c->a, 1024);
	if (im.zone != NULL && !passport_zone(im.zone))
		return cmd_refuse("this machine knows no time zone %s (package"
		    " tzdata)", im.zone);
	if ((im.in = fopen(operand[0], "re")) == NULL)
		return cmd_refuse("%s: %s", operand[0], strerror(errno));
	if (fseeko(im.in, 0, SEEK_SET) < 0)
		rc = cmd_refuse("%s is no file: it may have to be read twice",
		    operand[0]);
	else
		rc = import(&im, check);
	fclose(im.in);
	return rc;
}

/* What still lives. */
int
cmd_import_status(struct cmd *c)
{
	struct passport_live l;
	struct passport_key k;
	char **operand;
	struct buf b;
	int n, key;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (store_passport_live(c->st, c->now, &l) != 1)
		return CMD_SYSTEM;
	key = passport_key_read(c->conf->keys, &k) == 1;
	explicit_bzero(&k, sizeof(k));
	buf_init(&b, c->a, 512);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_int(&b, "access_tokens", l.access);
		json_int(&b, "personal_tokens", l.personal);
		json_int(&b, "refresh_tokens", l.refresh);
		json_int(&b, "kept_hashes", l.hashes);
		json_truth(&b, "app_key", key);
		json_int(&b, "last_expires_at", l.last);
		json_close(&b, '}');
		return cmd_print(&b);
	}
	buf_printf(&b, "access tokens\t%lld\npersonal tokens\t%lld\n"
	    "refresh tokens\t%lld\nusers whose hash is kept\t%lld\n"
	    "APP_KEY\t%s\nthe last access token ends\t%s",
	    (long long)l.access, (long long)l.personal, (long long)l.refresh,
	    (long long)l.hashes, key ? "is there" : "is not there",
	    l.last == 0 ? "-" : cmd_date(c->a, l.last));
	return cmd_print_rows(c, NULL, &b);
}

static int
finish_step(struct store *st, void *ctx)
{
	return store_passport_finish(st, *(const int64_t *)ctx);
}

static int
drop_key(struct cmd *c)
{
	const char *path = arena_printf(c->a, "%s/" PASSPORT_KEY_FILE,
	    c->conf->keys);

	if (unlink(path) < 0)
		return errno == ENOENT
		    ? CMD_OK
		    : cmd_refuse("%s: %s", path, strerror(errno));
	/* A power cut must not bring it back. */
	return disk_sync_name(path) < 0
	    ? cmd_refuse("%s: %s", path, strerror(errno))
	    : CMD_OK;
}

int
cmd_import_finish(struct cmd *c)
{
	struct passport_live l;
	int force = 0, n, rc;
	const struct cmd_opt opts[] = { { .name = "force", .flag = &force } };
	char **operand;
	struct buf b;

	if ((n = cmd_options(c, opts, 1, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (store_passport_live(c->st, c->now, &l) != 1)
		return CMD_SYSTEM;
	if (!force && l.access + l.personal + l.refresh > 0)
		return cmd_refuse("%lld tokens of Passport still live (carnet"
		    " import status); --force ends them",
		    (long long)(l.access + l.personal + l.refresh));
	if ((rc = drop_key(c)) != CMD_OK)
		return rc;
	if (store_write(c->st, finish_step, &c->now) < 0)
		return CMD_SYSTEM;
	buf_init(&b, c->a, 256);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_int(&b, "ended", l.access + l.personal + l.refresh);
		json_int(&b, "hashes", l.hashes);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "ended %lld tokens; %lld hashes are renewed at"
		    " the next sign-in of their users; APP_KEY is deleted",
		    (long long)(l.access + l.personal + l.refresh),
		    (long long)l.hashes);
	}
	return cmd_print(&b);
}
