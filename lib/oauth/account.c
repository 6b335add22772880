/* account.c: what the account page shows. */
#include "account.h"
#include "account_factor.h"
#include "account_passkey.h"
#include "account_view.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "agent.h"
#include "arena.h"
#include "claims.h"
#include "b64.h"
#include "conf.h"
#include "document.h"
#include "grant.h"
#include "letter.h"
#include "oerr.h"
#include "redirect.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "site.h"
#include "store_consent.h"
#include "store_session.h"
#include "tmpl.h"
#include "utf8.h"
#include "words.h"

#define LIST_BEGIN 100 /* rows; four times as many until all are there */
#define TOKENS_PAGE 25
#define DAY 86400
#define HUES 6

/* The first letter of an app's name, in capitals as far as ASCII goes. */
static const char *
icon_letter(struct arena *a, const char *name)
{
	char *letter;
	size_t n = 1;

	if (*name == '\0')
		return "?";
	while ((name[n] & 0xc0) == 0x80)
		n++;
	letter = arena_dup(a, name, n);
	letter[0] = (char)toupper((unsigned char)letter[0]);
	return letter;
}

/* Where the app is: the hosts that it is reached at, or a device. */
static void
set_place(struct arena *a, struct tmpl_data *d, const struct consent *c)
{
	const char *uris = c->redirect_uris, *hosts = NULL, *host;
	size_t n;

	for (; words_next(&uris, &n); uris += n) {
		host = redirect_host(a, arena_dup(a, uris, n));
		if (hosts == NULL || !words_have(hosts, host))
			hosts = hosts == NULL
			    ? host
			    : arena_printf(a, "%s %s", hosts, host);
	}
	tmpl_set(d, "hosts", hosts);
	tmpl_set(d, "stranger", c->is_stranger ? "1" : NULL);
	if (document_is_url(c->client_id))
		tmpl_set(d, "document_host", redirect_host(a, c->client_id));
	if (words_have(c->grants, GRANT_DEVICE))
		tmpl_set(d, "device", "1");
}

static int
show_apps(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct consent *c;
	struct tmpl_data *item;
	int n, max = LIST_BEGIN / 4;

	do {
		max *= 4;
		c = arena_alloc(rq->a, (size_t)max * sizeof(*c));
		n = store_consent_list(
		    rq->st, rq->a, w->v.user.id, c, (size_t)max);
	} while (n == max);
	for (int i = 0; i < n; i++) {
		item = tmpl_push(d, "apps");
		tmpl_set(item, "client_name", c[i].client_name);
		tmpl_set(item, "client_id", c[i].client_id);
		tmpl_set(item, "letter", icon_letter(rq->a, c[i].client_name));
		tmpl_set(item, "hue", arena_printf(rq->a, "%d",
				(int)(c[i].client % HUES)));
		set_place(rq->a, item, &c[i]);
		scope_show_as(rq->conf,
		    scope_parse(rq->conf, c[i].scope, NULL), item, "may");
		claims_show(rq, &w->v.user,
		    scope_parse(rq->conf, c[i].scope, NULL), item);
		account_set_time(rq->a, item, "granted_at", c[i].granted_at);
		account_set_time(rq->a, item, "last_used_at", c[i].last_used_at);
	}
	return n;
}

/* One more is read than is shown, to know whether there are more. */
static int
show_tokens(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	const char *after = rq->param[PARAM_AFTER];
	struct access_token *t =
	    arena_alloc(rq->a, (TOKENS_PAGE + 1) * sizeof(*t));
	struct tmpl_data *item;
	struct id id;
	int n, from = after != NULL && id_read(after, &id);

	n = store_personal_list(rq->st, rq->a, w->v.user.id, rq->now,
	    from ? &id : NULL, t, TOKENS_PAGE + 1);
	for (int i = 0; i < n && i < TOKENS_PAGE; i++) {
		item = tmpl_push(d, "tokens");
		tmpl_set(item, "id", id_text(rq->a, &t[i].id));
		tmpl_set(item, "name", t[i].name);
		scope_show_as(rq->conf,
		    scope_parse(rq->conf, t[i].scope, NULL), item, "may");
		account_set_time(rq->a, item, "created_at", t[i].created_at);
		account_set_time(rq->a, item, "expires_at", t[i].expires_at);
		account_set_time(rq->a, item, "last_used_at", t[i].last_used_at);
	}
	if (n > TOKENS_PAGE)
		tmpl_set(d, "older",
		    id_text(rq->a, &t[TOKENS_PAGE - 1].id));
	if (from)
		tmpl_set(d, "after", after);
	return n;
}

static int
show_sessions(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct session *s;
	struct tmpl_data *item;
	char *id;
	int n, max = LIST_BEGIN / 4;

	do {
		max *= 4;
		s = arena_alloc(rq->a, (size_t)max * sizeof(*s));
		n = store_session_list(
		    rq->st, rq->a, w->v.user.id, rq->now, s, (size_t)max);
	} while (n == max);
	for (int i = 0; i < n; i++) {
		item = tmpl_push(d, "sessions");
		/* The digest names the session and opens nothing. */
		id = arena_alloc(rq->a, B64_LEN(DIGEST_LEN) + 1);
		b64url_encode(s[i].digest.byte, DIGEST_LEN, id);
		tmpl_set(item, "id", id);
		tmpl_set(item, "agent", agent_name(rq->a, s[i].agent));
		tmpl_set(item, "agent_text", s[i].agent);
		tmpl_set(item, "address", s[i].address);
		account_set_time(rq->a, item, "created_at", s[i].created_at);
		account_set_time(rq->a, item, "last_seen_at", s[i].seen_at);
		if (digest_equal(&s[i].digest, &w->v.session.digest))
			tmpl_set(item, "current", "1");
	}
	return n;
}

/* How long a token may live: what is customary, and the most. */
static void
show_expiries(struct req *rq, struct tmpl_data *d, const char *chosen)
{
	static const int days[] = { 1, 7, 30, 90, 365 };
	const int64_t most = rq->conf->personal_ttl;
	struct tmpl_data *item;

	for (size_t i = 0; i <= sizeof(days) / sizeof(days[0]); i++) {
		const int last = i == sizeof(days) / sizeof(days[0]);
		const int64_t ttl = last ? most : (int64_t)days[i] * DAY;
		const char *value = arena_printf(
		    rq->a, "%lld", (long long)ttl);

		if (!last && ttl >= most)
			continue;
		item = tmpl_push(d, "expiries");
		tmpl_set(item, "value", value);
		tmpl_set(item, "text", ttl % DAY != 0
			? arena_printf(rq->a, "in %s seconds", value)
			: arena_printf(rq->a, "in %lld day%s",
			    (long long)(ttl / DAY), ttl == DAY ? "" : "s"));
		if (chosen != NULL ? strcmp(chosen, value) == 0
				   : ttl == 30 * DAY || (last && ttl < 30 * DAY))
			tmpl_set(item, "selected", "1");
	}
}

/* The form for a token, as it was sent if it is shown again. */
static void
show_form(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	const char *action = rq->param[PARAM_ACTION];
	const int again = w->error != NULL && action != NULL &&
	    strcmp(action, "create_token") == 0;
	const char *chosen = again ? rq->param[PARAM_SCOPES] : NULL;
	const uint64_t may = scope_of_user(rq->conf, &w->v.user);
	const struct conf_scope *s = rq->conf->scopes;
	struct tmpl_data *item;

	tmpl_set(d, "token_name", again ? rq->param[PARAM_NAME] : NULL);
	show_expiries(rq, d, again ? rq->param[PARAM_EXPIRES_IN] : NULL);
	for (size_t i = 0; i < rq->conf->n_scopes; i++) {
		if (!(may & ~rq->conf->all_built_in & UINT64_C(1) << i))
			continue;
		item = tmpl_push(d, "scopes");
		tmpl_set(item, "name", s[i].name);
		tmpl_set(item, "description", s[i].description);
		tmpl_set(item, "privileged", s[i].privileged ? "1" : NULL);
		if (chosen != NULL && words_have(chosen, s[i].name))
			tmpl_set(item, "checked", "1");
	}
}

/* The error is shown at its field, or on top if it is about no field. */
static void
show_error(struct tmpl_data *d, const struct view *w)
{
	static const char *const names[] = {
		[FIELD_NONE] = "error", [FIELD_NAME] = "error_name",
		[FIELD_EXPIRY] = "error_expiry", [FIELD_CURRENT] = "error_current",
		[FIELD_NEW] = "error_new", [FIELD_EMAIL] = "error_email",
		[FIELD_LOGIN] = "error_login",
	};

	tmpl_set(d, names[w->field], w->error);
}

/* The names by which the user signs in; what was typed, if it is shown again. */
static void
show_names(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	const char *email = rq->param[PARAM_EMAIL];
	const char *login = rq->param[PARAM_LOGIN];

	tmpl_set(d, "address", w->v.user.email);
	tmpl_set(d, "mail", letter_is_set_up(rq->conf) ? "1" : NULL);
	tmpl_set(d, "new_email", w->error == NULL ? NULL : email);
	tmpl_set(d, "login", w->error == NULL || login == NULL
		? w->v.user.login : login);
}

static void
show_new_token(struct req *rq, struct tmpl_data *d, const struct view *w)
{
	struct tmpl_data *item = tmpl_push(d, "new_token");

	tmpl_set(item, "value", w->jwt);
	tmpl_set(item, "token_name", w->row.name);
	account_set_time(rq->a, item, "expires_at", w->row.expires_at);
}

const struct oerr *
account_show(struct req *rq, const struct view *w)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);
	const char *name = w->v.user.name;
	const char *email = store_user_label(&w->v.user);
	const struct oerr *e;

	tmpl_set(d, "title", "Your account");
	tmpl_set(d, "action", site_path(rq->conf, rq->a, SITE_ACCOUNT));
	tmpl_set(d, "csrf_token", w->v.csrf);
	tmpl_set(d, "email", email);
	tmpl_set(d, "name", name);
	tmpl_set(d, "password_min", arena_printf(rq->a, "%lld",
		(long long)rq->conf->password_min));
	tmpl_set(d,
	    !rq->conf->password_sign_in		? "at_site_alone"
		: rq->conf->password_check != NULL ? "password_elsewhere"
						   : "password_here",
	    "1");
	tmpl_set(d, "notice", w->notice);
	show_error(d, w);
	show_names(rq, d, w);
	if (w->is_made)
		show_new_token(rq, d, w);
	show_form(rq, d, w);
	if (show_apps(rq, d, w) < 0 || show_tokens(rq, d, w) < 0 ||
	    show_sessions(rq, d, w) < 0 ||
	    account_show_factors(rq, d, w) < 0)
		return oerr_machine(rq);
	if ((e = account_show_passkeys(rq, d, w)) != NULL)
		return e;
	return resp_page(rq, w->status, "account.html", d);
}
