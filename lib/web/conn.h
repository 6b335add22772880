/* conn.h: where a request comes from, and where its answer goes. */
#ifndef CARNET_CONN_H
#define CARNET_CONN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fcgi.h"

struct task;

/* A web server's connection, or, with fd -1, a plain CGI program's own. */
struct conn {
	int fd;
	enum {
		CONN_READS,	/* the request is not complete */
		CONN_IS_READY,	/* it is, or will be refused without its body */
		CONN_RUNS,	/* a task has it */
		CONN_WRITES,	/* the answer, to one who reads slowly */
		CONN_DRAINS,	/* what comes is thrown away */
		CONN_IS_OVER,
	} state;
	struct fcgi f;
	char **env;
	size_t at;		/* so much of the body was read */
	size_t left;		/* of a CGI body: no more may be read */
	int64_t until_ms;	/* then the patience with this state ends */
	int is_late;		/* the body did not come in time */
	int is_gone;		/* the server is; the loop looks no more */
	int is_watched;		/* the loop looks for its events */
	struct bytes out;
	size_t sent, drained;
	const char *id;		/* of the request, for the log */
	struct task *task;
	struct conn *older, *newer;
};

/* The whole of a request, however it trickles in. */
#define CONN_READ_MS 30000
/* An answer that is not taken; and what is read behind a refusal. */
#define CONN_WRITE_MS 60000
#define CONN_DRAIN_MS 2000
#define CONN_DRAIN_MAX (1024 * 1024)

/* conn_now_ms(): of a clock that is never set. */
int64_t conn_now_ms(void);

/*
 * conn_input(c, wanted):
 * Read what has come, without waiting, and set the state.  wanted(env) tells how
 * many bytes of a body the request with these variables is to wait for.
 */
void conn_input(struct conn *c, size_t (*wanted)(char **env));

/* conn_output(c): send what is left of the answer, without waiting. */
void conn_output(struct conn *c);

/* conn_answer(c, data, len): that is the whole answer; what can be sent is. */
void conn_answer(struct conn *c, const char *data, size_t len);

/* conn_log(c, line): a line for the web server's log. */
void conn_log(void *c, const char *line);

/*
 * conn_expect(c, n): no more than so many bytes of a plain CGI body are read.
 * conn_read(c, out, size): of the body; how many bytes, 0 or less at its end.  A
 * plain CGI program waits for them, no longer than until c->until_ms.
 */
void conn_expect(struct conn *c, size_t n);
ssize_t conn_read(struct conn *c, char *out, size_t size);

/*
 * conn_drain(c): a plain CGI program reads what is left, for a while.  Its input
 * may be the socket that its answer goes to (mod_cgid): closed with input unread,
 * that one is reset, and the web server loses the answer.
 */
void conn_drain(struct conn *c);

/* conn_free(c): close it, and wipe what it has. */
void conn_free(struct conn *c);

#endif
