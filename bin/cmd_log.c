/* cmd_log.c: carnet log: the audit trail. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "arena.h"
#include "audit.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"

#define FOLLOW_MS 200

/* Which lines: the member is this; NULL: anything. */
struct filter {
	const char *want[AUDIT_MEMBERS];
	const char *since;
};

/* A date as it stands on file, so that dates compare as text. */
static const char *
since_text(struct cmd *c, const char *text)
{
	int64_t ago;
	char date[32];
	struct tm tm;
	time_t t;

	if (cmd_time(text, &ago) < 0)
		return NULL;
	t = (time_t)(c->now - ago);
	if (gmtime_r(&t, &tm) == NULL)
		return NULL;
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_str(c->a, date);
}

static int
is_wanted(const struct filter *f, const char *const value[])
{
	for (int i = 0; i < AUDIT_MEMBERS; i++)
		if (f->want[i] != NULL &&
		    (value[i] == NULL || strcmp(f->want[i], value[i]) != 0))
			return 0;
	return f->since == NULL ||
	    (value[AUDIT_AT] != NULL &&
		strcmp(value[AUDIT_AT], f->since) >= 0);
}

static void
print_text(const char *const value[])
{
	/* at, request, event, outcome; the rest by name. */
	for (int i = 0; i < 4; i++)
		printf("%s%s", i > 0 ? "  " : "",
		    value[i] == NULL ? "-" : value[i]);
	for (int i = 4; i < AUDIT_MEMBERS; i++)
		if (value[i] != NULL)
			printf("  %s=%s", audit_members[i], value[i]);
	putchar('\n');
}

/* A line that is none of ours (the disk was full) is passed over. */
static void
take_line(const struct cmd *c, struct arena *a, const struct filter *f,
    const char *line, size_t len)
{
	const char *value[AUDIT_MEMBERS];
	struct json_object *o = json_parse(a, line, len);

	if (o == NULL)
		return;
	for (int i = 0; i < AUDIT_MEMBERS; i++)
		value[i] = json_get_str(o, audit_members[i]);
	if (!is_wanted(f, value))
		return;
	if (c->json)
		printf("%s\n", line);
	else
		print_text(value);
}

/* All whole lines from where the file stands. */
static void
take_lines(const struct cmd *c, const struct filter *f, FILE *in)
{
	struct arena *a = arena_new();
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	clearerr(in);
	while ((len = getline(&line, &room, in)) > 0) {
		if (line[len - 1] != '\n') {
			/* The rest comes yet. */
			(void)fseek(in, -len, SEEK_CUR);
			break;
		}
		line[--len] = '\0';
		take_line(c, a, f, line, (size_t)len);
		arena_clear(a);
	}
	free(line);
	arena_free(a);
}

/* Is the file at path another one than in? */
static int
is_moved(const char *path, FILE *in)
{
	struct stat a, b;

	return stat(path, &a) == 0 && fstat(fileno(in), &b) == 0 &&
	    (a.st_ino != b.st_ino || a.st_dev != b.st_dev);
}

/* Until a signal, or until nobody reads. */
static void
follow(const struct cmd *c, const struct filter *f, FILE *in)
{
	const struct timespec t = { .tv_nsec = FOLLOW_MS * 1000000L };
	const char *path = c->conf->audit_log;

	while (fflush(stdout) == 0) {
		nanosleep(&t, NULL);
		if (in != NULL)
			take_lines(c, f, in);
		if (in != NULL && !is_moved(path, in))
			continue;
		/* What was written to the old one is read; on to the new. */
		if (in != NULL)
			fclose(in);
		in = fopen(path, "re");
	}
	if (in != NULL)
		fclose(in);
}

int
cmd_log(struct cmd *c)
{
	struct filter f = { .since = NULL };
	const char *since = NULL, *path = c->conf->audit_log;
	int follows = 0, n;
	const struct cmd_opt opts[] = {
		{ "user", &f.want[AUDIT_USER], NULL },
		{ "client", &f.want[AUDIT_CLIENT], NULL },
		{ "address", &f.want[AUDIT_ADDRESS], NULL },
		{ "event", &f.want[AUDIT_EVENT], NULL },
		{ "outcome", &f.want[AUDIT_OUTCOME], NULL },
		{ "since", &since, NULL }, { "follow", NULL, &follows },
	};
	char **operand;
	FILE *in;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n < 0 || n > 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	f.want[AUDIT_REQUEST] = n == 1 ? operand[0] : NULL;
	if (since != NULL && (f.since = since_text(c, since)) == NULL)
		return CMD_USAGE;
	if (c->conf->audit_size == 0)
		return cmd_refuse("audit_size is 0: there is no audit trail");
	if ((in = fopen(arena_printf(c->a, "%s.1", path), "re")) != NULL) {
		take_lines(c, &f, in);
		fclose(in);
	}
	in = fopen(path, "re");
	if (in == NULL && errno != ENOENT)
		return cmd_refuse("%s: %s", path, strerror(errno));
	if (in != NULL)
		take_lines(c, &f, in);
	if (follows)
		follow(c, &f, in);
	else if (in != NULL)
		fclose(in);
	if (fflush(stdout) != 0)
		return cmd_refuse("standard output: %s", strerror(errno));
	return CMD_OK;
}
