/* key.c: signing keys: import, export, sign, verify; on GnuTLS. */
#include "key.h"

#include <err.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "arena.h"
#include "log.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define P256_LEN 32

/* What an algorithm is to GnuTLS: one row each, and no row for "none". */
static const struct {
	const char *name;
	gnutls_pk_algorithm_t pk;
	gnutls_sign_algorithm_t sign;
	gnutls_ecc_curve_t curve;
} algs[ALG_COUNT] = {
	[ALG_ES256] = { "ES256", GNUTLS_PK_EC, GNUTLS_SIGN_ECDSA_SHA256,
	    GNUTLS_ECC_CURVE_SECP256R1 },
	[ALG_RS256] = { "RS256", GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256, 0 },
	[ALG_PS256] = { "PS256", GNUTLS_PK_RSA,
	    GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, 0 },
	[ALG_EDDSA] = { "EdDSA", GNUTLS_PK_EDDSA_ED25519,
	    GNUTLS_SIGN_EDDSA_ED25519, GNUTLS_ECC_CURVE_ED25519 },
};

struct key {
	enum alg alg;
	unsigned bits;
	gnutls_privkey_t priv; /* NULL: a public key alone */
	gnutls_pubkey_t pub;
};

const char *
alg_name(enum alg alg)
{
	return algs[alg].name;
}

int
alg_find(const char *name)
{
	for (int i = 0; i < ALG_COUNT; i++)
		if (strcmp(algs[i].name, name) == 0)
			return i;
	return -1;
}

static int
fail(const char *what, int rc)
{
	log_event("crypto: %s: %s", what, gnutls_strerror(rc));
	return -1;
}

/* To begin takes half a millisecond: see crypto.c.  Nothing is done without a key. */
GNUTLS_SKIP_GLOBAL_INIT

static void
begin(void)
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

	begin();
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

/* Return 0 if the public half is a sound key of k's algorithm. */
static int
check(struct key *k)
{
	int pk, rc;

	pk = gnutls_pubkey_get_pk_algorithm(k->pub, &k->bits);
	if (pk != (int)algs[k->alg].pk) {
		log_event("crypto: a key of another kind than %s",
		    algs[k->alg].name);
		return -1;
	}
	if (pk == GNUTLS_PK_RSA &&
	    (k->bits < RSA_BITS_MIN || k->bits > RSA_BITS_MAX)) {
		log_event("crypto: an RSA key of %u bits, not %d to %d",
		    k->bits, RSA_BITS_MIN, RSA_BITS_MAX);
		return -1;
	}
	if (pk == GNUTLS_PK_EC && k->bits != 256) {
		log_event("crypto: ES256 wants the curve P-256");
		return -1;
	}
	if ((rc = gnutls_pubkey_verify_params(k->pub)) < 0)
		return fail("not a sound public key", rc);
	return 0;
}

/* Finish a key that has its private half; k is freed if it is refused. */
static struct key *
complete(struct key *k)
{
	int rc;

	if ((rc = gnutls_pubkey_import_privkey(k->pub, k->priv, 0, 0)) < 0)
		fail("public half of a key", rc);
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

	if (algs[alg].curve != 0)
		bits = GNUTLS_CURVE_TO_BITS(algs[alg].curve);
	if ((rc = gnutls_privkey_init(&k->priv)) < 0 ||
	    (rc = gnutls_privkey_generate(
		 k->priv, algs[alg].pk, bits, 0)) < 0) {
		fail("key generation", rc);
		key_free(k);
		return NULL;
	}
	return complete(k);
}

struct key *
key_from_pem(const char *pem, size_t len, enum alg alg)
{
	gnutls_datum_t d;
	struct key *k = key_new(alg);
	char *copy;
	int rc;

	if ((copy = malloc(len + 1)) == NULL)
		err(111, "key");
	memcpy(copy, pem, len);
	d.data = (unsigned char *)copy;
	d.size = (unsigned)len;
	if (memmem(pem, len, "PRIVATE KEY-----", 16) == NULL) {
		rc = gnutls_pubkey_import(k->pub, &d, GNUTLS_X509_FMT_PEM);
		if (rc >= 0 && check(k) == 0) {
			free(copy);
			return k;
		}
	} else if ((rc = gnutls_privkey_init(&k->priv)) >= 0) {
		rc = gnutls_privkey_import_x509_raw(
		    k->priv, &d, GNUTLS_X509_FMT_PEM, NULL, 0);
	}
	explicit_bzero(copy, len);
	free(copy);
	if (rc < 0)
		fail("no key in this PEM text", rc);
	if (rc < 0 || k->priv == NULL) {
		key_free(k);
		return NULL;
	}
	return complete(k);
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
		fail("key to PEM", rc);
		return NULL;
	}
	pem = arena_dup(a, d.data, d.size);
	explicit_bzero(d.data, d.size);
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

	if (algs[k->alg].curve == 0)
		rc = gnutls_pubkey_export_rsa_raw2(
		    k->pub, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ);
	else
		rc = gnutls_pubkey_export_ecc_raw2(
		    k->pub, NULL, &x, &y, GNUTLS_EXPORT_FLAG_NO_LZ);
	if (rc < 0)
		return fail("numbers of a key", rc);
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

static gnutls_datum_t
datum(const uint8_t *data, size_t len)
{
	gnutls_datum_t d;

	d.data = (unsigned char *)(uintptr_t)data; /* GnuTLS only reads it */
	d.size = (unsigned)len;
	return d;
}

static gnutls_datum_t
without_zeros(const uint8_t *p, size_t len)
{
	for (; len > 1 && *p == 0; p++)
		len--;
	return datum(p, len);
}

struct key *
key_from_numbers(enum alg alg, const struct key_numbers *n)
{
	gnutls_datum_t x = datum(n->x, n->x_len), y = datum(n->y, n->y_len);
	struct key *k = key_new(alg);
	int rc = -1;

	if (algs[alg].curve == 0) {
		x = without_zeros(n->x, n->x_len);
		y = without_zeros(n->y, n->y_len);
		/* An exponent of 1 signs nothing; an even number is no RSA. */
		if (x.size > 0 && y.size > 0 && x.data[x.size - 1] & 1 &&
		    y.data[y.size - 1] & 1 && !(y.size == 1 && *y.data == 1))
			rc = gnutls_pubkey_import_rsa_raw(k->pub, &x, &y);
	} else if (n->x_len == P256_LEN &&
	    n->y_len == (alg == ALG_EDDSA ? 0 : P256_LEN)) {
		rc = gnutls_pubkey_import_ecc_raw(k->pub, algs[alg].curve, &x,
		    alg == ALG_EDDSA ? NULL : &y);
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

/* RFC 7518 section 3.4: r and s at full length, one behind the other. */
static ssize_t
rs_from_der(const gnutls_datum_t *der, uint8_t *out)
{
	gnutls_datum_t rs[2] = { { NULL, 0 }, { NULL, 0 } };
	ssize_t n = -1;
	int rc;

	if ((rc = gnutls_decode_rs_value(der, &rs[0], &rs[1])) < 0)
		return fail("ECDSA signature", rc);
	memset(out, 0, 2 * P256_LEN);
	for (int i = 0; i < 2; i++) {
		unsigned skip = rs[i].size > P256_LEN ? rs[i].size - P256_LEN
						      : 0;
		unsigned len = rs[i].size - skip;

		memcpy(out + (i + 1) * P256_LEN - len, rs[i].data + skip, len);
	}
	n = 2 * P256_LEN;
	gnutls_free(rs[0].data);
	gnutls_free(rs[1].data);
	return n;
}

ssize_t
key_sign(const struct key *k, const void *data, size_t len,
    uint8_t out[static SIGNATURE_MAX])
{
	gnutls_datum_t d = datum(data, len), sig = { NULL, 0 };
	ssize_t n = -1;
	int rc;

	if (k->priv == NULL)
		return -1;
	rc = gnutls_privkey_sign_data2(
	    k->priv, algs[k->alg].sign, 0, &d, &sig);
	if (rc < 0)
		return fail("signing", rc);
	if (k->alg == ALG_ES256) {
		n = rs_from_der(&sig, out);
	} else if (sig.size <= SIGNATURE_MAX) {
		memcpy(out, sig.data, sig.size);
		n = (ssize_t)sig.size;
	}
	gnutls_free(sig.data);
	return n;
}

static int
verify(const struct key *k, const gnutls_datum_t *d, const gnutls_datum_t *sig)
{
	return gnutls_pubkey_verify_data2(
		   k->pub, algs[k->alg].sign, 0, d, sig) >= 0;
}

int
key_verify(const struct key *k, const void *data, size_t len,
    const uint8_t *sig, size_t sig_len)
{
	gnutls_datum_t d = datum(data, len), s = datum(sig, sig_len);
	gnutls_datum_t r, der = { NULL, 0 };
	int good;

	if (algs[k->alg].pk == GNUTLS_PK_RSA)
		/* RFC 8017 section 8.2.2: another length is another signature */
		return sig_len == (k->bits + 7) / 8 && verify(k, &d, &s);
	if (sig_len != 2 * P256_LEN)
		return 0;
	if (k->alg == ALG_EDDSA)
		return verify(k, &d, &s);
	r = without_zeros(sig, P256_LEN);
	s = without_zeros(sig + P256_LEN, P256_LEN);
	if (gnutls_encode_rs_value(&der, &r, &s) < 0)
		return 0;
	good = verify(k, &d, &der);
	gnutls_free(der.data);
	return good;
}
