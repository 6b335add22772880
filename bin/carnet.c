/* carnet.c: the administrator's command: its verbs are a table. */
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

#define WORD_MAX 64 /* of what the audit trail says of a command */
#define WORDS_MAX 400

/* Who reports a fault is asked for it. */
static int
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

static const struct verb verbs[] = {
	{ "install", "[--issuer URL] [--data DIR] [--alg A] [--now] [--force]",
	    "make what is missing: configuration (which has database and keys"
	    " in DIR), database, keys, the password client and the personal"
	    " client; secrets are printed once",
	    cmd_install, 1, 0 },
	{ "user add",
	    "EMAIL [--name N] [--login L] [--scope \"...\"]"
	    " [--password-stdin]",
	    "add a user; without --scope they may have the user_scopes setting",
	    cmd_user_add, 0, 0 },
	{ "user passwd", "USER [--password-stdin]", "set a user's password",
	    cmd_user_passwd, 0, 0 },
	{ "user edit",
	    "USER [--email E] [--login L] [--name N] [--scope \"...\"]"
	    " [--unset NAME[,NAME...]]",
	    "change a user, named by e-mail address, user name or id; --unset"
	    " takes away login, name or scope (which is then user_scopes)",
	    cmd_user_edit, 0, 0 },
	{ "user disable", "USER [--revoke]",
	    "refuse a user and all their tokens; --revoke ends these for good",
	    cmd_user_disable, 0, 0 },
	{ "user enable", "USER", "take a disabled user back",
	    cmd_user_enable, 0, 0 },
	{ "user list", "", "list the users", cmd_user_list, 0, 1 },
	{ "user show", "USER", "show one user", cmd_user_show, 0, 1 },
	{ "user export", "[USER | --hashes]",
	    "print all users, one a line of JSON (--hashes: with their password"
	    " hashes, to be taken elsewhere), or all that is stored of one",
	    cmd_user_export, 0, 1 },
	{ "user delete", "USER",
	    "erase a user with all that is theirs; in the audit trail their id"
	    " stands for their name", cmd_user_delete, 0, 0 },
	{ "client add",
	    "--name N --grant G[,G...] [--redirect-uri U]... [--scope \"...\"]"
	    " [--public] [--alg A] [--access-ttl T] [--refresh-ttl T]"
	    " [--refresh keep|rotate]",
	    "add a client; its secret is printed once", cmd_client_add, 0, 0 },
	{ "client edit",
	    "CLIENT_ID [--name N] [--grant G[,G...]] [--redirect-uri U]..."
	    " [--scope \"...\"] [--public] [--alg A] [--access-ttl T]"
	    " [--refresh-ttl T] [--refresh keep|rotate] [--unset NAME[,NAME...]]",
	    "change a client; --unset takes an option back to the setting;"
	    " --public ends its secret", cmd_client_edit, 0, 0 },
	{ "client list", "", "list the clients", cmd_client_list, 0, 1 },
	{ "client show", "CLIENT_ID", "show one client", cmd_client_show, 0, 1 },
	{ "client secret", "CLIENT_ID",
	    "give a client a new secret; the old one is dead",
	    cmd_client_secret, 0, 0 },
	{ "client revoke", "CLIENT_ID",
	    "refuse a client and all its tokens, for ever",
	    cmd_client_revoke, 0, 0 },
	{ "client delete", "CLIENT_ID",
	    "delete a client and all that it holds, for ever",
	    cmd_client_delete, 0, 0 },
	{ "keys generate", "[--alg A] [--bits N] [--force]",
	    "make a signing key; with --force in place of the one that is"
	    " there, whose tokens are then refused", cmd_keys_generate, 0, 0 },
	{ "keys rotate", "[--alg A] [--bits N] [--now]",
	    "make a new key (--alg: other than the one that signs as a rule):"
	    " it is published, and signs in five minutes, or --now; the old one"
	    " still verifies", cmd_keys_rotate, 0, 0 },
	{ "keys retire", "[--force] KID",
	    "delete an old key: with --force one whose tokens live, and they"
	    " are refused from now on",
	    cmd_keys_retire, 0, 0 },
	{ "keys list", "", "list the keys", cmd_keys_list, 0, 1 },
	{ "token list", "[--user USER] [--client CLIENT_ID]",
	    "list the tokens; never the text of one", cmd_token_list, 0, 1 },
	{ "token revoke", "[--user USER] [--client CLIENT_ID] [--all] [ID...]",
	    "revoke tokens by id, or all that a user or client holds, with"
	    " unspent codes; a user is signed out", cmd_token_revoke, 0, 0 },
	{ "metadata", "[--resource | --write DIR]",
	    "print the metadata of the server (RFC 8414), or of what it guards"
	    " (RFC 9728); or write both to DIR/.well-known, for a host where"
	    " that cannot be a program", cmd_metadata, 1, 1 },
	{ "purge", "",
	    "delete what has expired, and tokens that were revoked a day ago,"
	    " in small batches; print how many rows of each table",
	    cmd_purge, 0, 0 },
	{ "backup", "FILE|-",
	    "write configuration, keys and database to a new file (- is"
	    " standard output), a tar archive, while the site is served",
	    cmd_backup, 1, 0 },
	{ "restore", "[FILE] [--accept]",
	    "put a backup in place, while the site is served; what was revoked"
	    " since it was made is not known: --accept revokes all tokens and"
	    " sessions of a database that was put back", cmd_restore, 1, 0 },
	{ "log",
	    "[REQUEST-ID] [--user USER] [--client CLIENT_ID] [--address A]"
	    " [--event NAME] [--outcome O] [--since T] [--follow]",
	    "print the audit trail, or of it one request, or what a user or"
	    " client did or came from an address, or ended in one way (ok, or"
	    " an error's code), or what is no older than T (10m, 2h, 30d);"
	    " --follow goes on until it is stopped", cmd_log, 0, 1 },
	{ "doctor", "[URL]",
	    "tell what is wrong with this installation, and with the site at"
	    " URL, and the cure; exit 1 if anything is", cmd_doctor, 1, 1 },
	{ "completion", "SHELL",
	    "print what completes the words of this command in that shell: bash or"
	    " zsh",
	    cmd_completion, 1, 1 },
	{ "version", "", "print the version of this command", cmd_version, 1, 1 },
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

const struct verb *
cmd_verbs(size_t *n)
{
	*n = N_VERBS;
	return verbs;
}

/* The last that was said, for the audit trail. */
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
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(verbs[i].name, c->verb) == 0)
			fprintf(stderr, "usage: carnet %s%s%s\n", verbs[i].name,
			    *verbs[i].args == '\0' ? "" : " ", verbs[i].args);
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

/* Is --help among the words behind the verb?  It wants no configuration. */
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
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strncmp(verbs[i].name, prefix, strlen(prefix)) != 0)
			continue;
		fprintf(to, "carnet %s%s%s\n    %s\n", verbs[i].name,
		    *verbs[i].args == '\0' ? "" : " ", verbs[i].args,
		    verbs[i].help);
		n++;
	}
	if (*prefix == '\0')
		fputs("carnet help [VERB]\n    this text\n", to);
	return n;
}

/* No verb is called so: name those that begin with its first word. */
static int
no_verb(const char *first, const char *both)
{
	const size_t len = strlen(first);
	int n = 0;

	if (*first == '-') {
		fprintf(stderr,
		    "carnet: options stand behind the verb:"
		    " carnet VERB %s ...; see carnet help\n",
		    first);
		return CMD_USAGE;
	}
	for (size_t i = 0; i < N_VERBS; i++) {
		if (strncmp(verbs[i].name, first, len) != 0 ||
		    verbs[i].name[len] != ' ')
			continue;
		fprintf(stderr,
		    n++ == 0 ? "carnet: no verb %s: say %s" : "%.0s, %s", both,
		    verbs[i].name);
	}
	if (n == 0)
		fprintf(stderr, "carnet: no verb %s; see carnet help", first);
	fputc('\n', stderr);
	return CMD_USAGE;
}

/* The words behind the verb.  One as long as a secret is not shown. */
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

/* What an administrator did, or was refused, is in the audit trail too. */
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

/* Read the configuration; one that is not there has a cure. */
static int
read_conf(struct cmd *c)
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

	if ((rc = read_conf(c)) != CMD_OK ||
	    (rc = cmd_become_owner(c)) != CMD_OK)
		return rc;
	c->st = open(c->conf->database, 1);
	return c->st == NULL ? CMD_SYSTEM : CMD_OK;
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
	for (size_t i = 0; i < N_VERBS; i++) {
		words = strchr(verbs[i].name, ' ') != NULL ? 2 : 1;
		if (strcmp(verbs[i].name, words == 2 ? two : argv[1]) != 0)
			continue;
		c.argc = argc - words;
		c.argv = argv + words;
		rc = run(&c, &verbs[i]);
		arena_free(c.a);
		return rc;
	}
	arena_free(c.a);
	return no_verb(argv[1], argc > 2 ? two : argv[1]);
}
