/* fcgi.h: FastCGI 1.0, one request after the other on a connection's bytes. */
#ifndef CARNET_FCGI_H
#define CARNET_FCGI_H

#include <stddef.h>
#include <stdint.h>

enum { FCGI_RESPONDER = 1, FCGI_AUTHORIZER = 2, FCGI_FILTER = 3 };

/* Bytes that grow, and are wiped wherever they are let go. */
struct bytes {
	char *data;
	size_t len, size;
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_free(struct bytes *b);

/* One request, as far as it has come. */
struct fcgi {
	uint8_t head[8], begin[8];	/* of the record at hand */
	size_t head_len, begin_len, content, padding;
	unsigned id, role;	/* id 0: no request has begun */
	int keeps;		/* the connection stays open after it */
	int has_params, has_body; /* the stream came to its end */
	struct bytes params, body;
	size_t body_max;	/* what comes after it is thrown away */
};

/*
 * fcgi_feed(f, data, len, used):
 * Take in bytes that came, and put to *used how many.  Return FCGI_MORE if all
 * were; FCGI_HEAD if the request's parameters are complete, once: body_max may
 * be set then, and the rest be fed; FCGI_BROKEN if this is no FastCGI, or the
 * server gave the request up.
 */
enum { FCGI_BROKEN = -1, FCGI_MORE, FCGI_HEAD };
int fcgi_feed(struct fcgi *f, const uint8_t *data, size_t len, size_t *used);

/*
 * fcgi_env(f):
 * Return the parameters as "NAME=value", ended by NULL, in one block that
 * fcgi_env_free wipes and frees; NULL if they are malformed.
 */
char **fcgi_env(const struct fcgi *f);
void fcgi_env_free(char **env);

/* fcgi_log(f, out, line): a line for the web server's log is added to out. */
void fcgi_log(const struct fcgi *f, struct bytes *out, const char *line);

/* fcgi_answer(f, out, data, len): the whole answer, and the request's end. */
void fcgi_answer(
    const struct fcgi *f, struct bytes *out, const char *data, size_t len);

/* fcgi_reset(f): forget the request; the next one may come. */
void fcgi_reset(struct fcgi *f);

#endif
