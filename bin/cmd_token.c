/* cmd_token.c: carnet token list, revoke. */
#include <errno.h>
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "id.h"
#include "json.h"
#include "store.h"
#include "store_client.h"
#include "store_walk.h"
#include "store_token.h"
#include "store_user.h"

#define LIST_N 256
#define HEADING \
    "ID\tKIND\tCLIENT\tE-MAIL\tSCOPES\tMADE\tEXPIRES\tREVOKED"

/* The options of both verbs: whose tokens. */
struct whose {
	const char *email, *client_id;
};

/* Find the user and the client of the options; 0: any. */
static int
find_whose(struct cmd *c, const struct whose *who, struct walk *w)
{
	struct client cl;
	struct user u;
	int n, rc;

	if (who->email != NULL) {
		if ((rc = cmd_find_user(c, who->email, &u)) != CMD_OK)
			return rc;
		w->user = u.id;
	}
	if (who->client_id != NULL) {
		n = store_client_by_id(c->st, c->a, who->client_id, &cl);
		if (n <= 0)
			return n < 0 ? CMD_SYSTEM
				     : cmd_refuse("there is no client %s",
					   who->client_id);
		w->client = cl.id;
	}
	return CMD_OK;
}

/* A token without a row: its id begins with the time when it was made. */
static int64_t
made_at(const struct walk_token *t)
{
	int64_t at = 0;

	for (int i = 0; i < 5; i++)
		at = at << 8 | t->id.byte[i];
	return t->created_at != 0 ? t->created_at : at;
}

static void
write_json(struct arena *a, struct buf *b, const struct walk_token *t)
{
	json_open(b, NULL, '{');
	json_str(b, "id", id_text(a, &t->id));
	json_str(b, "kind", t->kind);
	json_str(b, "name", t->name);
	json_str(b, "client_id", t->client_id);
	json_str(b, "client_name", t->client_name);
	json_str(b, "email", t->email);
	json_str(b, "scope", t->scope);
	json_int(b, "created_at", made_at(t));
	json_int(b, "expires_at", t->expires_at);
	if (t->revoked_at == 0)
		json_null(b, "revoked_at");
	else
		json_int(b, "revoked_at", t->revoked_at);
	json_close(b, '}');
}

static void
write_line(struct arena *a, struct buf *b, const struct walk_token *t)
{
	buf_printf(b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
	    id_text(a, &t->id), t->kind, t->client_name,
	    t->email == NULL ? "" : t->email, t->scope,
	    cmd_date(a, made_at(t)), cmd_date(a, t->expires_at),
	    t->revoked_at == 0 ? "" : cmd_date(a, t->revoked_at));
}

/* Print n tokens as a part of the list, which may be longer than memory. */
static int
print_some(struct cmd *c, struct arena *a, const struct walk_token *t, int n,
    int is_first)
{
	struct buf b;

	buf_init(&b, a, 64 * 1024);
	if (c->json)
		json_open(&b, NULL, '[');
	for (int i = 0; i < n; i++)
		if (c->json)
			write_json(a, &b, &t[i]);
		else
			write_line(a, &b, &t[i]);
	if (cmd_is_terminal(c)) {
		if (n > 0)
			b.data[--b.len] = '\0';
		return n > 0 || is_first
		    ? cmd_print_rows(c, is_first ? HEADING : NULL, &b)
		    : CMD_OK;
	}
	/* In all parts but the first the bracket becomes a comma. */
	if (c->json && !is_first)
		*b.data = n > 0 ? ',' : ' ';
	if (c->json && n == 0)
		buf_str(&b, "]\n");
	if (fwrite(b.data, 1, b.len, stdout) == b.len && fflush(stdout) == 0)
		return CMD_OK;
	cmd_refuse("standard output: %s", strerror(errno));
	return CMD_SYSTEM;
}

int
cmd_token_list(struct cmd *c)
{
	struct walk w = { .user = 0 };
	struct walk_token *t = arena_alloc(c->a, LIST_N * sizeof(*t));
	struct arena *a;
	struct whose who = { NULL, NULL };
	const struct cmd_opt opts[] = {
		{ .name = "user", .value = &who.email },
		{ .name = "client", .value = &who.client_id },
	};
	char **operand;
	int is_first = 1, n, rc;

	if ((n = cmd_options(c, opts, 2, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = find_whose(c, &who, &w)) != CMD_OK)
		return rc;
	a = arena_new();
	do {
		n = store_walk_list(c->st, a, &w, c->now, t, LIST_N);
		rc = n < 0 ? CMD_SYSTEM : print_some(c, a, t, n, is_first);
		is_first = 0;
		arena_clear(a);
	} while (n > 0 && rc == CMD_OK);
	arena_free(a);
	return rc;
}

static int
report(struct cmd *c, const struct walk *w)
{
	const struct {
		const char *name, *label;
		int64_t n;
	} rows[] = {
		{ "access_tokens", "access tokens", w->access },
		{ "refresh_tokens", "refresh tokens", w->refresh },
		{ "codes", "codes", w->codes },
		{ "sessions", "sessions", w->sessions },
	};
	struct buf b;

	buf_init(&b, c->a, 256);
	if (c->json)
		json_open(&b, NULL, '{');
	else
		buf_str(&b, "revoked");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (c->json)
			json_int(&b, rows[i].name, rows[i].n);
		else
			buf_printf(&b, "%s %s: %lld", i > 0 ? "," : "",
			    rows[i].label, (long long)rows[i].n);
	}
	if (c->json)
		json_close(&b, '}');
	return cmd_print(&b);
}

/* Tokens to be revoked by their ids. */
struct ids {
	struct cmd *c;
	const struct walk *walk; /* the user and client that must have them */
	struct id *id;
	int n;
	struct walk done;	/* walk, with what was revoked */
	const struct id *unknown; /* an id without a token, or NULL */
};

/* Revoke the token with that id, and its family; within a transaction. */
static int
revoke_id(struct store *st, struct ids *ids, const struct id *id)
{
	struct walk *w = &ids->done;
	struct granted g = { .user = 0 };
	struct access is = { .user = 0 };
	int n = store_access_find(st, ids->c->a, id, &is);

	if (n == 0 && (n = store_family_find(st, ids->c->a, id, &g)) == 1) {
		is.client = g.client;
		is.user = g.user;
		is.family = g.family;
		is.has_family = 1;
	}
	if (n == 0 || (w->user != 0 && w->user != is.user) ||
	    (w->client != 0 && w->client != is.client)) {
		ids->unknown = n < 0 ? NULL : id;
		return -1;
	}
	if (n < 0 || (n = store_access_revoke(st, id, ids->c->now)) < 0)
		return -1;
	w->access += n;
	if (!is.has_family)
		return 0;
	if ((n = store_family_revoke(st, &is.family, ids->c->now)) < 0)
		return -1;
	w->refresh += n > 0;
	return 0;
}

/* Revoke all of them, or none. */
static int
revoke_step(struct store *st, void *ctx)
{
	struct ids *ids = ctx;
	int rc = 0;

	ids->done = *ids->walk;
	ids->unknown = NULL;
	for (int i = 0; i < ids->n && rc == 0; i++)
		rc = revoke_id(st, ids, &ids->id[i]);
	return rc;
}

static int
revoke_ids(struct cmd *c, char **text, int n, struct walk *w)
{
	struct ids ids = {
		.c = c, .walk = w, .n = n,
		.id = arena_alloc(c->a, (size_t)n * sizeof(*ids.id)),
	};

	for (int i = 0; i < n; i++)
		if (!id_read(text[i], &ids.id[i])) /* it may be a token */
			return cmd_refuse("word %d is no id of a token: those"
			    " of token list are; nothing was revoked", i + 1);
	if (store_write(c->st, revoke_step, &ids) < 0)
		return ids.unknown == NULL
		    ? CMD_SYSTEM
		    : cmd_refuse("there is no such token %s; nothing was"
			  " revoked", id_text(c->a, ids.unknown));
	*w = ids.done;
	return CMD_OK;
}

int
cmd_revoke_all(struct cmd *c, struct walk *w)
{
	struct timespec begun;
	int more;

	do {
		clock_gettime(CLOCK_MONOTONIC, &begun);
		if ((more = store_walk_revoke(c->st, w, c->now)) < 0)
			return CMD_SYSTEM;
		if (more)
			cmd_pause(&begun);
	} while (more);
	return CMD_OK;
}

int
cmd_token_revoke(struct cmd *c)
{
	struct walk w = { .user = 0 };
	struct whose who = { NULL, NULL };
	int all = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ .name = "user", .value = &who.email },
		{ .name = "client", .value = &who.client_id },
		{ .name = "all", .flag = &all },
	};
	char **operand;

	if ((n = cmd_options(c, opts, 3, &operand)) < 0)
		return CMD_USAGE;
	if (all && (n > 0 || who.email != NULL || who.client_id != NULL))
		return cmd_usage(c);
	if (!all && n == 0 && who.email == NULL && who.client_id == NULL)
		return cmd_refuse("whose tokens? Name a user, a client or ids;"
		    " or --all");
	if ((rc = find_whose(c, &who, &w)) != CMD_OK)
		return rc;
	rc = n > 0 ? revoke_ids(c, operand, n, &w) : cmd_revoke_all(c, &w);
	return rc == CMD_OK ? report(c, &w) : rc;
}
