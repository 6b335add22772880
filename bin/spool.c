/* spool.c: users that were read wait in a file without a name. */
#include "spool.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"

#define TEXTS 8

/* The texts of a user, in the order of the file. */
static void
texts_of(struct user *u, const char **out[static TEXTS])
{
	const char **const all[TEXTS] = { &u->email, &u->name, &u->password,
		&u->scope, &u->login, &u->subject, &u->groups, &u->claims };

	memcpy(out, all, sizeof(all));
}

FILE *
spool_open(const char *dir)
{
	const int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 ? tmpfile() : fdopen(fd, "w+");
}

/* The struct as it is, whose pointers mean nothing; then each text. */
int
spool_write(FILE *f, const struct spooled *sp)
{
	struct spooled copy = *sp;
	const char **text[TEXTS];
	uint32_t len;

	texts_of(&copy.user, text);
	if (fwrite(sp, sizeof(*sp), 1, f) != 1)
		return -1;
	for (size_t i = 0; i < TEXTS; i++) {
		len = *text[i] == NULL ? UINT32_MAX
				       : (uint32_t)strlen(*text[i]);
		if (fwrite(&len, sizeof(len), 1, f) != 1 ||
		    (*text[i] != NULL && len > 0 &&
			fwrite(*text[i], len, 1, f) != 1))
			return -1;
	}
	return 0;
}

int
spool_read(FILE *f, struct arena *a, struct spooled *out)
{
	const char **text[TEXTS];
	uint32_t len;
	char *s;

	if (fread(out, sizeof(*out), 1, f) != 1)
		return ferror(f) ? -1 : 0;
	texts_of(&out->user, text);
	for (size_t i = 0; i < TEXTS; i++) {
		if (fread(&len, sizeof(len), 1, f) != 1)
			return -1;
		*text[i] = NULL;
		if (len == UINT32_MAX)
			continue;
		s = arena_alloc(a, (size_t)len + 1);
		if (len > 0 && fread(s, len, 1, f) != 1)
			return -1;
		s[len] = '\0';
		*text[i] = s;
	}
	return 1;
}
