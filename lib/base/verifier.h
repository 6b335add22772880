/*
 * verifier.h: a program of the site's says whether a password is right.
 *
 * The setting password_check names it: "unix:PATH", which is asked in a line of JSON,
 * or "saslauthd:PATH", Cyrus's saslauthd, which asks PAM, LDAP, IMAP or Kerberos.
 */
#ifndef CARNET_VERIFIER_H
#define CARNET_VERIFIER_H

#include <sys/types.h>

struct arena;
struct record;

#define VERIFIER_S 5 /* the longest wait for an answer, in all */

struct verifier {
	char *address;		/* as in the setting */
	char *owner_name;	/* the same, or NULL */
	uid_t self;		/* the user of the programs */
	uid_t owner;		/* who may own it beside root and them */
	int porter;		/* it connects (porter.h); -1: we do ourselves */
};

/*
 * verifier_new(address, owner_name):
 * Return a verifier, for verifier_free.  If no user has the name owner_name, that is
 * logged, and no user is the owner.
 *
 * verifier_begin(v): start a porter for it.  If that fails, which is logged, the
 * process connects itself.
 */
struct verifier *verifier_new(const char *address, const char *owner_name);
void verifier_begin(struct verifier *v);
void verifier_free(struct verifier *v);

/* verifier_is(v, address, owner_name): return 1 if v, or NULL, was made from these. */
int verifier_is(const struct verifier *v, const char *address,
    const char *owner_name);

/*
 * verifier_path(address):
 * Return the path of its socket; NULL if address has no form that there is, or a
 * path that is not whole or is longer than that of a socket may be.
 */
const char *verifier_path(const char *address);

/*
 * verifier_owner(name, out):
 * Put to *out the number of the user with that name or number in /etc/passwd; of
 * NULL root's.  Return 0, or -1 if there is none.
 */
int verifier_owner(const char *name, uid_t *out);

/*
 * verifier_is_trusted(v, uid): return 1 if a socket of that user may be asked.
 *
 * verifier_ask(v, a, login, password, out):
 * Ask whether that is the password of login; other requests are served meanwhile.
 * out gets what the answer says of the person, "sub", "email", "name", "groups", or
 * nothing; its texts live in a.  Return 1 if it is right; 0 if it is wrong; -1 if
 * there is no answer, which is logged: the socket is not there, is somebody else's, is
 * a symbolic link, or no answer that makes sense came in VERIFIER_S.
 */
int verifier_is_trusted(const struct verifier *v, uid_t uid);
int verifier_ask(const struct verifier *v, struct arena *a, const char *login,
    const char *password, struct record *out);

#endif
