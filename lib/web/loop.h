/* loop.h: all connections of a FastCGI program; it waits for none of them. */
#ifndef CARNET_LOOP_H
#define CARNET_LOOP_H

#include <stddef.h>

struct conn;

struct served {
	/* Return how many bytes of a body a request with this env waits for. */
	size_t (*wanted)(char **env);
	/* Answer by conn_answer: return 1; or 0 if a task will answer later. */
	int (*serve)(struct conn *c, void *ctx);
	/* The task of c may go on: run it until it waits again or has answered. */
	void (*resume)(struct conn *c, void *ctx);
	/* A request was served: do work for which nobody waits. */
	void (*idle)(void *ctx);
	void *ctx;
};

/*
 * loop_run(s):
 * Serve the connections of the socket that is standard input, until SIGTERM or
 * SIGINT.  The requests that have begun by then are answered.
 */
void loop_run(const struct served *s);

#endif
