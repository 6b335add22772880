/* completion.c: carnet completion: completes the command's words in a shell. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"

/*
 * The parts of a script in which the shells differ; case is the same in both.
 */
struct shell {
	const char *name;
	const char *begin;	/* sets at: the index of the word; one, two, last */
	const char *end;	/* completes to $list, or to files */
};

static const struct shell shells[] = {
	{ .name = "bash",
	    .begin =
		"# Completion of carnet for bash: printed by carnet completion"
		" bash.\n"
		"_carnet()\n"
		"{\n"
		"\tlocal at=$COMP_CWORD one=${COMP_WORDS[1]-}"
		" two=${COMP_WORDS[2]-} list=\n"
		"\tlocal last=${COMP_WORDS[COMP_CWORD-1]}\n",
	    .end = "\tif [ \"$list\" = FILES ]; then\n"
		"\t\tCOMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
		"\telse\n"
		"\t\tCOMPREPLY=($(compgen -W \"$list\" --"
		" \"${COMP_WORDS[COMP_CWORD]}\"))\n"
		"\tfi\n"
		"}\n"
		"complete -F _carnet carnet" },
	{ .name = "zsh",
	    .begin =
		"#compdef carnet\n"
		"# Completion of carnet for zsh: printed by carnet completion"
		" zsh.\n"
		"_carnet()\n"
		"{\n"
		"\tlocal at=$((CURRENT - 1)) one=${words[2]} two=${words[3]}"
		" list=\n"
		"\tlocal last=${words[CURRENT-1]}\n",
	    .end = "\tif [ \"$list\" = FILES ]; then\n"
		"\t\t_files\n"
		"\telse\n"
		"\t\tcompadd -- ${=list}\n"
		"\tfi\n"
		"}\n"
		"_carnet \"$@\"" },
};

/* The values of options that have few. */
#define OPTION_WORDS \
    "\t--alg) list='ES256 RS256 PS256 EdDSA' ;;\n" \
    "\t--grant) list='authorization_code client_credentials device_code" \
    " introspect password refresh_token' ;;\n" \
    "\t--format) list='jsonl csv' ;;\n" \
    "\t--conf|--write) list=FILES ;;\n"

/* Is row i the first with its first word, of len bytes? */
static int
is_first(const struct verb *v, size_t i, size_t len)
{
	for (size_t k = 0; k < i; k++)
		if (strcspn(v[k].name, " ") == len &&
		    memcmp(v[k].name, v[i].name, len) == 0)
			return 0;
	return 1;
}

/* Write the first words, without repetition; help is not in the table. */
static void
write_first_words(struct buf *b, const struct verb *v, size_t n)
{
	size_t len;

	buf_str(b, "\tcase $at:$one in\n\t1:*) list='help");
	for (size_t i = 0; i < n; i++)
		if (is_first(v, i, len = strcspn(v[i].name, " ")))
			buf_printf(b, " %.*s", (int)len, v[i].name);
	buf_str(b, "' ;;\n\t2:help) list='");
	for (size_t i = 0, any = 0; i < n; i++)
		if (is_first(v, i, len = strcspn(v[i].name, " ")))
			buf_printf(b, "%s%.*s", any++ > 0 ? " " : "", (int)len,
			    v[i].name);
	buf_str(b, "' ;;\n\t2:completion) list='bash zsh' ;;\n");
}

/* Write the second words of the verbs that have two. */
static void
write_second_words(struct buf *b, const struct verb *v, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i++) {
		len = strcspn(v[i].name, " ");
		if (v[i].name[len] == '\0' || !is_first(v, i, len))
			continue;
		buf_printf(b, "\t2:%.*s) list='", (int)len, v[i].name);
		for (size_t k = i, any = 0; k < n; k++)
			if (strncmp(v[k].name, v[i].name, len + 1) == 0)
				buf_printf(b, "%s%s", any++ > 0 ? " " : "",
				    v[k].name + len + 1);
		buf_str(b, "' ;;\n");
	}
}

/* Write the options in each verb's usage, and those of every verb. */
static void
write_options(struct buf *b, const struct verb *v, size_t n)
{
	const char *p;
	size_t len;

	buf_str(b, "\t*) case \"$one $two\" in\n");
	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "\t\t'%s%s) list='", v[i].name,
		    strchr(v[i].name, ' ') == NULL ? " '*" : "'");
		for (p = v[i].args; (p = strstr(p, "--")) != NULL; p += len) {
			len = 2 + strspn(p + 2, "abcdefghijklmnopqrstuvwxyz-");
			buf_printf(b, "%.*s ", (int)len, p);
		}
		buf_str(b, "--conf --json --help' ;;\n");
	}
	buf_str(b, "\t\tesac ;;\n\tesac\n");
}

int
cmd_completion(struct cmd *c)
{
	const struct verb *v = cmd_verbs;
	const size_t n_verbs = cmd_n_verbs;
	const struct shell *sh = NULL;
	struct buf b;
	char **operand;
	int n;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, operand[0]) == 0)
			sh = &shells[i];
	if (sh == NULL)
		return cmd_usage(c);
	buf_init(&b, c->a, 8192);
	buf_str(&b, sh->begin);
	write_first_words(&b, v, n_verbs);
	write_second_words(&b, v, n_verbs);
	write_options(&b, v, n_verbs);
	buf_str(&b, "\tcase $last in\n" OPTION_WORDS "\tesac\n");
	buf_str(&b, sh->end);
	return cmd_print(&b);
}
