/* cose.h: public keys of passkeys (RFC 9052 section 7, RFC 9053 section 7). */
#ifndef CARNET_COSE_H
#define CARNET_COSE_H

#include <stddef.h>
#include <stdint.h>

struct key;

/*
 * The algorithms of a passkey, by their numbers in IANA's registry of COSE, the one
 * that we like best first: ES256, EdDSA with Ed25519, RS256.
 */
#define COSE_ALGS 3
extern const int cose_algs[COSE_ALGS];

/*
 * cose_read(data, len, alg):
 * Return the public key of the COSE_Key that the len bytes of data are, and put the
 * number of its algorithm to *alg (NULL is fine); it is the caller's to free.  NULL if
 * it is of no algorithm above, or not a sound key: key_from_numbers.
 */
struct key *cose_read(const uint8_t *data, size_t len, int *alg);

#endif
