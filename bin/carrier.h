/* carrier.h: the process that takes mail out: by a command, or by SMTP. */
#ifndef CARNET_CARRIER_H
#define CARNET_CARRIER_H

struct arena;
struct conf;
struct carrier;

/*
 * carrier_start(cf, a):
 * Start it, as cf says mail goes.  It has no database; it ends when we do.  Return
 * it, in a; NULL, after a message, if it cannot be.
 */
struct carrier *carrier_start(const struct conf *cf, struct arena *a);

/*
 * carrier_send(ca, a, to, message, why):
 * Have the message (lines end in LF) sent to that address, as mail_address has it.
 * If it was not taken, *why says why.
 */
enum carrier_result {
	CARRIER_GONE = -1,	/* there is no carrier any more */
	CARRIER_LATER = 0,	/* not taken, or not known after a minute */
	CARRIER_TAKEN = 1,
	CARRIER_REFUSED = 2,	/* for good: RFC 5321 section 4.2.1 */
};
enum carrier_result carrier_send(struct carrier *ca, struct arena *a, const char *to,
    const char *message, const char **why);

/* carrier_end(ca): it is wanted no more.  NULL is fine. */
void carrier_end(struct carrier *ca);

/*
 * carrier_find(a, name):
 * The path of carnet-smtp or carnet-fetch: beside this program, or where make install
 * puts it; NULL if there is none, as in a build without libcurl.
 */
const char *carrier_find(struct arena *a, const char *name);

#endif
