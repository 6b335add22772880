/* fcgi.h: FastCGI 1.0, requests are read from bytes, answers are written as bytes. */
#ifndef CARNET_FCGI_H
#define CARNET_FCGI_H

#include <stddef.h>
#include <stdint.h>

enum { FCGI_RESPONDER = 1, FCGI_AUTHORIZER = 2, FCGI_FILTER = 3 };

/* A buffer that grows.  Its memory is wiped before it is freed. */
struct bytes {
	char *data;
	size_t len, size;
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_free(struct bytes *b);

/* One request, as much of it as has come. */
struct fcgi {
	uint8_t head[8], begin[8];	/* of the current record */
	size_t head_len, begin_len, content, padding;
	unsigned id, role;	/* id 0: no request has begun */
	int keeps;		/* the connection stays open after it */
	int has_params, has_body; /* they are complete */
	struct bytes params, body;
	size_t body_max;	/* bytes; what comes after them is dropped */
};

/*
 * fcgi_feed(f, data, len, used):
 * Take len bytes that came, or some of them: *used says how many.  Return FCGI_MORE
 * if it took them all; FCGI_HEAD, one time, when the parameters are complete: the
 * caller sets body_max and feeds the other bytes; FCGI_BROKEN if this is not
 * FastCGI, or the web server aborted the request.
 */
enum { FCGI_BROKEN = -1, FCGI_MORE, FCGI_HEAD };
int fcgi_feed(struct fcgi *f, const uint8_t *data, size_t len, size_t *used);

/*
 * fcgi_env(f):
 * Return the parameters as strings "NAME=value" with a NULL behind the last, in
 * one block that fcgi_env_free wipes and frees; NULL if they are malformed.
 */
char **fcgi_env(const struct fcgi *f);
void fcgi_env_free(char **env);

/* fcgi_log(f, out, line): add to out a line for the web server's log. */
void fcgi_log(const struct fcgi *f, struct bytes *out, const char *line);

/* fcgi_answer(f, out, data, len): add to out the whole answer and its end. */
void fcgi_answer(
    const struct fcgi *f, struct bytes *out, const char *data, size_t len);

/* fcgi_reset(f): wipe the request, so that the next one can come. */
void fcgi_reset(struct fcgi *f);

#endif
