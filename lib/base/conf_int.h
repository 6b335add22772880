/* conf_int.h: the table of settings, for conf*.c alone. */
#ifndef CARNET_CONF_INT_H
#define CARNET_CONF_INT_H

#include "conf.h"

enum type {
	TYPE_TEXT,
	TYPE_PATH,	/* relative to the file */
	TYPE_URL,
	TYPE_LINK,	/* of a page or an e-mail address */
	TYPE_ORIGINS,
	TYPE_SCOPES,
	TYPE_HEADER,
	TYPE_REALM,	/* text without quotes */
	TYPE_COLOUR,	/* #rrggbb */
	TYPE_LOCAL,	/* a URL path on this host */
	TYPE_TIME,	/* seconds, or with a unit */
	TYPE_NUMBER,
	TYPE_NETS,	/* networks: words */
	TYPE_CHOICE,	/* two words: 0 and 1 */
};

/* A row of the table. */
struct setting {
	const char *section, *name;
	enum type type;
	size_t offset;
	const char *preset;	/* as it would stand in the file; NULL: unset */
	int64_t min, max;	/* of a time or number */
	const char *choice[2];
};

#define CONF_SETTINGS 45
extern const struct setting conf_settings[CONF_SETTINGS];

/* What one reading of a file knows. */
struct reading {
	struct conf *cf;
	const char *section;
	int line;
	char *error;
	size_t error_size;
	int set_on[CONF_SETTINGS];	/* the line that set it, or 0 */
	struct rule *rules;	/* as written, the last first */
};

/* conf_refuse(r, fmt, ...): say what is wrong on the line at hand; return -1. */
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

/* conf_data(cf): say where database, state and audit trail are, if cf does not. */
void conf_data(struct conf *cf);

#endif
