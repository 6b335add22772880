/* key_int.h: the members of a key, for key.c and key_sign.c alone. */
#ifndef CARNET_KEY_INT_H
#define CARNET_KEY_INT_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "key.h"

#define P256_LEN 32

struct key;

/* An algorithm: GnuTLS's numbers for it, and its signatures in a JWS. */
struct key_alg_row {
	const char *name;
	gnutls_pk_algorithm_t pk;
	gnutls_sign_algorithm_t sign;
	gnutls_ecc_curve_t curve; /* 0: RSA */
	/*
	 * to_jws(sig, out): put GnuTLS's signature to out as a JWS has it;
	 * return its length, -1 on error.
	 * verify(k, d, sig): is sig, as a JWS has it, k's signature of d?  1 or
	 * 0.
	 */
	ssize_t (*to_jws)(const gnutls_datum_t *sig, uint8_t *out);
	int (*verify)(const struct key *k, const gnutls_datum_t *d,
	    const gnutls_datum_t *sig);
};
extern const struct key_alg_row key_algs[ALG_COUNT];

struct key {
	enum alg alg;
	unsigned bits;
	gnutls_privkey_t priv; /* NULL: only a public key */
	gnutls_pubkey_t pub;
};

/* key_begin(): make GnuTLS ready, once. */
void key_begin(void);

/* key_fail(what, rc): log GnuTLS's error; return -1. */
int key_fail(const char *what, int rc);

/*
 * key_datum(data, len), key_datum_trim(p, len):
 * Return the bytes, not copied; trim leaves out zeros at the start of a number.
 */
gnutls_datum_t key_datum(const uint8_t *data, size_t len);
gnutls_datum_t key_datum_trim(const uint8_t *p, size_t len);

/* The functions of the rows, in key_sign.c. */
ssize_t key_jws_as_it_is(const gnutls_datum_t *sig, uint8_t *out);
ssize_t key_jws_ecdsa(const gnutls_datum_t *sig, uint8_t *out);
int key_verify_rsa(const struct key *k, const gnutls_datum_t *d,
    const gnutls_datum_t *sig);
int key_verify_ecdsa(const struct key *k, const gnutls_datum_t *d,
    const gnutls_datum_t *sig);
int key_verify_eddsa(const struct key *k, const gnutls_datum_t *d,
    const gnutls_datum_t *sig);

#endif
