/* cmd_client.c: carnet client add, edit, list, show, secret, revoke, delete. */
#include "app.h"
#include "arena.h"
#include "buf.h"
#include "cert.h"
#include "client.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "jwk_set.h"
#include "registration.h"
#include "store.h"
#include "store_client.h"
#include "store_erase.h"

#define LIST_N 256

/* Print a client and its new secret, shown only here, and what its app needs. */
static int
show_new(struct cmd *c, const struct client *cl, const char *secret,
    const struct app_use *use)
{
	struct buf b;

	buf_init(&b, c->a, 256);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "client_id", cl->client_id);
		if (secret != NULL)
			json_str(&b, "client_secret", secret);
		app_write(c, use, cl, secret, &b);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "client_id      %s", cl->client_id);
		if (secret != NULL)
			buf_printf(&b, "\nclient_secret  %s\n"
			    "This is the only time that the secret is shown.",
			    secret);
		app_write(c, use, cl, secret, &b);
	}
	return cmd_print(&b);
}

static int
show_secret(struct cmd *c, const struct client *cl, const char *secret)
{
	return show_new(c, cl, secret, NULL);
}

/* The arguments of add and edit, as they were typed. */
struct typed {
	struct registration r;
	const char *access_ttl, *refresh_ttl;
	const char *jwks_file, *tls_ca_file;
	const char *unset;	/* of edit: names of options, with commas */
};

#define TYPED_OPTS(t) \
	{ .name = "name", .value = &(t).r.name }, \
	{ .name = "grant", .value = &(t).r.grants }, \
	{ .name = "redirect-uri", .value = &(t).r.redirect_uris }, \
	{ .name = "scope", .value = &(t).r.scope }, \
	{ .name = "alg", .value = &(t).r.alg }, \
	{ .name = "access-ttl", .value = &(t).access_ttl }, \
	{ .name = "refresh-ttl", .value = &(t).refresh_ttl }, \
	{ .name = "refresh", .value = &(t).r.refresh }, \
	{ .name = "pkce", .value = &(t).r.pkce }, \
	{ .name = "trusted", .flag = &(t).r.is_trusted }, \
	{ .name = "par", .flag = &(t).r.par_required }, \
	{ .name = "id-token-alg", .value = &(t).r.id_token_alg }, \
	{ .name = "id-token-claims", .flag = &(t).r.id_token_claims }, \
	{ .name = "userinfo-alg", .value = &(t).r.userinfo_alg }, \
	{ .name = "pairwise", .flag = &(t).r.is_pairwise }, \
	{ .name = "sector", .value = &(t).r.sector }, \
	{ .name = "post-logout-redirect-uri", \
	    .value = &(t).r.post_logout_uris }, \
	{ .name = "backchannel-logout-uri", \
	    .value = &(t).r.backchannel_logout_uri }, \
	{ .name = "jwks", .value = &(t).jwks_file }, \
	{ .name = "jwks-uri", .value = &(t).r.jwks_uri }, \
	{ .name = "tls", .value = &(t).r.tls }, \
	{ .name = "tls-ca", .value = &(t).tls_ca_file }, \
	{ .name = "bound", .value = &(t).r.bound }, \
	{ .name = "public", .flag = &(t).r.is_public }

static int
is_nothing(const struct typed *t)
{
	static const struct typed nothing = { .unset = NULL };

	return memcmp(t, &nothing, sizeof(nothing)) == 0;
}

/* What is not a text as it was typed: lifetimes, and the keys in a file. */
static int
take_others(struct cmd *c, struct typed *t)
{
	if (t->jwks_file != NULL &&
	    (t->r.jwks = cmd_read_file(
		 c->a, t->jwks_file, JWK_SET_BYTES_MAX)) == NULL)
		return CMD_REFUSED;
	if (t->tls_ca_file != NULL &&
	    (t->r.tls_ca = cmd_read_file(
		 c->a, t->tls_ca_file, CERT_BYTES_MAX)) == NULL)
		return CMD_REFUSED;
	return cmd_time(t->access_ttl, &t->r.access_ttl) < 0 ||
	    cmd_time(t->refresh_ttl, &t->r.refresh_ttl) < 0
	    ? CMD_REFUSED
	    : CMD_OK;
}

int
cmd_client_add(struct cmd *c)
{
	char secret[SECRET_TEXT_LEN + 1];
	struct client cl = REGISTRATION_NEW;
	struct app_use use = { .name = NULL };
	struct typed t = { .unset = NULL };
	const struct cmd_opt opts[] = { TYPED_OPTS(t),
		{ .name = "app", .value = &use.name },
		{ .name = "url", .value = &use.url } };
	const char *why;
	char **operand;
	int n, rc;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n == 0 && use.name != NULL && strcmp(use.name, "list") == 0)
		return app_list(c);
	if (n != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = take_others(c, &t)) != CMD_OK ||
	    (rc = app_apply(c, &use, &t.r)) != CMD_OK)
		return rc;
	if (t.r.name == NULL || *t.r.name == '\0' || t.r.grants == NULL)
		return cmd_usage(c);
	if ((why = registration_apply(c->conf, c->a, &t.r, &cl)) != NULL)
		return cmd_refuse("%s", why);
	if (registration_add(c->st, c->a, c->now, &cl, secret) < 0)
		return CMD_SYSTEM;
	rc = show_new(c, &cl, cl.has_secret ? secret : NULL, &use);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

/* Write a lifetime; null: the client has the configuration's. */
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

static const char *
pkce_text(const struct client *cl)
{
	return cl->pkce_optional ? "optional" : "required";
}

/* How the client proves who it is. */
static const char *
kind_text(const struct client *cl)
{
	return client_is_public(cl)   ? "public"
	    : cl->tls != NULL	      ? "confidential, with a certificate"
	    : !client_has_keys(cl)    ? "confidential"
	    : cl->jwks_uri == NULL    ? "confidential, with keys"
	    : cl->jwks == NULL	      ? "confidential, with keys to be fetched"
				      : "confidential, with keys fetched";
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
	json_str(b, "pkce", pkce_text(cl));
	json_truth(b, "trusted", cl->is_trusted);
	json_truth(b, "par", cl->par_required);
	json_str(b, "tls", cl->tls);
	json_str(b, "bound", cl->bound);
	json_str(b, "id_token_alg", cl->id_token_alg);
	json_truth(b, "id_token_claims", cl->id_token_claims);
	json_str(b, "userinfo_alg", cl->userinfo_alg);
	json_str(b, "sector", cl->sector);
	json_words(b, "post_logout_redirect_uris",
	    cl->post_logout_uris == NULL ? "" : cl->post_logout_uris);
	json_str(b, "backchannel_logout_uri", cl->backchannel_logout_uri);
	json_str(b, "jwks_uri", cl->jwks_uri);
	json_raw(b, "jwks", cl->jwks);
	json_str(b, "origin", cl->origin);
	json_truth(b, "public", client_is_public(cl));
	json_int(b, "created_at", cl->created_at);
	json_truth(b, "revoked", cl->revoked_at != 0);
	json_close(b, '}');
}

static int
write_page(struct cmd *c, struct buf *b, int64_t *after)
{
	struct client *cl = arena_alloc(c->a, LIST_N * sizeof(*cl));
	const int n = store_client_list(c->st, c->a, *after, cl, LIST_N);

	for (int i = 0; i < n; i++)
		write_client(c, b, &cl[i]);
	if (n > 0)
		*after = cl[n - 1].id;
	return n < 0 ? -1 : n == LIST_N;
}

int
cmd_client_list(struct cmd *c)
{
	return cmd_print_list(c, "ID\tNAME\tGRANTS\tKIND\tSTATE", write_page);
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

/* What it has of OpenID Connect that is no default. */
static void
show_openid(struct buf *b, const struct client *cl)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "par            ", cl->par_required ? "required" : NULL },
		{ "tls            ", cl->tls },
		{ "bound          ", cl->bound },
		{ "id_token_alg   ", cl->id_token_alg },
		{ "id_token_claims", cl->id_token_claims ? "yes" : NULL },
		{ "userinfo_alg   ", cl->userinfo_alg },
		{ "sector         ", cl->sector },
		{ "post_logout    ", cl->post_logout_uris },
		{ "backchannel    ", cl->backchannel_logout_uri },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL)
			buf_printf(b, "\n%s%s%s", rows[i].name,
			    strlen(rows[i].name) > 14 &&
				    rows[i].name[14] != ' ' ? " " : "",
			    rows[i].value);
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
	    "jwks_uri       %s\n"
	    "scope          %s\nalg            %s\naccess_ttl     %s\n"
	    "refresh_ttl    %s\nrefresh        %s\npkce           %s\n"
	    "trusted        %s\nadded by       %s\ncreated        %s\n"
	    "state          %s",
	    cl.client_id, cl.name, kind_text(&cl), cl.grants,
	    cl.redirect_uris,
	    cl.jwks_uri == NULL ? "-" : cl.jwks_uri,
	    cl.scope == NULL ? "(all but the privileged)" : cl.scope,
	    cl.alg == NULL ? "(the server's)" : cl.alg,
	    ttl_text(c, cl.access_ttl), ttl_text(c, cl.refresh_ttl),
	    refresh_text(&cl), pkce_text(&cl),
	    cl.is_trusted ? "yes" : "no",
	    cl.origin == NULL ? "the operator"
		: strcmp(cl.origin, CLIENT_REGISTERED) == 0
		? "itself (registration)"
		: cl.idle_at == 0 ? "the operator (pinned document)"
				  : "its document",
	    cmd_date(c->a, cl.created_at),
	    cl.revoked_at == 0 ? "live" : "revoked");
	show_openid(&b, &cl);
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
	if (client_is_public(&cl) || client_has_keys(&cl))
		return cmd_refuse("%s %s: it keeps no secret", cl.client_id,
		    client_has_keys(&cl) ? "signs with keys of its own"
					 : "is a public client");
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

/* A change of a client. */
struct change {
	struct cmd *c;
	const struct typed *t;
	struct client *cl;
	const char *why; /* it is refused; or NULL */
};

static int
unset(const struct change *ch, struct client *cl)
{
	const struct cmd_unset names[] = {
		{ .name = "scope", .text = &cl->scope },
		{ .name = "alg", .text = &cl->alg },
		{ .name = "redirect-uri", .text = &cl->redirect_uris, .to = "" },
		{ .name = "access-ttl", .number = &cl->access_ttl },
		{ .name = "refresh-ttl", .number = &cl->refresh_ttl },
		{ .name = "trusted", .flag = &cl->is_trusted },
		{ .name = "par", .flag = &cl->par_required },
		{ .name = "bound", .text = &cl->bound },
		{ .name = "id-token-alg", .text = &cl->id_token_alg },
		{ .name = "id-token-claims", .flag = &cl->id_token_claims },
		{ .name = "userinfo-alg", .text = &cl->userinfo_alg },
		{ .name = "pairwise", .text = &cl->sector },
		{ .name = "post-logout-redirect-uri",
		    .text = &cl->post_logout_uris },
		{ .name = "backchannel-logout-uri",
		    .text = &cl->backchannel_logout_uri },
	};

	return cmd_unset(ch->c, ch->t->unset, names,
	    sizeof(names) / sizeof(names[0]));
}

/*
 * Read, check and change the client in one transaction.  The rules are for the
 * whole client, with its old members and the new ones.
 */
static int
change(struct store *st, void *ctx)
{
	struct change *ch = ctx;
	struct cmd *c = ch->c;

	ch->why = NULL;
	if (store_client_by_number(st, c->a, ch->cl->id, ch->cl) != 1)
		return -1;
	(void)unset(ch, ch->cl);
	ch->why = registration_apply(c->conf, c->a, &ch->t->r, ch->cl);
	return ch->why == NULL && store_client_change(st, ch->cl) == 1 ? 1 : -1;
}

int
cmd_client_edit(struct cmd *c)
{
	struct typed t = { .unset = NULL };
	const struct cmd_opt opts[] = { TYPED_OPTS(t),
		{ .name = "unset", .value = &t.unset } };
	struct client cl, unused = { .id = 0 };
	struct change ch = { .c = c, .t = &t, .cl = &cl };
	int rc;

	if ((rc = find_client(
		 c, opts, sizeof(opts) / sizeof(opts[0]), &cl)) != CMD_OK)
		return rc;
	if (is_nothing(&t))
		return cmd_usage(c);
	if ((rc = unset(&ch, &unused)) != CMD_OK ||
	    (rc = take_others(c, &t)) != CMD_OK)
		return rc;
	if (store_write(c->st, change, &ch) < 0)
		return ch.why == NULL ? CMD_SYSTEM : cmd_refuse("%s", ch.why);
	return show_secret(c, &cl, NULL);
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
