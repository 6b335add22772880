/* passkey_site.h: whether a site has passkeys, and for which domain. */
#ifndef CARNET_PASSKEY_SITE_H
#define CARNET_PASSKEY_SITE_H

struct arena;
struct conf;

/*
 * passkey_rp_id(cf, a):
 * Return the domain that this site's passkeys are for (WebAuthn Level 2 section 4, RP
 * ID): the issuer's host.  NULL if that is an IP address: then there can be none.
 *
 * passkey_may_be(cf): 1 if there may be passkeys; 0 at an IP address, and if the
 * setting second_factor is off.
 */
const char *passkey_rp_id(const struct conf *cf, struct arena *a);
int passkey_may_be(const struct conf *cf);

#endif
