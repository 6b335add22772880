/* address.c: IP addresses and networks. */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

#include "words.h"

#define V4_BITS 96 /* the bits before an IPv4 address */

static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

static int
is_v4(const struct address *ad)
{
	return memcmp(ad->byte, v4_prefix, sizeof(v4_prefix)) == 0;
}

int
address_read(const char *text, struct address *out)
{
	if (inet_pton(AF_INET6, text, out->byte) == 1)
		return 0;
	memcpy(out->byte, v4_prefix, sizeof(v4_prefix));
	return inet_pton(AF_INET, text, out->byte + sizeof(v4_prefix)) == 1
	    ? 0
	    : -1;
}

void
address_write(const struct address *ad, char out[static ADDRESS_TEXT_MAX])
{
	const int v4 = is_v4(ad);

	inet_ntop(v4 ? AF_INET : AF_INET6,
	    ad->byte + (v4 ? sizeof(v4_prefix) : 0), out, ADDRESS_TEXT_MAX);
}

struct address
address_place(const struct address *ad)
{
	struct address place = *ad;

	if (!is_v4(ad))
		memset(place.byte + 8, 0, 8);
	return place;
}

/* Read one word: the network and how many bits of it count.  0, or -1. */
static int
read_net(const char *word, size_t len, struct address *net, int *bits)
{
	char text[ADDRESS_TEXT_MAX + 4], *slash;
	int most;

	if (len >= sizeof(text))
		return -1;
	memcpy(text, word, len);
	text[len] = '\0';
	if ((slash = strchr(text, '/')) != NULL)
		*slash++ = '\0';
	if (address_read(text, net) < 0)
		return -1;
	most = strchr(text, ':') == NULL ? 32 : 128;
	*bits = most;
	if (slash != NULL) {
		if (*slash == '\0' || strlen(slash) > 3 ||
		    strspn(slash, "0123456789") != strlen(slash))
			return -1;
		*bits = 0;
		for (; *slash != '\0'; slash++)
			*bits = *bits * 10 + (*slash - '0');
	}
	if (*bits > most)
		return -1;
	if (most == 32)
		*bits += V4_BITS;
	return 0;
}

int
address_nets_ok(const char *words)
{
	struct address net;
	size_t n;
	int bits;

	for (; words_next(&words, &n); words += n)
		if (read_net(words, n, &net, &bits) < 0)
			return 0;
	return 1;
}

int
address_in(const struct address *ad, const char *words)
{
	struct address net;
	size_t n;
	int bits, unused;

	for (; words_next(&words, &n); words += n) {
		if (read_net(words, n, &net, &bits) < 0 ||
		    memcmp(ad->byte, net.byte, (size_t)bits / 8) != 0)
			continue;
		unused = 8 - bits % 8;
		if (unused == 8 ||
		    (ad->byte[bits / 8] ^ net.byte[bits / 8]) >> unused == 0)
			return 1;
	}
	return 0;
}

/* IANA's registry of special addresses of IPv4 (RFC 6890), and what is multicast. */
#define V4_SPECIAL \
	"0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16" \
	" 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24" \
	" 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24" \
	" 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3" \
	/* A cloud's metadata, at an address that looks like any other. */ \
	" 168.63.129.16"

/* Of 2000::/3, which is all that is given to networks of IPv6. */
#define V6_SPECIAL \
	"2001::/23 2001:db8::/32 2620:4f:8000::/48 3ffe::/16" \
	" 3fff::/20"

/* The IPv4 address in ad, which begins at that byte. */
static struct address
v4_within(const struct address *ad, size_t at)
{
	struct address v4;

	memcpy(v4.byte, v4_prefix, sizeof(v4_prefix));
	memcpy(v4.byte + sizeof(v4_prefix), ad->byte + at, 4);
	return v4;
}

int
address_is_public(const struct address *ad)
{
	struct address v4;

	if (is_v4(ad))
		return !address_in(ad, V4_SPECIAL);
	if (address_in(ad, "64:ff9b::/96")) {
		v4 = v4_within(ad, sizeof(v4_prefix));
		return address_is_public(&v4);
	}
	if (address_in(ad, "2002::/16")) {
		v4 = v4_within(ad, 2);
		return address_is_public(&v4);
	}
	/* RFC 5214: a host that is reached by the IPv4 address at the end. */
	if (memcmp(ad->byte + 8, "\0\0\x5e\xfe", 4) == 0 ||
	    memcmp(ad->byte + 8, "\2\0\x5e\xfe", 4) == 0) {
		v4 = v4_within(ad, sizeof(v4_prefix));
		if (!address_is_public(&v4))
			return 0;
	}
	return address_in(ad, "2000::/3") && !address_in(ad, V6_SPECIAL);
}
