/* cmd_keys_import.c: carnet keys import: a key of another system. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "json.h"
#include "key.h"
#include "keys.h"

#define PEM_MAX (32 * 1024)

struct incoming {
	const char *path, *pem;
	size_t len;
	int verify_only, at_once;
	int64_t from;
	struct key *k;
	char kid[KID_LEN + 1];
};

static int
read_pem(struct cmd *c, struct incoming *in)
{
	char *text = arena_alloc(c->a, PEM_MAX + 1);
	FILE *f = fopen(in->path, "re");

	if (f == NULL)
		return cmd_refuse("%s: %s", in->path, strerror(errno));
	in->len = fread(text, 1, PEM_MAX + 1, f);
	if (ferror(f)) {
		fclose(f);
		return cmd_refuse("%s: %s", in->path, strerror(errno));
	}
	fclose(f);
	if (in->len > PEM_MAX)
		return cmd_refuse("%s: longer than %d bytes: it is no key",
		    in->path, PEM_MAX);
	text[in->len] = '\0';
	in->pem = text;
	return CMD_OK;
}

/* Kinds of PEM that hold no key which can be taken, and why. */
static int
check_kind(const struct incoming *in)
{
	static const struct {
		const char *mark, *why;
	} rows[] = {
		{ "ENCRYPTED", "is encrypted: openssl pkey -in FILE -out NEW"
			       " decrypts it" },
		{ "BEGIN CERTIFICATE", "is a certificate: openssl x509 -pubkey"
				       " -noout -in FILE prints its key" },
		{ "BEGIN RSA PUBLIC KEY",
		    "is a public key of PKCS#1: openssl rsa -RSAPublicKey_in"
		    " -in FILE -pubout prints it as SPKI" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strstr(in->pem, rows[i].mark) != NULL)
			return cmd_refuse("%s %s", in->path, rows[i].why);
	if (strstr(in->pem, "-----BEGIN ") == NULL)
		return cmd_refuse("%s has no key as PEM", in->path);
	return CMD_OK;
}

static int
take_key(struct incoming *in, const char *name)
{
	int alg = key_pem_alg(in->pem, in->len);

	if (alg >= 0 && name != NULL && (alg = alg_find(name)) < 0)
		return cmd_refuse("%s is no algorithm: there are ES256, RS256,"
		    " PS256 and EdDSA", name);
	if (alg >= 0)
		in->k = key_from_pem(in->pem, in->len, (enum alg)alg);
	if (in->k == NULL || jwk_thumbprint(in->k, in->kid) < 0)
		return cmd_refuse("%s has no key that can be used", in->path);
	if (!in->verify_only && !key_can_sign(in->k))
		return cmd_refuse("%s is a public key, which cannot sign:"
		    " --verify-only takes it in", in->path);
	return CMD_OK;
}

static int
say(struct cmd *c, const struct incoming *in)
{
	struct buf b;

	buf_init(&b, c->a, 512);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_str(&b, "kid", in->kid);
		json_str(&b, "alg", alg_name(key_alg(in->k)));
		json_truth(&b, "signs", !in->verify_only);
		if (!in->verify_only)
			json_int(&b, "signs_from",
			    in->from == 0 ? c->now : in->from);
		json_close(&b, '}');
		return cmd_print(&b);
	}
	buf_printf(&b, "took in %s (%s, %u bits)", in->kid,
	    alg_name(key_alg(in->k)), key_bits(in->k));
	if (in->verify_only)
		buf_str(&b, "\nIt verifies tokens, and signs none.");
	else if (in->from > c->now && !in->at_once)
		buf_printf(&b, "\nIt verifies and is published now, and signs"
		    " from %s, when all caches have it.",
		    cmd_date(c->a, in->from));
	else
		buf_str(&b, "\nIt signs now.");
	return cmd_print(&b);
}

static int
import(struct cmd *c, struct incoming *in)
{
	const int rc = keys_import(c->conf->keys, in->k, in->verify_only,
	    in->at_once, &in->from);

	if (rc == KEYS_THERE)
		return cmd_refuse("the key %s is there already", in->kid);
	if (rc == KEYS_WAIT)
		return cmd_refuse("a key of %s waits already (carnet keys"
		    " list); --now lets this one sign at once",
		    alg_name(key_alg(in->k)));
	return rc < 0 ? CMD_SYSTEM : say(c, in);
}

/*
 * The file is read before root becomes the owner of the database, who may not be
 * able to read it.
 */
int
cmd_keys_import(struct cmd *c)
{
	struct incoming in = { .k = NULL };
	const char *alg = NULL;
	const struct cmd_opt opts[] = {
		{ .name = "alg", .value = &alg },
		{ .name = "verify-only", .flag = &in.verify_only },
		{ .name = "now", .flag = &in.at_once },
	};
	char **operand;
	int n, rc;

	if ((n = cmd_options(c, opts, 3, &operand)) != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	in.path = operand[0];
	if ((rc = read_pem(c, &in)) == CMD_OK &&
	    (rc = check_kind(&in)) == CMD_OK &&
	    (rc = take_key(&in, alg)) == CMD_OK &&
	    (rc = cmd_begin(c)) == CMD_OK)
		rc = import(c, &in);
	key_free(in.k);
	return rc;
}
