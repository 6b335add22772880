/* setup_token.c: the file that shows who owns the site, and guesses of its text. */
#include "setup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "crypto.h"

#define WRONG_FILE "setup-token.wrong" /* a byte for each recent wrong guess */
#define WRONG_MAX 20 /* after so many, guesses are refused for WRONG_WAIT_S */
#define WRONG_WAIT_S 60

/*
 * The folder of carnet.conf is the parent of the one that this program is in.
 */
static int
find_dir(struct setup *s)
{
	char *slash;

	if (realpath("/proc/self/exe", s->dir) == NULL)
		return -1;
	for (int up = 0; up < 2; up++)
		if ((slash = strrchr(s->dir, '/')) != NULL)
			*slash = '\0';
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dirfd < 0 ? -1 : 0;
}

int
setup_token_open(struct setup *s)
{
	struct stat sb;

	if (find_dir(s) < 0)
		return 0;
	s->fd = openat(s->dirfd, TOKEN_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return s->fd >= 0 && flock(s->fd, LOCK_EX) == 0 &&
	    fstat(s->fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_nlink > 0;
}

const char *
setup_token_read(struct setup *s)
{
	char *text = arena_alloc(s->rq.a, TOKEN_MAX + 2);
	ssize_t n = pread(s->fd, text, TOKEN_MAX + 1, 0);

	while (n > 0 && (unsigned char)text[n - 1] <= ' ')
		n--;
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* Count a wrong guess.  Return -1 on failure: then no guess may be tried. */
static int
count_wrong(struct setup *s)
{
	int fd = openat(s->dirfd, WRONG_FILE,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return -1;
	rc = write(fd, "x", 1) == 1 ? 0 : -1;
	close(fd);
	return rc;
}

/* After the wait the count begins again: strangers delay the owner for a while only. */
int
setup_token_wait(struct setup *s)
{
	const time_t now = time(NULL);
	struct stat sb;

	if (fstatat(s->dirfd, WRONG_FILE, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	/* A clock that was set back is no reason to wait longer. */
	if (now < sb.st_mtime || now >= sb.st_mtime + WRONG_WAIT_S) {
		(void)unlinkat(s->dirfd, WRONG_FILE, 0);
		return 0;
	}
	return sb.st_size < WRONG_MAX
	    ? 0
	    : (int)(sb.st_mtime + WRONG_WAIT_S - now);
}

/* Is what was sent the text of the file?  Digests compare in constant time. */
static int
token_fits(const char *sent, const char *token)
{
	struct digest a, b;

	digest_of(sent, strlen(sent), &a);
	digest_of(token, strlen(token), &b);
	return digest_equal(&a, &b);
}

int
setup_token_try(struct setup *s, const char *token)
{
	if (token_fits(s->form.token, token))
		return 1;
	return count_wrong(s) < 0 ? -1 : 0;
}

int
setup_token_end(struct setup *s)
{
	(void)unlinkat(s->dirfd, WRONG_FILE, 0);
	return unlinkat(s->dirfd, TOKEN_FILE, 0) < 0 || fsync(s->dirfd) < 0 ? -1
									    : 0;
}
