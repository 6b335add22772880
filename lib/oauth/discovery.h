/* discovery.h: the metadata of this server: RFC 8414 and RFC 9728. */
#ifndef CARNET_DISCOVERY_H
#define CARNET_DISCOVERY_H

struct arena;
struct buf;
struct conf;

/* The names under /.well-known: RFC 8414 section 3, RFC 9728 section 3. */
#define DISCOVERY_SERVER "oauth-authorization-server"
#define DISCOVERY_RESOURCE "oauth-protected-resource"

/*
 * discovery_server(cf, a), discovery_resource(cf, a):
 * Return the JSON document of the authorization server (RFC 8414 section 2), or of
 * the resources that it guards (RFC 9728 section 2).  In both the name is the issuer.
 * They are made from the tables that the programs themselves use.
 */
const struct buf *discovery_server(const struct conf *cf, struct arena *a);
const struct buf *discovery_resource(const struct conf *cf, struct arena *a);

#endif
