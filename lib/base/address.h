/* address.h: IP addresses and networks. */
#ifndef CARNET_ADDRESS_H
#define CARNET_ADDRESS_H

#include <stdint.h>

#define ADDRESS_TEXT_MAX 46

/* IPv6; an IPv4 address is ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
struct address {
	uint8_t byte[16];
};

/* address_read(text, out): 0, or -1 if text is no address. */
int address_read(const char *text, struct address *out);

/* address_write(ad, out): write ad to out in its shortest form. */
void address_write(
    const struct address *ad, char out[static ADDRESS_TEXT_MAX]);

/*
 * address_place(ad):
 * Return the network that usually belongs to one subscriber: an IPv4 address,
 * or the /64 of an IPv6 address.  The subscriber may use any address in it.
 */
struct address address_place(const struct address *ad);

/* address_nets_ok(words): 1 if each word is an address or NET/BITS, else 0. */
int address_nets_ok(const char *words);

/* address_in(ad, words): 1 if ad is within one of the networks. */
int address_in(const struct address *ad, const char *words);

/*
 * address_is_public(ad):
 * Return 1 if ad is of a machine on the Internet: not of this machine, a private or
 * local network, a cloud's metadata service, many receivers, or a special purpose
 * (RFC 6890).  Of an IPv6 address that leads to an IPv4 address (RFC 6052, RFC 3056)
 * the latter counts.
 */
int address_is_public(const struct address *ad);

#endif
