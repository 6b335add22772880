/* options.c: the options of the command and of its verbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "words.h"

#define OPTION_LONGEST 20

/* Return the option that word names, or NULL; *value is after "=", or NULL. */
static const struct cmd_opt *
find_option(
    const struct cmd_opt *opts, size_t n, const char *word, const char **value)
{
	const size_t len = strcspn(word + 2, "=");

	*value = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
	for (size_t i = 0; i < n; i++)
		if (strlen(opts[i].name) == len &&
		    memcmp(opts[i].name, word + 2, len) == 0)
			return &opts[i];
	return NULL;
}

/*
 * Is word an option, --NAME or --NAME=VALUE?  Ids are random and may begin with
 * dashes, but an id is longer than most options and has no "=".  The few longer
 * options count if the verb has them.
 */
static int
is_option(const struct cmd_opt *opts, size_t n, const char *word)
{
	const char *value;

	return strncmp(word, "--", 2) == 0 &&
	    (strlen(word) <= OPTION_LONGEST || strchr(word, '=') != NULL ||
		find_option(opts, n, word, &value) != NULL);
}

/* Read the option at argv[*i]; return -1, after a message, if it is unknown. */
static int
read_option(struct cmd *c, const struct cmd_opt *opts, size_t n, int *i)
{
	const struct cmd_opt common[] = {
		{ .name = "json", .flag = &c->json },
		{ .name = "conf", .value = &c->conf_path },
	};
	const char *value;
	const struct cmd_opt *opt = find_option(opts, n, c->argv[*i], &value);
	const int is_own = opt != NULL;

	if (!is_own)
		opt = find_option(common, 2, c->argv[*i], &value);
	if (opt == NULL) {
		cmd_refuse("carnet %s has no option %.*s", c->verb,
		    (int)strcspn(c->argv[*i], "="), c->argv[*i]);
		return -1;
	}
	if (opt->flag != NULL && value == NULL) {
		*opt->flag = 1;
		return 0;
	}
	if (opt->flag == NULL && value == NULL && *i + 1 < c->argc)
		value = c->argv[++*i];
	if (opt->flag != NULL || value == NULL) {
		cmd_refuse("--%s takes %s value", opt->name,
		    opt->flag != NULL ? "no" : "a");
		return -1;
	}
	*opt->value = !is_own || *opt->value == NULL
	    ? value
	    : arena_printf(c->a, "%s %s", *opt->value, value);
	return 0;
}

int
cmd_options(
    struct cmd *c, const struct cmd_opt *opts, size_t n, char ***operands)
{
	int found = 0, is_over = 0;

	*operands = c->argv + 1;
	for (int i = 1; i < c->argc; i++) {
		if (is_over || !is_option(opts, n, c->argv[i])) {
			(*operands)[found++] = c->argv[i];
		} else if (strcmp(c->argv[i], "--") == 0) {
			is_over = 1;
		} else if (read_option(c, opts, n, &i) < 0) {
			cmd_usage(c);
			return -1;
		}
	}
	return found;
}

static int
unset_one(struct cmd *c, const char *name, size_t len,
    const struct cmd_unset *rows, size_t n)
{
	struct buf b;

	buf_init(&b, c->a, 128);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", rows[i].name);
		if (strlen(rows[i].name) != len ||
		    memcmp(rows[i].name, name, len) != 0)
			continue;
		if (rows[i].text != NULL)
			*rows[i].text = rows[i].to;
		else if (rows[i].number != NULL)
			*rows[i].number = 0;
		else
			*rows[i].flag = 0;
		return CMD_OK;
	}
	return cmd_refuse("--unset takes %s; not %.*s", b.data, (int)len, name);
}

int
cmd_unset(struct cmd *c, const char *names, const struct cmd_unset *rows,
    size_t n)
{
	char *list = arena_str(c->a, names == NULL ? "" : names);
	const char *w = list;
	int rc = CMD_OK;
	size_t len;

	for (char *p = list; *p != '\0'; p++)
		if (*p == ',')
			*p = ' ';
	for (; rc == CMD_OK && words_next(&w, &len); w += len)
		rc = unset_one(c, w, len, rows, n);
	return rc;
}

/* The verb's own options are read later, by cmd_options. */
void
cmd_options_common(struct cmd *c)
{
	for (int i = 1; i < c->argc; i++) {
		if (strcmp(c->argv[i], "--") == 0)
			return;
		if (strcmp(c->argv[i], "--json") == 0)
			c->json = 1;
		else if (strcmp(c->argv[i], "--conf") == 0 &&
		    i + 1 < c->argc)
			c->conf_path = c->argv[++i];
		else if (strncmp(c->argv[i], "--conf=", 7) == 0)
			c->conf_path = c->argv[i] + 7;
	}
}

char *
cmd_read_file(struct arena *a, const char *path, size_t max)
{
	const int is_input = strcmp(path, "-") == 0;
	FILE *f = is_input ? stdin : fopen(path, "re");
	char *text = arena_alloc(a, max + 2);
	size_t n = 0;
	int failed;

	if (f != NULL)
		n = fread(text, 1, max + 1, f);
	failed = f == NULL || ferror(f);
	if (f != NULL && !is_input)
		fclose(f);
	text[n] = '\0';
	if (failed)
		cmd_refuse("%s: %s", path, strerror(errno));
	else if (n > max)
		cmd_refuse("%s has more than %zu bytes", path, max);
	else if (strlen(text) != n)
		cmd_refuse("%s is no text", path);
	return failed || n > max || strlen(text) != n ? NULL : text;
}
