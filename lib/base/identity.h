/* identity.h: who somebody is: an e-mail address or a user name. */
#ifndef CARNET_IDENTITY_H
#define CARNET_IDENTITY_H

struct arena;

/*
 * Each returns the one form that is stored and compared, in a, or NULL.  Two
 * spellings of one name give the same form, and a form gives itself.
 *
 * identity_email(a, text): one '@', at most 254 bytes; the domain as A-label
 * (IDNA), the part before it as RFC 8265's UsernameCaseMapped.
 * identity_login(a, text): 1 to 64 characters, by UsernameCaseMapped; no '@'.
 * identity_any(a, text): the one or the other: an '@' tells.
 */
char *identity_email(struct arena *a, const char *text);
char *identity_login(struct arena *a, const char *text);
char *identity_any(struct arena *a, const char *text);

#endif
