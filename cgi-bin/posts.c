/* posts.c: /api/posts: the example API. */
#include "api.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "site.h"
#include "store_cache.h"
#include "store_post.h"

#define TITLE_MAX_CHARS 200
#define BODY_MAX_CHARS 65536
#define LIMIT_DEFAULT 20
#define LIMIT_MAX 100

static void
write_post(struct buf *b, const struct post *p)
{
	json_open(b, NULL, '{');
	json_int(b, "id", p->id);
	json_str(b, "title", p->title);
	json_str(b, "body", p->body);
	if (p->user == 0)
		json_null(b, "user_id");
	else
		json_int(b, "user_id", p->user);
	json_int(b, "created_at", p->created_at);
	json_close(b, '}');
}

static const struct oerr *
answer_post(struct req *rq, int status, const struct post *p)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 1024);
	write_post(b, p);
	return resp_json(rq, status, b);
}

static const struct oerr *
read_page(struct req *rq, int64_t *limit, int64_t *after)
{
	const struct oerr *e = NULL;

	*limit = LIMIT_DEFAULT;
	*after = 0;
	if (rq->param[PARAM_LIMIT] != NULL &&
	    (!api_number(rq->param[PARAM_LIMIT], limit) || *limit > LIMIT_MAX))
		e = oerr_field(rq, "limit",
		    "The limit field must be between 1 and %d.", LIMIT_MAX);
	if (rq->param[PARAM_AFTER] != NULL &&
	    !api_number(rq->param[PARAM_AFTER], after))
		e = oerr_field(rq, "after", "The after field must be an id.");
	return e;
}

static const struct oerr *
write_page(struct req *rq, struct buf *b, int64_t limit, int64_t after)
{
	struct post p[LIMIT_MAX + 1];
	int n;

	/* One more than asked tells whether there is a next page. */
	n = store_post_list(rq->st, rq->a, after, p, (size_t)limit + 1);
	if (n < 0)
		return oerr_machine(rq);
	json_open(b, NULL, '{');
	json_open(b, "data", '[');
	for (int i = 0; i < n && i < limit; i++)
		write_post(b, &p[i]);
	json_close(b, ']');
	if (n > limit)
		json_str(b, "next",
		    arena_printf(rq->a, "%s?limit=%lld&after=%lld",
			site_path(rq->conf, rq->a, SITE_POSTS),
			(long long)limit, (long long)p[limit - 1].id));
	else
		json_null(b, "next");
	json_close(b, '}');
	return NULL;
}

/*
 * Newest first.  A page begins behind an id, so it costs the same anywhere.  It is
 * the same for all who may read: most requests find it as it was made before.
 */
static const struct oerr *
list(struct req *rq, const struct caller *who, const char *id)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	const struct oerr *e;
	struct buf key;
	int64_t limit, after;
	const char *kept;
	size_t len;

	(void)who;
	(void)id;
	if ((e = read_page(rq, &limit, &after)) != NULL)
		return e;
	buf_init(&key, rq->a, STORE_CACHE_KEY_MAX);
	buf_str(&key, "posts ");
	buf_int(&key, limit);
	buf_char(&key, ' ');
	buf_int(&key, after);
	kept = store_cache_get(rq->st, key.data, &len);
	buf_init(b, rq->a, kept != NULL ? len : 4096);
	if (kept != NULL)
		buf_add(b, kept, len);
	else if ((e = write_page(rq, b, limit, after)) != NULL)
		return e;
	else
		store_cache_put(rq->st, key.data, b->data, b->len);
	return resp_json(rq, 200, b);
}

static const struct oerr *
read_one(struct req *rq, const struct caller *who, const char *text)
{
	struct post p;
	int64_t id;
	int found;

	(void)who;
	if (!api_number(text, &id))
		return &oerr_not_found;
	if ((found = store_post_by_id(rq->st, rq->a, id, &p)) < 0)
		return oerr_machine(rq);
	return found == 0 ? &oerr_not_found : answer_post(rq, 200, &p);
}

static const struct oerr *
create(struct req *rq, const struct caller *who, const char *text)
{
	struct post p = { .user = who->is.user, .created_at = rq->now };
	const struct oerr *e, *e2;

	(void)text;
	e = api_text(rq, "title", TITLE_MAX_CHARS, &p.title);
	e2 = api_text(rq, "body", BODY_MAX_CHARS, &p.body);
	if (e != NULL || e2 != NULL)
		return &oerr_unprocessable;
	if (store_post_add(rq->st, &p) < 0)
		return oerr_machine(rq);
	resp_header(rq, "Location", "%s/%lld",
	    site_path(rq->conf, rq->a, SITE_POSTS), (long long)p.id);
	return answer_post(rq, 201, &p);
}

static const struct oerr *
delete_one(struct req *rq, const struct caller *who, const char *text)
{
	int64_t id;
	int n;

	(void)who;
	if (!api_number(text, &id))
		return &oerr_not_found;
	if ((n = store_post_delete(rq->st, id)) < 0)
		return oerr_machine(rq);
	return n == 0 ? &oerr_not_found : resp_empty(rq, 204);
}

static const struct api_route routes[] = {
	{
		.method = METHOD_GET, .path = "",
		.rule = { .all = "read-posts" },
		.run = list,
	},
	{
		.method = METHOD_POST, .path = "",
		.rule = { .all = "write-posts" },
		.run = create,
	},
	{
		.method = METHOD_GET, .path = "/ID",
		.rule = { .all = "read-posts" },
		.run = read_one,
	},
	{
		.method = METHOD_DELETE, .path = "/ID",
		.rule = { .all = "admin" },
		.run = delete_one,
	},
};

static const struct oerr *
run(struct req *rq)
{
	return api_run(rq, routes, sizeof(routes) / sizeof(routes[0]));
}

int
main(void)
{
	static const struct endpoint posts = {
		.uses = USES_STORE | USES_KEYS,
		.name = "posts",
		.methods = METHOD_GET | METHOD_POST | METHOD_DELETE,
		.bodies = BODY_JSON, .body_max = 128 * 1024, .query = 1,
		.any_path = 1, .routed = 1,
		.cors = 1,
		.run = run, .fail = resp_error_json,
	};

	return serve(&posts);
}
