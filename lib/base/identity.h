/* identity.h: the name of a user: an e-mail address or a user name. */
#ifndef CARNET_IDENTITY_H
#define CARNET_IDENTITY_H

struct arena;

/*
 * Each returns the form that is stored and compared, in a; NULL if text is no
 * name of that kind.  All spellings of one name have the same form, and the
 * form of a form is itself.
 *
 * identity_email(a, text): one '@', at most 254 bytes; the domain as A-label
 * (IDNA), the part before it as RFC 8265's UsernameCaseMapped.
 * identity_login(a, text): 1 to 64 characters, by UsernameCaseMapped; no '@'.
 * identity_any(a, text): an e-mail address if text has an '@', else a user
 * name.
 */
char *identity_email(struct arena *a, const char *text);
char *identity_login(struct arena *a, const char *text);
char *identity_any(struct arena *a, const char *text);

#endif
