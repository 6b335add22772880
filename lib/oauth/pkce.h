/* pkce.h: proof key for code exchange (RFC 7636), S256 alone. */
#ifndef CARNET_PKCE_H
#define CARNET_PKCE_H

/* pkce_is_challenge(s): is s the base64url of a SHA-256 (section 4.2)? */
int pkce_is_challenge(const char *s);

/*
 * pkce_verify(verifier, challenge):
 * Return 1 if verifier is 43 to 128 unreserved characters (section 4.1) and
 * challenge is its S256 transform (section 4.6), compared in constant time.
 */
int pkce_verify(const char *verifier, const char *challenge);

#endif
