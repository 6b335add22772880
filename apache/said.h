/* said.h: what a client says of itself, and what the guard is told about it. */
#ifndef CARNET_MODULE_SAID_H
#define CARNET_MODULE_SAID_H

#include <httpd.h>

/*
 * said_hides(r):
 * Return 1 if the header Connection names one that the guard or mod_carnet sets:
 * mod_proxy would not hand it on.
 */
int said_hides(request_rec *r);

/*
 * said_remove(headers):
 * Remove the headers that say who calls, however they are spelt; and those that
 * some programs believe of the method or the path.
 */
void said_remove(apr_table_t *headers);

/*
 * said_begin():
 * Find mod_ssl, when all modules are loaded: it knows the certificate of a client.
 */
void said_begin(void);

/* said_params(r): the parameters of a question to the guard about r. */
apr_table_t *said_params(request_rec *r);

#endif
