/* cmd_client.c: carnet client ... */
#include "arena.h"
#include "buf.h"
#include "client.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "registration.h"
#include "store.h"
#include "store_client.h"
#include "store_erase.h"

#define LIST_N 256

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

/* What add and edit take, as it was typed; NULL: not given. */
struct typed {
	const char *name, *grants, *uris, *scope, *alg, *access, *refresh_ttl;
	const char *refresh;	/* keep or rotate */
	const char *unset;	/* of edit: names of options, with commas */
	int is_public;
};

#define TYPED_OPTS(t) \
	{ "name", &(t).name, NULL }, \
	{ "grant", &(t).grants, NULL }, \
	{ "redirect-uri", &(t).uris, NULL }, \
	{ "scope", &(t).scope, NULL }, \
	{ "alg", &(t).alg, NULL }, \
	{ "access-ttl", &(t).access, NULL }, \
	{ "refresh-ttl", &(t).refresh_ttl, NULL }, \
	{ "refresh", &(t).refresh, NULL }, \
	{ "public", NULL, &(t).is_public }

/* Lay what was typed over cl, and hold the whole against the rules. */
static int
take_typed(struct cmd *c, const struct typed *t, struct client *cl,
    int is_public)
{
	const char *why = NULL;

	if (t->name != NULL)
		cl->name = t->name;
	if (t->uris != NULL)
		cl->redirect_uris = t->uris;
	if (t->scope != NULL)
		cl->scope = t->scope;
	if (t->alg != NULL)
		cl->alg = t->alg;
	if ((t->access != NULL && cmd_time(t->access, &cl->access_ttl) < 0) ||
	    (t->refresh_ttl != NULL &&
		cmd_time(t->refresh_ttl, &cl->refresh_ttl) < 0))
		return CMD_REFUSED;
	if (t->refresh != NULL) {
		cl->refresh_keep = strcmp(t->refresh, "keep") == 0;
		if (!cl->refresh_keep && strcmp(t->refresh, "rotate") != 0)
			return cmd_refuse("--refresh is keep or rotate");
	}
	if (t->grants != NULL)
		why = registration_grants(c->a, t->grants, &cl->grants);
	if (why == NULL)
		why = registration_check(c->conf, c->a, cl, is_public);
	return why == NULL ? CMD_OK : cmd_refuse("%s", why);
}

int
cmd_client_add(struct cmd *c)
{
	char secret[SECRET_TEXT_LEN + 1];
	struct client cl = { .redirect_uris = "" };
	struct typed t = { .name = NULL };
	const struct cmd_opt opts[] = { TYPED_OPTS(t) };
	char **operand;
	int n, rc;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n != 0 || t.name == NULL || *t.name == '\0' || t.grants == NULL)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = take_typed(c, &t, &cl, t.is_public)) != CMD_OK)
		return rc;
	if ((rc = cmd_client_make(
		 c, &cl, t.is_public ? NULL : secret)) == CMD_OK)
		rc = show_secret(c, &cl, t.is_public ? NULL : secret);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

/* Null: the setting's. */
static void
write_ttl(struct buf *b, const char *name, int64_t ttl_s)
{
	if (ttl_s == 0)
		json_null(b, name);
	else
		json_int(b, name, ttl_s);
}

static const char *
ttl_text(struct cmd *c, int64_t ttl_s)
{
	return ttl_s == 0 ? "(the setting's)"
			  : arena_printf(c->a, "%lld s", (long long)ttl_s);
}

static const char *
refresh_text(const struct client *cl)
{
	return cl->refresh_keep ? "keep" : "rotate";
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
	write_ttl(b, "access_ttl", cl->access_ttl);
	write_ttl(b, "refresh_ttl", cl->refresh_ttl);
	json_str(b, "refresh", refresh_text(cl));
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
	return cmd_print_rows(c, "ID\tNAME\tGRANTS\tKIND\tSTATE", &b);
}

/* The client that the only operand names. */
static int
find_client(struct cmd *c, const struct cmd_opt *opts, size_t n_opts,
    struct client *out)
{
	char **operand;
	int n;

	if ((n = cmd_options(c, opts, n_opts, &operand)) != 1)
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

	if ((rc = find_client(c, NULL, 0, &cl)) != CMD_OK)
		return rc;
	buf_init(&b, c->a, 1024);
	if (c->json) {
		write_client(c, &b, &cl);
		return cmd_print(&b);
	}
	buf_printf(&b, "client_id      %s\nname           %s\n"
	    "kind           %s\ngrants         %s\nredirect_uris  %s\n"
	    "scope          %s\nalg            %s\naccess_ttl     %s\n"
	    "refresh_ttl    %s\nrefresh        %s\ncreated        %s\n"
	    "state          %s",
	    cl.client_id, cl.name,
	    client_is_public(&cl) ? "public" : "confidential", cl.grants,
	    cl.redirect_uris,
	    cl.scope == NULL ? "(all but the privileged)" : cl.scope,
	    cl.alg == NULL ? "(the server's)" : cl.alg,
	    ttl_text(c, cl.access_ttl), ttl_text(c, cl.refresh_ttl),
	    refresh_text(&cl),
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

	if ((rc = find_client(c, NULL, 0, &cl)) != CMD_OK)
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

	if ((rc = find_client(c, NULL, 0, &cl)) != CMD_OK)
		return rc;
	if ((n = store_client_revoke(c->st, cl.id, c->now)) < 0)
		return CMD_SYSTEM;
	if (n == 0)
		return cmd_refuse("%s was revoked before", cl.client_id);
	return show_secret(c, &cl, NULL);
}

/* Change it to what was typed; within a transaction, so that no change between
 * what is read here and what is written is lost. */
static int
edit(struct cmd *c, const struct typed *t, struct client *cl)
{
	const struct cmd_unset names[] = {
		{ "scope", &cl->scope, NULL, NULL },
		{ "alg", &cl->alg, NULL, NULL },
		{ "redirect-uri", &cl->redirect_uris, "", NULL },
		{ "access-ttl", NULL, NULL, &cl->access_ttl },
		{ "refresh-ttl", NULL, NULL, &cl->refresh_ttl },
	};
	int rc;

	if (store_client_by_number(c->st, c->a, cl->id, cl) != 1)
		return CMD_SYSTEM;
	rc = cmd_unset(c, t->unset, names, sizeof(names) / sizeof(names[0]));
	if (t->is_public) {
		cl->has_secret = 0;
		cl->secret_hash = NULL;
	}
	if (rc == CMD_OK)
		rc = take_typed(c, t, cl, client_is_public(cl));
	if (rc == CMD_OK && store_client_change(c->st, cl) != 1)
		rc = CMD_SYSTEM;
	return rc;
}

int
cmd_client_edit(struct cmd *c)
{
	struct typed t = { .name = NULL };
	const struct cmd_opt opts[] = { TYPED_OPTS(t),
		{ "unset", &t.unset, NULL } };
	struct client cl;
	int rc;

	if ((rc = find_client(
		 c, opts, sizeof(opts) / sizeof(opts[0]), &cl)) != CMD_OK)
		return rc;
	if (memcmp(&t, &(struct typed) { .name = NULL }, sizeof(t)) == 0)
		return cmd_usage(c);
	/* install made it for a purpose: it would make another. */
	if (cl.role != NULL && (t.is_public || t.grants != NULL))
		return cmd_refuse("%s is the %s client: its grants and its kind"
		    " are install's", cl.client_id, cl.role);
	if (store_begin(c->st) < 0)
		return CMD_SYSTEM;
	if ((rc = edit(c, &t, &cl)) == CMD_OK && store_commit(c->st) < 0)
		rc = CMD_SYSTEM;
	store_rollback(c->st);
	return rc == CMD_OK ? show_secret(c, &cl, NULL) : rc;
}

int
cmd_client_delete(struct cmd *c)
{
	struct client cl;
	int rc;

	if ((rc = find_client(c, NULL, 0, &cl)) != CMD_OK)
		return rc;
	if (store_erase_client(c->st, cl.id) != 1)
		return CMD_SYSTEM;
	return show_secret(c, &cl, NULL);
}
