/* cert.h: certificates of clients (X.509, RFC 5280), as RFC 8705 uses them. */
#ifndef CARNET_CERT_H
#define CARNET_CERT_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

struct arena;

#define CERT_BYTES_MAX (16 * 1024) /* of a certificate, or of the text of several */

struct cert {
	const uint8_t *der;
	size_t len;
	struct digest digest;	/* of der: x5t#S256 (RFC 8705 section 3.1) */
};

/*
 * cert_from_pem(a, text, out), cert_from_base64(a, text, len, out):
 * Read the first certificate of a PEM text (RFC 7468); or one in base64.  Return 0, or -1
 * if it is none, or is too long.  out->der lives as long as a.
 */
int cert_from_pem(struct arena *a, const char *text, struct cert *out);
int cert_from_base64(
    struct arena *a, const char *text, size_t len, struct cert *out);

/*
 * cert_name_read(a, name, out):
 * A name that a certificate may have: "dn:" and a subject in the form of RFC 4514; or
 * "dns:", "uri:", "ip:" or "email:" and a subjectAltName (RFC 8705 section 2.1.2).  Put
 * its one spelling to *out.  Return NULL, or the sentence that says why it is none.
 */
const char *cert_name_read(
    struct arena *a, const char *name, const char **out);

/* cert_has_name(c, name): return 1 if it has the name, as cert_name_read spells it. */
int cert_has_name(const struct cert *c, const char *name);

/* cert_ca_refused(pem): why the text has no certificates in it; NULL: it has. */
const char *cert_ca_refused(const char *pem);

/*
 * cert_is_issued(c, pem):
 * Return 1 if the certificate is good now, may be for a client of TLS, and leads to one of
 * those in pem: its issuers, and theirs.  Revocation is not looked at.
 */
int cert_is_issued(const struct cert *c, const char *pem);

#endif
