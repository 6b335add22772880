/* cmd.h: functions and types that the verbs of the command share. */
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

/* What a verb returns; it is the exit status of the command. */
enum { CMD_OK = 0, CMD_REFUSED = 1, CMD_USAGE = 2, CMD_SYSTEM = 111 };

struct cmd {
	const char *verb;
	const char *conf_path;
	int conf_named;		/* by --conf or $CARNET_CONF */
	/* Read and opened before a verb that is not bare; freed after it. */
	struct conf *conf;
	struct store *st;
	struct arena *a;
	int64_t now;
	int json;		/* print for programs */
	int is_erased;		/* the user was erased: the trail has no name */
	const char *about;	/* e-mails of the users it changes, or NULL */
	int argc;		/* the verb's last word, and more */
	char **argv;
};

/* A verb: one row serves to run it, for help, and for completion. */
struct verb {
	const char *name, *args, *help;
	int (*run)(struct cmd *);
	int bare; /* runs without a configuration and database */
	int reads; /* changes nothing */
};

extern const struct verb cmd_verbs[];
extern const size_t cmd_n_verbs;

/* A verb's option.  Either value or flag is not NULL. */
struct cmd_opt {
	const char *name;	/* without its "--" */
	const char **value;	/* "--name VALUE"; more are added as words */
	int *flag;		/* "--name" */
};

/*
 * cmd_options(c, opts, n, operands):
 * Read the options of a verb; cmd_options_common has read the common ones.
 * Return the number of operands and put them to *operands; return -1, after a
 * message, if an option is wrong.
 */
int cmd_options(
    struct cmd *c, const struct cmd_opt *opts, size_t n, char ***operands);

/* A name for --unset: a text, which is set to "to"; a number or flag, set to 0. */
struct cmd_unset {
	const char *name;
	const char **text, *to;
	int64_t *number;
	int *flag;
};

/*
 * cmd_unset(c, names, rows, n):
 * Unset each of names, which is a list with spaces or commas, or NULL.  Return
 * CMD_OK, or CMD_REFUSED after a message.
 */
int cmd_unset(struct cmd *c, const char *names, const struct cmd_unset *rows,
    size_t n);

/* cmd_options_common(c): read --json and --conf, anywhere after the verb. */
void cmd_options_common(struct cmd *c);

/* cmd_refuse(fmt, ...): print the reason to standard error; CMD_REFUSED. */
int cmd_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* cmd_usage(c): print the usage of the verb; return CMD_USAGE. */
int cmd_usage(const struct cmd *c);

/*
 * cmd_read_file(a, path, max):
 * Return what is in the file (- is standard input), a text of at most max bytes; NULL
 * after a message.
 */
char *cmd_read_file(struct arena *a, const char *path, size_t max);

/* cmd_print(b): print b and a newline; return CMD_OK or CMD_SYSTEM. */
int cmd_print(const struct buf *b);

/*
 * cmd_print_rows(c, heading, b):
 * Print the rows in b: lines with tabs between the fields.  On a terminal,
 * print heading (NULL: none) first, and align the columns; else, and for JSON,
 * print b unchanged.  Return CMD_OK or CMD_SYSTEM.
 */
int cmd_print_rows(struct cmd *c, const char *heading, const struct buf *b);

/*
 * cmd_print_list(c, heading, page):
 * Do the whole work of a verb without options that prints a list, as rows (see
 * cmd_print_rows) or as a JSON array.  page adds the rows after the id *after
 * to b and puts the last id to *after.  It returns 1 if there may be more rows,
 * 0 if not, -1 on a database error, logged.
 */
int cmd_print_list(struct cmd *c, const char *heading,
    int (*page)(struct cmd *c, struct buf *b, int64_t *after));

/* cmd_is_terminal(c): return 1 if the output is text for a terminal. */
int cmd_is_terminal(const struct cmd *c);

/*
 * cmd_time(text, out):
 * Read a lifetime, in seconds or with a unit as in the configuration, to *out
 * in seconds; NULL gives 0.  Return 0, or -1 after a message.
 */
int cmd_time(const char *text, int64_t *out);

/* cmd_date(a, t): return t (Unix seconds) as a date and time in UTC. */
const char *cmd_date(struct arena *a, int64_t t);

/* cmd_scope(c, words): 0 if all are scopes; -1 after a message. */
int cmd_scope(struct cmd *c, const char *words);

/*
 * cmd_find_user(c, name, out):
 * Find a user by e-mail address, user name or id.  A name that is the id of one
 * user and the user name of another is refused.  Return CMD_OK, and have the
 * audit trail name the user; or another exit status, after a message.
 */
int cmd_find_user(struct cmd *c, const char *name, struct user *out);

/*
 * cmd_take_identity(c, email, login, name, out):
 * Put each one that is not NULL to out, in the form that is stored.  Return
 * CMD_OK, or CMD_REFUSED after a message.
 */
int cmd_take_identity(struct cmd *c, const char *email, const char *login,
    const char *name, struct user *out);

/*
 * cmd_take_user(c, opts, n, out):
 * Read the options, and find the user that the only operand names.  Return
 * CMD_OK, or another exit status after a message.
 */
int cmd_take_user(
    struct cmd *c, const struct cmd_opt *opts, size_t n, struct user *out);

/*
 * cmd_say_user(c, u, what):
 * Print what was done; return CMD_OK or CMD_SYSTEM.
 */
int cmd_say_user(struct cmd *c, const struct user *u, const char *what);

/*
 * cmd_seek_user(c, name, out):
 * Do as cmd_find_user, but print no message.  Return CMD_OK; CMD_REFUSED if
 * there is no user; CMD_USAGE if name means two users; or CMD_SYSTEM.
 */
int cmd_seek_user(struct cmd *c, const char *name, struct user *out);

/* cmd_text(what, text): 0 if text is a line of UTF-8; -1 after a message. */
int cmd_text(const char *what, const char *text);

/*
 * cmd_become_owner(c):
 * If the process is root, become the owner of the database for good (of its
 * directory, if there is no database yet).  The programs could not read a key
 * or a database that root made.  c->conf must be read.  Return CMD_OK, or
 * CMD_SYSTEM after a message.
 */
int cmd_become_owner(struct cmd *c);

/* cmd_read_conf(c): read the configuration; CMD_OK, or CMD_REFUSED after a message. */
int cmd_read_conf(struct cmd *c);

/*
 * cmd_begin(c):
 * Read the configuration, become the owner of the database, and open it.  This
 * is done for each verb that is not bare.  Return CMD_OK, or another exit
 * status after a message.
 */
int cmd_begin(struct cmd *c);

/*
 * cmd_begin_put_back(c):
 * Do as cmd_begin, but accept a database that is a restored older copy.
 */
int cmd_begin_put_back(struct cmd *c);

/*
 * cmd_make_places(c):
 * Make the directories of database and state if they are missing, and become
 * the owner of the data.  Return CMD_OK, or another exit status after a
 * message.
 */
int cmd_make_places(struct cmd *c);

/* cmd_give_away(fd, path): as root, give the file to its directory's owner. */
void cmd_give_away(int fd, const char *path);

/*
 * cmd_revoke_all(c, w): revoke all tokens of w, in one transaction for each
 * batch; return CMD_OK or CMD_SYSTEM.
 */
int cmd_revoke_all(struct cmd *c, struct walk *w);

/* cmd_write_user(b, u): append the members of a user's JSON object. */
void cmd_write_user(struct buf *b, const struct user *u);

/*
 * cmd_write_factors(c, b, user): append the user's second factors to a JSON object.
 * cmd_list_factors(c, b, user): the same as lines for people.
 * Return 0 or more; -1 on a database error.
 */
int cmd_write_factors(struct cmd *c, struct buf *b, int64_t user);
int cmd_list_factors(struct cmd *c, struct buf *b, int64_t user);

/*
 * cmd_pause(since):
 * Wait as long as the time since then (CLOCK_MONOTONIC), so that others can
 * write.
 */
void cmd_pause(const struct timespec *since);

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
int cmd_user_invite(struct cmd *c);
int cmd_user_reset(struct cmd *c);
int cmd_user_import(struct cmd *c);
int cmd_user_export(struct cmd *c);
int cmd_import_passport(struct cmd *c);
int cmd_import_status(struct cmd *c);
int cmd_import_finish(struct cmd *c);
int cmd_user_reset_factor(struct cmd *c);
int cmd_client_add(struct cmd *c);
int cmd_client_list(struct cmd *c);
int cmd_client_show(struct cmd *c);
int cmd_client_secret(struct cmd *c);
int cmd_client_revoke(struct cmd *c);
int cmd_client_edit(struct cmd *c);
int cmd_client_delete(struct cmd *c);
int cmd_client_ticket(struct cmd *c);
int cmd_client_pin(struct cmd *c);
int cmd_keys_generate(struct cmd *c);
int cmd_keys_rotate(struct cmd *c);
int cmd_keys_retire(struct cmd *c);
int cmd_keys_import(struct cmd *c);
int cmd_keys_login(struct cmd *c);
int cmd_keys_list(struct cmd *c);
int cmd_token_list(struct cmd *c);
int cmd_token_revoke(struct cmd *c);
int cmd_metadata(struct cmd *c);
int cmd_database_copy(struct cmd *c);
int cmd_purge(struct cmd *c);
int cmd_courier(struct cmd *c);
int cmd_backup(struct cmd *c);
int cmd_restore(struct cmd *c);
int cmd_log(struct cmd *c);
int cmd_doctor(struct cmd *c);
int cmd_completion(struct cmd *c);

#endif
