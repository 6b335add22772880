/* password.h: what a new password must be: NIST SP 800-63B section 5.1.1.2. */
#ifndef CARNET_PASSWORD_H
#define CARNET_PASSWORD_H

struct arena;
struct conf;
struct user;

/*
 * password_refusal(cf, a, password, u):
 * Return NULL if password may become that of u (NULL: of nobody known), whose
 * address, user name and name must not be in it; else the reason, as a text
 * that follows "it will not do: ".  It is refused if it has fewer than
 * password_min characters, is not UTF-8, is one of those that are tried first,
 * is a row of one character or of neighbours, or is made of the person's own
 * address or name or of the site's name.  It is for every new password, and
 * not for one that somebody signs in with.
 */
const char *password_refusal(const struct conf *cf, struct arena *a,
    const char *password, const struct user *u);

#endif
