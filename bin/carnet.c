/* carnet.c: the administrator's command; verbs.c has its verbs. */
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "store.h"

#define WORD_MAX 64 /* a longer word is left out of the audit trail */
#define WORDS_MAX 400

/* Reports of faults should name the version. */
int
cmd_version(struct cmd *c)
{
	struct buf b;
	char **operand;
	int n;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	buf_init(&b, c->a, 64);
	buf_str(&b,
	    c->json ? "{\"version\":\"" CARNET_VERSION "\"}"
		    : "carnet " CARNET_VERSION);
	return cmd_print(&b);
}

/* The last message of cmd_refuse, for the audit trail. */
static char refusal[256];

int
cmd_refuse(const char *fmt, ...)
{
	va_list ap, again;

	fputs("carnet: ", stderr);
	va_start(ap, fmt);
	va_copy(again, ap);
	vfprintf(stderr, fmt, ap);
	vsnprintf(refusal, sizeof(refusal), fmt, again);
	va_end(again);
	va_end(ap);
	fputc('\n', stderr);
	return CMD_REFUSED;
}

int
cmd_usage(const struct cmd *c)
{
	const struct verb *v;

	for (size_t i = 0; i < cmd_n_verbs; i++) {
		v = &cmd_verbs[i];
		if (strcmp(v->name, c->verb) == 0)
			fprintf(stderr, "usage: carnet %s%s%s\n", v->name,
			    *v->args == '\0' ? "" : " ", v->args);
	}
	return CMD_USAGE;
}

int
cmd_print(const struct buf *b)
{
	if (fwrite(b->data, 1, b->len, stdout) != b->len ||
	    fputc('\n', stdout) == EOF || fflush(stdout) != 0) {
		cmd_refuse("standard output: %s", strerror(errno));
		return CMD_SYSTEM;
	}
	return CMD_OK;
}

int
cmd_time(const char *text, int64_t *out)
{
	*out = 0;
	if (text == NULL || (conf_time(text, out) == 0 && *out > 0))
		return 0;
	cmd_refuse("%s is no time: write 90, 30s, 10m, 2h or 30d", text);
	return -1;
}

const char *
cmd_date(struct arena *a, int64_t t)
{
	char text[32];
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL)
		return "?";
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &tm);
	return arena_str(a, text);
}

/* Is --help among the words after the verb?  It needs no configuration. */
static int
wants_help(const struct cmd *c)
{
	for (int i = 1; i < c->argc && strcmp(c->argv[i], "--") != 0; i++)
		if (strcmp(c->argv[i], "--help") == 0 ||
		    strcmp(c->argv[i], "-h") == 0)
			return 1;
	return 0;
}

/* Print the verbs whose name begins with prefix; return how many. */
static int
help(FILE *to, const char *prefix)
{
	int n = 0;

	if (*prefix == '\0')
		fputs("usage: carnet VERB [--conf FILE] [--json] ...\n\n", to);
	for (size_t i = 0; i < cmd_n_verbs; i++) {
		if (strncmp(cmd_verbs[i].name, prefix, strlen(prefix)) != 0)
			continue;
		fprintf(to, "carnet %s%s%s\n    %s\n", cmd_verbs[i].name,
		    *cmd_verbs[i].args == '\0' ? "" : " ", cmd_verbs[i].args,
		    cmd_verbs[i].help);
		n++;
	}
	if (*prefix == '\0')
		fputs("carnet help [VERB]\n    this text\n", to);
	return n;
}

/* Report an unknown verb, and name the verbs that have its first word. */
static int
no_verb(const char *first, const char *both)
{
	const size_t len = strlen(first);
	int n = 0;

	if (*first == '-') {
		fprintf(stderr,
		    "carnet: options come after the verb:"
		    " carnet VERB %s ...; see carnet help\n",
		    first);
		return CMD_USAGE;
	}
	for (size_t i = 0; i < cmd_n_verbs; i++) {
		if (strncmp(cmd_verbs[i].name, first, len) != 0 ||
		    cmd_verbs[i].name[len] != ' ')
			continue;
		fprintf(stderr,
		    n++ == 0 ? "carnet: no verb %s: say %s" : "%.0s, %s", both,
		    cmd_verbs[i].name);
	}
	if (n == 0)
		fprintf(stderr, "carnet: no verb %s; see carnet help", first);
	fputc('\n', stderr);
	return CMD_USAGE;
}

/* The verb and its words.  A word that may be a secret, by its length, is not
 * shown. */
static const char *
words_of(struct cmd *c)
{
	struct buf b;

	buf_init(&b, c->a, 256);
	buf_str(&b, c->verb);
	if (c->is_erased) {
		buf_printf(&b, " %s", c->about);
		return b.data;
	}
	for (int i = 1; i < c->argc && b.len < WORDS_MAX; i++)
		buf_printf(&b, " %s",
		    strlen(c->argv[i]) > WORD_MAX ? "..." : c->argv[i]);
	return b.data;
}

/* Add a line to the audit trail: the command, done or refused. */
static void
note(struct cmd *c, int rc)
{
	const char *who = getenv("SUDO_USER");
	struct timespec t;
	struct audit ev = {
		.event = "command",
		.outcome = rc == CMD_OK ? "ok" : "refused",
		.why = rc == CMD_OK ? NULL : refusal,
		.detail = words_of(c),
		.user = who != NULL ? who : getenv("LOGNAME"),
		.about = c->about,
	};

	clock_gettime(CLOCK_REALTIME, &t);
	ev.at = (int64_t)t.tv_sec;
	ev.at_us = (int)(t.tv_nsec / 1000);
	audit_write(c->conf->audit_log, c->conf->audit_size << 20,
	    c->conf->syslog, &ev);
}

/* Read the configuration; if it is missing, say how to make one. */
int
cmd_read_conf(struct cmd *c)
{
	char error[1024];

	if (access(c->conf_path, F_OK) < 0 && errno == ENOENT)
		return cmd_refuse("no configuration at %s: name it by --conf or"
				  " CARNET_CONF, or make a site by carnet"
				  " install --issuer URL",
		    c->conf_path);
	c->conf = conf_load(c->conf_path, error, sizeof(error));
	return c->conf == NULL ? cmd_refuse("%s", error) : CMD_OK;
}

static int
begin(struct cmd *c, struct store *(*open)(const char *, int))
{
	int rc;

	if ((rc = cmd_read_conf(c)) != CMD_OK ||
	    (rc = cmd_become_owner(c)) != CMD_OK)
		return rc;
	if ((c->st = open(c->conf->database, 1)) == NULL)
		return CMD_SYSTEM;
	store_set_outbox_max(c->st, c->conf->outbox_max);
	return CMD_OK;
}

int
cmd_begin(struct cmd *c)
{
	return begin(c, store_open);
}

int
cmd_begin_put_back(struct cmd *c)
{
	return begin(c, store_open_put_back);
}

static int
run(struct cmd *c, const struct verb *v)
{
	int rc = CMD_OK;

	c->verb = v->name;
	if (wants_help(c))
		return help(stdout, v->name) > 0 ? CMD_OK : CMD_SYSTEM;
	cmd_options_common(c);
	c->conf_named = c->conf_path != NULL || getenv("CARNET_CONF") != NULL;
	c->conf_path = conf_find(c->conf_path, "/proc/self/exe");
	if (!v->bare)
		rc = cmd_begin(c);
	if (rc == CMD_OK)
		rc = v->run(c);
	if ((rc == CMD_OK || rc == CMD_REFUSED) && !v->reads && c->conf != NULL)
		note(c, rc);
	store_close(c->st);
	conf_free(c->conf);
	return rc;
}

int
main(int argc, char **argv)
{
	struct cmd c = { .now = (int64_t)time(NULL) };
	char two[64];
	int words, rc = CMD_USAGE;

	umask(077);
	if (argc < 2) {
		help(stderr, "");
		return CMD_USAGE;
	}
	snprintf(two, sizeof(two), "%s %s", argv[1], argc > 2 ? argv[2] : "");
	if (strcmp(argv[1], "--version") == 0)
		argv[1] += 2;
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0) {
		if (argc > 3)
			snprintf(two, sizeof(two), "%s %s", argv[2], argv[3]);
		else
			snprintf(two, sizeof(two), "%s", argc > 2 ? argv[2] : "");
		return help(stdout, two) > 0 ? CMD_OK : no_verb(argv[2], two);
	}
	c.a = arena_new();
	for (size_t i = 0; i < cmd_n_verbs; i++) {
		words = strchr(cmd_verbs[i].name, ' ') != NULL ? 2 : 1;
		if (strcmp(cmd_verbs[i].name, words == 2 ? two : argv[1]) != 0)
			continue;
		c.argc = argc - words;
		c.argv = argv + words;
		rc = run(&c, &cmd_verbs[i]);
		arena_free(c.a);
		return rc;
	}
	arena_free(c.a);
	return no_verb(argv[1], argc > 2 ? two : argv[1]);
}
