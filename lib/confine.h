/* confine.h: a program is shut into what its configuration names. */
#ifndef CARNET_CONFINE_H
#define CARNET_CONFINE_H

struct conf;
struct confined;

/*
 * confine_files(cf):
 * From now on the process opens files of cf alone: reads in the directories of
 * the file itself, the keys and the templates, reads and writes in those of the
 * database and the audit trail.  For good.
 * Return what it may open; NULL if nothing was done, as the kernel cannot or one
 * of them is not there.
 */
struct confined *confine_files(const struct conf *cf);

/*
 * confined_from(c, cf):
 * Return the first directory that cf needs and c does not have, as long as c
 * lives; NULL if there is none, or c is NULL.
 */
const char *confined_from(struct confined *c, const struct conf *cf);

/* confined_free(c): NULL is fine.  The process stays confined. */
void confined_free(struct confined *c);

#endif
