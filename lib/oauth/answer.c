/* answer.c: what a client is told of its authorization request (RFC 6749 section 4.1.2). */
#include "answer.h"

#include "arena.h"
#include "authorize.h"
#include "buf.h"
#include "conf.h"
#include "oerr.h"
#include "pushed.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "tmpl.h"
#include "url.h"

/* What the client is told, name and value; a value of NULL is left out. */
#define N_PAIRS 4
struct answer {
	const char *pair[N_PAIRS][2];
};

/* By the query: the redirect URI with the answer in it. */
static const char *
by_query(struct req *rq, const struct authorization *az,
    const struct answer *an)
{
	struct buf b;

	buf_init(&b, rq->a, 512);
	buf_str(&b, az->redirect_uri);
	for (size_t i = 0; i < N_PAIRS; i++)
		if (an->pair[i][1] != NULL)
			url_query_add(&b, an->pair[i][0], an->pair[i][1]);
	return b.data;
}

/* By a form that the browser posts (OAuth form_post): its fields, in d. */
static void
by_form(struct req *rq, const struct authorization *az,
    const struct answer *an, struct tmpl_data *d)
{
	struct tmpl_data *item;

	for (size_t i = 0; i < N_PAIRS; i++) {
		if (an->pair[i][1] == NULL)
			continue;
		item = tmpl_push(d, "params");
		tmpl_set(item, "name", an->pair[i][0]);
		tmpl_set(item, "value", an->pair[i][1]);
	}
	tmpl_set(d, "action", az->redirect_uri);
	rq->leads_away = 1;
}

static const struct oerr *
send_back(struct req *rq, const struct authorization *az,
    const struct answer *an)
{
	struct tmpl_data *d;

	if (!az->form_post)
		return resp_redirect(rq, by_query(rq, az, an));
	d = tmpl_data_new(rq->a);
	by_form(rq, az, an, d);
	tmpl_set(d, "title", "Back to the app");
	return resp_page(rq, 200, "form_post.html", d);
}

static struct answer
error_answer(const struct req *rq, const struct authorization *az,
    const struct oerr *e)
{
	return (struct answer) { {
	    { "error", e->status >= 500 ? "server_error" : e->error },
	    { "error_description", e->description },
	    { "state", az->state },
	    { "iss", rq->conf->issuer },
	} };
}

const struct oerr *
answer_error(struct req *rq, const struct authorization *az,
    const struct oerr *e)
{
	const struct answer an = error_answer(rq, az, e);

	if (az->is_pushed)
		pushed_end(rq, &az->pushed);
	oerr_log(rq, e);
	return send_back(rq, az, &an);
}

const struct oerr *
answer_refuse(struct req *rq, const struct authorization *az,
    const struct oerr *e)
{
	const struct answer an = error_answer(rq, az, e);
	struct tmpl_data *d;

	if (e->status >= 500)
		return e; /* not the client's fault: it may pass */
	oerr_log(rq, e);
	d = tmpl_data_new(rq->a);
	if (az->form_post)
		by_form(rq, az, &an, d);
	else
		tmpl_set(d, "continue_url", by_query(rq, az, &an));
	tmpl_set(d, "title", "This cannot go on");
	tmpl_set(d, "text", e->description);
	tmpl_set(d, "client_name", az->client.name);
	tmpl_set(d, "redirect_host", redirect_host(rq->a, az->redirect_uri));
	tmpl_set(d, "request_id", rq->id);
	return resp_page(rq, 400, "error.html", d);
}

const struct oerr *
answer_code(
    struct req *rq, const struct authorization *az, const char *code)
{
	const struct answer an = { {
	    { "code", code },
	    { "state", az->state },
	    { "iss", rq->conf->issuer },
	} };

	return send_back(rq, az, &an);
}
