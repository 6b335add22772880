/* serve.h: a program serves its endpoint. */
#ifndef CARNET_SERVE_H
#define CARNET_SERVE_H

struct endpoint;

/*
 * serve(ep):
 * Serve requests: one, when started as a plain CGI program; as FastCGI until
 * SIGTERM, and then the requests at hand are finished.  Return main's result.
 */
int serve(const struct endpoint *ep);

#endif
