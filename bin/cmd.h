/* cmd.h: what the verbs of the command share. */
#ifndef CARNET_CMD_H
#define CARNET_CMD_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct conf;
struct walk;
struct store;
struct timespec;
struct user;

/* What a verb returns, and the command exits with. */
enum { CMD_OK = 0, CMD_REFUSED = 1, CMD_USAGE = 2, CMD_SYSTEM = 111 };

struct cmd {
	const char *verb;
	const char *conf_path;
	int conf_named;		/* by --conf or $CARNET_CONF */
	/* Read and opened before the verb runs, but for install; freed after. */
	struct conf *conf;
	struct store *st;
	struct arena *a;
	int64_t now;
	int json;		/* print for programs */
	int is_erased;		/* whom it was about; the trail does not name them */
	const char *about;	/* e-mail addresses of whom the verb is about, or NULL */
	int argc;		/* what is behind the verb */
	char **argv;
};

/* A verb: a row of the table that dispatches, helps and completes. */
struct verb {
	const char *name, *args, *help;
	int (*run)(struct cmd *);
	int bare; /* runs without a configuration and database */
	int reads; /* changes nothing */
};

extern const struct verb cmd_verbs[];
extern const size_t cmd_n_verbs;

/* A verb's option; one of the two members takes its value. */
struct cmd_opt {
	const char *name;	/* without its "--" */
	const char **value;	/* "--name VALUE"; given again, words add up */
	int *flag;		/* "--name" */
};

/*
 * cmd_options(c, opts, n, operands):
 * Read the options; those that every verb takes were read before.  Return the
 * number of operands, which then begin at *operands; -1, after a message, if
 * the words are off.
 */
int cmd_options(
    struct cmd *c, const struct cmd_opt *opts, size_t n, char ***operands);

/* What --unset may name: a text, which becomes to, or a number, which becomes 0. */
struct cmd_unset {
	const char *name;
	const char **text, *to;
	int64_t *number;
};

/*
 * cmd_unset(c, names, rows, n):
 * Take back what names (words or a list with commas; NULL: none) says.  Return
 * CMD_OK, or CMD_REFUSED after a message.
 */
int cmd_unset(struct cmd *c, const char *names, const struct cmd_unset *rows,
    size_t n);

/* cmd_options_common(c): read the options of every verb, in any place. */
void cmd_options_common(struct cmd *c);

/* cmd_refuse(fmt, ...): say why not on standard error; return CMD_REFUSED. */
int cmd_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* cmd_usage(c): say how the verb is used; return CMD_USAGE. */
int cmd_usage(const struct cmd *c);

/* cmd_print(b): print what is in b, and a newline; return CMD_OK or _SYSTEM. */
int cmd_print(const struct buf *b);

/*
 * cmd_print_rows(c, heading, b):
 * Print the rows in b: lines, whose fields have tabs between, as those of heading
 * have.  On a terminal the heading (NULL: none) is printed above, and the
 * columns are aligned.  Else the rows are printed as they are, and so is JSON.
 * Return CMD_OK or _SYSTEM.
 */
int cmd_print_rows(struct cmd *c, const char *heading, const struct buf *b);

/*
 * cmd_print_list(c, heading, page):
 * The whole of a verb without options: print a list, as cmd_print_rows does,
 * or as a JSON array. page adds the next rows to b, those behind the id
 * *after, and puts the id of the last to *after; it returns 1 if there may be
 * more, 0 if not, -1 on a database error, logged.
 */
int cmd_print_list(struct cmd *c, const char *heading,
    int (*page)(struct cmd *c, struct buf *b, int64_t *after));

/* cmd_is_terminal(c): are lists for people, who want a heading? */
int cmd_is_terminal(const struct cmd *c);

/*
 * cmd_time(text, out):
 * Read a lifetime in seconds, or with a unit as in the configuration; NULL is 0.
 * Return 0, or -1 after a message.
 */
int cmd_time(const char *text, int64_t *out);

/* cmd_date(a, t): a time as people read it, in UTC. */
const char *cmd_date(struct arena *a, int64_t t);

/* cmd_scope(c, words): 0 if all are scopes; -1 after a message. */
int cmd_scope(struct cmd *c, const char *words);

/*
 * cmd_find_user(c, name, out):
 * Find the user whom the operator means: by e-mail address, user name or id.
 * Return CMD_OK, and the audit trail will say whom; or what to exit with, after a
 * message.  A word that is the id of one and the user name of another is refused.
 */
int cmd_find_user(struct cmd *c, const char *name, struct user *out);

/*
 * cmd_take_identity(c, email, login, name, out):
 * Put those that are given (not NULL) to out in the form that is stored.  Return
 * CMD_OK, or CMD_REFUSED after a message.
 */
int cmd_take_identity(struct cmd *c, const char *email, const char *login,
    const char *name, struct user *out);

/*
 * cmd_take_user(c, opts, n, out):
 * Read the options, and find the user whom the only operand names.  Return CMD_OK,
 * or what to exit with, after a message.
 */
int cmd_take_user(
    struct cmd *c, const struct cmd_opt *opts, size_t n, struct user *out);

/* cmd_say_user(c, u, what): print what was done with u; return CMD_OK or _SYSTEM. */
int cmd_say_user(struct cmd *c, const struct user *u, const char *what);

/*
 * cmd_seek_user(c, name, out): the same without a word: CMD_OK, CMD_REFUSED if there
 * is none, CMD_USAGE if name means two, CMD_SYSTEM.
 */
int cmd_seek_user(struct cmd *c, const char *name, struct user *out);

/* cmd_text(what, text): 0 if text is a line of UTF-8; -1 after a message. */
int cmd_text(const char *what, const char *text);

/*
 * cmd_become_owner(c):
 * If we are root, go on as the owner of the database (of its directory, if it is
 * not there yet) for good: a key or a database that only root can read ends the
 * service.  c->conf is read before.  Return CMD_OK, or CMD_SYSTEM after a message.
 */
int cmd_become_owner(struct cmd *c);

/*
 * cmd_begin(c):
 * Read the configuration, become the owner of the database, and open it, as is
 * done for each verb that is not bare.  Return CMD_OK, or another after a message.
 */
int cmd_begin(struct cmd *c);

/*
 * cmd_begin_put_back(c):
 * The same, with a database that may be older than what was answered.
 */
int cmd_begin_put_back(struct cmd *c);

/*
 * cmd_make_places(c):
 * Make the directories of database and state where they are missing, and become
 * the owner of the data.  Return CMD_OK, or another after a message.
 */
int cmd_make_places(struct cmd *c);

/* cmd_give_away(fd, path): if we are root, a new file is for its directory's owner. */
void cmd_give_away(int fd, const char *path);

/*
 * cmd_revoke_all(c, w): revoke all tokens of w, a batch a transaction; CMD_OK,
 * or CMD_SYSTEM.
 */
int cmd_revoke_all(struct cmd *c, struct walk *w);

/* cmd_write_user(b, u): the members of the user, within an object. */
void cmd_write_user(struct buf *b, const struct user *u);

/* cmd_rest(since): let others write, for as long as it is since. */
void cmd_rest(const struct timespec *since);

int cmd_version(struct cmd *c);
int cmd_install(struct cmd *c);
int cmd_user_add(struct cmd *c);
int cmd_user_passwd(struct cmd *c);
int cmd_user_disable(struct cmd *c);
int cmd_user_enable(struct cmd *c);
int cmd_user_list(struct cmd *c);
int cmd_user_show(struct cmd *c);
int cmd_user_edit(struct cmd *c);
int cmd_user_delete(struct cmd *c);
int cmd_user_export(struct cmd *c);
int cmd_client_add(struct cmd *c);
int cmd_client_list(struct cmd *c);
int cmd_client_show(struct cmd *c);
int cmd_client_secret(struct cmd *c);
int cmd_client_revoke(struct cmd *c);
int cmd_client_edit(struct cmd *c);
int cmd_client_delete(struct cmd *c);
int cmd_keys_generate(struct cmd *c);
int cmd_keys_rotate(struct cmd *c);
int cmd_keys_retire(struct cmd *c);
int cmd_keys_list(struct cmd *c);
int cmd_token_list(struct cmd *c);
int cmd_token_revoke(struct cmd *c);
int cmd_metadata(struct cmd *c);
int cmd_purge(struct cmd *c);
int cmd_backup(struct cmd *c);
int cmd_restore(struct cmd *c);
int cmd_log(struct cmd *c);
int cmd_doctor(struct cmd *c);
int cmd_completion(struct cmd *c);

#endif
