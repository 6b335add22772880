/* app.c: carnet client add --app: a client as a well-known program needs it. */
#include "app.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "redirect.h"
#include "site.h"
#include "store_client.h"
#include "words.h"

#define NAME_MAX_LEN 16	/* of a value in the lines */

/* ---- The URIs ---- */

/*
 * The URIs of words below url, which has no slash at its end.  Paths are left out if
 * url is NULL, and so is what is not https, if all must be.
 */
static const char *
uris(struct arena *a, const char *words, const char *url, int https_only)
{
	struct buf b;
	const char *uri;
	size_t n;

	buf_init(&b, a, 256);
	for (; words != NULL && words_next(&words, &n); words += n) {
		const int is_path = *words == '/' || *words == '.';

		if (is_path && url == NULL)
			continue;
		uri = !is_path	     ? arena_dup(a, words, n)
		    : *words == '.' ? url
				     : arena_printf(
					   a, "%s%.*s", url, (int)n, words);
		if (https_only && strncmp(uri, "https://", 8) != 0)
			continue;
		buf_printf(&b, "%s%s", b.len > 0 ? " " : "", uri);
	}
	return b.len > 0 ? b.data : NULL;
}

/* Does the program have a URI that stands below its own address? */
static int
needs_url(const struct app *app)
{
	return app->redirect != NULL &&
	    strpbrk(app->redirect, "/.") == app->redirect;
}

/* The address of --url, without a slash at its end; NULL after a message. */
static const char *
read_url(struct cmd *c, const char *url)
{
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	url = arena_dup(c->a, url, n);
	if (redirect_is_sound(url) && strncmp(url, "http", 4) == 0 &&
	    strchr(url, '?') == NULL)
		return url;
	cmd_refuse("--url is the address of the program, as browsers see it: https,"
		   " or http on this machine, without a query");
	return NULL;
}

/* ---- The client ---- */

static const struct app *
find(const char *name)
{
	for (size_t i = 0; i < app_table_n; i++)
		if (strcmp(app_table[i].name, name) == 0)
			return &app_table[i];
	return NULL;
}

static void
fill(const char **typed, const char *needed)
{
	if (*typed == NULL)
		*typed = needed;
}

int
app_apply(struct cmd *c, struct app_use *use, struct registration *r)
{
	const struct app *app;

	if (use->name == NULL)
		return use->url == NULL
		    ? CMD_OK
		    : cmd_refuse("--url belongs to --app");
	if ((app = use->app = find(use->name)) == NULL)
		return cmd_refuse("%s is no program that --app knows: --app"
		    " list has them, and generic is for all others", use->name);
	if (use->url != NULL && (use->url = read_url(c, use->url)) == NULL)
		return CMD_REFUSED;
	if (use->url == NULL && r->redirect_uris == NULL && needs_url(app))
		return cmd_refuse("--app %s needs --url, the address of the"
		    " program as browsers see it", app->name);
	fill(&r->name, app->title);
	fill(&r->grants, app->r.grants);
	fill(&r->pkce, app->r.pkce);
	fill(&r->id_token_alg, app->r.id_token_alg);
	fill(&r->redirect_uris, uris(c->a, app->redirect, use->url, 0));
	fill(&r->post_logout_uris, uris(c->a, app->post_logout, use->url, 0));
	fill(&r->backchannel_logout_uri,
	    uris(c->a, app->backchannel, use->url, 1));
	r->id_token_claims |= app->r.id_token_claims;
	if (r->jwks == NULL && r->jwks_uri == NULL)
		r->is_public |= app->r.is_public;
	return CMD_OK;
}

/* ---- The lines ---- */

/* What the lines may name. */
struct values {
	const struct conf *cf;
	struct arena *a;
	const struct client *cl;
	const char *secret, *url;
};

/* The address for introspection, with the name and the secret in it. */
static const char *
introspect_as(const struct values *v)
{
	const char *url = site_url(v->cf, v->a, SITE_INTROSPECT);
	const char *rest = strstr(url, "://") + 3;

	return arena_printf(v->a, "%.*s%s:%s@%s", (int)(rest - url), url,
	    v->cl->client_id, v->secret, rest);
}

/* The value of that name, or NULL. */
static const char *
value(const struct values *v, const char *name)
{
	static const struct {
		const char *name;
		enum site site;
	} sites[] = {
		{ "authorize", SITE_AUTHORIZE },
		{ "token", SITE_TOKEN },
		{ "userinfo", SITE_USERINFO },
		{ "end_session", SITE_END_SESSION },
		{ "jwks", SITE_JWKS },
	};
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "client_id", v->cl->client_id },
		{ "client_secret", v->secret },
		{ "url", v->url },
		{ "issuer", v->cf->issuer },
		{ "site_name", v->cf->site_name },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, name) == 0)
			return texts[i].value;
	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		if (strcmp(sites[i].name, name) == 0)
			return site_url(v->cf, v->a, sites[i].site);
	if (strcmp(name, "introspect_as") == 0)
		return introspect_as(v);
	return strcmp(name, "discovery") == 0
	    ? arena_printf(v->a, "%s/.well-known/openid-configuration",
		  v->cf->issuer)
	    : NULL;
}

/* Append text to b with its values: @NAME@.  Another @ is itself. */
static void
expand(const struct values *v, const char *text, struct buf *b)
{
	const char *end, *known;
	size_t n;

	for (; *text != '\0'; text += n) {
		n = strcspn(text, "@");
		buf_add(b, text, n);
		if (text[n] == '\0')
			return;
		text += n;
		end = strchr(text + 1, '@');
		known = end == NULL || end - text > NAME_MAX_LEN
		    ? NULL
		    : value(v, arena_dup(v->a, text + 1,
			  (size_t)(end - text) - 1));
		buf_str(b, known == NULL ? "@" : known);
		n = known == NULL ? 1 : (size_t)(end - text) + 1;
	}
}

/* Each line of text begins with four spaces, as in a page of doc/. */
static void
indent(struct buf *b, const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] != '\0')) {
		n = strcspn(text, "\n");
		buf_printf(b, "\n%s%.*s", n > 0 ? "    " : "", (int)n, text);
	}
}

void
app_write(struct cmd *c, const struct app_use *use, const struct client *cl,
    const char *secret, struct buf *b)
{
	const struct app *app = use == NULL ? NULL : use->app;
	const struct values v = { .cf = c->conf, .a = c->a, .cl = cl,
		.secret = secret == NULL ? "" : secret,
		.url = use == NULL || use->url == NULL ? "" : use->url };
	struct buf lines;

	if (app == NULL)
		return;
	buf_init(&lines, c->a, 1024);
	expand(&v, app->lines, &lines);
	if (c->json) {
		json_str(b, "app", app->name);
		json_str(b, "where", app->where);
		json_str(b, "lines", lines.data);
		json_str(b, "note", app->note);
		return;
	}
	buf_printf(b, "\n\n%s:\n", app->where);
	indent(b, lines.data);
	if (app->note != NULL)
		buf_printf(b, "\n\n%s", app->note);
}

/* ---- The list ---- */

static void
list_one(struct cmd *c, const struct app *app, struct buf *b)
{
	if (!c->json) {
		buf_printf(b, "%s%s\t%s\t%s", b->len > 0 ? "\n" : "",
		    app->name, app->title,
		    app->redirect == NULL ? "-" : app->redirect);
		return;
	}
	json_open(b, NULL, '{');
	json_str(b, "name", app->name);
	json_str(b, "title", app->title);
	json_words(b, "redirect",
	    app->redirect == NULL ? "" : app->redirect);
	json_words(b, "post_logout",
	    app->post_logout == NULL ? "" : app->post_logout);
	json_str(b, "backchannel", app->backchannel);
	json_str(b, "note", app->note);
	json_close(b, '}');
}

int
app_list(struct cmd *c)
{
	struct buf b;

	buf_init(&b, c->a, 4096);
	if (c->json)
		json_open(&b, NULL, '[');
	for (size_t i = 0; i < app_table_n; i++)
		list_one(c, &app_table[i], &b);
	if (c->json)
		json_close(&b, ']');
	return cmd_print_rows(c, "APP\tPROGRAM\tREDIRECT URIS", &b);
}
