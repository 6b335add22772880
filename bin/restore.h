/* restore.h: a backup on its way into place: carnet restore. */
#ifndef CARNET_RESTORE_H
#define CARNET_RESTORE_H

#include "buf.h"
#include "cmd.h"

struct restore {
	struct cmd *c;
	const char *name;	/* of the archive, for messages */
	int in;
	const char *stage;	/* a new directory beside the database */
	struct buf sums;	/* what the MANIFEST should say */
	const char *conf_text;	/* the configuration in the archive */
	const char *before;	/* the backup of what was there, or NULL */
	int other_conf;		/* the one in place is another, and stays */
	int is_old;		/* the database waits for --accept */
};

/*
 * restore_take(r):
 * Read the archive r->in, make the places that its configuration (or the one in
 * place) names, and lay its files down in r->stage.  Nothing else is changed but a
 * configuration that was not there.  Return CMD_OK if all is whole and the database
 * one of ours, brought up to date; another after a message.
 */
int restore_take(struct restore *r);

/* restore_drop(r): delete r->stage and what is left in it. */
void restore_drop(struct restore *r);

/* restore_failed(path): say what errno says of path; return CMD_SYSTEM. */
int restore_failed(const char *path);

#endif
