/*
 * fuzz.h: what every fuzz target includes.  A target states its rules by
 * assert().
 */
#ifndef CARNET_FUZZ_H
#define CARNET_FUZZ_H

#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "log.h"
#include "oerr.h"
#include "process.h"
#include "req.h"

#define NOW INT64_C(1700000000)
#define CONF                              \
	"issuer = https://auth.example\n" \
	"[scopes]\n"                      \
	"read-posts = Read posts\n"       \
	"write-posts = Write posts\n"     \
	"admin = privileged: Delete posts\n"

/*
 * The target, with one input.  libFuzzer calls it, and has the main function.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines of the log are checked and thrown away. */
static inline void
fuzz_no_log(void *ctx, const char *line)
{
	(void)ctx;
	assert(strpbrk(line, "\r\n\x1b") == NULL);
}

static inline struct conf *
fuzz_conf(const char *text)
{
	char error[512];

	return conf_parse(
	    text, "/etc/carnet/carnet.conf", error, sizeof(error));
}

/* The input up to the first separator, as a string; the rest stays in *data. */
static inline char *
fuzz_split(struct arena *a, const uint8_t **data, size_t *size, char separator)
{
	const uint8_t *end =
	    *size == 0 ? NULL : memchr(*data, separator, *size);
	size_t n = end == NULL ? *size : (size_t)(end - *data);
	char *text = arena_dup(a, *data, n);

	*data += end == NULL ? n : n + 1;
	*size -= end == NULL ? n : n + 1;
	return text;
}

/* A request to an endpoint that does nothing, and its arena. */
struct fuzz_site {
	struct endpoint ep;
	struct process pr;
	struct req rq;
	struct buf headers;
	char *env[8];
};

static inline struct req *
fuzz_request(struct fuzz_site *s, struct arena *a, const char *variable)
{
	memset(&s->rq, 0, sizeof(s->rq));
	s->env[0] = variable == NULL ? NULL : arena_str(a, variable);
	s->env[1] = NULL;
	s->pr.ep = &s->ep;
	if (s->pr.conf == NULL)
		s->pr.conf = fuzz_conf(CONF);
	assert(s->pr.conf != NULL);
	log_to(fuzz_no_log, NULL);
	s->rq.pr = &s->pr;
	s->rq.ep = &s->ep;
	s->rq.conf = s->pr.conf;
	s->rq.st = s->pr.st;
	s->rq.a = a;
	s->rq.now = NOW;
	s->rq.env = s->env;
	s->rq.script = s->rq.path = "";
	buf_init(&s->headers, a, 256);
	s->rq.headers = &s->headers;
	return &s->rq;
}

#endif
