/* owner.c: root becomes the user that the programs run as. */
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "cmd.h"
#include "conf.h"
#include "store.h"

void
cmd_give_away(int fd, const char *path)
{
	char dir[PATH_MAX];
	struct stat sb;

	snprintf(dir, sizeof(dir), "%s", path);
	if (geteuid() == 0 && stat(dirname(dir), &sb) == 0 && sb.st_uid != 0 &&
	    fchown(fd, sb.st_uid, sb.st_gid) < 0)
		cmd_refuse("%s: %s", path, strerror(errno));
}

int
cmd_become_owner(struct cmd *c)
{
	const struct store_file *file;
	const char *mine;
	struct stat sb;
	size_t n;

	if (geteuid() != 0)
		return CMD_OK;
	/* A database on another machine has no file here. */
	file = store_files(c->conf->database, c->a, &n);
	mine = n > 0 ? file[0].path : c->conf->state;
	if (stat(mine, &sb) < 0 &&
	    stat(dirname(arena_str(c->a, mine)), &sb) < 0)
		return CMD_OK; /* opening it reports what is wrong */
	if (sb.st_uid == 0)
		return CMD_OK;
	if (setgroups(1, &sb.st_gid) < 0 ||
	    setresgid(sb.st_gid, sb.st_gid, sb.st_gid) < 0 ||
	    setresuid(sb.st_uid, sb.st_uid, sb.st_uid) < 0) {
		cmd_refuse("%s: cannot work as its owner: %s", mine,
		    strerror(errno));
		return CMD_SYSTEM;
	}
	return CMD_OK;
}
