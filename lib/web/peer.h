/* peer.h: the certificate that a request came with (RFC 8705, RFC 9440). */
#ifndef CARNET_PEER_H
#define CARNET_PEER_H

struct cert;
struct req;

/*
 * peer_cert(rq, out):
 * Put the certificate of who sent the request to out: that of the TLS connection, as the
 * web server tells it in SSL_CLIENT_CERT (PEM, also percent-encoded).  If the connection is
 * one of trusted_proxies, it is that of the header Client-Cert, and no other.  Only that
 * the client has the certificate's key is known of it.  Return 1; 0 if there is none, or
 * if the setting client_certificates is no.
 */
int peer_cert(struct req *rq, struct cert *out);

#endif
