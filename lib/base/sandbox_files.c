/* sandbox_files.c: the files that a program may use while it serves. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sanitizers and gcov write to files of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(CARNET_COVERAGE)
#define IS_OPEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_OPEN 1
#endif
#endif
#ifndef IS_OPEN
#define IS_OPEN 0
#endif

/*
 * Rights that each version of Landlock can take away; we take away all of them.
 */
#define FIRST ((UINT64_C(1) << 13) - 1)
#define MOVE (UINT64_C(1) << 13)     /* to another directory; version 2 */
#define TRUNCATE (UINT64_C(1) << 14) /* version 3 */
#define IOCTL (UINT64_C(1) << 15)    /* on devices; version 5 */
#define TCP UINT64_C(3)		     /* bind and connect; version 4 */
#define OTHERS UINT64_C(3)	     /* abstract sockets, signals; version 6 */

/* The kernel accepts a longer struct than it knows if the new members are 0. */
struct ruleset {
	uint64_t files, net, scoped;
};

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    LANDLOCK_ACCESS_FS_REMOVE_FILE | TRUNCATE)

/* Files that libraries read, if they exist. */
static const char *const common[] = { "/dev/urandom", "/etc/localtime",
	"/usr/share/zoneinfo", "/etc/gnutls" };
#define N_COMMON (sizeof(common) / sizeof(common[0]))

/* Return 0, or -1 if path does not exist or no rule can be made for it. */
static int
allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr at = { .allowed_access = access };
	struct stat sb;
	long rc = -1;
	int fd, saved;

	if ((fd = open(path, O_PATH | O_CLOEXEC)) < 0)
		return -1;
	if (fstat(fd, &sb) == 0) {
		if (!S_ISDIR(sb.st_mode))
			at.allowed_access &= READ_FILE;
		at.parent_fd = fd;
		rc = syscall(SYS_landlock_add_rule, rules,
		    LANDLOCK_RULE_PATH_BENEATH, &at, 0);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return rc == 0 ? 0 : -1;
}

static int
restrict_to(
    int rules, const struct sandbox_place *place, size_t n, uint64_t all)
{
	for (size_t i = 0; i < n; i++)
		if (allow(rules, place[i].path,
			(place[i].writes ? WRITE : READ) & all) < 0)
			return -1;
	for (size_t i = 0; i < N_COMMON; i++)
		(void)allow(rules, common[i], READ);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		syscall(SYS_landlock_restrict_self, rules, 0) == 0
	    ? 1
	    : 0;
}

static long
version_here(void)
{
	return IS_OPEN ? 0
		       : syscall(SYS_landlock_create_ruleset, NULL, 0,
			     LANDLOCK_CREATE_RULESET_VERSION);
}

int
sandbox_has_files(void)
{
	return version_here() >= 1;
}

static int
enter(const struct sandbox_place *place, size_t n, int has_network)
{
	struct ruleset attr = { .files = FIRST };
	const long version = version_here();
	int rules, rc, saved;

	if (version < 1)
		return 0;
	if (version >= 2)
		attr.files |= MOVE;
	if (version >= 3)
		attr.files |= TRUNCATE;
	if (version >= 4 && !has_network)
		attr.net = TCP;
	if (version >= 5)
		attr.files |= IOCTL;
	if (version >= 6)
		attr.scoped = OTHERS;
	rules = (int)syscall(
	    SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules < 0)
		return 0;
	rc = restrict_to(rules, place, n, attr.files);
	saved = errno;
	close(rules);
	errno = saved;
	return rc;
}

int
sandbox_files(const struct sandbox_place *place, size_t n)
{
	return enter(place, n, 0);
}

int
sandbox_files_and_network(const struct sandbox_place *place, size_t n)
{
	return enter(place, n, 1);
}
