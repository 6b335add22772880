/* discovery.h: the metadata of this server: RFC 8414 and RFC 9728. */
#ifndef CARNET_DISCOVERY_H
#define CARNET_DISCOVERY_H

struct arena;
struct buf;
struct conf;

/*
 * The names under /.well-known: RFC 8414 section 3, OpenID Connect Discovery section 4,
 * RFC 9728 section 3.
 */
#define DISCOVERY_SERVER "oauth-authorization-server"
#define DISCOVERY_OPENID "openid-configuration"
#define DISCOVERY_RESOURCE "oauth-protected-resource"

/*
 * discovery_server(cf, a, algs):
 * Return the JSON document of the authorization server (RFC 8414 section 2,
 * OpenID Connect Discovery section 3: one document for both).  It is made from the
 * tables that the programs themselves use.  algs has the algorithms that there are
 * keys of (keys_algs).
 */
const struct buf *discovery_server(
    const struct conf *cf, struct arena *a, unsigned algs);

/*
 * discovery_resource(cf, a, no):
 * Return that of a protected resource (RFC 9728 section 2): of the resource of
 * [guard] with that number, from 1; 0: of the issuer, whose resources are carnet's
 * own and those of rules without the word resource.
 */
const struct buf *discovery_resource(
    const struct conf *cf, struct arena *a, unsigned no);

/*
 * discovery_resource_path(cf, no):
 * Return the path, decoded, that stands behind the name in the document's URL (RFC
 * 9728 section 3.1): the prefix of the resource's first rule, whatever host the
 * resource names, so that a challenge leads to this server.  "": none.
 */
const char *discovery_resource_path(const struct conf *cf, unsigned no);

/* discovery_resource_url(cf, a, no): the URL of that document. */
const char *discovery_resource_url(
    const struct conf *cf, struct arena *a, unsigned no);

/*
 * discovery_resource_find(cf, a, path, no):
 * Put to *no the resource whose document has that path, decoded, in its URL, with or
 * without a slash at its end.  It is the issuer's path, or nothing if the web server
 * took that as part of the program's own; the prefix of a resource's first rule; or
 * the path of a resource's URI: a client that starts with a URI on another host of
 * the same server looks there.  Return 1; 0 if there is none.
 */
int discovery_resource_find(
    const struct conf *cf, struct arena *a, const char *path, unsigned *no);

#endif
