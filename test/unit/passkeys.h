/* passkeys.h: a user with passkeys, and what their browser sends. */
#ifndef CARNET_PASSKEYS_H
#define CARNET_PASSKEYS_H

#include "fixture.h"

#include <json-c/json.h>

#include "b64.h"
#include "json.h"
#include "passkey.h"
#include "passkey_site.h"
#include "session.h"
#include "tmpl.h"

static struct arena *a;

#include "authenticator.h"

#define TTL 300 /* of a challenge, in seconds */

static struct visitor v;
static struct user *ada;

static inline const char *
b64(const struct octets *o)
{
	char *text = arena_alloc(a, B64_LEN(o->len) + 1);

	b64url_encode(o->data, o->len, text);
	return text;
}

static inline void
new_request(int64_t now)
{
	REQUEST(NULL);
	fx.rq.now = now;
}

static inline int
setup(void **state)
{
	if (fixture_server(state) < 0)
		return -1;
	a = fx.a;
	fixture_conf("mail_from = a@auth.example\nmail_command = /bin/true\n");
	memset(&v, 0, sizeof(v));
	strcpy(v.cookie, "the cookie of a browser");
	ada = fixture_user("ada@b.example", "x", NULL);
	assert_int_equal(
	    store_user_by_id(fx.st, fx.a, ada->id, &v.user), 1);
	v.signed_in = 1;
	new_request(NOW);
	return 0;
}

/* The text of {{name}} in d. */
static inline const char *
shown(const struct tmpl_data *d, const char *name)
{
	struct buf b;

	buf_init(&b, a, 256);
	assert_int_equal(tmpl_render_text(&b,
	    arena_printf(a, "{{%s}}", name), d, NULL, NULL), 0);
	return b.data;
}

static inline struct json_object *
offer(enum passkey_ask ask, const struct user *u, const char **challenge)
{
	struct tmpl_data *d = tmpl_data_new(a);
	const char *text;
	struct json_object *o;

	assert_null(passkey_offer(&fx.rq, &v, ask, u, d));
	*challenge = arena_str(a, shown(d, "passkey_challenge"));
	text = shown(d, "passkey_options");
	assert_non_null(o = json_parse(a, text, strlen(text)));
	assert_string_equal(json_get_str(o, "challenge"), *challenge);
	return o;
}

static inline const char *
challenge_of(enum passkey_ask ask)
{
	const char *text;

	offer(ask, &v.user, &text);
	return text;
}

/* Send what the authenticator answered, as the page's form does. */
static inline void
send(const struct authenticator *au, const char *handle)
{
	const struct octets id = { (const uint8_t *)au->id, strlen(au->id) };
	const struct octets h = { (const uint8_t *)handle,
		handle == NULL ? 0 : strlen(handle) };

	fx.rq.param[PARAM_CHALLENGE] = au->challenge;
	fx.rq.param[PARAM_CREDENTIAL] = arena_printf(a,
	    "{\"id\":\"%s\",\"type\":\"public-key\",\"response\":{"
	    "\"clientDataJSON\":\"%s\",\"attestationObject\":\"%s\","
	    "\"transports\":[\"usb\",\"nfc\",7,\"a b\",\"<script>\"],"
	    "\"authenticatorData\":\"%s\",\"signature\":\"%s\","
	    "\"userHandle\":\"%s\"}}",
	    b64(&id), b64(&au->client), b64(&au->object), b64(&au->data),
	    b64(&au->sig), b64(&h));
}

static inline int
add_step(struct store *st, void *ctx)
{
	return store_passkey_add(st, ctx);
}

/* A passkey of ada, stored. */
static inline struct authenticator
made(enum alg alg)
{
	struct authenticator au = authenticator_new(alg);
	struct passkey p;

	au.challenge = challenge_of(PASSKEY_MAKE);
	authenticator_create(&au);
	send(&au, NULL);
	assert_null(passkey_make(&fx.rq, &v, &p));
	p.name = "Key";
	assert_int_equal(store_write(fx.st, add_step, &p), 1);
	return au;
}

static inline const struct oerr *
use_with(struct authenticator *au, const struct user *u, const char *handle,
    struct user *out, struct proof *proof)
{
	const enum passkey_ask ask = u == NULL ? PASSKEY_ALONE : PASSKEY_SECOND;

	if (u != NULL)
		*out = *u;
	au->challenge = challenge_of(ask);
	authenticator_get(au);
	send(au, handle);
	return passkey_use(&fx.rq, &v, ask, out, proof);
}

static inline void
assert_refused(const struct oerr *e, const struct oerr *want, const char *why)
{
	assert_ptr_equal(e, want);
	assert_string_equal(fx.rq.trail.why, why);
}

#endif
