/* conf_int.h: the table of settings, for conf*.c only. */
#ifndef CARNET_CONF_INT_H
#define CARNET_CONF_INT_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"

struct rule;

/* What a setting is: conf_type.c has a row for each. */
enum type {
	TYPE_TEXT,
	TYPE_SCOPES,	/* words, each a name of [scopes] */
	TYPE_PATH,	/* relative to the file */
	TYPE_DATABASE,	/* a path, or a URI of a server */
	TYPE_ISSUER,	/* a URL */
	TYPE_LINK,	/* of a page or an e-mail address */
	TYPE_PAGE,	/* a URL that browsers are sent to */
	TYPE_LOCAL,	/* a URL path on this host */
	TYPE_ORIGINS,	/* words */
	TYPE_NETS,	/* networks: words */
	TYPE_HOSTS,	/* words, each a host, perhaps with a port */
	TYPE_HEADER,
	TYPE_REALM,	/* text without quotes */
	TYPE_COLOUR,	/* #rrggbb */
	TYPE_ADDRESS,	/* of e-mail */
	TYPE_COMMAND,	/* words: the path of a program, and what it is given */
	TYPE_SMTP,	/* a URL of a mail server */
	TYPE_VERIFIER,	/* the address of a verifier */
	/* The members of these are int64_t. */
	TYPE_SECONDS,	/* a number, or with a unit */
	TYPE_NUMBER,
	/* The members of these are int. */
	TYPE_CHOICE,	/* one of a few words: its place among them */
	TYPE_BOOL,	/* no, yes */
};

#define CONF_WORDS_MAX 3

/* A row of the table. */
struct setting {
	const char *section;	/* NULL: before the first one */
	const char *name;
	enum type type;
	size_t at;		/* of its member in struct conf */
	const char *preset;	/* the default as the file would have it; NULL: unset */
	int64_t min, max;	/* the range of seconds or a number */
	const char *words[4];	/* of a choice: the words for 0, 1, ...; NULL */
};

extern const struct setting conf_settings[];
extern const size_t conf_n_settings;
#define CONF_SETTINGS_MAX 96

/* The state of reading one file. */
struct reading {
	struct conf *cf;
	const char *section;	/* NULL: none yet */
	int line;
	char *error;
	size_t error_size;
	int set_on[CONF_SETTINGS_MAX]; /* the line that set it, or 0 */
	struct rule *rules;	/* as written, the last one first */
};

/* conf_refuse(r, fmt, ...): say what is wrong on the current line; return -1. */
int conf_refuse(struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * conf_store(r, s, value):
 * Check the value of one setting, and put it to its member of the configuration.
 * Return 0, or -1 refused.
 */
int conf_store(
    struct reading *r, const struct setting *s, const char *value);

/* conf_beside(cf, path): path, if relative, from the directory of cf's file. */
const char *conf_beside(const struct conf *cf, const char *path);

/*
 * conf_is_issuer(url):
 * Return 1 if url is https, or http on this machine, without user, query or
 * fragment.
 */
int conf_is_issuer(const char *url);

/* conf_data(cf): say where database, state and audit trail are, if cf does not. */
void conf_data(struct conf *cf);

/*
 * conf_scope_add(r, name, value): take a line of [scopes]; 0, or -1.
 * conf_scope_built_in(cf): add the scopes of OpenID Connect, after the last line.
 * conf_scope_names(cf): the names of all scopes, as words.
 * conf_scope_check(r, s, words): is each word the name of a scope?  0, or -1.
 */
int conf_scope_add(struct reading *r, const char *name, const char *value);
void conf_scope_built_in(struct conf *cf);
const char *conf_scope_names(const struct conf *cf);
int conf_scope_check(
    struct reading *r, const struct setting *s, const char *words);

#endif
