/* confine.h: the sandbox leaves open only what the configuration names. */
#ifndef CARNET_CONFINE_H
#define CARNET_CONFINE_H

struct conf;
struct confined;
struct endpoint;

/*
 * confine_uses(ep, cf): what the program uses with cf: USES_... of req.h.
 *
 * confine_sockets(cf, uses): which it opens: enum sandbox_sockets.
 *
 * confine_needs_porter(cf):
 * Return 1 if the keys, the database or the audit trail is below the directory of
 * the configuration.  Then the site's other files are there too, for example the
 * programs or a web root: no program may read in that directory, and a porter opens
 * the file for it.
 *
 * confine_files(cf, uses, has_porter):
 * From now on, and for good, the process can open only what cf names.  It can read
 * in the directory of the configuration (unless it has a porter), of the keys and
 * of the templates; it can read and write in the directories of the database, the
 * state and the audit trail; each only if uses says so.  It can read the files by
 * which it connects to a database again.
 * Return what it may open; NULL if nothing was done, because the kernel cannot do
 * it or one of the directories does not exist.
 */
unsigned confine_uses(const struct endpoint *ep, const struct conf *cf);
int confine_sockets(const struct conf *cf, unsigned uses);
int confine_needs_porter(const struct conf *cf);
struct confined *confine_files(
    const struct conf *cf, unsigned uses, int has_porter);

/*
 * confined_from(c, cf, uses):
 * Return the first directory that cf needs for uses and c does not have; it lives
 * as long as c.  NULL if there is none, or if c is NULL.
 */
const char *confined_from(
    struct confined *c, const struct conf *cf, unsigned uses);

/* confined_free(c): NULL is fine.  The process stays confined. */
void confined_free(struct confined *c);

#endif
