/*
 * document.h: clients whose id is the URL of what they say of themselves
 * (draft-ietf-oauth-client-id-metadata-document).
 */
#ifndef CARNET_DOCUMENT_H
#define CARNET_DOCUMENT_H

struct arena;
struct client;
struct conf;
struct got;
struct job;
struct oerr;
struct req;
struct store;
struct writer;

#define FETCH_DOCUMENT "document" /* the kind of the courier's job */
#define DOCUMENT_BYTES_MAX (5 * 1024)

/* document_is_url(client_id): Return 1 if it is the URL of a document, or wants to be. */
int document_is_url(const char *client_id);

/*
 * document_url_refused(cf, a, url):
 * Why url is no client_id that is taken here: the draft's section 3, and the setting
 * client_documents_hosts.  NULL: it is one.  The sentence lives as long as a.
 */
const char *document_url_refused(
    const struct conf *cf, struct arena *a, const char *url);

enum document {
	DOCUMENT_NONE,		/* there is no such client */
	DOCUMENT_READ,		/* it is there */
	DOCUMENT_SIGN_IN,	/* it is fetched for somebody who is signed in */
	DOCUMENT_WAIT,		/* the courier fetches it */
};

/*
 * document_find(rq, url, is_signed_in, is_decided, out, state):
 * Find the client that the document at url describes.  A document that is unknown, or that
 * was read too long ago, is fetched by the courier, if somebody is signed in: a stranger
 * makes us fetch nothing.  If is_decided is set, the document that the user has seen will
 * do.  Put what there is to *state, and of DOCUMENT_READ the client to *out.  Return
 * NULL; or an error for the person at the browser: the URL is none, or the document could
 * not be read, and why.
 */
const struct oerr *document_find(struct req *rq, const char *url,
    int is_signed_in, int is_decided, struct client *out,
    enum document *state);

/*
 * document_known(rq, url, out):
 * Find the client that the document at url describes, as it was last read; nothing is
 * fetched.  Return 1; 0 if there is none, or if the settings do not let it in; -1 on a
 * database error, logged.
 */
int document_known(struct req *rq, const char *url, struct client *out);

/*
 * document_merge(cf, a, had, new):
 * The client had has a new document, read into new: give new what the operator set for
 * had, and its number.  Return NULL, or the sentence that says why it cannot be.
 */
const char *document_merge(const struct conf *cf, struct arena *a,
    const struct client *had, struct client *new);

/*
 * document_take(w, st, j, g, why):
 * The courier fetched the document of the job j: store it, if it is one, and end the job.
 * Return 1, and to *why why it is not stored (NULL: it is); or -1 on a database error,
 * logged.
 */
int document_take(const struct writer *w, struct store *st,
    const struct job *j, const struct got *g, const char **why);

#endif
