/* counted.h: a worker of nginx gets the file that counts changes from the guard. */
#ifndef CARNET_NGINX_COUNTED_H
#define CARNET_NGINX_COUNTED_H

#include <ngx_config.h>
#include <ngx_core.h>

#include "memory.h"

/*
 * counted_ask(m, path, log):
 * Ask the guard at that Unix socket for the file, once a second at most.  It goes to m
 * as soon as it comes; this does not wait.
 */
void counted_ask(struct memory *m, const ngx_str_t *path, ngx_log_t *log);

#endif
