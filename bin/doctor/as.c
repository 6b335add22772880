/* as.c: carnet doctor --as NAME: the clients that can be played, as tables of steps. */
#include "as.h"

#include <stdarg.h>
#include <stdio.h>

#include "b64.h"
#include "store.h"
#include "store_client.h"
#include "words.h"

#define STEPS_MAX 7

struct step {
	const char *name;
	enum went (*run)(struct play *);
};

/* The URL is a resource for mcp, else an issuer. */
static const struct client_kind {
	const char *name, *scope, *redirect_uri;
	int has_secret;
	struct step steps[STEPS_MAX];
} kinds[] = {
	{ .name = "mcp", .redirect_uri = "http://127.0.0.1:33418/callback",
	    .steps = { { "call", as_call }, { "resource", as_resource },
		{ "server", as_server }, { "client", as_client },
		{ "authorization", as_authorize }, { "token", as_token } } },
	{ .name = "oidc", .scope = "openid profile email", .has_secret = 1,
	    .redirect_uri = "https://app.example/callback",
	    .steps = { { "discovery", as_openid }, { "client", as_client },
		{ "authorization", as_authorize }, { "token", as_token },
		{ "userinfo", as_userinfo } } },
	{ .name = "spa", .redirect_uri = "https://app.example/callback",
	    .steps = { { "server", as_server }, { "client", as_client },
		{ "scripts", as_script }, { "authorization", as_authorize },
		{ "token", as_token } } },
	{ .name = "grafana", .scope = "openid profile email", .has_secret = 1,
	    .redirect_uri = "https://grafana.example/login/generic_oauth",
	    .steps = { { "discovery", as_openid }, { "client", as_client },
		{ "authorization", as_authorize }, { "token", as_token },
		{ "userinfo", as_userinfo } } },
};

enum went
as_wrong(struct play *p, const char *cure, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	bad(p->d, LEVEL_WRONG, cure, "%s", text);
	return WENT_WRONG;
}

/* The first redirect URI of the client, if this machine's database has it. */
static const char *
registered_uri(struct doctor *d, const char *client_id)
{
	char error[1024];
	struct client cl;
	size_t n;
	const char *uri = NULL;

	if (client_id == NULL ||
	    (d->cf = conf_load(d->c->conf_path, error, sizeof(error))) == NULL ||
	    (d->st = store_open_to_read(d->cf->database)) == NULL)
		return NULL;
	if (store_client_by_id(d->st, d->a, client_id, &cl) == 1) {
		uri = cl.redirect_uris;
		uri = uri != NULL && words_next(&uri, &n)
		    ? arena_dup(d->a, uri, n)
		    : NULL;
	}
	return uri;
}

static void
take_steps(struct play *p, const struct client_kind *k)
{
	struct doctor *d = p->d;
	enum went went = WENT_ON;

	for (int i = 0; i < STEPS_MAX && k->steps[i].run != NULL; i++) {
		if (went != WENT_ON)
			break;
		d->check = k->steps[i].name;
		went = k->steps[i].run(p);
	}
	if (went == WENT_ON) {
		d->check = "sign-in";
		good(d, "a client of this kind comes as far as its user's sign-in");
	}
	as_forget(p);
}

int
as_play(struct doctor *d, const char *name, const char *url,
    const char *client_id, const char *redirect_uri)
{
	const struct client_kind *k = kinds;
	struct play p = { .d = d, .url = url, .client_id = client_id };

	while (strcmp(k->name, name) != 0)
		if (++k == kinds + sizeof(kinds) / sizeof(kinds[0]))
			return -1;
	p.scope = k->scope;
	p.has_secret = k->has_secret;
	p.issuer = url;
	if (redirect_uri == NULL)
		redirect_uri = registered_uri(d, client_id);
	p.redirect_uri = redirect_uri != NULL ? redirect_uri : k->redirect_uri;
	secret_make(p.verifier, &p.challenge);
	take_steps(&p, k);
	return 0;
}
