/* remote.h: the address that a request came from. */
#ifndef CARNET_REMOTE_H
#define CARNET_REMOTE_H

struct req;

/*
 * remote_address(rq):
 * Return the address of the client.  It is the one that the web server tells; if
 * that is in trusted_proxies, it is taken from X-Forwarded-For.  "" if the web
 * server tells none.
 */
const char *remote_address(struct req *rq);

#endif
