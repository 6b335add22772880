/* resources.h: a client and a user, and what is granted for a resource. */
#ifndef CARNET_RESOURCES_H
#define CARNET_RESOURCES_H

#include "fixture.h"

#include "store_code.h"
#include "store_device.h"

#define A "https://a.example/api"
#define B "https://b.example/"

#define DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636 */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define ISSUER "https://auth.example" /* of the fixture */

static struct client *cl;
static struct user *u;

static inline int
resources_setup(void **state)
{
	if (fixture_server(state) < 0 ||
	    keys_make(fx.cf->keys, ALG_ES256, 0, 0) != 1 ||
	    keys_refresh_make(fx.cf->keys) != 1)
		return -1;
	fixture_conf("audiences = " A " " B "\n");
	REQUEST(NULL);
	cl = fixture_client((struct client){ .client_id = "c1",
	    .has_secret = 1,
	    .grants = "authorization_code refresh_token "
		      "client_credentials " DEVICE });
	u = fixture_user("a@b.example", "x", NULL);
	return 0;
}

static inline struct auth_code
code_for(const char *resource)
{
	return (struct auth_code){ .digest = fixture_digest("code"),
		.granted.family = fixture_id("f"),
		.granted.client = cl->id,
		.granted.user = u->id,
		.redirect_uri = "u",
		.challenge = CHALLENGE,
		.granted.scope = "read-posts",
		.granted.resource = resource,
		.expires_at = NOW + 60 };
}

static inline struct device_code
device_for(const char *resource)
{
	return (struct device_code){ .digest = fixture_digest("device"),
		.user_code = "BCDFGHJK",
		.granted.family = fixture_id("f"),
		.granted.client = cl->id,
		.granted.scope = "read-posts",
		.granted.resource = resource,
		.interval_s = 5,
		.expires_at = NOW + 600 };
}

#endif
