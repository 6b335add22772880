/* loop.h: the connections of a FastCGI program, none of which holds it up. */
#ifndef CARNET_LOOP_H
#define CARNET_LOOP_H

#include <stddef.h>

struct conn;

struct served {
	/* How much of a body is a request with these variables to wait for? */
	size_t (*wanted)(char **env);
	/* Answer the request by conn_answer; 1, or 0 if a task has it now. */
	int (*serve)(struct conn *c, void *ctx);
	/* A task may go on: go on with it, until it waits or has answered. */
	void (*resume)(struct conn *c, void *ctx);
	/* One request was served: time for what keeps nobody waiting. */
	void (*rest)(void *ctx);
	void *ctx;
};

/*
 * loop_run(s):
 * Serve what comes on the socket that is standard input until SIGTERM or SIGINT,
 * after which what has begun is answered.
 */
void loop_run(const struct served *s);

#endif
