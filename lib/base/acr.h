/* acr.h: how well a user proved who they are: acr (RFC 9068 section 2.2.1). */
#ifndef CARNET_ACR_H
#define CARNET_ACR_H

#include <stddef.h>

/* Each is worth more than those before it. */
enum acr {
	ACR_NONE,	/* not known, or no user */
	ACR_PWD,	/* one factor, as a password is */
	ACR_MFA,	/* two factors */
	ACR_PHR,	/* a passkey that verified the user: resists phishing */
	ACR_COUNT
};

/*
 * acr_name(acr): return its name on the wire; NULL for ACR_NONE.
 * acr_find(name, len): return the acr of that name; ACR_NONE for an unknown name.
 * acr_least(words): return the least acr whose name is among the words; ACR_NONE
 * if all are unknown.
 */
const char *acr_name(enum acr acr);
enum acr acr_find(const char *name, size_t len);
enum acr acr_least(const char *words);

#endif
