/*
 * webauthn.h: what a browser sends of a passkey is checked.  Sections and steps are
 * those of Web Authentication Level 2 (W3C, 8 April 2021).  Nothing here knows a user,
 * a request or a database.
 */
#ifndef CARNET_WEBAUTHN_H
#define CARNET_WEBAUTHN_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define WEBAUTHN_ID_MAX 1023 /* bytes of a credential id: Level 3 section 4 */

/* Bytes of somebody else. */
struct octets {
	const uint8_t *data;
	size_t len;
};

/* The values that this site expects in an answer. */
struct webauthn_want {
	const char *challenge;	/* that it gave, in base64url */
	const char *origin;	/* its own (RFC 6454 section 6.2) */
	const char *rp_id;	/* a domain */
	int verified;		/* the user must have been verified, not only present */
};

/* Flags of authenticator data (section 6.1; BE and BS: Level 3). */
enum {
	WEBAUTHN_PRESENT = 0x01,
	WEBAUTHN_VERIFIED = 0x04,
	WEBAUTHN_MAY_SYNC = 0x08,	/* backup eligible */
	WEBAUTHN_SYNCED = 0x10,		/* backup state */
	WEBAUTHN_HAS_KEY = 0x40,	/* attested credential data */
	WEBAUTHN_HAS_EXTENSIONS = 0x80,
};

/* Authenticator data (section 6.1).  Its bytes lie in what was read. */
struct webauthn_data {
	unsigned flags;		/* WEBAUTHN_... */
	uint32_t count;		/* of signatures; 0: it does not count */
	struct octets rp_hash;	/* SHA-256 */
	/* If WEBAUTHN_HAS_KEY is set (section 6.5.1): */
	struct octets aaguid, id, key; /* key: a COSE_Key */
};

/*
 * webauthn_data_read(a, raw, out):
 * Return 1 if raw is authenticator data, to its last byte; else 0.
 */
int webauthn_data_read(
    struct arena *a, const struct octets *raw, struct webauthn_data *out);

/*
 * webauthn_register(a, want, client, object, out):
 * Check a new passkey: section 7.1, steps 5 to 21, of the client data and the
 * attestation object.  Return NULL, and its data in out; else why it is refused, for
 * the log.  Attestation is not asked for, and nothing is concluded from it.  A
 * statement "none" must be empty, and a self attestation must be right; a statement
 * that has certificates is not looked at, because no root is trusted here.
 */
const char *webauthn_register(struct arena *a, const struct webauthn_want *want,
    const struct octets *client, const struct octets *object,
    struct webauthn_data *out);

/*
 * webauthn_assert(a, want, key, client, raw, sig, out):
 * Check a use of the passkey of that public key: section 7.2, steps 9 to 20, of the
 * client data, the authenticator data raw and the signature.  Return NULL, and the
 * authenticator data in out; else why it is refused, for the log.  The caller finds
 * the key and its user (steps 5 to 7), and compares the counter (step 21).
 */
const char *webauthn_assert(struct arena *a, const struct webauthn_want *want,
    const struct octets *key, const struct octets *client,
    const struct octets *raw, const struct octets *sig,
    struct webauthn_data *out);

#endif
