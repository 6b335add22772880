/* cmd_client.c: carnet client ... */
#include "arena.h"
#include "buf.h"
#include "client.h"
#include "cmd.h"
#include "conf.h"
#include "grant.h"
#include "json.h"
#include "key.h"
#include "redirect.h"
#include "store_client.h"
#include "words.h"

#define LIST_N 256
#define DEVICE "device_code"
#define DEVICE_GRANT "urn:ietf:params:oauth:grant-type:device_code"

/* A random UUID, RFC 9562 section 5.4: what Passport's users know as client id. */
static char *
make_client_id(struct arena *a)
{
	uint8_t u[16];

	crypto_random(u, sizeof(u));
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	return arena_printf(a,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
	    u[11], u[12], u[13], u[14], u[15]);
}

int
cmd_client_make(struct cmd *c, struct client *cl, char *secret)
{
	cl->client_id = make_client_id(c->a);
	cl->created_at = c->now;
	if (secret != NULL) {
		secret_make(secret, &cl->secret);
		cl->has_secret = 1;
	}
	return store_client_add(c->st, cl) == 1 ? CMD_OK : CMD_SYSTEM;
}

static int
is_grant(const char *name, size_t len, int *for_user)
{
	size_t n;
	const struct grant *g = grant_table(&n);

	/* No grant, but a right: RFC 7662, of all clients' tokens. */
	if (len == 10 && memcmp(name, "introspect", len) == 0)
		return 1;
	for (size_t i = 0; i < n; i++)
		if (strlen(g[i].name) == len &&
		    memcmp(g[i].name, name, len) == 0) {
			*for_user |= g[i].for_user;
			return 1;
		}
	return 0;
}

/*
 * "a,b" to "a b".  A client that gets a user's tokens may refresh them: without
 * that a sign-in would end with the first access token.
 */
static int
take_grants(struct cmd *c, const char *text, const char **out)
{
	char *list = arena_str(c->a, text);
	const char *w;
	int for_user = 0;
	struct buf b;
	size_t n;

	for (char *p = list; *p != '\0'; p++)
		if (*p == ',')
			*p = ' ';
	buf_init(&b, c->a, 256);
	for (w = list; words_next(&w, &n); w += n) {
		/* its name on the wire is no name to type */
		if (n == strlen(DEVICE) && memcmp(w, DEVICE, n) == 0) {
			buf_printf(&b, "%s ", DEVICE_GRANT);
			for_user = 1;
			continue;
		}
		if (!is_grant(w, n, &for_user))
			return cmd_refuse("%.*s is no grant: there are password,"
			    " client_credentials, authorization_code,"
			    " device_code and refresh_token (and the right"
			    " introspect)", (int)n, w);
		buf_printf(&b, "%.*s ", (int)n, w);
	}
	if (for_user && !words_have(b.data, "refresh_token"))
		buf_str(&b, "refresh_token");
	while (b.len > 0 && b.data[b.len - 1] == ' ')
		b.data[--b.len] = '\0';
	*out = b.data;
	return b.len == 0 ? cmd_refuse("no grant given") : CMD_OK;
}

/* What was made, or given a new secret: shown this once. */
static int
show_secret(struct cmd *c, const struct client *cl, const char *secret)
{
	struct buf b;

	buf_init(&b, c->a, 256);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "client_id", cl->client_id);
		if (secret != NULL)
			json_str(&b, "client_secret", secret);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "client_id      %s", cl->client_id);
		if (secret != NULL)
			buf_printf(&b, "\nclient_secret  %s\n"
			    "This is the only time that the secret is shown.",
			    secret);
	}
	return cmd_print(&b);
}

static int
check_uris(struct cmd *c, const struct client *cl)
{
	const char *w = cl->redirect_uris, *uri;
	const int wanted = words_have(cl->grants, "authorization_code");
	size_t n;

	if (wanted && *w == '\0')
		return cmd_refuse("authorization_code needs --redirect-uri");
	for (; words_next(&w, &n); w += n) {
		uri = arena_dup(c->a, w, n);
		if (!redirect_is_sound(uri))
			return cmd_refuse("%s is no redirect URI: https, http"
			    " on 127.0.0.1, [::1] or localhost, or an app's"
			    " own scheme with a dot; no fragment", uri);
	}
	return CMD_OK;
}

int
cmd_client_add(struct cmd *c)
{
	const char *grants = NULL, *access = NULL, *refresh = NULL;
	char secret[SECRET_TEXT_LEN + 1];
	struct client cl = { .name = NULL };
	int is_public = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ "name", &cl.name, NULL },
		{ "grant", &grants, NULL },
		{ "redirect-uri", &cl.redirect_uris, NULL },
		{ "scope", &cl.scope, NULL },
		{ "alg", &cl.alg, NULL },
		{ "access-ttl", &access, NULL },
		{ "refresh-ttl", &refresh, NULL },
		{ "public", NULL, &is_public },
	};
	char **operand;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n != 0 || cl.name == NULL || *cl.name == '\0' || grants == NULL)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = take_grants(c, grants, &cl.grants)) != CMD_OK)
		return rc;
	if (cmd_scope(c, cl.scope) < 0 ||
	    cmd_time(access, &cl.access_ttl) < 0 ||
	    cmd_time(refresh, &cl.refresh_ttl) < 0)
		return CMD_REFUSED;
	if (cl.alg != NULL && alg_find(cl.alg) < 0)
		return cmd_refuse("%s is no algorithm: there are ES256, RS256,"
		    " PS256 and EdDSA", cl.alg);
	if (is_public && (words_have(cl.grants, "client_credentials") ||
			     words_have(cl.grants, "password")))
		return cmd_refuse("a public client keeps no secret: not for"
		    " password or client_credentials");
	if (cl.redirect_uris == NULL)
		cl.redirect_uris = "";
	if ((rc = check_uris(c, &cl)) != CMD_OK)
		return rc;
	if ((rc = cmd_client_make(c, &cl, is_public ? NULL : secret)) == CMD_OK)
		rc = show_secret(c, &cl, is_public ? NULL : secret);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

static void
write_client(struct cmd *c, struct buf *b, const struct client *cl)
{
	if (!c->json) {
		buf_printf(b, "%s%s\t%s\t%s\t%s%s%s", b->len > 0 ? "\n" : "",
		    cl->client_id, cl->name, cl->grants,
		    client_is_public(cl) ? "public" : "confidential",
		    cl->role == NULL ? "" : "\tmade by install",
		    cl->revoked_at != 0 ? "\trevoked" : "");
		return;
	}
	json_open(b, NULL, '{');
	json_str(b, "client_id", cl->client_id);
	json_str(b, "name", cl->name);
	json_words(b, "grants", cl->grants);
	json_words(b, "redirect_uris", cl->redirect_uris);
	json_str(b, "scope", cl->scope);
	json_str(b, "alg", cl->alg);
	json_truth(b, "public", client_is_public(cl));
	json_int(b, "created_at", cl->created_at);
	json_truth(b, "revoked", cl->revoked_at != 0);
	json_close(b, '}');
}

int
cmd_client_list(struct cmd *c)
{
	struct client *cl = arena_alloc(c->a, LIST_N * sizeof(*cl));
	int64_t after = 0;
	struct buf b;
	char **operand;
	int n;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	buf_init(&b, c->a, 4096);
	if (c->json)
		json_open(&b, NULL, '[');
	do {
		n = store_client_list(c->st, c->a, after, cl, LIST_N);
		if (n < 0)
			return CMD_SYSTEM;
		for (int i = 0; i < n; i++)
			write_client(c, &b, &cl[i]);
		if (n > 0)
			after = cl[n - 1].id;
	} while (n == LIST_N);
	if (c->json)
		json_close(&b, ']');
	return cmd_print(&b);
}

/* The client that the only operand names. */
static int
find_client(struct cmd *c, struct client *out)
{
	char **operand;
	int n;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	n = store_client_by_id(c->st, c->a, operand[0], out);
	if (n < 0)
		return CMD_SYSTEM;
	return n == 0 ? cmd_refuse("there is no client %s", operand[0])
		      : CMD_OK;
}

int
cmd_client_show(struct cmd *c)
{
	struct client cl;
	struct buf b;
	int rc;

	if ((rc = find_client(c, &cl)) != CMD_OK)
		return rc;
	buf_init(&b, c->a, 1024);
	if (c->json) {
		write_client(c, &b, &cl);
		return cmd_print(&b);
	}
	buf_printf(&b, "client_id      %s\nname           %s\n"
	    "kind           %s\ngrants         %s\nredirect_uris  %s\n"
	    "scope          %s\nalg            %s\ncreated        %s\n"
	    "state          %s",
	    cl.client_id, cl.name,
	    client_is_public(&cl) ? "public" : "confidential", cl.grants,
	    cl.redirect_uris,
	    cl.scope == NULL ? "(all but the privileged)" : cl.scope,
	    cl.alg == NULL ? "(the server's)" : cl.alg,
	    cmd_date(c->a, cl.created_at),
	    cl.revoked_at == 0 ? "live" : "revoked");
	return cmd_print(&b);
}

int
cmd_client_secret(struct cmd *c)
{
	char secret[SECRET_TEXT_LEN + 1];
	struct digest d;
	struct client cl;
	int rc;

	if ((rc = find_client(c, &cl)) != CMD_OK)
		return rc;
	if (client_is_public(&cl))
		return cmd_refuse("%s is a public client: it keeps no secret",
		    cl.client_id);
	secret_make(secret, &d);
	rc = store_client_set_secret(c->st, cl.id, &d) == 1
	    ? show_secret(c, &cl, secret)
	    : CMD_SYSTEM;
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

int
cmd_client_revoke(struct cmd *c)
{
	struct client cl;
	int n, rc;

	if ((rc = find_client(c, &cl)) != CMD_OK)
		return rc;
	if ((n = store_client_revoke(c->st, cl.id, c->now)) < 0)
		return CMD_SYSTEM;
	if (n == 0)
		return cmd_refuse("%s was revoked before", cl.client_id);
	return show_secret(c, &cl, NULL);
}
