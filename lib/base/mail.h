/* mail.h: one e-mail message, as it is sent (RFC 5322). */
#ifndef CARNET_MAIL_H
#define CARNET_MAIL_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* A message is no longer than this, in bytes. */
#define MAIL_MAX (64 * 1024)

struct mail {
	const char *from, *from_name;	/* an address; a name, or NULL */
	const char *to;			/* an address */
	const char *subject;		/* a line of UTF-8 */
	const char *text;		/* UTF-8, lines that end in LF */
	int64_t at;			/* Unix seconds */
};

/*
 * mail_address(a, address):
 * Return the address as a header and SMTP have it: what is before the "@" is
 * quoted if it has to be (RFC 5321 section 4.1.2), so that none of its characters
 * can end it.
 */
const char *mail_address(struct arena *a, const char *address);

/*
 * mail_message(a, m):
 * Return the message, lines that end in LF and have at most 998 bytes, in ASCII
 * but for the addresses: other text is encoded (RFC 2047, RFC 2045 section 6.7).
 * Programs that answer mail do not answer this (RFC 3834).  Return NULL if it
 * would be longer than MAIL_MAX.
 */
const char *mail_message(struct arena *a, const struct mail *m);

#endif
