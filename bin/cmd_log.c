/* cmd_log.c: carnet log: the audit trail. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "cmd.h"
#include "conf.h"
#include "identity.h"
#include "json.h"
#include "store_user.h"
#include "words.h"

#define FOLLOW_MS 200

/* The lines to print. */
struct filter {
	const char *want[AUDIT_MEMBERS]; /* a member's value; NULL: any */
	const char *since;
	const char *email, *id; /* of the user who acted or was changed */
};

static const char *
since_text(struct cmd *c, const char *text)
{
	int64_t ago;

	return cmd_time(text, &ago) < 0 ? NULL
					: audit_time(c->a, c->now - ago, 0);
}

/*
 * Did the user do it, or an operator change the user?  A deleted user has an
 * id.
 */
static int
is_theirs(const struct filter *f, const char *const value[])
{
	const char *user = value[AUDIT_USER], *about = value[AUDIT_ABOUT];

	return (user != NULL &&
		   (strcmp(user, f->email) == 0 || strcmp(user, f->id) == 0)) ||
	    words_have(about, f->email) || words_have(about, f->id);
}

/* Find the user by any name of theirs; an unknown name is used unchanged. */
static int
take_user(struct cmd *c, const char *name, struct filter *f)
{
	const char *form = identity_any(c->a, name);
	struct user u;
	int rc = cmd_seek_user(c, name, &u);

	if (rc == CMD_SYSTEM)
		return rc;
	f->email = rc == CMD_OK ? store_user_label(&u) : form != NULL ? form : name;
	f->id = rc == CMD_OK
	    ? arena_printf(c->a, "%lld", (long long)u.id)
	    : name;
	return CMD_OK;
}

static int
is_wanted(const struct filter *f, const char *const value[])
{
	for (int i = 0; i < AUDIT_MEMBERS; i++)
		if (f->want[i] != NULL &&
		    (value[i] == NULL || strcmp(f->want[i], value[i]) != 0))
			return 0;
	if (f->email != NULL && !is_theirs(f, value))
		return 0;
	return f->since == NULL ||
	    (value[AUDIT_AT] != NULL &&
		strcmp(value[AUDIT_AT], f->since) >= 0);
}

static void
print_text(const struct cmd *c, const char *const value[])
{
	/* The second column is as wide as its heading. */
	const int width = cmd_is_terminal(c) ? 16 : 0;

	/* at, request, event, outcome; the rest by name. */
	for (int i = 0; i < 4; i++)
		printf("%s%*s", i > 0 ? "  " : "", i == 1 ? -width : 0,
		    value[i] == NULL ? "-" : value[i]);
	for (int i = 4; i < AUDIT_MEMBERS; i++)
		if (value[i] != NULL)
			printf("  %s=%s", audit_members[i], value[i]);
	putchar('\n');
}

/* A part of the trail that is being read: its file and its next line. */
struct part {
	const char *path, *old;
	FILE *in;	/* NULL: it does not exist yet */
	int is_old;	/* in is the old file, not the one at path */
	char *line;
	size_t room;
	int has_line;
	struct arena *a; /* for value */
	const char *value[AUDIT_MEMBERS];
};

/* Return 0, or -1 if the file exists and cannot be read. */
static int
part_open(struct cmd *c, struct part *p, int which)
{
	*p = (struct part) {
		.path = audit_part(c->a, c->conf->audit_log, which),
		.a = arena_new(),
	};
	p->old = arena_printf(c->a, "%s.1", p->path);
	p->in = fopen(p->old, "re");
	p->is_old = p->in != NULL;
	return access(p->path, R_OK) == 0 || errno == ENOENT ? 0 : -1;
}

static void
part_close(struct part *p)
{
	if (p->in != NULL)
		fclose(p->in);
	free(p->line);
	arena_free(p->a);
}

/* Read the next line.  A malformed line (the disk was full) is skipped. */
static int
read_line(struct part *p)
{
	struct json_object *o;
	ssize_t len;

	clearerr(p->in);
	while ((len = getline(&p->line, &p->room, p->in)) > 0) {
		if (p->line[len - 1] != '\n') {
			/* Half a line: it is read again when it is whole. */
			(void)fseek(p->in, -len, SEEK_CUR);
			break;
		}
		p->line[--len] = '\0';
		arena_clear(p->a);
		if ((o = json_parse(p->a, p->line, (size_t)len)) == NULL)
			continue;
		for (int i = 0; i < AUDIT_MEMBERS; i++)
			p->value[i] = json_get_str(o, audit_members[i]);
		if (p->value[AUDIT_AT] != NULL)
			return 1;
	}
	return 0;
}

/* Is the file at path not the open file in? */
static int
is_moved(const char *path, FILE *in)
{
	struct stat a, b;

	return stat(path, &a) == 0 && fstat(fileno(in), &b) == 0 &&
	    (a.st_ino != b.st_ino || a.st_dev != b.st_dev);
}

/* Is there a next line?  A renamed file is read to its end first. */
static int
part_has_line(struct part *p)
{
	int is_over;
	FILE *next;

	while (!p->has_line) {
		is_over = p->in == NULL || p->is_old ||
		    is_moved(p->path, p->in);
		if (p->in != NULL)
			p->has_line = read_line(p);
		if (p->has_line || !is_over)
			break;
		next = fopen(p->path, "re");
		/*
		 * The old file may have been replaced meanwhile: read the new.
		 */
		p->is_old = p->is_old && is_moved(p->old, p->in);
		if (p->is_old) {
			if (next != NULL)
				fclose(next);
			next = fopen(p->old, "re");
		}
		if (p->in != NULL)
			fclose(p->in);
		if ((p->in = next) == NULL)
			break;
	}
	return p->has_line;
}

/* The part whose line is the oldest, or NULL. */
static struct part *
oldest(struct part part[static AUDIT_PARTS])
{
	struct part *first = NULL;

	for (int i = 0; i < AUDIT_PARTS; i++)
		if (part_has_line(&part[i]) &&
		    (first == NULL ||
			strcmp(part[i].value[AUDIT_AT],
			    first->value[AUDIT_AT]) < 0))
			first = &part[i];
	return first;
}

static void
print_lines(const struct cmd *c, const struct filter *f,
    struct part part[static AUDIT_PARTS])
{
	struct part *p;

	while ((p = oldest(part)) != NULL) {
		p->has_line = 0;
		if (!is_wanted(f, p->value))
			continue;
		if (c->json)
			printf("%s\n", p->line);
		else
			print_text(c, p->value);
	}
}

/* Print to the end; to follow, go on until a signal or until nobody reads. */
static void
print_trail(const struct cmd *c, const struct filter *f, int follows,
    struct part part[static AUDIT_PARTS])
{
	const struct timespec t = { .tv_nsec = FOLLOW_MS * 1000000L };

	if (cmd_is_terminal(c))
		printf("%-27s  %-16s  EVENT  OUTCOME  ...\n", "TIME",
		    "REQUEST");
	print_lines(c, f, part);
	while (fflush(stdout) == 0 && follows) {
		nanosleep(&t, NULL);
		print_lines(c, f, part);
	}
}

int
cmd_log(struct cmd *c)
{
	struct filter f = { .since = NULL };
	struct part part[AUDIT_PARTS];
	const char *since = NULL, *user = NULL;
	int follows = 0, n;
	const struct cmd_opt opts[] = {
		{ .name = "user", .value = &user },
		{ .name = "client", .value = &f.want[AUDIT_CLIENT] },
		{ .name = "address", .value = &f.want[AUDIT_ADDRESS] },
		{ .name = "event", .value = &f.want[AUDIT_EVENT] },
		{ .name = "outcome", .value = &f.want[AUDIT_OUTCOME] },
		{ .name = "since", .value = &since }, { .name = "follow", .flag = &follows },
	};
	char **operand;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n < 0 || n > 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	f.want[AUDIT_REQUEST] = n == 1 ? operand[0] : NULL;
	if (since != NULL && (f.since = since_text(c, since)) == NULL)
		return CMD_USAGE;
	if (user != NULL && take_user(c, user, &f) != CMD_OK)
		return CMD_SYSTEM;
	if (c->conf->audit_size == 0)
		return cmd_refuse("audit_size is 0: there is no audit trail");
	for (int i = 0; i < AUDIT_PARTS; i++)
		if (part_open(c, &part[i], i) < 0)
			return cmd_refuse(
			    "%s: %s", part[i].path, strerror(errno));
	print_trail(c, &f, follows, part);
	for (int i = 0; i < AUDIT_PARTS; i++)
		part_close(&part[i]);
	if (fflush(stdout) != 0)
		return cmd_refuse("standard output: %s", strerror(errno));
	return CMD_OK;
}
