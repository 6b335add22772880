/* serve.h: a program serves its endpoint. */
#ifndef CARNET_SERVE_H
#define CARNET_SERVE_H

struct endpoint;

/*
 * serve(ep):
 * Serve one request as a plain CGI program, or many as a FastCGI program, until
 * SIGTERM; requests that have begun by then are finished.  Return main's result.
 */
int serve(const struct endpoint *ep);

#endif
