/* public.c: libcurl connects to public addresses alone. */
#include "public.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "address.h"
#include "words.h"

#define WHOLE_MS 5000
#define CA_SYSTEM "/etc/ssl/certs/ca-certificates.crt"

/* Return 1 and the address; 0 if it is none of IPv4 or IPv6. */
static int
address_of(const struct sockaddr *sa, struct address *out)
{
	static const struct address v4 = { { [10] = 0xff, [11] = 0xff } };
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		*out = v4;
		memcpy(out->byte + 12, &in.sin_addr, 4);
		return 1;
	}
	if (sa->sa_family != AF_INET6)
		return 0;
	memcpy(&in6, sa, sizeof(in6));
	memcpy(out->byte, &in6.sin6_addr, 16);
	return 1;
}

/* libcurl connects the socket that this returns to the address that it was given. */
static curl_socket_t
make_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct public *p = ctx;
	struct address ad;

	if (purpose != CURLSOCKTYPE_IPCXN || !address_of(&to->addr, &ad))
		return CURL_SOCKET_BAD;
	if (!p->may_be_private && !address_is_public(&ad)) {
		p->is_refused = 1;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void
public_set_up(CURL *c, struct public *p)
{
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, make_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, p);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(
	    c, CURLOPT_CAINFO, *p->ca == '\0' ? CA_SYSTEM : p->ca);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
	curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "carnet/" CARNET_VERSION);
}

/* Is the host one of the words, with its port or without? */
static int
is_listed(const char *hosts, const char *host, const char *port)
{
	char with_port[300];
	size_t n;

	snprintf(with_port, sizeof(with_port), "%s:%s", host, port);
	for (; words_next(&hosts, &n); hosts += n)
		if ((strlen(host) == n && strncasecmp(hosts, host, n) == 0) ||
		    (strlen(with_port) == n &&
			strncasecmp(hosts, with_port, n) == 0))
			return 1;
	return 0;
}

/* libcurl itself reads the URL: two readers could see two hosts in one. */
int
public_take(CURL *c, struct public *p, const char *url)
{
	char *host = NULL, *port = NULL;
	CURLU *u = curl_url();
	int good;

	p->is_refused = 0;
	p->may_be_private = 0;
	good = u != NULL &&
	    curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) ==
		CURLUE_OK &&
	    strncasecmp(url, "https://", 8) == 0 &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK;
	if (good) {
		p->may_be_private = is_listed(p->hosts, host, port);
		good = curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK;
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return good;
}
