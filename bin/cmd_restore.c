/* cmd_restore.c: carnet restore: a backup is put in place, and what follows. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "backup.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "store.h"
#include "store_copy.h"
#include "store_held.h"
#include "store_ledger.h"
#include "store_look.h"

#define TEXT_MAX (1 << 20) /* bytes of the configuration, or the MANIFEST */

struct restore {
	struct cmd *c;
	const char *name;	/* of the archive, for messages */
	int in;
	const char *stage;	/* a new directory beside the database */
	struct buf sums;	/* what the MANIFEST should say */
	const char *conf_text;	/* the configuration in the archive */
	const char *before;	/* the backup of what was there, or NULL */
	int other_conf;		/* the one in place is another, and stays */
	int is_old;		/* the database waits for --accept */
};

static int
failed(const char *path)
{
	cmd_refuse("%s: %s", path, strerror(errno));
	return CMD_SYSTEM;
}

static int
is_no_backup(const struct restore *r)
{
	return cmd_refuse("%s was not written by carnet backup, or not to its"
			  " end; nothing was changed", r->name);
}

/* Read a small member into the arena; NULL if it is not small or not whole. */
static const char *
take_text(struct restore *r, const struct tar_member *m)
{
	const int fd = memfd_create("member", MFD_CLOEXEC);
	struct digest d;
	char *text = NULL;

	if (fd >= 0 && m->size <= TEXT_MAX &&
	    tar_take(r->in, m, fd, &d) == 0) {
		text = arena_alloc(r->c->a, (size_t)m->size + 1);
		if (pread(fd, text, (size_t)m->size, 0) != m->size)
			text = NULL;
		else
			text[m->size] = '\0';
	}
	if (text != NULL && strcmp(m->name, BACKUP_MANIFEST) != 0)
		buf_str(&r->sums, backup_line(r->c->a, &d, m->name));
	if (fd >= 0)
		close(fd);
	return text;
}

/* Is the configuration in place the one of the backup? */
static int
is_same_conf(struct restore *r)
{
	const size_t len = strlen(r->conf_text);
	char *present = arena_alloc(r->c->a, len + 2);
	const int fd = open(r->c->conf_path, O_RDONLY | O_CLOEXEC);
	const int same = fd >= 0 &&
	    read(fd, present, len + 1) == (ssize_t)len &&
	    memcmp(present, r->conf_text, len) == 0;

	if (fd >= 0)
		close(fd);
	return same;
}

/* Write the configuration, as root where we are: its directory may be root's. */
static int
put_conf(struct restore *r)
{
	const char *path = r->c->conf_path;
	const size_t len = strlen(r->conf_text);
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int good;

	if (fd < 0)
		return failed(path);
	cmd_give_away(fd, path);
	good = write(fd, r->conf_text, len) == (ssize_t)len && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	return good ? CMD_OK : failed(path);
}

/*
 * The first member is the configuration: one that is in place already stays, else
 * this one tells where database and keys belong.
 */
static int
read_conf(struct restore *r)
{
	struct cmd *c = r->c;
	struct tar_member m;
	char error[1024];
	const char *text;

	if (tar_next(r->in, &m) != 1 || strcmp(m.name, BACKUP_CONF) != 0 ||
	    (text = r->conf_text = take_text(r, &m)) == NULL)
		return is_no_backup(r);
	if (access(c->conf_path, F_OK) < 0 && !c->conf_named)
		c->conf_path = conf_place("/proc/self/exe");
	if (access(c->conf_path, F_OK) < 0) {
		c->conf = conf_parse(arena_str(c->a, text), c->conf_path, error,
		    sizeof(error));
		return c->conf == NULL ? cmd_refuse("%s", error) : put_conf(r);
	}
	r->other_conf = !is_same_conf(r);
	c->conf = conf_load(c->conf_path, error, sizeof(error));
	return c->conf == NULL ? cmd_refuse("%s", error) : CMD_OK;
}

/* Is what follows a prefix the name of a file, and no way to another place? */
static const char *
name_behind(const char *name, const char *prefix)
{
	const size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 && name[n] != '\0' &&
		name[n] != '.' && strchr(name + n, '/') == NULL
	    ? name + n
	    : NULL;
}

/* Where a member is laid down until all is known to be sound; NULL: unknown. */
static const char *
stage_of(const struct restore *r, const char *name)
{
	static const char *const prefixes[] = { BACKUP_KEYS, BACKUP_TEMPLATES };
	struct arena *a = r->c->a;

	if (strcmp(name, BACKUP_DATABASE) == 0)
		return arena_printf(a, "%s/%s", r->stage, name);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (name_behind(name, prefixes[i]) != NULL)
			return arena_printf(a, "%s/%s", r->stage, name);
	return NULL;
}

static int
take_file(struct restore *r, const struct tar_member *m)
{
	const char *path = stage_of(r, m->name);
	struct digest d;
	int fd, rc = CMD_OK;

	if (path == NULL)
		return is_no_backup(r);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		 m->mode)) < 0)
		return failed(path);
	errno = 0;
	if (tar_take(r->in, m, fd, &d) < 0)
		rc = errno == 0 ? is_no_backup(r) : failed(path);
	if ((fsync(fd) < 0 || close(fd) < 0) && rc == CMD_OK)
		rc = failed(path);
	buf_str(&r->sums, backup_line(r->c->a, &d, m->name));
	return rc;
}

/* Lay all members down, and hold them against the MANIFEST, the last of them. */
static int
take_all(struct restore *r)
{
	struct tar_member m;
	const char *manifest = NULL;
	int n, rc = CMD_OK;

	while (rc == CMD_OK && (n = tar_next(r->in, &m)) == 1) {
		if (strcmp(m.name, BACKUP_MANIFEST) != 0)
			rc = manifest == NULL ? take_file(r, &m)
					      : is_no_backup(r);
		else if ((manifest = take_text(r, &m)) == NULL)
			rc = is_no_backup(r);
	}
	if (rc != CMD_OK)
		return rc;
	if (n < 0 || manifest == NULL)
		return is_no_backup(r);
	buf_str(&r->sums, "");
	if (strlen(manifest) != r->sums.len ||
	    memcmp(manifest, r->sums.data, r->sums.len) != 0)
		return cmd_refuse("%s is damaged: its MANIFEST has other digests"
				  " than its files; nothing was changed",
		    r->name);
	return CMD_OK;
}

static int
make_directory(const char *path, mode_t mode)
{
	return mkdir(path, mode) == 0 || errno == EEXIST ? CMD_OK
							 : failed(path);
}

static int
make_stage(struct restore *r)
{
	struct arena *a = r->c->a;
	const char *dir = dirname(arena_str(a, r->c->conf->database));
	char *stage = arena_printf(a, "%s/restore-XXXXXX", dir);
	int rc;

	if (mkdtemp(stage) == NULL)
		return failed(stage);
	r->stage = stage;
	if ((rc = make_directory(arena_printf(a, "%s/keys", stage), 0700)) !=
	    CMD_OK)
		return rc;
	return make_directory(arena_printf(a, "%s/templates", stage), 0700);
}

static void
empty_directory(struct arena *a, const char *dir)
{
	struct dirent *de;
	DIR *d = opendir(dir);

	while (d != NULL && (de = readdir(d)) != NULL)
		if (*de->d_name != '.')
			(void)unlink(arena_printf(a, "%s/%s", dir, de->d_name));
	if (d != NULL)
		closedir(d);
	(void)rmdir(dir);
}

static void
drop_stage(struct restore *r)
{
	if (r->stage == NULL)
		return;
	empty_directory(r->c->a, arena_printf(r->c->a, "%s/keys", r->stage));
	empty_directory(
	    r->c->a, arena_printf(r->c->a, "%s/templates", r->stage));
	empty_directory(r->c->a, r->stage);
}

/* A database that this program can use, of an older version too. */
static int
check_database(struct restore *r)
{
	const char *path =
	    arena_printf(r->c->a, "%s/" BACKUP_DATABASE, r->stage);
	struct store_health h;
	struct store *st;

	if (store_install(path) < 0)
		return CMD_SYSTEM;
	if ((st = store_look(path, r->c->a, &h)) == NULL)
		return cmd_refuse("the database in %s is damaged: %s; nothing was"
				  " changed", r->name,
		    h.error != NULL ? h.error
			: h.damage != NULL ? h.damage : "another version");
	store_close(st);
	return CMD_OK;
}

/* What is there now is not lost: it becomes a backup of its own. */
static int
save_present(struct restore *r)
{
	struct cmd *c = r->c;
	const char *dir = c->conf->state;
	struct tm tm;
	char when[32];
	int out = -1, rc;

	if (access(c->conf->database, F_OK) < 0 ||
	    access(c->conf_path, F_OK) < 0 ||
	    (c->st = store_open_put_back(c->conf->database, 1)) == NULL)
		return CMD_OK; /* nothing, or nothing that can be read */
	if (gmtime_r(&(time_t) { (time_t)c->now }, &tm) == NULL)
		return CMD_SYSTEM;
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	for (int i = 1; out < 0 && (i == 1 || errno == EEXIST); i++) {
		r->before = arena_printf(c->a, "%s/before-restore-%s-%d.tar",
		    dir, when, i);
		out = open(r->before, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	}
	rc = out < 0 ? failed(r->before) : backup_write(c, out, r->before);
	if (out >= 0 && (fsync(out) < 0 || close(out) < 0) && rc == CMD_OK)
		rc = failed(r->before);
	store_close(c->st);
	c->st = NULL;
	return rc;
}

/* Copy a small file over another, which is whole at every moment. */
static int
put_file(struct arena *a, const char *from, const char *to)
{
	const char *fresh = arena_printf(a, "%s.new", to);
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	struct stat sb;
	char *bytes;
	int out = -1, good = 0;

	if (in >= 0 && fstat(in, &sb) == 0 && sb.st_size <= TEXT_MAX) {
		bytes = arena_alloc(a, (size_t)sb.st_size + 1);
		(void)unlink(fresh);
		out = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    sb.st_mode & 0777);
		good = out >= 0 && fchmod(out, sb.st_mode & 0777) == 0 &&
		    read(in, bytes, (size_t)sb.st_size) == sb.st_size &&
		    write(out, bytes, (size_t)sb.st_size) == sb.st_size &&
		    fsync(out) == 0;
		explicit_bzero(bytes, (size_t)sb.st_size);
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		good = close(out) == 0 && good;
	return good && rename(fresh, to) == 0 ? CMD_OK : failed(to);
}

/*
 * Put the files of from into the directory to.  A file there that the backup does
 * not have goes: a key that it does not know would go on signing.
 */
static int
put_directory(struct arena *a, const char *from, const char *to, mode_t mode)
{
	struct dirent **de;
	int n, rc;

	if ((rc = make_directory(to, mode)) != CMD_OK)
		return rc;
	if ((n = scandir(from, &de, NULL, alphasort)) < 0)
		return failed(from);
	for (int i = 0; i < n; i++) {
		if (rc == CMD_OK && *de[i]->d_name != '.')
			rc = put_file(a,
			    arena_printf(a, "%s/%s", from, de[i]->d_name),
			    arena_printf(a, "%s/%s", to, de[i]->d_name));
		free(de[i]);
	}
	free(de);
	if (rc != CMD_OK || (n = scandir(to, &de, NULL, alphasort)) < 0)
		return rc;
	for (int i = 0; i < n; i++) {
		if (*de[i]->d_name != '.' &&
		    access(arena_printf(a, "%s/%s", from, de[i]->d_name),
			F_OK) < 0)
			(void)unlink(arena_printf(a, "%s/%s", to,
			    de[i]->d_name));
		free(de[i]);
	}
	free(de);
	return rc;
}

/* All is sound: now it goes to its places, the database last. */
static int
put_all(struct restore *r)
{
	struct cmd *c = r->c;
	struct arena *a = c->a;
	const char *templates = c->conf->templates;
	const char *database = c->conf->database;
	struct ledger db, file;
	struct store *st;
	int rc;

	rc = put_directory(
	    a, arena_printf(a, "%s/keys", r->stage), c->conf->keys, 0700);
	if (rc != CMD_OK)
		return rc;
	if (templates != NULL && access(templates, F_OK) < 0 &&
	    (rc = put_directory(a, arena_printf(a, "%s/templates", r->stage),
		 templates, 0755)) != CMD_OK)
		return rc;
	if (store_replace(database,
		arena_printf(a, "%s/" BACKUP_DATABASE, r->stage)) < 0 ||
	    (st = store_open_put_back(database, 1)) == NULL)
		return CMD_SYSTEM;
	store_ledger_read(database, &file);
	rc = store_ledger_of(st, &db) < 0 ? CMD_SYSTEM : CMD_OK;
	r->is_old = rc == CMD_OK && store_ledger_is_old(&db, &file);
	store_close(st);
	return rc;
}

static int
restore(struct restore *r)
{
	int rc;

	if ((rc = read_conf(r)) != CMD_OK ||
	    (rc = cmd_make_places(r->c)) != CMD_OK ||
	    (rc = make_stage(r)) != CMD_OK || (rc = take_all(r)) != CMD_OK ||
	    (rc = check_database(r)) != CMD_OK ||
	    (rc = save_present(r)) != CMD_OK)
		return rc;
	return put_all(r);
}

/*
 * Revoke all that the database that was put back has: what of it was revoked since
 * is not known.  Only then the programs take it up.
 */
static int
accept_database(struct cmd *c, struct holding *h)
{
	int more;

	if (c->conf == NULL) {
		if ((more = cmd_begin_put_back(c)) != CMD_OK)
			return more;
	} else if ((c->st = store_open_put_back(c->conf->database, 1)) == NULL) {
		return CMD_SYSTEM;
	}
	do {
		if ((more = store_held_revoke(c->st, h, c->now)) < 0)
			return CMD_SYSTEM;
	} while (more);
	return store_ledger_accept(c->st) < 0 ? CMD_SYSTEM : CMD_OK;
}

static int
report_json(struct cmd *c, const struct restore *r, const struct holding *h)
{
	struct buf b;

	buf_init(&b, c->a, 512);
	json_open(&b, NULL, '{');
	if (r->before != NULL)
		json_str(&b, "before", r->before);
	json_truth(&b, "needs_accept", r->is_old);
	json_int(&b, "access_tokens", h->access);
	json_int(&b, "refresh_tokens", h->refresh);
	json_int(&b, "sessions", h->sessions);
	json_close(&b, '}');
	return cmd_print(&b);
}

static int
report(struct cmd *c, const struct restore *r, const struct holding *h,
    int accepted)
{
	struct buf b;

	if (c->json)
		return report_json(c, r, h);
	buf_init(&b, c->a, 1024);
	if (r->name != NULL)
		buf_printf(&b, "%s is in place\n", r->name);
	if (r->before != NULL)
		buf_printf(&b, "what was there before is in %s\n", r->before);
	if (r->other_conf)
		buf_printf(&b, "%s is not the configuration of the backup; it"
		    " was left as it is\n", c->conf_path);
	if (r->is_old)
		buf_str(&b, "What was revoked since the backup was made is not"
		    " known, so the programs refuse the database.\nRun carnet"
		    " restore --accept: it revokes all tokens, and everybody"
		    " signs in again.");
	else if (accepted)
		buf_printf(&b, "revoked access tokens: %lld, refresh tokens:"
		    " %lld, codes: %lld, sessions: %lld\nLook at users and"
		    " clients now: who was disabled, or got a new password or"
		    " secret, since the backup was made must be so again.",
		    (long long)h->access,
		    (long long)h->refresh, (long long)h->codes,
		    (long long)h->sessions);
	else
		buf_str(&b, "nothing was revoked since it was made: all tokens"
		    " in it go on");
	return cmd_print(&b);
}

int
cmd_restore(struct cmd *c)
{
	struct restore r = { .c = c, .in = -1 };
	struct holding h = { .user = 0 };
	int accept = 0, n, rc = CMD_OK;
	const struct cmd_opt opts[] = { { "accept", NULL, &accept } };
	char **operand;

	if ((n = cmd_options(c, opts, 1, &operand)) < 0 || n > 1 ||
	    (n == 0 && !accept))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (n == 1) {
		r.name = operand[0];
		buf_init(&r.sums, c->a, 4096);
		if ((r.in = open(r.name, O_RDONLY | O_CLOEXEC)) < 0)
			return cmd_refuse("%s: %s", r.name, strerror(errno));
		rc = restore(&r);
		drop_stage(&r);
		close(r.in);
	}
	if (rc == CMD_OK && accept) {
		rc = accept_database(c, &h);
		r.is_old = 0;
	}
	return rc == CMD_OK ? report(c, &r, &h, accept) : rc;
}
