/* request.c: the parameters that make an authorization request. */
#include "request.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "input.h"
#include "req.h"
#include "url.h"
#include "words.h"

/* A parameter; is_done: after a sign-in it counts no more. */
static const struct {
	enum param param;
	int is_done;
} rows[] = {
	{ PARAM_RESPONSE_TYPE, 0 },
	{ PARAM_CLIENT_ID, 0 },
	{ PARAM_REDIRECT_URI, 0 },
	{ PARAM_SCOPE, 0 },
	{ PARAM_STATE, 0 },
	{ PARAM_CODE_CHALLENGE, 0 },
	{ PARAM_CODE_CHALLENGE_METHOD, 0 },
	{ PARAM_RESPONSE_MODE, 0 },
	{ PARAM_PROMPT, 0 },
	{ PARAM_RESOURCE, 0 },
	{ PARAM_ACR_VALUES, 0 },
	{ PARAM_NONCE, 0 },
	{ PARAM_CLAIMS, 0 },
	{ PARAM_ID_TOKEN_HINT, 0 },
	{ PARAM_DPOP_JKT, 0 },
	{ PARAM_MAX_AGE, 1 },
	{ PARAM_LOGIN_HINT, 1 },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* The prompt without what has been done. */
static const char *
without_login(struct arena *a, const char *prompt)
{
	struct buf b;
	size_t n;

	buf_init(&b, a, 32);
	for (; words_next(&prompt, &n); prompt += n)
		if (!words_have_n("login select_account", prompt, n)) {
			buf_str(&b, b.len > 0 ? " " : "");
			buf_add(&b, prompt, n);
		}
	return b.data;
}

void
request_write(struct req *rq, int which, struct buf *b)
{
	const char *value;

	for (size_t i = 0; i < N_ROWS; i++) {
		if ((value = rq->param[rows[i].param]) == NULL ||
		    (which == REQUEST_AGAIN && rows[i].is_done) ||
		    (which == REQUEST_ALL && rows[i].param == PARAM_CLIENT_ID))
			continue;
		if (which == REQUEST_AGAIN && rows[i].param == PARAM_PROMPT)
			value = without_login(rq->a, value);
		if (*value != '\0')
			url_query_add(b, param_name(rows[i].param), value);
	}
}

static int
is_kept(enum param p)
{
	return p == PARAM_CLIENT_ID || p == PARAM_REQUEST_URI ||
	    p == PARAM_CSRF_TOKEN || p == PARAM_DECISION || p == PARAM_ACTION;
}

/* What is kept is set aside, so that text can neither set it nor send it twice. */
const struct oerr *
request_replace(struct req *rq, const char *text)
{
	const char *value[PARAM_COUNT];
	unsigned char sent[PARAM_COUNT];
	const struct oerr *e;

	for (int p = 0; p < PARAM_COUNT; p++) {
		value[p] = rq->param[p];
		sent[p] = rq->param_sent[p];
		rq->param[p] = NULL;
		rq->param_sent[p] = 0;
	}
	rq->param_error = NULL;
	rq->bad_param = NULL;
	e = input_form(rq, text, strlen(text));
	for (int p = 0; p < PARAM_COUNT; p++)
		if (is_kept((enum param)p)) {
			rq->param[p] = value[p];
			rq->param_sent[p] = sent[p];
		}
	return e;
}
