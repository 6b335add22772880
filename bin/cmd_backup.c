/* cmd_backup.c: carnet backup: a whole site in one file, while it is served. */
#include "backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "disk.h"
#include "json.h"
#include "keys.h"
#include "store.h"
#include "store_copy.h"

struct backup {
	struct cmd *c;
	int out;
	const char *name;	/* of the archive, for messages */
	struct buf manifest;
};

const char *
backup_line(struct arena *a, const struct digest *d, const char *name)
{
	char hex[2 * DIGEST_LEN + 1];

	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", d->byte[i]);
	return arena_printf(a, "%s  %s\n", hex, name);
}

static int
failed(const char *path)
{
	cmd_refuse("%s: %s", path, strerror(errno));
	return CMD_SYSTEM;
}

/* Add the file at path under that name. */
static int
add(struct backup *b, const char *name, const char *path)
{
	struct digest d;
	int in = open(path, O_RDONLY | O_CLOEXEC), rc = CMD_OK;

	if (in < 0)
		return failed(path);
	if (tar_add(b->out, name, in, &d) < 0)
		rc = failed(b->name);
	else
		buf_str(&b->manifest, backup_line(b->c->a, &d, name));
	close(in);
	return rc;
}

/* Is it a file of keys or templates, and not a hidden or half-written one? */
static int
is_wanted(const char *dir, const char *name, struct arena *a)
{
	struct stat sb;
	const size_t len = strlen(name);

	return *name != '.' && (len < 4 || strcmp(name + len - 4, ".new") != 0) &&
	    stat(arena_printf(a, "%s/%s", dir, name), &sb) == 0 &&
	    S_ISREG(sb.st_mode);
}

static int
add_directory(struct backup *b, const char *prefix, const char *dir)
{
	struct arena *a = b->c->a;
	struct dirent **de;
	int n = scandir(dir, &de, NULL, alphasort), rc = CMD_OK;

	if (n < 0)
		return failed(dir);
	for (int i = 0; i < n; i++) {
		if (rc == CMD_OK && is_wanted(dir, de[i]->d_name, a))
			rc = add(b, arena_printf(a, "%s%s", prefix,
					de[i]->d_name),
			    arena_printf(a, "%s/%s", dir, de[i]->d_name));
		free(de[i]);
	}
	free(de);
	return rc;
}

/* A login key that is kept elsewhere is in the archive under its usual name. */
static int
add_login_key(struct backup *b)
{
	const struct conf *cf = b->c->conf;
	const char *usual = arena_printf(b->c->a, "%s/login.key", cf->keys);

	if (access(usual, F_OK) == 0 || access(cf->login_key, F_OK) < 0)
		return CMD_OK;
	return add(b, BACKUP_KEYS "login.key", cf->login_key);
}

/* Add the keys, under the lock: no key is made or deleted meanwhile. */
static int
add_keys(struct backup *b)
{
	const char *dir = b->c->conf->keys;
	const int lock = keys_lock(dir);
	int rc = lock < 0 ? CMD_SYSTEM : add_directory(b, BACKUP_KEYS, dir);

	if (rc == CMD_OK)
		rc = add_login_key(b);
	keys_unlock(lock);
	return rc;
}

/* Add a copy of the database.  The copy is made beside it, and deleted. */
static int
add_database(struct backup *b)
{
	struct arena *a = b->c->a;
	const char *copy = arena_printf(a, "%s.backup-%d",
	    b->c->conf->database, (int)getpid());
	int rc;

	if (store_copy(b->c->st, copy) < 0)
		return CMD_SYSTEM;
	rc = add(b, BACKUP_DATABASE, copy);
	unlink(copy);
	return rc;
}

static int
add_manifest(struct backup *b)
{
	const int in = memfd_create("manifest", MFD_CLOEXEC);
	const ssize_t len = (ssize_t)b->manifest.len;
	struct digest d;
	int rc = CMD_OK;

	if (in < 0 || fchmod(in, 0600) < 0 ||
	    write(in, b->manifest.data, b->manifest.len) != len ||
	    lseek(in, 0, SEEK_SET) < 0 ||
	    tar_add(b->out, BACKUP_MANIFEST, in, &d) < 0 ||
	    tar_end(b->out) < 0)
		rc = failed(b->name);
	if (in >= 0)
		close(in);
	return rc;
}

int
backup_write(struct cmd *c, int out, const char *name)
{
	struct backup b = { .c = c, .out = out, .name = name };
	int rc;

	buf_init(&b.manifest, c->a, 4096);
	if ((rc = add(&b, BACKUP_CONF, c->conf_path)) != CMD_OK ||
	    (rc = add_keys(&b)) != CMD_OK ||
	    (c->conf->templates != NULL &&
		(rc = add_directory(&b, BACKUP_TEMPLATES,
		     c->conf->templates)) != CMD_OK) ||
	    (rc = add_database(&b)) != CMD_OK)
		return rc;
	return add_manifest(&b);
}

/*
 * Open the archive, before root becomes the owner of the database: only root
 * may be able to write there.  The name is on disk when this returns.
 */
static int
open_out(const char *name)
{
	int fd;

	if (strcmp(name, "-") == 0)
		return STDOUT_FILENO;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0 && disk_sync_name(name) < 0 && errno != EINVAL) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
write_out(struct cmd *c, int out, const char *name)
{
	int rc;

	if ((rc = cmd_begin(c)) != CMD_OK)
		return rc;
	if (c->conf->database_dir == NULL)
		return cmd_refuse("PostgreSQL makes its own copies: pg_dump; the"
		    " configuration and the keys are files, which you copy");
	if ((rc = backup_write(c, out, name)) != CMD_OK)
		return rc;
	if (fsync(out) < 0 && errno != EINVAL && errno != EROFS) /* a pipe */
		return failed(name);
	return CMD_OK;
}

int
cmd_backup(struct cmd *c)
{
	char **operand;
	int n, out, rc;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((out = open_out(operand[0])) < 0)
		return cmd_refuse("%s: %s", operand[0], strerror(errno));
	if (out == STDOUT_FILENO && isatty(out))
		return cmd_refuse("a backup is not for a terminal: name a file,"
				  " or send it to a program");
	rc = write_out(c, out, operand[0]);
	if (out == STDOUT_FILENO)
		return rc;
	/*
	 * Root has become the owner and may be unable to delete it: empty it.
	 */
	if (rc != CMD_OK && ftruncate(out, 0) == 0)
		(void)unlink(operand[0]);
	if (close(out) < 0 && rc == CMD_OK)
		rc = failed(operand[0]);
	return rc;
}
