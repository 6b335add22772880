/* remote.h: where a request came from. */
#ifndef CARNET_REMOTE_H
#define CARNET_REMOTE_H

struct req;

/*
 * remote_address(rq):
 * Return the address of who sent the request: the web server's word, unless that
 * is one of trusted_proxies, which says in X-Forwarded-For whom it stands for.
 * "" if the server does not tell.
 */
const char *remote_address(struct req *rq);

#endif
