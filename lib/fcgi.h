/* fcgi.h: a FastCGI request's end. */
#ifndef CARNET_FCGI_H
#define CARNET_FCGI_H

#include <fcgiapp.h>

/*
 * fcgi_end(fcgi):
 * Send what is left of the answer, and give the request back to libfcgi with
 * nothing of it left in memory: its parameters hold credentials, its buffers the
 * body and the tokens that were answered, and libfcgi frees them as they are.
 */
void fcgi_end(FCGX_Request *fcgi);

#endif
