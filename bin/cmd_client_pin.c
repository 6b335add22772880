/* cmd_client_pin.c: carnet client pin: take in a client that has a document. */
#include "arena.h"
#include "buf.h"
#include "client_metadata.h"
#include "cmd.h"
#include "conf.h"
#include "document.h"
#include "fetcher.h"
#include "json.h"
#include "registration.h"
#include "store.h"
#include "store_client.h"
#include "store_stranger.h"

/* A client to be pinned. */
struct pin {
	struct cmd *c;
	struct client cl;
	const char *why; /* it is refused; or NULL */
};

/* It may be there, because users allowed it something before it was pinned. */
static int
pin_step(struct store *st, void *ctx)
{
	struct pin *p = ctx;
	struct cmd *c = p->c;
	struct client had, new = p->cl;
	const int n =
	    store_client_by_id(st, c->a, new.client_id, &had);

	p->why = NULL;
	if (n < 0 || store_stranger_delete(st, new.client_id) < 0)
		return -1;
	if (n == 0) {
		new.created_at = c->now;
		return store_client_add(st, &new) == 1 ? 1 : -1;
	}
	p->why = had.origin == NULL || had.revoked_at != 0
	    ? "there is a client of that name that was revoked, or that has no"
	      " document"
	    : document_merge(c->conf, c->a, &had, &new);
	return p->why == NULL && store_client_change(st, &new) == 1 &&
		store_client_pin(st, had.id) == 1
	    ? 1
	    : -1;
}

/* What the operator is to look at. */
static int
print_pinned(struct cmd *c, const struct client *cl)
{
	struct buf b;

	buf_init(&b, c->a, 1024);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "client_id", cl->client_id);
		client_metadata_write(&b, c->conf, cl);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "client_id      %s\nname           %s\n"
		    "redirect_uris  %s\nscope          %s\n"
		    "jwks_uri       %s",
		    cl->client_id, cl->name, cl->redirect_uris, cl->scope,
		    cl->jwks_uri == NULL ? "-" : cl->jwks_uri);
	}
	return cmd_print(&b);
}

/* The document itself: from the file, or from where it stands. */
static int
read_document(struct cmd *c, const char *url, const char *file,
    const char **text)
{
	struct fetcher *f;
	struct fetched got;
	int n;

	if (file != NULL) {
		*text = cmd_read_file(c->a, file, DOCUMENT_BYTES_MAX);
		return *text == NULL ? CMD_REFUSED : CMD_OK;
	}
	f = fetcher_start(c->conf, c->a);
	n = fetcher_get(f, c->a, url, DOCUMENT_BYTES_MAX, &got);
	fetcher_end(f);
	*text = got.body;
	return n == 1 ? CMD_OK : cmd_refuse("%s: %s", url, got.why);
}

int
cmd_client_pin(struct cmd *c)
{
	struct pin p = { .c = c, .cl = REGISTRATION_NEW };
	const char *file = NULL, *text, *why;
	const struct cmd_opt opts[] = { { .name = "file", .value = &file } };
	char **operand;
	int n, rc;

	if ((n = cmd_options(c, opts, 1, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (c->conf->client_documents == DOCUMENTS_OFF)
		return cmd_refuse("client_documents is off in %s: set it to"
				  " pinned", c->conf_path);
	why = document_url_refused(c->conf, c->a, operand[0]);
	if (why != NULL)
		return cmd_refuse("%s: %s", operand[0], why);
	if ((rc = read_document(c, operand[0], file, &text)) != CMD_OK)
		return rc;
	why = client_metadata_document(
	    c->conf, c->a, operand[0], text, &p.cl);
	if (why != NULL)
		return cmd_refuse("%s: %s", operand[0], why);
	if (store_write(c->st, pin_step, &p) < 0)
		return p.why == NULL ? CMD_SYSTEM
				     : cmd_refuse("%s: %s", operand[0], p.why);
	return print_pinned(c, &p.cl);
}
