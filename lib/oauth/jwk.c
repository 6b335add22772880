/* jwk.c: public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037). */
#include "jwk.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

/* Bytes of a stranger's RSA key. */
#define RSA_MODULUS_MAX 512
#define RSA_EXPONENT_MAX 4

/* The members of each algorithm; x and y are for the numbers of key_numbers. */
static const struct {
	const char *kty, *crv, *x, *y;
} kinds[ALG_COUNT] = {
	[ALG_ES256] = { "EC", "P-256", "x", "y" },
	[ALG_RS256] = { "RSA", NULL, "n", "e" },
	[ALG_PS256] = { "RSA", NULL, "n", "e" },
	[ALG_EDDSA] = { "OKP", "Ed25519", "x", NULL },
};

static void
write_number(
    struct buf *b, const char *name, const uint8_t *number, size_t len)
{
	char text[B64_LEN(1024) + 1];

	b64url_encode(number, len, text);
	json_str(b, name, text);
}

int
jwk_thumbprint(const struct key *k, char out[static KID_LEN + 1])
{
	enum alg alg = key_alg(k);
	struct arena *a = arena_new();
	struct key_numbers n;
	struct digest d;
	struct buf b;

	if (key_numbers(k, &n) < 0) {
		arena_free(a);
		return -1;
	}
	/* RFC 7638 section 3.2: the required members, by name. */
	buf_init(&b, a, 1024);
	json_open(&b, NULL, '{');
	if (kinds[alg].crv != NULL) {
		json_str(&b, "crv", kinds[alg].crv);
		json_str(&b, "kty", kinds[alg].kty);
		write_number(&b, "x", n.x, n.x_len);
		if (kinds[alg].y != NULL)
			write_number(&b, "y", n.y, n.y_len);
	} else {
		write_number(&b, "e", n.y, n.y_len);
		json_str(&b, "kty", kinds[alg].kty);
		write_number(&b, "n", n.x, n.x_len);
	}
	json_close(&b, '}');
	digest_of(b.data, b.len, &d);
	b64url_encode(d.byte, DIGEST_LEN, out);
	arena_free(a);
	return 0;
}

int
jwk_same_thumbprint(const char *x, const char *y)
{
	struct digest dx, dy;

	digest_of(x, strlen(x), &dx);
	digest_of(y, strlen(y), &dy);
	return digest_equal(&dx, &dy);
}

int
jwk_write(struct buf *b, const struct key *k, const char *kid)
{
	enum alg alg = key_alg(k);
	struct key_numbers n;

	if (key_numbers(k, &n) < 0)
		return -1;
	json_open(b, NULL, '{');
	json_str(b, "kty", kinds[alg].kty);
	json_str(b, "use", "sig");
	json_str(b, "alg", alg_name(alg));
	json_str(b, "kid", kid);
	if (kinds[alg].crv != NULL)
		json_str(b, "crv", kinds[alg].crv);
	write_number(b, kinds[alg].x, n.x, n.x_len);
	if (kinds[alg].y != NULL)
		write_number(b, kinds[alg].y, n.y, n.y_len);
	json_close(b, '}');
	return 0;
}

static int
read_number(struct json_object *o, const char *name, uint8_t *out, size_t size,
    size_t *out_len)
{
	const char *text = json_get_str(o, name);
	ssize_t n;

	if (text == NULL || strlen(text) > B64_LEN(size) ||
	    (n = b64url_decode(text, strlen(text), out)) <= 0)
		return -1;
	*out_len = (size_t)n;
	return 0;
}

/* The numbers of o as those of a key of alg; -1: they are none. */
static int
read_numbers(struct json_object *o, enum alg alg, struct key_numbers *n)
{
	const char *kty = json_get_str(o, "kty"), *crv = json_get_str(o, "crv");
	const char *use = json_get_str(o, "use");

	n->x_len = n->y_len = 0;
	if (kty == NULL || strcmp(kty, kinds[alg].kty) != 0 ||
	    (use != NULL && strcmp(use, "sig") != 0))
		return -1;
	if (kinds[alg].crv != NULL &&
	    (crv == NULL || strcmp(crv, kinds[alg].crv) != 0))
		return -1;
	if (read_number(o, kinds[alg].x, n->x, sizeof(n->x), &n->x_len) < 0)
		return -1;
	return kinds[alg].y == NULL
	    ? 0
	    : read_number(o, kinds[alg].y, n->y, sizeof(n->y), &n->y_len);
}

struct key *
jwk_read(struct json_object *o)
{
	const char *name = json_get_str(o, "alg");
	struct key_numbers n;
	int alg;

	return name == NULL || (alg = alg_find(name)) < 0 ||
		read_numbers(o, (enum alg)alg, &n) < 0
	    ? NULL
	    : key_from_numbers((enum alg)alg, &n);
}

/* RFC 7517 section 4.3: which operations the key is for. */
static int
may_verify(struct json_object *o)
{
	struct json_object *ops, *op;

	if (!json_object_object_get_ex(o, "key_ops", &ops))
		return 1;
	if (!json_object_is_type(ops, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(ops); i++) {
		op = json_object_array_get_idx(ops, i);
		if (json_object_is_type(op, json_type_string) &&
		    strcmp(json_object_get_string(op), "verify") == 0)
			return 1;
	}
	return 0;
}

struct key *
jwk_read_as(struct json_object *o, enum alg alg)
{
	const char *name = json_get_str(o, "alg");
	struct key_numbers n;

	if ((name != NULL && strcmp(name, alg_name(alg)) != 0) ||
	    (name == NULL && json_object_object_get_ex(o, "alg", NULL)) ||
	    !may_verify(o) || read_numbers(o, alg, &n) < 0)
		return NULL;
	if (kinds[alg].crv == NULL &&
	    (n.x_len > RSA_MODULUS_MAX + 1 || n.y_len > RSA_EXPONENT_MAX))
		return NULL;
	return key_from_numbers(alg, &n);
}

int
jwk_is_secret(struct json_object *o)
{
	static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi",
	    "oth", "k" };
	const char *kty = json_get_str(o, "kty");

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_object_get_ex(o, members[i], NULL))
			return 1;
	return kty != NULL && strcmp(kty, "oct") == 0;
}
