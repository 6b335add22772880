/*
 * sector.h: apps of several hosts that call a user the same: their list of redirect URIs
 * (sector_identifier_uri, OpenID Connect Registration section 5).
 *
 * A program that answers a request has no network.  So a client that names a list is
 * registered with the list's URL as its sector; the courier reads the list when somebody
 * who is signed in comes with the client; and if the list has all its redirect URIs, the
 * sector becomes the URL's host.  Before that nobody is sent to the client.
 */
#ifndef CARNET_SECTOR_H
#define CARNET_SECTOR_H

struct client;
struct got;
struct job;
struct oerr;
struct req;
struct store;
struct writer;

#define FETCH_SECTOR "sector" /* the kind of the courier's job */
#define SECTOR_BYTES_MAX (16 * 1024)

/* sector_is_url(sector): 1 if it is the URL of a list that was not read; NULL is none. */
int sector_is_url(const char *sector);

/*
 * sector_keep(had, new):
 * The client had becomes new: if the sector of new is a URL on the host that is had's
 * sector, and the redirect URIs are the same, new has that sector too.
 */
void sector_keep(const struct client *had, struct client *new);

/*
 * sector_find(rq, cl, is_signed_in, is_there):
 * The sector of cl is a URL.  If its list was read, and has the redirect URIs of cl, set
 * the sector to the host, and *is_there to 1.  If not, set *is_there to 0; then the list
 * is fetched, if somebody is signed in.  Return NULL; or an error for the person at the
 * browser: the list could not be read, or lacks a redirect URI.
 */
const struct oerr *sector_find(
    struct req *rq, struct client *cl, int is_signed_in, int *is_there);

/*
 * sector_take(w, st, j, g, why):
 * The courier fetched the list of the job j: hold it against the redirect URIs, and end
 * the job.  Return 1, and to *why what is wrong (NULL: nothing); or -1 on a database
 * error, logged.
 */
int sector_take(const struct writer *w, struct store *st, const struct job *j,
    const struct got *g, const char **why);

#endif
