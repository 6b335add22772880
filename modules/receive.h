/* receive.h: bytes from a socket, and a file that comes along. */
#ifndef CARNET_MODULES_RECEIVE_H
#define CARNET_MODULES_RECEIVE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * receive(fd, out, size, file):
 * As recv(2), without waiting.  If a file comes along, put its descriptor to *file, in
 * place of one that is there, which is closed; -1: none.
 */
ssize_t receive(int fd, void *out, size_t size, int *file);

#endif
