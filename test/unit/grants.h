/* grants.h: clients and a user, and what they send for tokens. */
#ifndef CARNET_GRANTS_H
#define CARNET_GRANTS_H

#include "fixture.h"

#include "grant.h"
#include "issue.h"
#include "json.h"

/* crypt_blowfish's example, for the password "U*U": cheap, and stale. */
#define BCRYPT "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
#define DEVICE "urn:ietf:params:oauth:grant-type:device_code"

static struct client *cl, *other;
static struct user *u;

static inline int
grants_setup(void **state)
{
	if (fixture_server(state) < 0 ||
	    keys_make(fx.cf->keys, ALG_ES256, 0, 0) != 1 ||
	    keys_refresh_make(fx.cf->keys) != 1)
		return -1;
	cl = fixture_client((struct client){ .client_id = "c1",
	    .has_secret = 1,
	    .grants = "password refresh_token authorization_code " DEVICE });
	other = fixture_client((struct client){ .client_id = "c2" });
	u = fixture_user("a@b.example", BCRYPT, NULL);
	return 0;
}

static inline struct req *
request(int64_t now)
{
	REQUEST(NULL);
	fx.rq.now = now;
	return &fx.rq;
}

/* Redeem and issue with the request's parameters; the answer, or NULL. */
static inline struct json_object *
redeem(const char *name, const struct client *who, const struct oerr **e)
{
	struct subject sub = { .user = NULL };
	const struct grant *g;

	fx.rq.param[PARAM_GRANT_TYPE] = name;
	if ((*e = grant_find(&fx.rq, &g)) != NULL ||
	    (*e = grant_check(&fx.rq, g, who)) != NULL ||
	    (*e = g->redeem(&fx.rq, who, &sub)) != NULL ||
	    (*e = issue_tokens(&fx.rq, who, g, &sub)) != NULL)
		return NULL;
	assert_int_equal(fx.rq.status, 200);
	return json_parse(fx.a, fx.rq.body->data, fx.rq.body->len);
}

static inline struct json_object *
sign_in(int64_t now, const char *password, const struct oerr **e)
{
	request(now);
	fx.rq.param[PARAM_USERNAME] = "A@B.example";
	fx.rq.param[PARAM_PASSWORD] = password;
	fx.rq.param[PARAM_SCOPE] = "read-posts write-posts";
	return redeem("password", cl, e);
}

static inline int64_t
live_pairs(void)
{
	return fixture_sql("SELECT count(*) FROM oauth_refresh_tokens"
			   " WHERE spent_at IS NULL AND revoked_at IS NULL");
}

static inline int64_t
live_access(void)
{
	return fixture_sql("SELECT count(*) FROM oauth_access_tokens"
			   " WHERE revoked_at IS NULL");
}

#endif
