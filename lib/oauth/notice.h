/* notice.h: mail to a user whose account was changed. */
#ifndef CARNET_NOTICE_H
#define CARNET_NOTICE_H

struct job;
struct req;
struct user;

/*
 * notice_make(rq, u, kind, what, out):
 * Make the mail that tells u, at the address in u, of a change that came with the
 * request: whoever made it, the owner of the account hears of it.  kind is a section
 * of templates/mail-notice.txt: "password", "new_email", "login", "totp", "totp_gone",
 * "passkey", "passkey_gone", "codes" or "factors_gone".  what is {{what}} there: the
 * new address or user name, the name of the passkey; or NULL.  out is the job, for
 * letter_add in the transaction that makes the change.  If no mail can be made, out
 * is none, which letter_add takes.
 */
void notice_make(struct req *rq, const struct user *u, const char *kind,
    const char *what, struct job *out);

#endif
