/* peer.c: the certificate that a request came with (RFC 8705, RFC 9440). */
#include "peer.h"

#include <string.h>

#include "address.h"
#include "arena.h"
#include "cert.h"
#include "conf.h"
#include "req.h"
#include "url.h"

/*
 * The attacks, and where each stops:
 *
 * A client sends a header with a certificate that it has no key for: it becomes a variable
 * with HTTP_ before its name, and only the web server sets SSL_CLIENT_CERT.  The header
 * Client-Cert counts from trusted_proxies alone, which take away what their clients send
 * (RFC 9440 section 2.4).
 *
 * A trusted proxy comes with a certificate of its own: it is not that of its client.
 */

static int
is_of_proxy(struct req *rq)
{
	const char *peer = req_var(rq, "REMOTE_ADDR");
	struct address ad;

	return peer != NULL && *rq->conf->trusted_proxies != '\0' &&
	    address_read(peer, &ad) == 0 &&
	    address_in(&ad, rq->conf->trusted_proxies);
}

/* RFC 9440 section 2.1: a byte sequence (RFC 8941 section 3.3.5). */
static int
read_header(struct req *rq, const char *value, struct cert *out)
{
	size_t n;

	value += strspn(value, " \t");
	n = strlen(value);
	while (n > 0 && strchr(" \t", value[n - 1]) != NULL)
		n--;
	return n > 2 && value[0] == ':' && value[n - 1] == ':' &&
	    cert_from_base64(rq->a, value + 1, n - 2, out) == 0;
}

/* nginx encodes it, as its lines would not fit into a header. */
static int
read_variable(struct req *rq, const char *value, struct cert *out)
{
	const size_t len = strlen(value);
	size_t n;

	if (len > 3 * CERT_BYTES_MAX)
		return 0;
	if (strchr(value, '%') != NULL)
		value = url_decode(rq->a, value, len, 0, &n);
	return value != NULL && cert_from_pem(rq->a, value, out) == 0;
}

int
peer_cert(struct req *rq, struct cert *out)
{
	const char *value;

	if (!rq->conf->client_certificates)
		return 0;
	if (is_of_proxy(rq))
		return (value = req_var(rq, "HTTP_CLIENT_CERT")) != NULL &&
		    read_header(rq, value, out);
	return (value = req_var(rq, "SSL_CLIENT_CERT")) != NULL &&
	    read_variable(rq, value, out);
}
