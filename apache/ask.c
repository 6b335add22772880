/* ask.c: ask the guard about a request, as FastCGI. */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "guard.h"
#include "receive.h"

#define ANSWER_MAX (64 * 1024)
#define CONTENT_MAX 65535
#define HEAD_LEN 8

/* FastCGI 1.0 section 8. */
enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS, STDOUT = 6, STDERR };
#define AUTHORIZER 2
#define KEEP_CONN 1

/* A question on its way: what has come of the answer. */
struct exchange {
	struct guard_conn c;
	int64_t until_ms;
	struct ask_answer *out;
	apr_pool_t *p;
	int has_input;		/* the guard has begun to answer */
	size_t at, len;		/* of in: what was taken, what has come */
	char *text;		/* STDOUT */
	size_t text_len, text_size;
	uint8_t in[8192];
};

static int
fail(struct exchange *x, const char *why, int err)
{
	x->out->why = why;
	x->out->err = err;
	return -1;
}

/* ---- Connections ---- */

static int
connect_anew(struct exchange *x, const struct guard *g)
{
	const char *why = guard_connect(g, x->until_ms, &x->c);

	return why == NULL ? 0 : fail(x, why, errno);
}

/* Wait until the socket is ready for these events, or the time is over. */
static int
wait_for(struct exchange *x, short events)
{
	struct pollfd p = { .fd = x->c.fd, .events = events };
	int64_t left_ms;
	int n;

	do {
		left_ms = x->until_ms - guard_now_ms();
		if (left_ms <= 0 || (n = poll(&p, 1, (int)left_ms)) == 0)
			return fail(x, "it does not answer in time", 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? fail(x, "poll", errno) : 0;
}

/* ---- The question ---- */

static size_t
pair_size(const apr_table_entry_t *e)
{
	const size_t name = strlen(e->key), value = strlen(e->val);

	return (name < 0x80 ? 1 : 4) + (value < 0x80 ? 1 : 4) + name + value;
}

size_t
ask_size(const apr_table_t *params)
{
	const apr_array_header_t *a = apr_table_elts(params);
	const apr_table_entry_t *e = (const apr_table_entry_t *)(void *)a->elts;
	size_t size = 0;

	for (int i = 0; i < a->nelts; i++)
		size += pair_size(e + i);
	return size;
}

static uint8_t *
put_head(uint8_t *at, int type, unsigned id, size_t len)
{
	const uint8_t head[HEAD_LEN] = { 1, (uint8_t)type, (uint8_t)(id >> 8),
		(uint8_t)id, (uint8_t)(len >> 8), (uint8_t)len, 0, 0 };

	memcpy(at, head, sizeof(head));
	return at + sizeof(head);
}

/* Section 3.4: a length has one byte, or four. */
static uint8_t *
put_length(uint8_t *at, size_t len)
{
	if (len >= 0x80) {
		*at++ = (uint8_t)(len >> 24 | 0x80);
		*at++ = (uint8_t)(len >> 16);
		*at++ = (uint8_t)(len >> 8);
	}
	*at++ = (uint8_t)len;
	return at;
}

static void
put_pairs(uint8_t *at, const apr_table_t *params)
{
	const apr_array_header_t *a = apr_table_elts(params);
	const apr_table_entry_t *e = (const apr_table_entry_t *)(void *)a->elts;
	size_t name, value;

	for (int i = 0; i < a->nelts; i++) {
		name = strlen(e[i].key);
		value = strlen(e[i].val);
		at = put_length(put_length(at, name), value);
		memcpy(at, e[i].key, name);
		memcpy(at + name, e[i].val, value);
		at += name + value;
	}
}

/* The records of a question.  An Authorizer has no input: there is no STDIN. */
static uint8_t *
make_question(apr_pool_t *p, unsigned id, const apr_table_t *params, size_t *len)
{
	static const uint8_t body[8] = { 0, AUTHORIZER, KEEP_CONN };
	const size_t size = ask_size(params);
	uint8_t *pairs = apr_palloc(p, size + 1);
	uint8_t *all = apr_palloc(
	    p, size + (size / CONTENT_MAX + 4) * HEAD_LEN + sizeof(body));
	uint8_t *at = put_head(all, BEGIN_REQUEST, id, sizeof(body));
	size_t n;

	memcpy(at, body, sizeof(body));
	at += sizeof(body);
	put_pairs(pairs, params);
	for (size_t done = 0; done < size; done += n) {
		n = size - done < CONTENT_MAX ? size - done : CONTENT_MAX;
		at = put_head(at, PARAMS, id, n);
		memcpy(at, pairs + done, n);
		at += n;
	}
	at = put_head(at, PARAMS, id, 0);
	*len = (size_t)(at - all);
	return all;
}

static int
send_all(struct exchange *x, const uint8_t *data, size_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n) {
		n = send(x->c.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			continue;
		n = 0;
		if (errno == EAGAIN) {
			if (wait_for(x, POLLOUT) < 0)
				return -1;
		} else if (errno != EINTR) {
			return fail(x, "send", errno);
		}
	}
	return 0;
}

/* ---- The answer ---- */

static int
fill(struct exchange *x)
{
	ssize_t n;

	do {
		if (wait_for(x, POLLIN) < 0)
			return -1;
		n = receive(x->c.fd, x->in, sizeof(x->in), &x->out->file);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return fail(x, "recv", errno);
	if (n == 0)
		return fail(x, "it closed the connection", 0);
	x->has_input = 1;
	x->at = 0;
	x->len = (size_t)n;
	return 0;
}

/* Take n bytes of the answer; out NULL: drop them. */
static int
take(struct exchange *x, void *out, size_t n)
{
	uint8_t *to = out;
	size_t some;

	for (; n > 0; n -= some) {
		if (x->at == x->len && fill(x) < 0)
			return -1;
		some = x->len - x->at < n ? x->len - x->at : n;
		if (to != NULL) {
			memcpy(to, x->in + x->at, some);
			to += some;
		}
		x->at += some;
	}
	return 0;
}

static int
take_text(struct exchange *x, size_t len)
{
	char *more;

	if (len > ANSWER_MAX - x->text_len)
		return fail(x, "its answer is too long", 0);
	if (x->text_len + len > x->text_size) {
		x->text_size = x->text_size == 0 ? 2048 : x->text_size;
		while (x->text_size < x->text_len + len)
			x->text_size *= 2;
		more = apr_palloc(x->p, x->text_size);
		if (x->text_len > 0)
			memcpy(more, x->text, x->text_len);
		x->text = more;
	}
	if (take(x, x->text + x->text_len, len) < 0)
		return -1;
	x->text_len += len;
	return 0;
}

static int
take_log(struct exchange *x, size_t len)
{
	char *line = apr_palloc(x->p, len + 1);

	if (take(x, line, len) < 0)
		return -1;
	while (len > 0 && line[len - 1] == '\n')
		len--;
	line[len] = '\0';
	if (len > 0)
		APR_ARRAY_PUSH(x->out->log, const char *) = line;
	return 0;
}

/* Read records until the one that ends the request. */
static int
read_records(struct exchange *x)
{
	uint8_t head[HEAD_LEN], end[8];
	size_t len;
	int rc;

	for (;;) {
		if (take(x, head, sizeof(head)) < 0)
			return -1;
		len = (size_t)(head[4] << 8 | head[5]);
		if (head[0] != 1 ||
		    (unsigned)(head[2] << 8 | head[3]) != x->c.id)
			return fail(x, "its answer is no FastCGI", 0);
		switch (head[1]) {
		case STDOUT:
			rc = take_text(x, len);
			break;
		case STDERR:
			rc = take_log(x, len);
			break;
		case END_REQUEST:
			if (len != sizeof(end))
				return fail(x, "its answer is no FastCGI", 0);
			rc = take(x, end, sizeof(end));
			break;
		default:
			return fail(x, "its answer is no FastCGI", 0);
		}
		if (rc < 0 || take(x, NULL, head[6]) < 0)
			return -1;
		if (head[1] == END_REQUEST) /* 4: FCGI_REQUEST_COMPLETE is 0 */
			return end[4] == 0 ? 0
					   : fail(x, "it refuses to answer", 0);
	}
}

/* Put a line, NAME: VALUE, into the table.  Return 0, or -1 if it is none. */
static int
read_line(struct exchange *x, char *line, char *end)
{
	char *colon = memchr(line, ':', (size_t)(end - line)), *value;

	if (end > line && end[-1] == '\r')
		end--;
	if (colon == NULL || colon == line || colon >= end ||
	    memchr(line, '\0', (size_t)(end - line)) != NULL)
		return -1;
	for (value = colon + 1; value < end && *value == ' '; value++)
		continue;
	apr_table_addn(x->out->headers,
	    apr_pstrmemdup(x->p, line, (size_t)(colon - line)),
	    apr_pstrmemdup(x->p, value, (size_t)(end - value)));
	return 0;
}

/* The text is header lines with a status among them, an empty line, the body. */
static int
read_text(struct exchange *x)
{
	char *at = x->text, *end = at + x->text_len, *line_end;
	const char *status;

	x->out->headers = apr_table_make(x->p, 12);
	for (;; at = line_end + 1) {
		line_end = at == NULL ? NULL : memchr(at, '\n', (size_t)(end - at));
		if (line_end == NULL)
			return fail(x, "its answer has no end of headers", 0);
		if (line_end == at || (line_end == at + 1 && *at == '\r'))
			break;
		if (read_line(x, at, line_end) < 0)
			return fail(x, "its answer has a malformed header", 0);
	}
	x->out->body = line_end + 1;
	x->out->body_len = (size_t)(end - x->out->body);
	status = apr_table_get(x->out->headers, "Status");
	x->out->status = status == NULL ? 0 : (int)apr_strtoi64(status, NULL, 10);
	if (x->out->status != 200 &&
	    (x->out->status < 400 || x->out->status > 599))
		return fail(x, "its answer has no status", 0);
	return 0;
}

static int
exchange(struct exchange *x, const apr_table_t *params)
{
	uint8_t *question;
	size_t len;

	x->c.id = x->c.id % 65535 + 1;
	question = make_question(x->p, x->c.id, params, &len);
	if (send_all(x, question, len) < 0 || read_records(x) < 0)
		return -1;
	return read_text(x);
}

/*
 * The guard may have closed a connection that was kept, or was started anew.  So if
 * no answer begins, the question is asked again, on a new connection.  It changes
 * nothing, so it may be asked twice.
 */
int
ask(struct guard *g, apr_pool_t *p, const apr_table_t *params,
    struct ask_answer *out)
{
	struct exchange x = { .c = { .fd = -1 }, .out = out, .p = p,
		.until_ms = guard_now_ms() + g->timeout_ms };
	int rc;

	*out = (struct ask_answer) {
		.log = apr_array_make(p, 2, sizeof(const char *)),
		.file = -1,
	};
	rc = guard_take(g, &x.c) ? exchange(&x, params) : -1;
	if (rc < 0 && !x.has_input && guard_now_ms() < x.until_ms) {
		if (x.c.fd >= 0)
			close(x.c.fd);
		rc = connect_anew(&x, g) == 0 ? exchange(&x, params) : -1;
	}
	/* What is behind an answer belongs to no question. */
	if (rc == 0 && x.at == x.len)
		guard_keep(g, &x.c);
	else if (x.c.fd >= 0)
		close(x.c.fd);
	return rc;
}
