/* jwk.c: public keys as JSON (RFC 7517, RFC 7518 section 6, RFC 8037). */
#include "jwk.h"

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

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

struct key *
jwk_read(struct json_object *o)
{
	const char *name = json_get_str(o, "alg");
	const char *kty = json_get_str(o, "kty"), *crv = json_get_str(o, "crv");
	const char *use = json_get_str(o, "use");
	struct key_numbers n = { .x_len = 0 };
	int alg;

	if (name == NULL || kty == NULL || (alg = alg_find(name)) < 0 ||
	    strcmp(kty, kinds[alg].kty) != 0 ||
	    (use != NULL && strcmp(use, "sig") != 0))
		return NULL;
	if (kinds[alg].crv != NULL &&
	    (crv == NULL || strcmp(crv, kinds[alg].crv) != 0))
		return NULL;
	if (read_number(o, kinds[alg].x, n.x, sizeof(n.x), &n.x_len) < 0)
		return NULL;
	if (kinds[alg].y != NULL &&
	    read_number(o, kinds[alg].y, n.y, sizeof(n.y), &n.y_len) < 0)
		return NULL;
	return key_from_numbers((enum alg)alg, &n);
}
