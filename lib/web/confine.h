/* confine.h: a program is shut into what its configuration names. */
#ifndef CARNET_CONFINE_H
#define CARNET_CONFINE_H

struct conf;
struct confined;
struct endpoint;

/*
 * confine_uses(ep, cf): what the program uses under cf: USES_... of req.h.
 *
 * confine_needs_porter(cf, uses):
 * Is there something below the directory of the file itself that it does not use:
 * the private keys, the database or the audit trail?  Then it must not read there,
 * and needs a porter for the file.
 *
 * confine_files(cf, uses, has_porter):
 * From now on the process opens files of cf alone: reads in the directory of the
 * file itself, if it has no porter, and, each if uses says so, in those of the keys
 * and the templates; reads and writes in those of the database, the state and the
 * audit trail.  For good.
 * Return what it may open; NULL if nothing was done, as the kernel cannot or one
 * of them is not there.
 */
unsigned confine_uses(const struct endpoint *ep, const struct conf *cf);
int confine_needs_porter(const struct conf *cf, unsigned uses);
struct confined *confine_files(
    const struct conf *cf, unsigned uses, int has_porter);

/*
 * confined_from(c, cf, uses):
 * Return the first directory that cf needs, for uses, and c does not have, as long as c
 * lives; NULL if there is none, or c is NULL.
 */
const char *confined_from(
    struct confined *c, const struct conf *cf, unsigned uses);

/* confined_free(c): NULL is fine.  The process stays confined. */
void confined_free(struct confined *c);

#endif
