/* cmd_restore.c: carnet restore: put a backup in place, and accept it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "backup.h"
#include "conf.h"
#include "disk.h"
#include "json.h"
#include "keys.h"
#include "restore.h"
#include "store.h"
#include "store_copy.h"
#include "store_walk.h"
#include "store_ledger.h"

#define FILE_MAX (1 << 20) /* bytes of a key or a template */

/* Write a backup of the present site, so that it is not lost. */
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
	rc = out < 0 || disk_sync_name(r->before) < 0
	    ? restore_failed(r->before)
	    : backup_write(c, out, r->before);
	if (out >= 0 && (fsync(out) < 0 || close(out) < 0) && rc == CMD_OK)
		rc = restore_failed(r->before);
	store_close(c->st);
	c->st = NULL;
	return rc;
}

/* Replace a small file by a copy of another; it is whole at every moment. */
static int
put_file(struct arena *a, const char *from, const char *to)
{
	const char *fresh = arena_printf(a, "%s.new", to);
	const int in = open(from, O_RDONLY | O_CLOEXEC);
	struct stat sb;
	char *bytes;
	int out = -1, good = 0;

	if (in >= 0 && fstat(in, &sb) == 0 && sb.st_size <= FILE_MAX) {
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
	return good && rename(fresh, to) == 0 ? CMD_OK : restore_failed(to);
}

/* Copy each file of from into the directory to. */
static int
put_files(struct arena *a, const char *from, const char *to)
{
	struct dirent **de;
	int n, rc = CMD_OK;

	if ((n = scandir(from, &de, NULL, alphasort)) < 0)
		return restore_failed(from);
	for (int i = 0; i < n; i++) {
		if (rc == CMD_OK && *de[i]->d_name != '.')
			rc = put_file(a,
			    arena_printf(a, "%s/%s", from, de[i]->d_name),
			    arena_printf(a, "%s/%s", to, de[i]->d_name));
		free(de[i]);
	}
	free(de);
	return rc;
}

/* Delete each file of to that from does not have. */
static int
drop_others(struct arena *a, const char *from, const char *to)
{
	struct dirent **de;
	const char *path;
	int n, rc = CMD_OK;

	if ((n = scandir(to, &de, NULL, alphasort)) < 0)
		return restore_failed(to);
	for (int i = 0; i < n; i++) {
		path = arena_printf(a, "%s/%s", to, de[i]->d_name);
		if (rc == CMD_OK && *de[i]->d_name != '.' &&
		    access(arena_printf(a, "%s/%s", from, de[i]->d_name),
			F_OK) < 0 &&
		    unlink(path) < 0 && errno != EISDIR)
			rc = restore_failed(path);
		free(de[i]);
	}
	free(de);
	return rc;
}

/*
 * Put the files of from into the directory to.  Delete files that the backup
 * does not have: a later key would go on signing.
 */
static int
put_directory(struct arena *a, const char *from, const char *to, mode_t mode)
{
	int rc;

	if (mkdir(to, mode) < 0 && errno != EEXIST)
		return restore_failed(to);
	if ((rc = put_files(a, from, to)) != CMD_OK ||
	    (rc = drop_others(a, from, to)) != CMD_OK)
		return rc;
	return disk_sync_name(arena_printf(a, "%s/.", to)) < 0
	    ? restore_failed(to)
	    : CMD_OK;
}

static int
put_keys(struct restore *r)
{
	struct arena *a = r->c->a;
	const char *dir = r->c->conf->keys;
	int lock, rc;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return restore_failed(dir);
	if ((lock = keys_lock(dir)) < 0)
		return CMD_SYSTEM;
	rc = put_directory(a, arena_printf(a, "%s/keys", r->stage), dir, 0700);
	keys_unlock(lock);
	return rc == CMD_OK && keys_publish(dir) < 0 ? CMD_SYSTEM : rc;
}

/* Move all parts, which were checked, to their places. */
static int
put_all(struct restore *r)
{
	struct cmd *c = r->c;
	struct arena *a = c->a;
	const char *templates = c->conf->templates;
	const char *database = c->conf->database;
	struct store *st;
	int rc, state;

	/* The database first: if it is locked, nothing has changed yet. */
	if (store_replace(database,
		arena_printf(a, "%s/" BACKUP_DATABASE, r->stage)) < 0)
		return CMD_SYSTEM;
	rc = put_keys(r);
	if (rc == CMD_OK && templates != NULL && access(templates, F_OK) < 0)
		rc = put_directory(a, arena_printf(a, "%s/templates", r->stage),
		    templates, 0755);
	if (rc != CMD_OK)
		return rc;
	if ((st = store_open_put_back(database, 1)) == NULL)
		return CMD_SYSTEM;
	state = store_ledger_state(st);
	r->is_refused = state != LEDGER_FITS;
	store_close(st);
	return state < 0 ? CMD_SYSTEM : CMD_OK;
}

static int
restore(struct restore *r)
{
	int rc;

	if ((rc = restore_take(r)) != CMD_OK || (rc = save_present(r)) != CMD_OK)
		return rc;
	return put_all(r);
}

/*
 * Revoke all tokens and sessions in the restored database: it is not known
 * which of them were revoked since the backup.  Then let the programs use it.
 */
static int
accept_database(struct cmd *c, struct walk *w)
{
	int more;

	if (c->conf == NULL) {
		if ((more = cmd_begin_put_back(c)) != CMD_OK)
			return more;
	} else if ((c->st = store_open_put_back(c->conf->database, 1)) == NULL) {
		return CMD_SYSTEM;
	}
	do {
		if ((more = store_walk_revoke(c->st, w, c->now)) < 0)
			return CMD_SYSTEM;
	} while (more);
	return store_ledger_accept(c->st) < 0 ? CMD_SYSTEM : CMD_OK;
}

static int
report_json(struct cmd *c, const struct restore *r, const struct walk *w)
{
	struct buf b;

	buf_init(&b, c->a, 512);
	json_open(&b, NULL, '{');
	if (r->before != NULL)
		json_str(&b, "before", r->before);
	json_truth(&b, "needs_accept", r->is_refused);
	json_int(&b, "access_tokens", w->access);
	json_int(&b, "refresh_tokens", w->refresh);
	json_int(&b, "sessions", w->sessions);
	json_close(&b, '}');
	return cmd_print(&b);
}

static int
report(struct cmd *c, const struct restore *r, const struct walk *w,
    int accepted)
{
	struct buf b;

	if (c->json)
		return report_json(c, r, w);
	buf_init(&b, c->a, 1024);
	if (r->name != NULL)
		buf_printf(&b, "%s is in place\n", r->name);
	if (r->before != NULL)
		buf_printf(&b, "what was there before is in %s\n", r->before);
	if (r->other_conf)
		buf_printf(&b, "%s is not the configuration of the backup; it"
		    " was left as it is\n", c->conf_path);
	if (r->is_refused)
		buf_str(&b, "What was revoked since the backup was made is not"
		    " known, so the programs refuse the database.\nRun carnet"
		    " restore --accept: it revokes all tokens, and everybody"
		    " signs in again.");
	else if (accepted)
		buf_printf(&b, "revoked access tokens: %lld, refresh tokens:"
		    " %lld, codes: %lld, sessions: %lld\nCheck users and"
		    " clients now: disable again, or give a new password or"
		    " secret to, each for whom you did so since the backup.",
		    (long long)w->access,
		    (long long)w->refresh, (long long)w->codes,
		    (long long)w->sessions);
	else
		buf_str(&b, "nothing was revoked since it was made: all tokens"
		    " in it stay valid");
	return cmd_print(&b);
}

int
cmd_restore(struct cmd *c)
{
	struct restore r = { .c = c, .in = -1 };
	struct walk w = { .user = 0 };
	int accept = 0, n, rc = CMD_OK;
	const struct cmd_opt opts[] = { { .name = "accept", .flag = &accept } };
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
		restore_drop(&r);
		close(r.in);
	}
	if (rc == CMD_OK && accept) {
		rc = accept_database(c, &w);
		r.is_refused = 0;
	}
	return rc == CMD_OK ? report(c, &r, &w, accept) : rc;
}
