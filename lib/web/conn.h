/* conn.h: a connection: a request comes from it, the answer goes to it. */
#ifndef CARNET_CONN_H
#define CARNET_CONN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fcgi.h"

struct task;

/* A connection of a web server; with fd -1, standard input and output (CGI). */
struct conn {
	int fd;
	enum {
		CONN_READS,	/* the request is not complete */
		CONN_IS_READY,	/* it is complete, or needs no body to be refused */
		CONN_RUNS,	/* a task works on it */
		CONN_WRITES,	/* the web server reads the answer slowly */
		CONN_DRAINS,	/* what comes is read and dropped */
		CONN_IS_OVER,
	} state;
	struct fcgi f;
	char **env;
	size_t at;		/* bytes of the body that were read */
	size_t left;		/* bytes of a CGI body that may still be read */
	int64_t until_ms;	/* the state ends then at the latest */
	int is_late;		/* the body did not come in time */
	int is_gone;		/* the web server closed it; no events come */
	int is_watched;		/* the loop waits for its events */
	int is_kept;		/* it stays open after its requests */
	int has_yielded;	/* the loop let others accept after it */
	uint32_t events;	/* that the loop waits for */
	struct bytes out;
	const int *along;	/* conn_answer: NULL, or a descriptor that goes along */
	size_t sent, drained;
	const char *id;		/* the request's, for the log */
	struct task *task;
	struct conn *older, *newer;
};

/* The time for a whole request, however slowly it comes. */
#define CONN_READ_MS 30000
/* The time for an answer to be read; for draining, and how many bytes. */
#define CONN_WRITE_MS 60000
#define CONN_DRAIN_MS 2000
#define CONN_DRAIN_MAX (1024 * 1024)

/* conn_now_ms(): milliseconds of a clock that nobody sets. */
int64_t conn_now_ms(void);

/*
 * conn_input(c, wanted):
 * Read what has come, without waiting, and set the state.  wanted(env) returns how
 * many bytes of a body a request with this environment waits for.
 */
void conn_input(struct conn *c, size_t (*wanted)(char **env));

/* conn_output(c): send more of the answer, without waiting. */
void conn_output(struct conn *c);

/*
 * conn_answer(c, data, len): send the whole answer; what must wait is sent later.  With
 * its first byte goes the descriptor c->along, if the connection is a Unix socket and
 * takes that byte at once.
 */
void conn_answer(struct conn *c, const char *data, size_t len);

/* conn_log(c, line): send a line to the web server's log. */
void conn_log(void *c, const char *line);

/*
 * conn_expect(c, n): a plain CGI body has n bytes; no more are read.
 * conn_read(c, out, size): read some of the body.  Return how many bytes; 0 or less
 * at its end.  A plain CGI program waits for them, until c->until_ms at most.
 */
void conn_expect(struct conn *c, size_t n);
ssize_t conn_read(struct conn *c, char *out, size_t size);

/*
 * conn_drain(c):
 * A plain CGI program reads what is left of the body, for a while.  Its input may
 * be the socket that its answer goes to (mod_cgid): if that socket is closed with
 * unread input, it is reset, and the web server loses the answer.
 */
void conn_drain(struct conn *c);

/* conn_free(c): close the connection, and wipe and free its memory. */
void conn_free(struct conn *c);

#endif
