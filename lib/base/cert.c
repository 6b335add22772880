/* cert.c: certificates of clients (X.509, RFC 5280), by GnuTLS. */
#include "cert.h"

#include <arpa/inet.h>
#include <err.h>
#include <gnutls/x509.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#include "arena.h"
#include "b64.h"
#include "key_int.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"
#define NAME_MAX_LEN 512 /* bytes of a name */

/* ---- Reading ---- */

/* As a DER that GnuTLS reads: what it is of, the caller finds out. */
static int
take(const uint8_t *der, size_t len, struct cert *out)
{
	*out = (struct cert) { .der = der, .len = len };
	digest_of(der, len, &out->digest);
	return 0;
}

int
cert_from_base64(struct arena *a, const char *text, size_t len, struct cert *out)
{
	uint8_t *der;
	ssize_t n;

	if (len > CERT_BYTES_MAX)
		return -1;
	der = arena_alloc(a, len + 1);
	n = b64_decode(text, len, der);
	return n > 0 ? take(der, (size_t)n, out) : -1;
}

int
cert_from_pem(struct arena *a, const char *text, struct cert *out)
{
	const char *p = strstr(text, BEGIN), *end;
	char *plain;
	size_t n = 0;

	if (p == NULL || (end = strstr(p, END)) == NULL)
		return -1;
	p += strlen(BEGIN);
	if ((size_t)(end - p) > CERT_BYTES_MAX)
		return -1;
	plain = arena_alloc(a, (size_t)(end - p) + 1);
	for (; p < end; p++)
		if (strchr(" \t\r\n", *p) == NULL)
			plain[n++] = *p;
	return cert_from_base64(a, plain, n, out);
}

/* ---- Names ---- */

static gnutls_x509_crt_t
new_crt(void)
{
	gnutls_x509_crt_t crt;

	key_begin();
	if (gnutls_x509_crt_init(&crt) < 0)
		errx(111, "certificate: no memory");
	return crt;
}

/* NULL: GnuTLS does not read it. */
static gnutls_x509_crt_t
open_cert(const struct cert *c)
{
	const gnutls_datum_t d = key_datum(c->der, c->len);
	gnutls_x509_crt_t crt = new_crt();

	if (gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER) == 0)
		return crt;
	gnutls_x509_crt_deinit(crt);
	return NULL;
}

/* The subject in GnuTLS's spelling; -1 if it has none. */
static int
subject_of(gnutls_x509_crt_t crt, char *out, size_t size)
{
	gnutls_datum_t d;
	int n = -1;

	if (gnutls_x509_crt_get_dn3(crt, &d, 0) < 0)
		return -1;
	if (d.size < size && d.size > 0 && memchr(d.data, '\0', d.size) == NULL) {
		memcpy(out, d.data, d.size);
		out[d.size] = '\0';
		n = 0;
	}
	gnutls_free(d.data);
	return n;
}

/* One spelling for each subject: that which a certificate of it would have. */
static const char *
read_subject(struct arena *a, const char *text, const char **out)
{
	static const char why[] =
	    "the subject is none in the form of RFC 4514, for example"
	    " dn:CN=app,O=Example,C=SE";
	gnutls_x509_crt_t crt = new_crt();
	char dn[NAME_MAX_LEN];
	const char *at;
	int ok;

	ok = *text != '\0' && gnutls_x509_crt_set_dn(crt, text, &at) == 0 &&
	    subject_of(crt, dn, sizeof(dn)) == 0;
	if (ok)
		*out = arena_printf(a, "dn:%s", dn);
	gnutls_x509_crt_deinit(crt);
	return ok ? NULL : why;
}

static const char *
read_ip(struct arena *a, const char *text, const char **out)
{
	uint8_t byte[16];
	char plain[INET6_ADDRSTRLEN];
	const int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;

	if (inet_pton(family, text, byte) != 1)
		return "the address after ip: is none";
	inet_ntop(family, byte, plain, sizeof(plain));
	*out = arena_printf(a, "ip:%s", plain);
	return NULL;
}

/* The kinds of subjectAltName. */
static const struct {
	const char *prefix;
	gnutls_x509_subject_alt_name_t type;
	int any_case;
} kinds[] = {
	{ "dns:", GNUTLS_SAN_DNSNAME, 1 },
	{ "uri:", GNUTLS_SAN_URI, 0 },
	{ "email:", GNUTLS_SAN_RFC822NAME, 0 },
	{ "ip:", GNUTLS_SAN_IPADDRESS, 0 },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *
cert_name_read(struct arena *a, const char *name, const char **out)
{
	if (strlen(name) >= NAME_MAX_LEN)
		return "the name is longer than 511 bytes";
	if (strncmp(name, "dn:", 3) == 0)
		return read_subject(a, name + 3, out);
	if (strncmp(name, "ip:", 3) == 0)
		return read_ip(a, name + 3, out);
	for (size_t i = 0; i < N_KINDS; i++)
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) {
			*out = name;
			return name[strlen(kinds[i].prefix)] != '\0'
			    ? NULL
			    : "the name is empty";
		}
	return "a name of a certificate begins with dn:, dns:, uri:, ip: or"
	       " email:";
}

/* A name of the certificate, as text; 0: it is not of that kind. */
static int
san_text(gnutls_x509_subject_alt_name_t type, const char *data, size_t n,
    char out[static NAME_MAX_LEN])
{
	const int family = n == 4 ? AF_INET : AF_INET6;

	if (type == GNUTLS_SAN_IPADDRESS)
		return (n == 4 || n == 16) &&
		    inet_ntop(family, data, out, NAME_MAX_LEN) != NULL;
	/* A NUL would hide what is behind it. */
	if (n >= NAME_MAX_LEN || memchr(data, '\0', n) != NULL)
		return 0;
	memcpy(out, data, n);
	out[n] = '\0';
	return 1;
}

static int
has_san(gnutls_x509_crt_t crt, size_t kind, const char *wanted)
{
	char data[NAME_MAX_LEN], text[NAME_MAX_LEN];
	unsigned type, critical;
	size_t n;
	int rc;

	for (unsigned i = 0;; i++) {
		n = sizeof(data);
		rc = gnutls_x509_crt_get_subject_alt_name2(
		    crt, i, data, &n, &type, &critical);
		if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue; /* longer than any that is registered */
		if (rc < 0)
			return 0;
		if (type == kinds[kind].type &&
		    san_text(kinds[kind].type, data, n, text) &&
		    (kinds[kind].any_case ? strcasecmp(text, wanted)
					  : strcmp(text, wanted)) == 0)
			return 1;
	}
}

int
cert_has_name(const struct cert *c, const char *name)
{
	gnutls_x509_crt_t crt = open_cert(c);
	char dn[NAME_MAX_LEN];
	size_t n;
	int has = 0;

	if (crt == NULL)
		return 0;
	if (strncmp(name, "dn:", 3) == 0)
		has = subject_of(crt, dn, sizeof(dn)) == 0 &&
		    strcmp(dn, name + 3) == 0;
	for (size_t i = 0; i < N_KINDS && !has; i++) {
		n = strlen(kinds[i].prefix);
		if (strncmp(name, kinds[i].prefix, n) == 0)
			has = has_san(crt, i, name + n);
	}
	gnutls_x509_crt_deinit(crt);
	return has;
}

/* ---- Issuers ---- */

/* How many certificates are in the text; the list has them. */
static int
add_issuers(gnutls_x509_trust_list_t list, const char *pem)
{
	const gnutls_datum_t d =
	    key_datum((const uint8_t *)pem, strlen(pem));

	return gnutls_x509_trust_list_add_trust_mem(
	    list, &d, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
}

static gnutls_x509_trust_list_t
new_list(void)
{
	gnutls_x509_trust_list_t list;

	key_begin();
	if (gnutls_x509_trust_list_init(&list, 0) < 0)
		errx(111, "certificates: no memory");
	return list;
}

const char *
cert_ca_refused(const char *pem)
{
	gnutls_x509_trust_list_t list;
	int n;

	if (strlen(pem) > CERT_BYTES_MAX)
		return "the certificates of the issuers are longer than 16 KB";
	list = new_list();
	n = add_issuers(list, pem);
	gnutls_x509_trust_list_deinit(list, 1);
	return n > 0 ? NULL
		     : "there is no certificate of an issuer in the file (PEM)";
}

int
cert_is_issued(const struct cert *c, const char *pem)
{
	char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st wanted = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)purpose,
		.size = sizeof(purpose) - 1 };
	gnutls_x509_crt_t crt = open_cert(c);
	gnutls_x509_trust_list_t list;
	unsigned status = ~0U;
	int rc = -1;

	if (crt == NULL)
		return 0;
	list = new_list();
	if (add_issuers(list, pem) > 0)
		rc = gnutls_x509_trust_list_verify_crt2(
		    list, &crt, 1, &wanted, 1, 0, &status, NULL);
	gnutls_x509_trust_list_deinit(list, 1);
	gnutls_x509_crt_deinit(crt);
	return rc == 0 && status == 0;
}
