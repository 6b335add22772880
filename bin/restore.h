/* restore.h: the state of carnet restore. */
#ifndef CARNET_RESTORE_H
#define CARNET_RESTORE_H

#include "buf.h"
#include "cmd.h"

struct restore {
	struct cmd *c;
	const char *name;	/* of the archive, for messages */
	int in;
	const char *stage;	/* a new directory beside the database */
	struct buf sums;	/* the expected text of the MANIFEST */
	const char *conf_text;	/* the configuration in the archive */
	const char *before;	/* the backup of the former site, or NULL */
	int other_conf;		/* the present one differs, and stays */
	int is_refused;		/* the database needs --accept */
};

/*
 * restore_take(r):
 * Read the archive r->in, make the directories that the configuration names,
 * and unpack the files into r->stage.  The archive's configuration is put in
 * place only if there is none; nothing else is changed.  Return CMD_OK if all
 * files are whole and the database is sound, and then it is of the present
 * version; another exit status after a message.
 */
int restore_take(struct restore *r);

/* restore_drop(r): delete r->stage and what is left in it. */
void restore_drop(struct restore *r);

/* restore_failed(path): print errno's text for path; return CMD_SYSTEM. */
int restore_failed(const char *path);

#endif
