/* public.h: libcurl connects to public addresses alone. */
#ifndef CARNET_PUBLIC_H
#define CARNET_PUBLIC_H

#include <curl/curl.h>

/* Whom a program may connect to; it must outlive the transfer. */
struct public {
	const char *hosts;	/* words, HOST or HOST:PORT: these may be private */
	const char *ca;		/* a file, or "": the system's certificates */
	int is_refused;		/* the address of this transfer was */
	int may_be_private;	/* the host of this transfer is one of hosts */
};

/*
 * public_set_up(c, p):
 * The transfers of c are for strangers' URLs.  Only https is spoken, to a server that
 * proves its name, at an address that address_is_public takes, in 5 seconds from the
 * first look for the name to the last byte; no proxy, no redirect, no cookie, no
 * compression, and no connection or address is used twice.
 *
 * The address is checked where the socket is made: that very address is then connected
 * to, whatever a name server answers meanwhile.
 */
void public_set_up(CURL *c, struct public *p);

/* public_take(c, p, url): the next transfer is to url.  Return 1; 0: no URL of https. */
int public_take(CURL *c, struct public *p, const char *url);

#endif
