/* key_int.h: a key from within, for key.c and key_sign.c alone. */
#ifndef CARNET_KEY_INT_H
#define CARNET_KEY_INT_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "key.h"

#define P256_LEN 32

/* What an algorithm is to GnuTLS. */
struct key_alg_row {
	const char *name;
	gnutls_pk_algorithm_t pk;
	gnutls_sign_algorithm_t sign;
	gnutls_ecc_curve_t curve;
};
extern const struct key_alg_row key_algs[ALG_COUNT];

struct key {
	enum alg alg;
	unsigned bits;
	gnutls_privkey_t priv; /* NULL: a public key alone */
	gnutls_pubkey_t pub;
};

/* key_fail(what, rc): log GnuTLS's error; return -1. */
int key_fail(const char *what, int rc);

/*
 * key_datum(data, len), key_datum_trim(p, len):
 * The bytes, not copied; trim leaves out the zeros that a number begins with.
 */
gnutls_datum_t key_datum(const uint8_t *data, size_t len);
gnutls_datum_t key_datum_trim(const uint8_t *p, size_t len);

#endif
