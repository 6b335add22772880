/* cmd_keys.c: carnet keys ... */
#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "keys.h"

#define RSA_BITS 2048

int
cmd_keys_generate(struct cmd *c)
{
	const char *name = NULL, *bits_text = NULL;
	int force = 0, n, alg;
	const struct cmd_opt opts[] = {
		{ "alg", &name, NULL },
		{ "bits", &bits_text, NULL },
		{ "force", NULL, &force },
	};
	unsigned long bits = RSA_BITS;
	struct buf b;
	char **operand, *end;

	if ((n = cmd_options(c, opts, 3, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (name == NULL)
		name = "ES256";
	if ((alg = alg_find(name)) < 0)
		return cmd_refuse("%s is no algorithm: there are ES256, RS256,"
		    " PS256 and EdDSA", name);
	if (bits_text != NULL) {
		bits = strtoul(bits_text, &end, 10);
		if (*end != '\0' || bits < 2048 || bits > 8192)
			return cmd_refuse("--bits is 2048 to 8192");
		if (alg != ALG_RS256 && alg != ALG_PS256)
			return cmd_refuse("--bits is for RS256 and PS256");
	}
	n = keys_make(c->conf->keys, (enum alg)alg, (unsigned)bits, force);
	if (n < 0)
		return CMD_SYSTEM;
	if (n == 0)
		return cmd_refuse("there is a key %s/%s.pem; --force replaces"
		    " it, and all tokens that it signed die", c->conf->keys,
		    name);
	buf_init(&b, c->a, 256);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "alg", name);
		json_str(&b, "file",
		    arena_printf(c->a, "%s/%s.pem", c->conf->keys, name));
		json_close(&b, '}');
	} else {
		buf_printf(&b, "made %s/%s.pem", c->conf->keys, name);
	}
	return cmd_print(&b);
}

static void
write_key(struct cmd *c, struct buf *b, const struct keys_entry *en,
    const struct keys_entry *signer)
{
	const char *alg = alg_name(key_alg(en->key));
	const char *use = en == signer ? "signs"
	    : en->signs		       ? "signs where a client asks for it"
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
	rc = cmd_print(&b);
	keys_free(ks);
	return rc;
}
