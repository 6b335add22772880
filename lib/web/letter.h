/* letter.h: mail to a user, from a template, by way of the outbox. */
#ifndef CARNET_LETTER_H
#define CARNET_LETTER_H

#include "store_outbox.h"

struct arena;
struct conf;
struct req;
struct tmpl_data;
struct user;

/* The writer of a mail that is not written by a request. */
struct writer {
	const struct conf *conf;
	struct arena *a;
	int64_t now;	/* Unix seconds */
};

/* letter_is_set_up(cf): does this site send mail? */
int letter_is_set_up(const struct conf *cf);

/*
 * letter_make(rq, u, name, d, out), letter_write(w, u, name, d, out):
 * Make the mail to u of the template name, filled from d; out is its job, for
 * letter_add.  The template's first line is the subject.  d gains {{site_name}},
 * {{issuer}}, {{account_url}}, {{help_url}}, {{email}} and {{name}}.  Return 1; 0 if
 * this site sends no mail, or the template is malformed, which is logged.
 */
int letter_make(struct req *rq, const struct user *u, const char *name,
    struct tmpl_data *d, struct job *out);
int letter_write(const struct writer *w, const struct user *u,
    const char *name, struct tmpl_data *d, struct job *out);

/*
 * letter_add(rq, j):
 * Within the write transaction that wants it: store the job; one of letter_make that
 * made none is fine.  If the outbox is full that is logged, and the mail is lost.
 * Return 1, or -1 on a database error, logged.
 */
int letter_add(struct req *rq, const struct job *j);

#endif
