/* link.h: links in mails, by which people come, come back and move. */
#ifndef CARNET_LINK_H
#define CARNET_LINK_H

#include "letter.h"
#include "store_link.h"

struct oerr;
struct req;

/*
 * The attacks, and what stops each:
 *
 * A stranger asks whether somebody has an account.  The page that takes the address
 * looks for no user: it stores a job with what was typed, and answers.  The courier
 * then finds out what to write.  So neither the answer nor its time can tell.
 *
 * A stranger floods somebody with mail, or the outbox: mails are counted for the
 * address of the client (429) and for the mail address that they go to, and may fill
 * half of the outbox.  Behind the latter two limits no mail is sent, and the answer
 * is the same.
 *
 * A program of the mail server opens each link that it sees: a GET changes nothing.
 *
 * An account is opened with somebody else's address, in the hope that they open the
 * link: they are not signed in by that, and their new password ends what the
 * stranger had.
 *
 * Somebody reads the database: it has digests of the links' secrets.
 */

/*
 * link_make(w, kind, u, ttl_s, out):
 * Make a link of this kind ("sign_up", "invite", "recover", "email") for the user u
 * and the address in u (if u->id is 0: for an account that begins).  Fill out, to be
 * stored by store_link_add; it takes name and password from the caller.  Return the
 * URL, which has the secret.
 */
const char *link_make(const struct writer *w, const char *kind,
    const struct user *u, int64_t ttl_s, struct link *out);

/*
 * link_allow(rq):
 * Count one more mail that the client's address asked for.  Return NULL; or
 * oerr_too_many, if there were too many within an hour.
 */
const struct oerr *link_allow(struct req *rq);

/*
 * link_ask(rq, l):
 * Have the courier do what the kind of l says for l->email, which for "recover" may
 * also be a user name.  Return NULL, and that is also the result if no more mail may
 * go there now, or the outbox is full.
 */
const struct oerr *link_ask(struct req *rq, const struct link *l);

/*
 * link_answer(w, st, j, why):
 * For the courier: j is what link_ask stored.  Find out whom it is about, and store
 * the mail, with its link, in place of j.  Return 1, also if there is nobody to write
 * to; 0 with *why if the mail cannot be made; -1 on a database error, logged.
 */
int link_answer(const struct writer *w, struct store *st, const struct job *j,
    const char **why);

/*
 * link_invite(w, u, url, ttl_s, out):
 * Make the mail that invites u; the result is letter_write's.
 */
int link_invite(const struct writer *w, const struct user *u, const char *url,
    int64_t ttl_s, struct job *out);

/* link_time(a, ttl_s): a lifetime for people: "30 minutes". */
const char *link_time(struct arena *a, int64_t ttl_s);

#endif
