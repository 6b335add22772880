/* client_metadata_int.h: for client_metadata.c and client_metadata_said.c alone. */
#ifndef CARNET_CLIENT_METADATA_INT_H
#define CARNET_CLIENT_METADATA_INT_H

struct arena;
struct json_object;

/* What was sent; NULL: not sent. */
struct said {
	const char *name, *method, *scope, *grants, *types, *redirects;
	const char *jwks, *jwks_uri;
	const char *id_token_alg, *userinfo_alg, *subject, *sector_uri;
	const char *post_logout, *backchannel;
	const char *client_uri, *logo_uri, *tos_uri, *policy_uri;
	const char *contacts, *software_id, *software_version;
};

/*
 * metadata_read(a, o, s, error):
 * Read the members of the object o into s, whose strings live as long as a.  A member
 * that is null is left out (RFC 7592 section 2.2), and so is one that is empty.  Return
 * NULL; or the sentence that says which is malformed, and to *error METADATA_BAD_URI if it
 * is redirect_uris.
 */
const char *metadata_read(struct arena *a, struct json_object *o,
    struct said *s, const char **error);

/*
 * metadata_repeat(a, s, method):
 * Return the members of s that are only repeated, and how the client authenticates (NULL:
 * that is known from elsewhere), as a JSON object.
 */
const char *metadata_repeat(
    struct arena *a, const struct said *s, const char *method);

#endif
