/* client_metadata.h: what a client says of itself (RFC 7591 section 2). */
#ifndef CARNET_CLIENT_METADATA_H
#define CARNET_CLIENT_METADATA_H

struct arena;
struct buf;
struct client;
struct conf;
struct json_object;

/* The errors of RFC 7591 section 3.2.2. */
#define METADATA_BAD_URI "invalid_redirect_uri"
#define METADATA_BAD "invalid_client_metadata"

/*
 * client_metadata_take(cf, a, o, cl, error):
 * Read the members of the object o into cl, which has nothing of a client yet, and check
 * them by the rules of registration.h.  The client gets code and refresh, and at most
 * the scopes of registration_scopes.  What it asks for beyond that, and members that this
 * server does not know, are left out, as section 2 allows.  Return NULL; or the sentence
 * that says what is wrong, which lives as long as a, and to *error one of the words
 * above.  cl->has_secret says whether it is to have a secret.
 */
const char *client_metadata_take(const struct conf *cf, struct arena *a,
    struct json_object *o, struct client *cl, const char **error);

/*
 * client_metadata_document(cf, a, url, text, cl):
 * The same for a document at url (draft-ietf-oauth-client-id-metadata-document section
 * 4): its client_id must be url, and it has no shared secret.
 */
const char *client_metadata_document(const struct conf *cf, struct arena *a,
    const char *url, const char *text, struct client *cl);

/*
 * client_metadata_write(b, cf, cl):
 * Append the members of cl to the object that is open in b, as client_metadata_take reads
 * them (section 3.2.1).
 */
void client_metadata_write(
    struct buf *b, const struct conf *cf, const struct client *cl);

#endif
