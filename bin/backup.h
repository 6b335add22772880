/* backup.h: what a backup of a site is made of: carnet backup and restore. */
#ifndef CARNET_BACKUP_H
#define CARNET_BACKUP_H

#include "cmd.h"
#include "tar.h"

/* Its members, in this order; the last has a line for each other one. */
#define BACKUP_CONF "carnet.conf"
#define BACKUP_KEYS "keys/"
#define BACKUP_TEMPLATES "templates/"
#define BACKUP_DATABASE "carnet.db"
#define BACKUP_MANIFEST "MANIFEST"

/*
 * backup_write(c, out, name):
 * Write configuration, keys, templates of the site's own and the database, as they
 * are now, to the open file out, which messages call name.  c->conf and c->st are
 * read and open.  Return CMD_OK; else another of its kind, after a message.
 */
int backup_write(struct cmd *c, int out, const char *name);

/*
 * backup_line(a, d, name):
 * Return the line of the MANIFEST for a member with that SHA-256, as sha256sum
 * writes and checks it.
 */
const char *backup_line(
    struct arena *a, const struct digest *d, const char *name);

#endif
