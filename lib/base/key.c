/* key.c: making, importing and exporting signing keys, by GnuTLS. */
#include <err.h>
#include <gnutls/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "key_int.h"
#include "log.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

/* One row each, and no row for "none". */
const struct key_alg_row key_algs[ALG_COUNT] = {
	[ALG_ES256] = {
		.name = "ES256",
		.pk = GNUTLS_PK_EC,
		.sign = GNUTLS_SIGN_ECDSA_SHA256,
		.curve = GNUTLS_ECC_CURVE_SECP256R1,
		.to_jws = key_jws_ecdsa,
		.verify = key_verify_ecdsa,
	},
	[ALG_RS256] = {
		.name = "RS256",
		.pk = GNUTLS_PK_RSA,
		.sign = GNUTLS_SIGN_RSA_SHA256,
		.to_jws = key_jws_as_it_is,
		.verify = key_verify_rsa,
	},
	[ALG_PS256] = {
		.name = "PS256",
		.pk = GNUTLS_PK_RSA,
		.sign = GNUTLS_SIGN_RSA_PSS_RSAE_SHA256,
		.to_jws = key_jws_as_it_is,
		.verify = key_verify_rsa,
	},
	[ALG_EDDSA] = {
		.name = "EdDSA",
		.pk = GNUTLS_PK_EDDSA_ED25519,
		.sign = GNUTLS_SIGN_EDDSA_ED25519,
		.curve = GNUTLS_ECC_CURVE_ED25519,
		.to_jws = key_jws_as_it_is,
		.verify = key_verify_eddsa,
	},
};

const char *
alg_name(enum alg alg)
{
	return key_algs[alg].name;
}

int
alg_find(const char *name)
{
	for (int i = 0; i < ALG_COUNT; i++)
		if (strcmp(key_algs[i].name, name) == 0)
			return i;
	return -1;
}

int
key_fail(const char *what, int rc)
{
	log_event("crypto: %s: %s", what, gnutls_strerror(rc));
	return -1;
}

/* GnuTLS is initialised with the first key: that takes 0.5 ms (crypto.c). */
GNUTLS_SKIP_GLOBAL_INIT

void
key_begin(void)
{
	static int has_begun;

	if (!has_begun && gnutls_global_init() < 0)
		errx(111, "crypto: GnuTLS cannot begin");
	has_begun = 1;
}

static struct key *
key_new(enum alg alg)
{
	struct key *k;

	key_begin();
	if ((k = calloc(1, sizeof(*k))) == NULL ||
	    gnutls_pubkey_init(&k->pub) < 0)
		err(111, "key");
	k->alg = alg;
	return k;
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	if (k->priv != NULL)
		gnutls_privkey_deinit(k->priv);
	gnutls_pubkey_deinit(k->pub);
	free(k);
}

/* Return 0 if the public half is a sound key of k's algorithm; -1, logged. */
static int
check(struct key *k)
{
	int pk, rc;

	pk = gnutls_pubkey_get_pk_algorithm(k->pub, &k->bits);
	if (pk != (int)key_algs[k->alg].pk) {
		log_event("crypto: the key is not for %s",
		    key_algs[k->alg].name);
		return -1;
	}
	if (pk == GNUTLS_PK_RSA &&
	    (k->bits < RSA_BITS_MIN || k->bits > RSA_BITS_MAX)) {
		log_event("crypto: the RSA key has %u bits, not %d to %d",
		    k->bits, RSA_BITS_MIN, RSA_BITS_MAX);
		return -1;
	}
	if (pk == GNUTLS_PK_EC && k->bits != 256) {
		log_event("crypto: ES256 needs the curve P-256");
		return -1;
	}
	if ((rc = gnutls_pubkey_verify_params(k->pub)) < 0)
		return key_fail("not a sound public key", rc);
	return 0;
}

/* Derive and check the public half of k; on failure free k, return NULL. */
static struct key *
complete(struct key *k)
{
	int rc;

	if ((rc = gnutls_pubkey_import_privkey(k->pub, k->priv, 0, 0)) < 0)
		key_fail("public half of a key", rc);
	if (rc < 0 || check(k) < 0) {
		key_free(k);
		return NULL;
	}
	return k;
}

struct key *
key_generate(enum alg alg, unsigned bits)
{
	struct key *k = key_new(alg);
	int rc;

	if (key_algs[alg].curve != 0)
		bits = GNUTLS_CURVE_TO_BITS(key_algs[alg].curve);
	if ((rc = gnutls_privkey_init(&k->priv)) < 0 ||
	    (rc = gnutls_privkey_generate(
		 k->priv, key_algs[alg].pk, bits, 0)) < 0) {
		key_fail("key generation", rc);
		key_free(k);
		return NULL;
	}
	return complete(k);
}

/* Read the PEM text into k, which is new: both halves, or the public one. */
static int
import(struct key *k, const char *pem, size_t len)
{
	gnutls_datum_t d;
	char *copy;
	int rc;

	if ((copy = malloc(len + 1)) == NULL)
		err(111, "key");
	memcpy(copy, pem, len);
	d.data = (unsigned char *)copy;
	d.size = (unsigned)len;
	if (memmem(pem, len, "PRIVATE KEY-----", 16) == NULL)
		rc = gnutls_pubkey_import(k->pub, &d, GNUTLS_X509_FMT_PEM);
	else if ((rc = gnutls_privkey_init(&k->priv)) >= 0 &&
	    (rc = gnutls_privkey_import_x509_raw(
		 k->priv, &d, GNUTLS_X509_FMT_PEM, NULL, 0)) >= 0)
		rc = gnutls_pubkey_import_privkey(k->pub, k->priv, 0, 0);
	explicit_bzero(copy, len);
	free(copy);
	return rc < 0 ? key_fail("no key in this PEM text", rc) : 0;
}

struct key *
key_from_pem(const char *pem, size_t len, enum alg alg)
{
	struct key *k = key_new(alg);

	if (import(k, pem, len) == 0 && check(k) == 0)
		return k;
	key_free(k);
	return NULL;
}

int
key_pem_alg(const char *pem, size_t len)
{
	struct key *k = key_new(ALG_RS256);
	int pk = -1, alg = -1;

	if (import(k, pem, len) == 0) {
		pk = gnutls_pubkey_get_pk_algorithm(k->pub, NULL);
		for (int i = 0; alg < 0 && i < ALG_COUNT; i++)
			if ((int)key_algs[i].pk == pk)
				alg = i;
		if (alg < 0)
			log_event("crypto: a key of %s, which no algorithm of"
				  " ours has",
			    gnutls_pk_get_name((gnutls_pk_algorithm_t)pk));
	}
	key_free(k);
	return alg;
}

char *
key_to_pem(const struct key *k, struct arena *a)
{
	gnutls_x509_privkey_t x;
	gnutls_datum_t d = { NULL, 0 };
	char *pem = NULL;
	int rc;

	if (k->priv == NULL || gnutls_privkey_export_x509(k->priv, &x) < 0)
		return NULL;
	rc = gnutls_x509_privkey_export2_pkcs8(
	    x, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &d);
	gnutls_x509_privkey_deinit(x);
	if (rc < 0) {
		key_fail("key to PEM", rc);
		return NULL;
	}
	pem = arena_dup(a, d.data, d.size);
	explicit_bzero(d.data, d.size);
	gnutls_free(d.data);
	return pem;
}

char *
key_public_pem(const struct key *k, struct arena *a)
{
	gnutls_datum_t d = { NULL, 0 };
	char *pem;
	int rc = gnutls_pubkey_export2(k->pub, GNUTLS_X509_FMT_PEM, &d);

	if (rc < 0) {
		key_fail("public key to PEM", rc);
		return NULL;
	}
	pem = arena_dup(a, d.data, d.size);
	gnutls_free(d.data);
	return pem;
}

static size_t
take(gnutls_datum_t *d, uint8_t *out, size_t size)
{
	size_t n = d->size <= size ? d->size : 0;

	if (n > 0)
		memcpy(out, d->data, n);
	gnutls_free(d->data);
	return n;
}

int
key_numbers(const struct key *k, struct key_numbers *out)
{
	gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 };
	int rc;

	if (key_algs[k->alg].curve == 0)
		rc = gnutls_pubkey_export_rsa_raw2(
		    k->pub, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ);
	else
		rc = gnutls_pubkey_export_ecc_raw2(
		    k->pub, NULL, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ);
	if (rc < 0)
		return key_fail("numbers of a key", rc);
	out->x_len = take(&x, out->x, sizeof(out->x));
	out->y_len = take(&y, out->y, sizeof(out->y));
	if (k->alg != ALG_ES256)
		return 0;
	/* RFC 7518 section 6.2.1.2: coordinates have their full length. */
	memmove(out->x + P256_LEN - out->x_len, out->x, out->x_len);
	memset(out->x, 0, P256_LEN - out->x_len);
	memmove(out->y + P256_LEN - out->y_len, out->y, out->y_len);
	memset(out->y, 0, P256_LEN - out->y_len);
	out->x_len = out->y_len = P256_LEN;
	return 0;
}

gnutls_datum_t
key_datum(const uint8_t *data, size_t len)
{
	gnutls_datum_t d;

	d.data = (unsigned char *)(uintptr_t)data; /* GnuTLS only reads it */
	d.size = (unsigned)len;
	return d;
}

gnutls_datum_t
key_datum_trim(const uint8_t *p, size_t len)
{
	for (; len > 1 && *p == 0; p++)
		len--;
	return key_datum(p, len);
}

/*
 * CVE-2017-15361 (ROCA): the primes of chips that made weak keys are powers of 65537
 * modulo each small prime, and so is their product; of other keys one in 2^40 looks so.
 */
static int
is_roca(const gnutls_datum_t *modulus)
{
	static const unsigned char primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29,
	    31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
	    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };
	unsigned rest, power, p;

	for (size_t i = 0; i < sizeof(primes); i++) {
		p = primes[i];
		rest = 0;
		for (unsigned k = 0; k < modulus->size; k++)
			rest = (rest * 256 + modulus->data[k]) % p;
		power = 1;
		do
			power = power * 65537 % p;
		while (power != rest && power != 1);
		if (power != rest)
			return 0;
	}
	return 1;
}

struct key *
key_from_numbers(enum alg alg, const struct key_numbers *n)
{
	gnutls_datum_t x = key_datum(n->x, n->x_len);
	gnutls_datum_t y = key_datum(n->y, n->y_len);
	struct key *k = key_new(alg);
	int rc = -1;

	if (key_algs[alg].curve == 0) {
		x = key_datum_trim(n->x, n->x_len);
		y = key_datum_trim(n->y, n->y_len);
		/*
		 * With the exponent 1 each text is its own signature.  An RSA
		 * modulus or exponent is never even.
		 */
		if (x.size > 0 && y.size > 0 && x.data[x.size - 1] & 1 &&
		    y.data[y.size - 1] & 1 &&
		    !(y.size == 1 && *y.data == 1) && !is_roca(&x))
			rc = gnutls_pubkey_import_rsa_raw(k->pub, &x, &y);
	} else if (n->x_len == P256_LEN &&
	    n->y_len == (alg == ALG_EDDSA ? 0 : P256_LEN)) {
		rc = gnutls_pubkey_import_ecc_raw(k->pub, key_algs[alg].curve,
		    &x, alg == ALG_EDDSA ? NULL : &y);
	}
	if (rc < 0 || check(k) < 0) {
		key_free(k);
		return NULL;
	}
	return k;
}

enum alg
key_alg(const struct key *k)
{
	return k->alg;
}

unsigned
key_bits(const struct key *k)
{
	return k->bits;
}

int
key_can_sign(const struct key *k)
{
	return k->priv != NULL;
}
