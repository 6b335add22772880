/* restore_take.c: unpacking a backup beside the database, and checking it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "backup.h"
#include "conf.h"
#include "disk.h"
#include "restore.h"
#include "store.h"
#include "store_look.h"

#define TEXT_MAX (1 << 20) /* bytes of the configuration, or the MANIFEST */

int
restore_failed(const char *path)
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

/* Is the present configuration the same as the backup's? */
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

/* Write the configuration, before root becomes the owner: its directory may
 * be root's. */
static int
put_conf(struct restore *r)
{
	const char *path = r->c->conf_path;
	const size_t len = strlen(r->conf_text);
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int good;

	if (fd < 0)
		return restore_failed(path);
	cmd_give_away(fd, path);
	good = write(fd, r->conf_text, len) == (ssize_t)len && fsync(fd) == 0 &&
	    disk_sync_name(path) == 0;
	good = close(fd) == 0 && good;
	return good ? CMD_OK : restore_failed(path);
}

/* An archive has a file of SQLite. */
static int
check_engine(const struct conf *cf)
{
	return cf->database_dir != NULL
	    ? CMD_OK
	    : cmd_refuse("PostgreSQL takes back its own copies: pg_restore; then"
			 " carnet restore --accept");
}

/*
 * Read the configuration, the first member.  If the site has one, that stays
 * and is used; else the backup's is put in place.
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
		if (c->conf == NULL)
			return cmd_refuse("%s", error);
		return check_engine(c->conf) == CMD_OK ? put_conf(r)
						       : CMD_REFUSED;
	}
	r->other_conf = !is_same_conf(r);
	c->conf = conf_load(c->conf_path, error, sizeof(error));
	return c->conf == NULL ? cmd_refuse("%s", error)
			       : check_engine(c->conf);
}

/* The file name after a prefix; NULL if it could lead to another directory. */
static const char *
name_after(const char *name, const char *prefix)
{
	const size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 && name[n] != '\0' &&
		name[n] != '.' && strchr(name + n, '/') == NULL
	    ? name + n
	    : NULL;
}

/* The file in the stage for a member; NULL: an unknown member. */
static const char *
stage_of(const struct restore *r, const char *name)
{
	static const char *const prefixes[] = { BACKUP_KEYS, BACKUP_TEMPLATES };
	struct arena *a = r->c->a;

	if (strcmp(name, BACKUP_DATABASE) == 0)
		return arena_printf(a, "%s/%s", r->stage, name);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (name_after(name, prefixes[i]) != NULL)
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
		return restore_failed(path);
	errno = 0;
	if (tar_take(r->in, m, fd, &d) < 0)
		rc = errno == 0 ? is_no_backup(r) : restore_failed(path);
	if ((fsync(fd) < 0 || close(fd) < 0) && rc == CMD_OK)
		rc = restore_failed(path);
	buf_str(&r->sums, backup_line(r->c->a, &d, m->name));
	return rc;
}

/* Unpack all members, and compare them with the MANIFEST, the last one. */
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
							 : restore_failed(path);
}

static int
make_stage(struct restore *r)
{
	struct arena *a = r->c->a;
	const char *dir = dirname(arena_str(a, r->c->conf->database));
	char *stage = arena_printf(a, "%s/restore-XXXXXX", dir);
	int rc;

	if (mkdtemp(stage) == NULL)
		return restore_failed(stage);
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

void
restore_drop(struct restore *r)
{
	if (r->stage == NULL)
		return;
	empty_directory(r->c->a, arena_printf(r->c->a, "%s/keys", r->stage));
	empty_directory(
	    r->c->a, arena_printf(r->c->a, "%s/templates", r->stage));
	empty_directory(r->c->a, r->stage);
}

/* Check the database, and upgrade one of an older version. */
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

int
restore_take(struct restore *r)
{
	int rc;

	if ((rc = read_conf(r)) != CMD_OK ||
	    (rc = cmd_make_places(r->c)) != CMD_OK ||
	    (rc = make_stage(r)) != CMD_OK || (rc = take_all(r)) != CMD_OK)
		return rc;
	return check_database(r);
}
