/* keys_refresh.c: secrets in files; refresh.key, which makes refresh tokens. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "keys_int.h"
#include "log.h"

static char *
path_of(struct arena *a, const char *dir)
{
	return arena_printf(a, "%s/refresh.key", dir);
}

int
keys_secret_make(const char *dir, const char *path, int replace)
{
	char text[SECRET_TEXT_LEN + 2];
	struct arena *a = arena_new();
	struct digest unused;
	int made = 0;

	if (replace || access(path, F_OK) < 0) {
		secret_make(text, &unused);
		text[SECRET_TEXT_LEN] = '\n';
		text[SECRET_TEXT_LEN + 1] = '\0';
		made = keys_write_file(a, dir, path, text, replace) == 0 ? 1 : -1;
		explicit_bzero(text, sizeof(text));
	}
	if (made < 0 && errno == EEXIST) /* another process made it first */
		made = 0;
	if (made < 0)
		log_event("%s: %s", path, strerror(errno));
	arena_free(a);
	return made;
}

int
keys_refresh_make(const char *dir)
{
	struct arena *a = arena_new();
	const int lock = keys_lock(dir);
	const int made =
	    lock < 0 ? -1 : keys_secret_make(dir, path_of(a, dir), 0);

	keys_unlock(lock);
	arena_free(a);
	return made;
}

int
keys_secret_read(const char *path, struct digest *out)
{
	struct arena *a = arena_new(); /* cleared at once: it holds the key */
	char *text;
	size_t len;
	int ok = 0;

	if ((text = keys_read_file(a, path, &len)) == NULL) {
		log_event("%s: %s%s", path, strerror(errno),
		    *log_cure(errno) != '\0' ? log_cure(errno)
		    : errno == ENOENT	     ? "; carnet install makes it"
			: "; the user of this program must be able to read it");
	} else {
		text[strcspn(text, "\r\n")] = '\0';
		ok = strlen(text) == SECRET_TEXT_LEN &&
		    b64url_decode(text, SECRET_TEXT_LEN, out->byte) ==
			DIGEST_LEN;
		if (!ok)
			log_event("%s: it does not hold 32 bytes in base64url;"
				  " delete it, and carnet install makes it"
				  " anew", path);
	}
	arena_free(a);
	return ok;
}

int
keys_refresh_ok(const char *dir)
{
	struct arena *a = arena_new();
	struct digest d;
	const int ok = keys_secret_read(path_of(a, dir), &d);

	explicit_bzero(&d, sizeof(d));
	arena_free(a);
	return ok;
}

int
keys_refresh_next(
    struct keys *ks, const char *text, char out[static SECRET_TEXT_LEN + 1])
{
	struct arena *a;
	struct digest d;

	if (!ks->has_refresh) {
		a = arena_new();
		ks->has_refresh =
		    keys_secret_read(path_of(a, ks->dir), &ks->refresh);
		arena_free(a);
	}
	if (!ks->has_refresh)
		return -1;
	digest_seal(&ks->refresh, text, &d);
	b64url_encode(d.byte, DIGEST_LEN, out);
	explicit_bzero(&d, sizeof(d));
	return 0;
}
