/* keys_login.c: login.key, with which a site signs who has signed in there. */
#include "keys_login.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "keys_int.h"
#include "log.h"

#define FILE_BYTES 256 /* two lines, and line ends of any kind */

static const char *
directory_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "."
	    : slash == path  ? "/"
			     : arena_dup(a, path, (size_t)(slash - path));
}

/* The new key in a line, and behind it the line of the key before, if it stays. */
static const char *
make_text(struct arena *a, const struct login_keys *old)
{
	char new[SECRET_TEXT_LEN + 1], before[SECRET_TEXT_LEN + 1] = "";
	struct digest unused;
	const char *text;

	secret_make(new, &unused);
	if (old->n > 0)
		b64url_encode(old->key[0].byte, DIGEST_LEN, before);
	text = arena_printf(
	    a, "%s\n%s%s", new, before, old->n > 0 ? "\n" : "");
	explicit_bzero(new, sizeof(new));
	explicit_bzero(before, sizeof(before));
	return text;
}

/* Under the lock of its directory; 1, 0 or -1. */
static int
make(struct arena *a, const char *dir, const char *path, enum login_key_how how)
{
	const int is_there = access(path, F_OK) == 0;
	struct login_keys old = { .n = 0 };
	int made;

	if (is_there && how == LOGIN_KEY_NEW)
		return 0;
	if (is_there && how == LOGIN_KEY_ROTATE &&
	    !keys_login_read(open(path, O_RDONLY | O_CLOEXEC), path, &old))
		return -1;
	made = keys_write_file(a, dir, path, make_text(a, &old), is_there);
	explicit_bzero(&old, sizeof(old));
	if (made < 0 && errno == EEXIST) /* another process made it first */
		return 0;
	if (made < 0)
		log_event("%s: %s", path, strerror(errno));
	return made < 0 ? -1 : 1;
}

int
keys_login_make(const char *path, enum login_key_how how)
{
	struct arena *a = arena_new(); /* cleared when it is freed */
	const char *dir = directory_of(a, path);
	const int lock = keys_lock(dir);
	const int made = lock < 0 ? -1 : make(a, dir, path, how);

	keys_unlock(lock);
	arena_free(a);
	return made;
}

/* The keys of the text, a line each; 0 if it is not one or two of them. */
static int
read_lines(const char *s, struct login_keys *out)
{
	size_t len;

	for (out->n = 0; *(s += strspn(s, "\r\n")) != '\0'; s += len) {
		len = strcspn(s, "\r\n");
		if (out->n == 2 || len != SECRET_TEXT_LEN ||
		    b64url_decode(s, len, out->key[out->n].byte) != DIGEST_LEN)
			return 0;
		out->n++;
	}
	return out->n > 0;
}

int
keys_login_read(int fd, const char *path, struct login_keys *out)
{
	char text[FILE_BYTES + 1];
	const ssize_t n = fd < 0 ? -1 : read(fd, text, FILE_BYTES);
	int is_read = 0;

	if (n < 0) {
		log_event("%s: %s%s", path, strerror(errno),
		    *log_cure(errno) != '\0' ? log_cure(errno)
		    : errno == ENOENT	     ? "; carnet keys login makes it"
			: "; the user of this program must be able to read it");
	} else {
		text[n] = '\0';
		is_read = n < FILE_BYTES && strlen(text) == (size_t)n &&
		    read_lines(text, out);
		if (!is_read)
			log_event("%s: it does not have one or two lines of 32"
				  " bytes in base64url; carnet keys login --force"
				  " makes it anew", path);
	}
	if (fd >= 0)
		close(fd);
	explicit_bzero(text, sizeof(text));
	return is_read;
}
