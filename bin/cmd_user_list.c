/* cmd_user_list.c: carnet user list, show, export: what is stored of users. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "hash.h"
#include "id.h"
#include "json.h"
#include "passwd.h"
#include "store.h"
#include "store_consent.h"
#include "store_walk.h"
#include "store_post.h"
#include "store_session.h"
#include "store_user.h"

#define LIST_N 256
#define PART_MAX 65536 /* of consents and sessions of one */

/* The kind of a user's hash and what it costs; NULL: no password fits. */
static const char *
hash_of(struct arena *a, const struct user *u)
{
	char buf[HASH_CLASS_MAX];
	struct hash_cost c;

	if (!hash_read(u->password, &c))
		return NULL;
	return arena_str(a, hash_class(u->password, buf) == NULL
		? hash_kind_name(c.kind)
		: buf);
}

void
cmd_write_user(struct buf *b, const struct user *u)
{
	json_int(b, "user_id", u->id);
	json_str(b, "email", u->email);
	json_str(b, "login", u->login);
	json_str(b, "name", u->name);
	json_str(b, "scope", u->scope);
	if (u->subject != NULL)
		json_str(b, "sub", u->subject);
	if (u->groups != NULL)
		json_words(b, "groups", u->groups);
	if (u->email_verified_at != 0)
		json_int(b, "email_verified_at", u->email_verified_at);
	if (u->claims != NULL)
		json_raw(b, "claims", u->claims);
	json_str(b, "hash_kind", hash_of(b->a, u));
	json_int(b, "created_at", u->created_at);
	json_truth(b, "disabled", u->disabled_at != 0);
}

static void
write_row(struct cmd *c, struct buf *b, const struct user *u)
{
	if (c->json) {
		json_open(b, NULL, '{');
		cmd_write_user(b, u);
		json_close(b, '}');
		return;
	}
	buf_printf(b, "%s%lld\t%s\t%s\t%s\t%s\t%s", b->len > 0 ? "\n" : "",
	    (long long)u->id, u->email == NULL ? "" : u->email, u->name,
	    u->scope == NULL ? "(user_scopes)" : u->scope,
	    u->disabled_at != 0 ? "disabled" : "",
	    u->login == NULL ? "" : u->login);
}

static int
write_page(struct cmd *c, struct buf *b, int64_t *after)
{
	struct user *u = arena_alloc(c->a, LIST_N * sizeof(*u));
	const int n = store_user_list(c->st, c->a, *after, u, LIST_N);

	for (int i = 0; i < n; i++)
		write_row(c, b, &u[i]);
	if (n > 0)
		*after = u[n - 1].id;
	return n < 0 ? -1 : n == LIST_N;
}

int
cmd_user_list(struct cmd *c)
{
	return cmd_print_list(
	    c, "ID\tE-MAIL\tNAME\tSCOPES\tSTATE\tUSER NAME", write_page);
}

/* Print a line for a value that the user has; else nothing. */
static void
show_line(struct buf *b, const char *name, const char *value)
{
	if (value != NULL)
		buf_printf(b, "\n%-8s %s", name, value);
}

static void
show(struct cmd *c, struct buf *b, const struct user *u)
{
	const char *hash = hash_of(c->a, u);

	buf_printf(b, "user_id  %lld", (long long)u->id);
	show_line(b, "email", u->email == NULL ? "(none)" : u->email);
	if (u->email_verified_at != 0)
		show_line(b, "verified", cmd_date(c->a, u->email_verified_at));
	show_line(b, "login", u->login == NULL ? "(none)" : u->login);
	show_line(b, "sub", u->subject);
	show_line(b, "name", u->name);
	show_line(b, "scope", u->scope == NULL ? "(user_scopes)" : u->scope);
	show_line(b, "groups", u->groups);
	show_line(b, "claims", u->claims);
	show_line(b, "password", hash == NULL ? "(none)" : hash);
	show_line(b, "created", cmd_date(c->a, u->created_at));
	show_line(b, "state", u->disabled_at == 0
		? "live"
		: arena_printf(c->a, "disabled since %s",
		      cmd_date(c->a, u->disabled_at)));
}

int
cmd_user_show(struct cmd *c)
{
	struct user u;
	struct buf b;
	int rc;

	if ((rc = cmd_take_user(c, NULL, 0, &u)) != CMD_OK)
		return rc;
	buf_init(&b, c->a, 512);
	if (c->json) {
		json_open(&b, NULL, '{');
		cmd_write_user(&b, &u);
		rc = cmd_write_factors(c, &b, u.id);
		json_close(&b, '}');
		return rc < 0 ? CMD_SYSTEM : cmd_print(&b);
	}
	show(c, &b, &u);
	return cmd_list_factors(c, &b, u.id) < 0 ? CMD_SYSTEM : cmd_print(&b);
}

static int
write_consents(struct cmd *c, struct buf *b, int64_t user)
{
	struct consent *n = arena_alloc(c->a, PART_MAX * sizeof(*n));
	int count = store_consent_list(c->st, c->a, user, n, PART_MAX);

	json_open(b, "consents", '[');
	for (int i = 0; i < count; i++) {
		json_open(b, NULL, '{');
		json_str(b, "client_id", n[i].client_id);
		json_str(b, "client_name", n[i].client_name);
		json_str(b, "scope", n[i].scope);
		json_int(b, "granted_at", n[i].granted_at);
		json_close(b, '}');
	}
	json_close(b, ']');
	return count;
}

static int
write_sessions(struct cmd *c, struct buf *b, int64_t user)
{
	struct session *s = arena_alloc(c->a, PART_MAX * sizeof(*s));
	int count =
	    store_session_list(c->st, c->a, user, c->now, s, PART_MAX);

	json_open(b, "sessions", '[');
	for (int i = 0; i < count; i++) {
		json_open(b, NULL, '{');
		json_str(b, "agent", s[i].agent);
		json_str(b, "address", s[i].address);
		json_int(b, "created_at", s[i].created_at);
		json_int(b, "seen_at", s[i].seen_at);
		json_int(b, "expires_at", s[i].expires_at);
		json_close(b, '}');
	}
	json_close(b, ']');
	return count;
}

static int
write_tokens(struct cmd *c, struct buf *b, int64_t user)
{
	struct walk w = { .user = user };
	struct walk_token *t = arena_alloc(c->a, LIST_N * sizeof(*t));
	int n;

	json_open(b, "tokens", '[');
	while ((n = store_walk_list(c->st, c->a, &w, c->now, t, LIST_N)) > 0)
		for (int i = 0; i < n; i++) {
			json_open(b, NULL, '{');
			json_str(b, "id", id_text(c->a, &t[i].id));
			json_str(b, "kind", t[i].kind);
			json_str(b, "name", t[i].name);
			json_str(b, "client_id", t[i].client_id);
			json_str(b, "scope", t[i].scope);
			json_int(b, "created_at", t[i].created_at);
			json_int(b, "expires_at", t[i].expires_at);
			if (t[i].revoked_at != 0)
				json_int(b, "revoked_at", t[i].revoked_at);
			json_close(b, '}');
		}
	json_close(b, ']');
	return n;
}

static int
write_posts(struct cmd *c, struct buf *b, int64_t user)
{
	struct post *p = arena_alloc(c->a, LIST_N * sizeof(*p));
	int64_t before = 0; /* from the newest */
	int n;

	json_open(b, "posts", '[');
	do {
		n = store_post_list(c->st, c->a, before, p, LIST_N);
		for (int i = 0; i < n; i++) {
			before = p[i].id;
			if (p[i].user != user)
				continue;
			json_open(b, NULL, '{');
			json_int(b, "id", p[i].id);
			json_str(b, "title", p[i].title);
			json_str(b, "body", p[i].body);
			json_int(b, "created_at", p[i].created_at);
			json_close(b, '}');
		}
	} while (n == LIST_N);
	json_close(b, ']');
	return n;
}

/* Print all that is stored of one user: one object on one line. */
static int
export_one(struct cmd *c, const char *name)
{
	static int (*const parts[])(struct cmd *, struct buf *, int64_t) = {
		cmd_write_factors, write_consents, write_sessions, write_tokens,
		write_posts,
	};
	struct user u;
	struct buf b;
	int rc;

	if ((rc = cmd_find_user(c, name, &u)) != CMD_OK)
		return rc;
	buf_init(&b, c->a, 4096);
	json_open(&b, NULL, '{');
	cmd_write_user(&b, &u);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i](c, &b, u.id) < 0)
			return CMD_SYSTEM;
	json_close(&b, '}');
	return cmd_print(&b);
}

/* The members have the names that import reads. */
static void
write_line(struct buf *b, const struct user *u, int hashes)
{
	json_open(b, NULL, '{');
	json_int(b, "id", u->id);
	json_str(b, "sub", u->subject);
	json_str(b, "email", u->email);
	json_truth(b, "email_verified", u->email_verified_at != 0);
	json_str(b, "login", u->login);
	json_str(b, "name", u->name);
	json_str(b, "scope", u->scope);
	if (u->groups == NULL)
		json_null(b, "groups");
	else
		json_words(b, "groups", u->groups);
	json_raw(b, "claims", u->claims);
	json_int(b, "created_at", u->created_at);
	json_truth(b, "disabled", u->disabled_at != 0);
	if (hashes && strcmp(u->password, PASSWD_NONE) != 0)
		json_str(b, "password_hash", u->password);
	json_close(b, '}');
}

/* Each user has a buffer: a second value in a buffer would get a comma. */
static int
export_all(struct cmd *c, int hashes)
{
	struct user *u = arena_alloc(c->a, LIST_N * sizeof(*u));
	struct arena *a = arena_new();
	int64_t after = 0;
	int n, rc = CMD_OK;
	struct buf b;

	do {
		n = store_user_list(c->st, a, after, u, LIST_N);
		for (int i = 0; i < n && rc == CMD_OK; i++) {
			buf_init(&b, a, 256);
			write_line(&b, &u[i], hashes);
			rc = cmd_print(&b);
			after = u[i].id;
		}
		arena_clear(a);
	} while (n == LIST_N && rc == CMD_OK);
	arena_free(a);
	return n < 0 ? CMD_SYSTEM : rc;
}

int
cmd_user_export(struct cmd *c)
{
	int hashes = 0, n;
	const struct cmd_opt opts[] = { { .name = "hashes", .flag = &hashes } };
	char **operand;

	n = cmd_options(c, opts, 1, &operand);
	if (n < 0 || n > 1 || (n == 1 && hashes))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	return n == 1 ? export_one(c, operand[0]) : export_all(c, hashes);
}
