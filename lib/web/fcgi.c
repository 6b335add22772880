/* fcgi.c: FastCGI 1.0, requests are read from bytes, answers are written as bytes. */
#include "fcgi.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX (256 * 1024) /* more than web servers accept from a client */
#define CONTENT_MAX 65535
#define KEEP_CONN 1

/* FastCGI 1.0 section 8. */
enum {
	BEGIN_REQUEST = 1, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT,
	STDERR, DATA, GET_VALUES, GET_VALUES_RESULT,
};

void
bytes_add(struct bytes *b, const void *data, size_t len)
{
	size_t size = b->size == 0 ? 4096 : b->size;
	char *more;

	while (size - b->len < len)
		size *= 2;
	if (size != b->size) {
		if ((more = malloc(size)) == NULL)
			err(111, "connection");
		if (b->len > 0) {
			memcpy(more, b->data, b->len);
			explicit_bzero(b->data, b->len);
		}
		free(b->data);
		b->data = more;
		b->size = size;
	}
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

void
bytes_free(struct bytes *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->len);
	free(b->data);
	*b = (struct bytes) { .data = NULL };
}

/* Section 3.3: a record's header. */
static void
add_record(struct bytes *out, int type, unsigned id, const void *data,
    size_t len)
{
	const uint8_t head[8] = { 1, (uint8_t)type, (uint8_t)(id >> 8),
		(uint8_t)id, (uint8_t)(len >> 8), (uint8_t)len, 0, 0 };

	bytes_add(out, head, sizeof(head));
	bytes_add(out, data, len);
}

void
fcgi_log(const struct fcgi *f, struct bytes *out, const char *line)
{
	char text[1100];
	size_t len = strnlen(line, sizeof(text) - 1);

	memcpy(text, line, len);
	text[len] = '\n';
	add_record(out, STDERR, f->id, text, len + 1);
}

void
fcgi_answer(
    const struct fcgi *f, struct bytes *out, const char *data, size_t len)
{
	static const uint8_t end[8]; /* status 0, FCGI_REQUEST_COMPLETE */
	size_t n;

	for (; len > 0; data += n, len -= n) {
		n = len < CONTENT_MAX ? len : CONTENT_MAX;
		add_record(out, STDOUT, f->id, data, n);
	}
	add_record(out, STDOUT, f->id, NULL, 0);
	add_record(out, END_REQUEST, f->id, end, sizeof(end));
}

/* Is the current record part of the current request? */
static int
is_ours(const struct fcgi *f)
{
	return f->id != 0 &&
	    (unsigned)(f->head[2] << 8 | f->head[3]) == f->id;
}

/* The header of a record is complete: check it. */
static int
begin_record(struct fcgi *f)
{
	const unsigned id = (unsigned)(f->head[2] << 8 | f->head[3]);

	f->content = (size_t)(f->head[4] << 8 | f->head[5]);
	f->padding = f->head[6];
	if (f->head[0] != 1)
		return FCGI_BROKEN;
	switch (f->head[1]) {
	case BEGIN_REQUEST: /* one request at a time: not multiplexed */
		f->begin_len = 0;
		return f->id == 0 && id != 0 && f->content == 8 ? FCGI_MORE
								: FCGI_BROKEN;
	case ABORT_REQUEST:
		return is_ours(f) ? FCGI_BROKEN : FCGI_MORE;
	case PARAMS:
		return is_ours(f) && f->has_params ? FCGI_BROKEN : FCGI_MORE;
	default:
		return FCGI_MORE;
	}
}

/* Take n bytes of a record's content. */
static int
take(struct fcgi *f, const uint8_t *data, size_t n)
{
	struct bytes *b = &f->body;

	switch (f->head[1]) {
	case BEGIN_REQUEST:
		memcpy(f->begin + f->begin_len, data, n);
		f->begin_len += n;
		break;
	case PARAMS:
		if (!is_ours(f))
			break;
		if (n > PARAMS_MAX - f->params.len)
			return FCGI_BROKEN;
		bytes_add(&f->params, data, n);
		break;
	case STDIN:
		if (!is_ours(f) || f->has_body || b->len >= f->body_max)
			break;
		bytes_add(b, data,
		    n < f->body_max - b->len ? n : f->body_max - b->len);
		break;
	default:
		break;
	}
	return FCGI_MORE;
}

/* A record is complete. */
static int
end_record(struct fcgi *f)
{
	const int is_empty = f->head[4] == 0 && f->head[5] == 0;

	f->head_len = 0;
	if (f->head[1] == BEGIN_REQUEST) {
		f->id = (unsigned)(f->head[2] << 8 | f->head[3]);
		f->role = (unsigned)(f->begin[0] << 8 | f->begin[1]);
		f->keeps = f->begin[2] & KEEP_CONN;
		return f->role >= FCGI_RESPONDER && f->role <= FCGI_FILTER
		    ? FCGI_MORE
		    : FCGI_BROKEN;
	}
	if (is_empty && f->head[1] == STDIN && is_ours(f))
		f->has_body = 1;
	if (!is_empty || f->head[1] != PARAMS || !is_ours(f))
		return FCGI_MORE;
	f->has_params = 1;
	return FCGI_HEAD;
}

int
fcgi_feed(struct fcgi *f, const uint8_t *data, size_t len, size_t *used)
{
	const uint8_t *at = data, *end = data + len;
	int rc = FCGI_MORE;
	size_t n;

	while (at < end && rc == FCGI_MORE) {
		if (f->head_len < sizeof(f->head)) {
			f->head[f->head_len++] = *at++;
			if (f->head_len < sizeof(f->head))
				continue;
			rc = begin_record(f);
		} else if (f->content > 0) {
			n = (size_t)(end - at);
			n = n < f->content ? n : f->content;
			rc = take(f, at, n);
			f->content -= n;
			at += n;
		} else {
			n = (size_t)(end - at);
			n = n < f->padding ? n : f->padding;
			f->padding -= n;
			at += n;
		}
		if (rc == FCGI_MORE && f->head_len == sizeof(f->head) &&
		    f->content == 0 && f->padding == 0)
			rc = end_record(f);
	}
	*used = (size_t)(at - data);
	return rc;
}

/* Section 3.4: read a length, which has one byte or four.  Return 0, or -1. */
static int
read_length(const uint8_t **at, const uint8_t *end, size_t *out)
{
	const uint8_t *p = *at;

	if (p == end)
		return -1;
	if (*p < 0x80) {
		*out = *p;
		*at = p + 1;
		return 0;
	}
	if (end - p < 4)
		return -1;
	*out = (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 |
	    (size_t)p[2] << 8 | p[3];
	*at = p + 4;
	return 0;
}

/* Read the lengths of the next pair.  Return 1; 0 at the end; -1: malformed. */
static int
next_pair(const uint8_t **at, const uint8_t *end, size_t *name, size_t *value)
{
	if (*at == end)
		return 0;
	if (read_length(at, end, name) < 0 || read_length(at, end, value) < 0 ||
	    *name > (size_t)(end - *at) ||
	    *value > (size_t)(end - *at) - *name)
		return -1;
	return 1;
}

/* The environment in one block: its size, for wiping, is in front. */
struct env_block {
	size_t size;
	char *entry[];
};

char **
fcgi_env(const struct fcgi *f)
{
	static const char *const role[] = { [FCGI_RESPONDER] =
		"FCGI_ROLE=RESPONDER", [FCGI_AUTHORIZER] =
		"FCGI_ROLE=AUTHORIZER", [FCGI_FILTER] = "FCGI_ROLE=FILTER" };
	const uint8_t *begin = (const uint8_t *)f->params.data;
	const uint8_t *end = begin + f->params.len, *at = begin;
	size_t n = 2, size, name, value;
	struct env_block *block;
	char *text;
	int rc;

	for (; (rc = next_pair(&at, end, &name, &value)) == 1; n++)
		at += name + value;
	if (rc < 0)
		return NULL;
	/* Two lengths a pair make room for '=' and NUL. */
	size = n * sizeof(char *) + f->params.len + 32;
	if ((block = malloc(sizeof(*block) + size)) == NULL)
		err(111, "connection");
	block->size = size;
	text = (char *)(block->entry + n);
	block->entry[0] = text;
	name = strlen(role[f->role]) + 1;
	memcpy(text, role[f->role], name);
	text += name;
	n = 1;
	for (at = begin; next_pair(&at, end, &name, &value) == 1; n++) {
		block->entry[n] = text;
		memcpy(text, at, name);
		text[name] = '=';
		memcpy(text + name + 1, at + name, value);
		text[name + 1 + value] = '\0';
		text += name + value + 2;
		at += name + value;
	}
	block->entry[n] = NULL;
	return block->entry;
}

void
fcgi_env_free(char **env)
{
	struct env_block *block;

	if (env == NULL)
		return;
	block = (struct env_block *)((char *)env -
	    offsetof(struct env_block, entry));
	explicit_bzero(block->entry, block->size);
	free(block);
}

void
fcgi_reset(struct fcgi *f)
{
	bytes_free(&f->params);
	bytes_free(&f->body);
	*f = (struct fcgi) { .id = 0 };
}
