/* conf_file.c: the file carnet.conf: where it is, and reading it. */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define FILE_MAX_SIZE (1 << 20)
#define SYSTEM_DIR "/etc/carnet"
#define NAME "/carnet.conf"

struct conf *
conf_load(const char *path, char *error, size_t size)
{
	return conf_read(open(path, O_RDONLY | O_CLOEXEC), path, error, size);
}

struct conf *
conf_read(int fd, const char *path, char *error, size_t size)
{
	struct conf *cf = NULL;
	struct stat sb;
	char *text = NULL;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &sb) < 0) {
		snprintf(error, size, "%s: %s%s", path, strerror(errno),
		    log_cure(errno));
	} else if (!S_ISREG(sb.st_mode) || sb.st_size > FILE_MAX_SIZE) {
		snprintf(error, size, "%s: not a file of at most 1 MiB", path);
	} else if ((text = calloc(1, (size_t)sb.st_size + 1)) == NULL ||
	    (n = read(fd, text, (size_t)sb.st_size)) < 0) {
		snprintf(error, size, "%s: %s", path, strerror(errno));
	} else if (memchr(text, '\0', (size_t)n) != NULL) {
		snprintf(error, size, "%s: a NUL byte in it", path);
	} else {
		cf = conf_parse(text, path, error, size);
	}
	if (text != NULL)
		explicit_bzero(text, (size_t)sb.st_size);
	free(text);
	if (fd >= 0)
		close(fd);
	return cf;
}

/* carnet.conf in the parent of the program's directory, static. */
static const char *
beside(const char *program)
{
	static char path[PATH_MAX + sizeof(NAME)];
	char dir[PATH_MAX];
	char *slash;

	if (realpath(program, dir) == NULL)
		return SYSTEM_DIR NAME;
	for (int up = 0; up < 2; up++)
		if ((slash = strrchr(dir, '/')) != NULL)
			*slash = '\0';
	snprintf(path, sizeof(path), "%s" NAME, dir);
	return path;
}

const char *
conf_find(const char *argument, const char *program)
{
	const char *env = getenv("CARNET_CONF");

	if (argument != NULL)
		return argument;
	if (env != NULL && *env != '\0')
		return env;
	return access(beside(program), F_OK) == 0 ? beside(program)
						  : SYSTEM_DIR NAME;
}

const char *
conf_place(const char *program)
{
	return access(SYSTEM_DIR, F_OK) == 0 ? SYSTEM_DIR NAME
					     : beside(program);
}
