/* app.h: what well-known programs need of their client (carnet client add --app). */
#ifndef CARNET_APP_H
#define CARNET_APP_H

#include <stddef.h>

#include "registration.h"

struct buf;
struct client;
struct cmd;

/*
 * A program that signs its users in here.  The URIs are words: a path, which stands
 * below the program's own address; "." is that address itself; anything else is a
 * whole URI.
 */
struct app {
	const char *name;	/* as --app takes it */
	const char *title;	/* the client's name, if --name says none */
	const char *redirect, *post_logout, *backchannel; /* words, or NULL */
	struct registration r;	/* the rest; what was typed counts more */
	const char *where;	/* where the lines belong */
	const char *lines;	/* with @NAME@ in place of values */
	const char *note;	/* what else is needed, or NULL */
};

extern const struct app app_table[];
extern const size_t app_table_n;

/* One of them, as the command line names it. */
struct app_use {
	const char *name, *url;	/* of --app and --url, or NULL */
	const struct app *app;	/* app_apply finds it; NULL: there is no --app */
};

/* app_list(c): print the table; return CMD_OK or CMD_SYSTEM. */
int app_list(struct cmd *c);

/*
 * app_apply(c, use, r):
 * Find the app of use, and put to r what it needs and what r does not say yet.
 * Return CMD_OK, or CMD_REFUSED after a message.
 */
int app_apply(struct cmd *c, struct app_use *use, struct registration *r);

/*
 * app_write(c, use, cl, secret, b):
 * Append the lines for the program's configuration to b: as text, or as members of the
 * open JSON object.  Without an app it appends nothing.  secret may be NULL.
 */
void app_write(struct cmd *c, const struct app_use *use,
    const struct client *cl, const char *secret, struct buf *b);

#endif
