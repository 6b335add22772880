/* cmd_keys.c: carnet keys generate, rotate, retire, list, login. */
#include <sys/stat.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "keys.h"
#include "keys_login.h"
#include "store_token.h"

#define RSA_BITS 2048

/* The arguments of generate and rotate. */
struct key_args {
	enum alg alg;
	int alg_named;
	unsigned bits;
	int force, at_once;
	int64_t from;	/* when it begins to sign; 0: at once */
};

static int
take_args(struct cmd *c, struct key_args *k, int may_force)
{
	const char *name = NULL, *bits = NULL;
	const struct cmd_opt opts[] = {
		{ .name = "alg", .value = &name },
		{ .name = "bits", .value = &bits },
		{ may_force ? "force" : "now", NULL,
		    may_force ? &k->force : &k->at_once },
	};
	char **operand, *end;
	unsigned long n_bits;
	int n, alg;

	if ((n = cmd_options(c, opts, 3, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((alg = alg_find(name == NULL ? "ES256" : name)) < 0)
		return cmd_refuse("%s is no algorithm: there are ES256, RS256,"
		    " PS256 and EdDSA", name);
	k->alg = (enum alg)alg;
	k->alg_named = name != NULL;
	k->bits = RSA_BITS;
	if (bits == NULL)
		return CMD_OK;
	if (alg != ALG_RS256 && alg != ALG_PS256)
		return cmd_refuse("--bits is for RS256 and PS256");
	n_bits = strtoul(bits, &end, 10);
	if (*end != '\0' || n_bits < 2048 || n_bits > 8192)
		return cmd_refuse("--bits is 2048 to 8192");
	k->bits = (unsigned)n_bits;
	return CMD_OK;
}

static int
say_made(struct cmd *c, const struct key_args *k)
{
	const char *file = k->from == 0
	    ? arena_printf(c->a, "%s/%s.pem", c->conf->keys, alg_name(k->alg))
	    : arena_printf(c->a, "%s/%s.%lld.pem", c->conf->keys,
		  alg_name(k->alg), (long long)k->from);
	struct buf b;

	buf_init(&b, c->a, 256);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "alg", alg_name(k->alg));
		json_str(&b, "file", file);
		json_int(&b, "signs_from", k->from == 0 ? c->now : k->from);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "made %s", file);
		if (k->from > c->now && !k->at_once)
			buf_printf(&b, "\nIt is published now, and signs from"
			    " %s, when all caches have it.",
			    cmd_date(c->a, k->from));
	}
	return cmd_print(&b);
}

int
cmd_keys_generate(struct cmd *c)
{
	struct key_args k = { .force = 0 };
	int n, rc;

	if ((rc = take_args(c, &k, 1)) != CMD_OK)
		return rc;
	n = keys_make(c->conf->keys, k.alg, k.bits, k.force);
	if (n < 0)
		return CMD_SYSTEM;
	if (n == 0)
		return cmd_refuse("there is a key %s/%s.pem; --force replaces"
		    " it, and all tokens that it signed are refused; keys"
		    " rotate keeps it for them", c->conf->keys,
		    alg_name(k.alg));
	return say_made(c, &k);
}

int
cmd_keys_rotate(struct cmd *c)
{
	struct key_args k = { .force = 0 };
	int rc;

	if ((rc = take_args(c, &k, 0)) != CMD_OK)
		return rc;
	if (!k.alg_named) {
		if ((rc = keys_default_alg(c->conf->keys)) < 0)
			return CMD_SYSTEM;
		k.alg = (enum alg)rc;
	}
	rc = keys_rotate(c->conf->keys, k.alg, k.bits, k.at_once, &k.from);
	if (rc == 0)
		return cmd_refuse("a key of %s waits already (carnet keys"
		    " list); --now makes one that signs at once",
		    alg_name(k.alg));
	return rc < 0 ? CMD_SYSTEM : say_made(c, &k);
}

/* Refuse if tokens that the key signed are still valid. */
static int
check_unused(struct cmd *c, const struct keys_entry *en)
{
	struct stat sb;
	int64_t n;

	if (stat(arena_printf(c->a, "%s/%s", c->conf->keys, en->file), &sb) < 0)
		sb.st_mtime = 0;
	if (store_access_of_key(c->st, keys_number(en), sb.st_mtime, c->now,
		&n) < 0)
		return CMD_SYSTEM;
	return n == 0 ? CMD_OK
		      : cmd_refuse("%lld tokens that %s signed are still valid;"
			    " with --force they are refused", (long long)n,
			    en->kid);
}

int
cmd_keys_retire(struct cmd *c)
{
	const struct keys_entry *en;
	struct keys *ks;
	struct buf b;
	char **operand;
	int n, rc, force = 0;
	const struct cmd_opt opts[] = { { .name = "force", .flag = &force } };

	if ((n = cmd_options(c, opts, 1, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((ks = keys_load(c->conf->keys)) == NULL)
		return CMD_SYSTEM;
	en = keys_by_kid(ks, operand[0]);
	if (en == NULL)
		rc = cmd_refuse("there is no key %s", operand[0]);
	else if (en->signs)
		rc = cmd_refuse("%s signs; rotate first", en->kid);
	else
		rc = force ? CMD_OK : check_unused(c, en);
	if (rc == CMD_OK)
		rc = keys_retire(c->conf->keys, en->kid) < 0 ? CMD_SYSTEM : CMD_OK;
	if (rc == CMD_OK) {
		buf_init(&b, c->a, 128);
		if (c->json) {
			json_open(&b, NULL, '{');
			json_str(&b, "kid", en->kid);
			json_close(&b, '}');
		} else {
			buf_printf(&b, "deleted %s", en->file);
		}
		rc = cmd_print(&b);
	}
	keys_free(ks);
	return rc;
}

static void
write_key(struct cmd *c, struct buf *b, const struct keys_entry *en,
    const struct keys_entry *signer)
{
	const char *alg = alg_name(key_alg(en->key));
	const char *use = en == signer ? "signs"
	    : en->signs		       ? "signs where a client asks for it"
	    : en->waits
	    ? arena_printf(
		  c->a, "waits: signs from %s", cmd_date(c->a, en->from))
	    : "verifies";

	if (!c->json) {
		buf_printf(b, "%s%s\t%s\t%u\t%s\t%s", b->len > 0 ? "\n" : "",
		    en->kid, alg, key_bits(en->key), en->file, use);
		return;
	}
	json_open(b, NULL, '{');
	json_str(b, "kid", en->kid);
	json_str(b, "alg", alg);
	json_int(b, "bits", key_bits(en->key));
	json_str(b, "file", en->file);
	json_truth(b, "signs", en->signs);
	json_truth(b, "default", en == signer);
	json_truth(b, "waits", en->waits);
	if (en->from != 0)
		json_int(b, "signs_from", en->from);
	json_close(b, '}');
}

int
cmd_keys_list(struct cmd *c)
{
	const struct keys_entry *en;
	struct keys *ks;
	struct buf b;
	char **operand;
	size_t n_keys;
	int n, rc;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((ks = keys_load(c->conf->keys)) == NULL)
		return CMD_SYSTEM;
	buf_init(&b, c->a, 1024);
	if (c->json)
		json_open(&b, NULL, '[');
	en = keys_all(ks, &n_keys);
	for (size_t i = 0; i < n_keys; i++)
		write_key(c, &b, &en[i], keys_signer(ks, -1));
	if (c->json)
		json_close(&b, ']');
	rc = cmd_print_rows(c, "KEY ID\tALG\tBITS\tFILE\tUSE", &b);
	keys_free(ks);
	return rc;
}

/* The key that a site signs its people's tickets with; its text is not printed. */
int
cmd_keys_login(struct cmd *c)
{
	const char *path = c->conf->login_key;
	int force = 0, rotate = 0, n;
	const struct cmd_opt opts[] = { { .name = "force", .flag = &force },
		{ .name = "rotate", .flag = &rotate } };
	char **operand;
	struct buf b;

	if ((n = cmd_options(c, opts, 2, &operand)) != 0 || (force && rotate))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	n = keys_login_make(path, force ? LOGIN_KEY_FORCE
		: rotate		? LOGIN_KEY_ROTATE
					: LOGIN_KEY_NEW);
	if (n < 0)
		return CMD_SYSTEM;
	if (n == 0)
		return cmd_refuse("there is a key %s; --rotate makes another, and"
		    " still accepts this one; --force replaces it", path);
	buf_init(&b, c->a, 512);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "file", path);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "made %s\nCopy its first line to the site that"
		    " signs people in, so that only that site can read it.",
		    path);
	}
	return cmd_print(&b);
}
