/* erase.c: removing a user's names from the audit trail. */
#include "erase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "cmd.h"
#include "identity.h"
#include "json.h"
#include "store_user.h"
#include "words.h"

#define FORMER_MAX 32

struct erasure {
	struct store *st;
	const struct user *u;
	const char *former[FORMER_MAX]; /* the user's former addresses */
	size_t n_former;
	struct arena *whole; /* until the end */
	char id[24];
	struct arena *a; /* for one line */
};

/* Called for a line of len bytes at offset at of fd; returns 0, or -1. */
typedef int on_line(struct erasure *er, int fd, off_t at, const char *line,
    size_t len);

static int
is_former(const struct erasure *er, const char *form)
{
	for (size_t i = 0; i < er->n_former; i++)
		if (strcmp(er->former[i], form) == 0)
			return 1;
	return 0;
}

/* Is the word at w a spelling of an address or user name of the user? */
static int
is_name(const struct erasure *er, const char *w, size_t len)
{
	char *word = arena_dup(er->a, w, len), *form;

	if (er->u->subject != NULL && strcmp(word, er->u->subject) == 0)
		return 1;
	word[strcspn(word, ",;:")] = '\0'; /* within a sentence */
	form = identity_any(er->a, word);
	return form != NULL &&
	    ((er->u->email != NULL && strcmp(form, er->u->email) == 0) ||
		(er->u->login != NULL && strcmp(form, er->u->login) == 0) ||
		is_former(er, form));
}

static int
names_them(const struct erasure *er, const char *text)
{
	size_t n;

	for (; text != NULL && words_next(&text, &n); text += n)
		if (is_name(er, text, n))
			return 1;
	return 0;
}

/* Return text with "to" in place of each name of the user. */
static const char *
replace(const struct erasure *er, const char *text, const char *to)
{
	struct buf b;
	size_t n;

	buf_init(&b, er->a, strlen(text) + 32);
	for (; words_next(&text, &n); text += n)
		if (is_name(er, text, n))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "", to);
		else
			buf_printf(&b, "%s%.*s", b.len > 0 ? " " : "", (int)n,
			    text);
	return b.data;
}

/* The verb, two words, of "user edit ada@x.example --name Ada". */
static const char *
verb_of(const struct erasure *er, const char *detail)
{
	const char *end = strchr(detail, ' ');

	if (end != NULL)
		end = strchr(end + 1, ' ');
	return end == NULL ? detail
			   : arena_dup(er->a, detail, (size_t)(end - detail));
}

/*
 * Does a command have the user's id?  Its other words may be the user's names.
 */
static int
is_by_id(const struct erasure *er, const char *detail)
{
	const char *prefix = "user ";
	size_t n;

	if (detail == NULL || strncmp(detail, prefix, strlen(prefix)) != 0)
		return 0;
	detail += strlen(verb_of(er, detail));
	for (; words_next(&detail, &n); detail += n)
		if (n == strlen(er->id) && memcmp(detail, er->id, n) == 0)
			return 1;
	return 0;
}

/* Write the line with "to" for each name; return 0 if it had no name. */
static int
rewrite(const struct erasure *er, struct json_object *o, const char *to,
    struct buf *b)
{
	const char *detail = json_get_str(o, audit_members[AUDIT_DETAIL]);
	const char *about = json_get_str(o, audit_members[AUDIT_ABOUT]);
	const char *event = json_get_str(o, audit_members[AUDIT_EVENT]), *v;
	const int is_command = event != NULL && strcmp(event, "command") == 0;
	const int all = is_command &&
	    (names_them(er, about) || names_them(er, detail) ||
		words_have(about, er->id) || is_by_id(er, detail));
	int had = 0;

	buf_init(b, er->a, 512);
	json_open(b, NULL, '{');
	for (int i = 0; i < AUDIT_MEMBERS; i++) {
		if ((v = json_get_str(o, audit_members[i])) == NULL)
			continue;
		/*
		 * The user of a command is one of the machine, not of carnet.
		 */
		if (i == AUDIT_DETAIL && all) {
			v = arena_printf(er->a, "%s %s", verb_of(er, v), to);
			had |= strcmp(v, detail) != 0;
		} else if ((i == AUDIT_USER && !is_command) ||
		    i == AUDIT_ABOUT || i == AUDIT_WHY) {
			had |= names_them(er, v);
			v = names_them(er, v) ? replace(er, v, to) : v;
		}
		json_str(b, audit_members[i], v);
	}
	json_close(b, '}');
	return had;
}

/* Overwrite the line at offset at with the erased one; 0, or -1. */
static int
erase_line(struct erasure *er, int fd, off_t at, const char *line, size_t len)
{
	struct json_object *o = json_parse(er->a, line, len);
	struct buf b;

	if (o == NULL || !rewrite(er, o, er->id, &b))
		return 0;
	/* The id is longer than the name: write nothing in its place. */
	if (b.len > len)
		rewrite(er, o, "", &b);
	if (b.len > len)
		return 0;
	while (b.len < len)
		buf_char(&b, ' ');
	return pwrite(fd, b.data, len, at) == (ssize_t)len ? 0 : -1;
}

/*
 * If the line is a change of the user's address, note the former address.  An
 * address that another user has now is that user's and stays.  0, or -1.
 */
static int
find_former(struct erasure *er, int unused, off_t at, const char *line,
    size_t len)
{
	struct json_object *o = json_parse(er->a, line, len);
	const char *event, *words, *next;
	struct user other;
	size_t n, n_next;
	char *form;
	int found;

	(void)unused;
	(void)at;
	if (o == NULL || er->n_former == FORMER_MAX ||
	    (event = json_get_str(o, audit_members[AUDIT_EVENT])) == NULL ||
	    strcmp(event, "command") != 0)
		return 0;
	words = json_get_str(o, audit_members[AUDIT_ABOUT]);
	if (words == NULL || !words_next(&words, &n))
		return 0;
	next = words + n;
	if (!words_next(&next, &n_next) || !is_name(er, next, n_next) ||
	    is_name(er, words, n) ||
	    (form = identity_email(er->whole,
		 arena_dup(er->a, words, n))) == NULL)
		return 0;
	found = store_user_by_email(er->st, er->a, form, &other);
	if (found == 0)
		er->former[er->n_former++] = form;
	return found < 0 ? -1 : 0;
}

/* Call what for each complete line of the file at path; 0, or -1 with errno. */
static int
each_line(struct erasure *er, const char *path, on_line *what)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	off_t at = 0;
	int fd, rc = 0;
	FILE *in;

	if ((fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return errno == ENOENT ? 0 : -1;
	if ((in = fdopen(dup(fd), "r")) == NULL) {
		close(fd);
		return -1;
	}
	for (; rc == 0 && (len = getline(&line, &room, in)) > 0; at += len)
		if (line[len - 1] == '\n') {
			rc = what(er, fd, at, line, (size_t)len - 1);
			arena_clear(er->a);
		}
	if (rc == 0 && (ferror(in) || fdatasync(fd) < 0))
		rc = -1;
	free(line);
	fclose(in);
	close(fd);
	return rc;
}

/* Call what for each complete line of each file of the trail. */
static int
each_file(struct erasure *er, const char *path, on_line *what)
{
	const char *file;
	int rc = 0;

	for (int i = 0; i < 2 * AUDIT_PARTS && rc == 0; i++) {
		file = audit_part(er->whole, path, i / 2);
		if (i % 2 == 1) /* second: the first may become it */
			file = arena_printf(er->whole, "%s.1", file);
		if ((rc = each_line(er, file, what)) < 0)
			cmd_refuse("%s: %s", file, strerror(errno));
	}
	return rc;
}

int
erase_from_trail(struct store *st, const char *path, const struct user *u)
{
	struct erasure er = { .st = st, .u = u, .whole = arena_new(),
		.a = arena_new() };
	size_t known;
	int rc;

	snprintf(er.id, sizeof(er.id), "%lld", (long long)u->id);
	do { /* again: a still older address may be in a file read before */
		known = er.n_former;
		rc = each_file(&er, path, find_former);
	} while (rc == 0 && er.n_former > known);
	if (rc == 0)
		rc = each_file(&er, path, erase_line);
	arena_free(er.a);
	arena_free(er.whole);
	return rc;
}
