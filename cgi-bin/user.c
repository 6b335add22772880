/* user.c: GET /api/user: who the token speaks for. */
#include "api.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "words.h"

/*
 * An app learns of its user the id, and what else its scopes say (the words are
 * those of OpenID Connect Core section 5.4).  What the user signed in to, or made
 * by hand, learns all.
 */
static int
may_tell(const struct caller *who, const char *scope)
{
	return guard_is_first_party(who) || words_have(who->is.scope, scope);
}

static const struct oerr *
user_get(struct req *rq, const struct caller *who, const char *id)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	(void)id;
	buf_init(b, rq->a, 512);
	json_open(b, NULL, '{');
	json_int(b, "id", who->is.user);
	if (who->is.subject != NULL)
		json_str(b, "sub", who->is.subject);
	if (may_tell(who, "profile"))
		json_str(b, "name", who->is.user_name);
	if (may_tell(who, "email"))
		json_str(b, "email", who->is.email);
	if (guard_is_first_party(who))
		json_words(b, "scopes", who->is.scope);
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

static const struct api_route routes[] = {
	{
		.method = METHOD_GET, .path = "", .no_store = 1,
		.rule = { .caller = CALLER_USER },
		.run = user_get,
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
	static const struct endpoint user = {
		.uses = USES_STORE | USES_KEYS,
		.name = "user", .methods = METHOD_GET, .query = 1,
		.cors = 1,
		.run = run, .fail = resp_error_json,
	};

	return serve(&user);
}
