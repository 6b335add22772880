/* backup.h: the parts of a backup, for carnet backup and carnet restore. */
#ifndef CARNET_BACKUP_H
#define CARNET_BACKUP_H

#include "cmd.h"
#include "tar.h"

/* The members of the archive, in this order.  MANIFEST lists the others. */
#define BACKUP_CONF "carnet.conf"
#define BACKUP_KEYS "keys/"
#define BACKUP_TEMPLATES "templates/"
#define BACKUP_DATABASE "carnet.db"
#define BACKUP_MANIFEST "MANIFEST"

/*
 * backup_write(c, out, name):
 * Write the configuration, the keys, the site's own templates and the database
 * to the open file out; messages call it name.  c->conf is read and c->st is
 * open.  Return CMD_OK, or another exit status after a message.
 */
int backup_write(struct cmd *c, int out, const char *name);

/*
 * backup_line(a, d, name):
 * Return the line of the MANIFEST for the member name with the SHA-256 d, in
 * the format of sha256sum.
 */
const char *backup_line(
    struct arena *a, const struct digest *d, const char *name);

#endif
