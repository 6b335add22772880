/* key_sign.c: making and verifying signatures in their JWS form, by GnuTLS. */
#include <gnutls/crypto.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "key_int.h"

#define ED25519_SIG_LEN 64 /* RFC 8032 section 5.1.6 */

ssize_t
key_jws_as_it_is(const gnutls_datum_t *sig, uint8_t *out)
{
	if (sig->size > SIGNATURE_MAX)
		return -1;
	memcpy(out, sig->data, sig->size);
	return (ssize_t)sig->size;
}

/* RFC 7518 section 3.4: r at full length, then s at full length. */
ssize_t
key_jws_ecdsa(const gnutls_datum_t *der, uint8_t *out)
{
	gnutls_datum_t rs[2] = { { NULL, 0 }, { NULL, 0 } };
	ssize_t n = -1;
	int rc;

	if ((rc = gnutls_decode_rs_value(der, &rs[0], &rs[1])) < 0)
		return key_fail("ECDSA signature", rc);
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
	gnutls_datum_t d = key_datum(data, len), sig = { NULL, 0 };
	ssize_t n;
	int rc;

	if (k->priv == NULL)
		return -1;
	rc = gnutls_privkey_sign_data2(
	    k->priv, key_algs[k->alg].sign, 0, &d, &sig);
	if (rc < 0)
		return key_fail("signing", rc);
	n = key_algs[k->alg].to_jws(&sig, out);
	gnutls_free(sig.data);
	return n;
}

static int
verify(const struct key *k, const gnutls_datum_t *d, const gnutls_datum_t *sig)
{
	return gnutls_pubkey_verify_data2(
		   k->pub, key_algs[k->alg].sign, 0, d, sig) >= 0;
}

/* RFC 8017 section 8.2.2: a signature has the modulus' length. */
int
key_verify_rsa(const struct key *k, const gnutls_datum_t *d,
    const gnutls_datum_t *sig)
{
	return sig->size == (k->bits + 7) / 8 && verify(k, d, sig);
}

int
key_verify_eddsa(const struct key *k, const gnutls_datum_t *d,
    const gnutls_datum_t *sig)
{
	return sig->size == ED25519_SIG_LEN && verify(k, d, sig);
}

int
key_verify_ecdsa(const struct key *k, const gnutls_datum_t *d,
    const gnutls_datum_t *sig)
{
	gnutls_datum_t r, s, der = { NULL, 0 };
	int good;

	if (sig->size != 2 * P256_LEN)
		return 0;
	r = key_datum_trim(sig->data, P256_LEN);
	s = key_datum_trim(sig->data + P256_LEN, P256_LEN);
	if (gnutls_encode_rs_value(&der, &r, &s) < 0)
		return 0;
	good = verify(k, d, &der);
	gnutls_free(der.data);
	return good;
}

int
key_verify(const struct key *k, const void *data, size_t len,
    const uint8_t *sig, size_t sig_len)
{
	const gnutls_datum_t d = key_datum(data, len);
	const gnutls_datum_t s = key_datum(sig, sig_len);

	return key_algs[k->alg].verify(k, &d, &s);
}

int
key_verify_der(const struct key *k, const void *data, size_t len,
    const uint8_t *sig, size_t sig_len)
{
	const gnutls_datum_t d = key_datum(data, len);
	const gnutls_datum_t s = key_datum(sig, sig_len);

	return key_algs[k->alg].pk == GNUTLS_PK_EC
	    ? verify(k, &d, &s)
	    : key_algs[k->alg].verify(k, &d, &s);
}
