/* setup.h: the state of /oauth/setup, and the parts of its program. */
#ifndef CARNET_SETUP_H
#define CARNET_SETUP_H

#include <limits.h>

#include "req.h"

#define TOKEN_FILE "setup-token"
#define TOKEN_MAX 200 /* bytes of its text */

/* The fields of the form; "" if one is not given. */
struct form {
	const char *token, *issuer, *data, *email, *password;
};

struct setup {
	struct req rq;
	struct form form;
	char dir[PATH_MAX];	/* where carnet.conf is */
	int dirfd, fd;		/* of dir; of the token's file, locked, or -1 */
};

/*
 * setup_token.c: whoever can put the file setup-token beside carnet.conf is the
 * owner of the site.
 *
 * setup_token_open(s): find the folder of carnet.conf, which is the parent of the
 * one that this program is in; open and lock the file.  Return 0 if there is none.
 *
 * setup_token_read(s): the text of the file, without the newline of an editor.
 *
 * setup_token_wait(s): for how many more seconds guesses are refused; 0: not.
 *
 * setup_token_try(s, token):
 * Return 1 if the form's token is token, the text of the file; 0 if it is not, and
 * then the guess was counted; -1 if it could not be counted: no guess may be tried.
 *
 * setup_token_end(s): delete the file; 0, or -1 if it may be there after a crash.
 */
int setup_token_open(struct setup *s);
const char *setup_token_read(struct setup *s);
int setup_token_wait(struct setup *s);
int setup_token_try(struct setup *s, const char *token);
int setup_token_end(struct setup *s);

/*
 * setup_site.c:
 * setup_make_site(s, made, fault):
 * Run carnet install and carnet user add.  Put the output of install, which has a
 * secret that is shown only here, to *made, and an error to *fault.  Both may be
 * run again: what exists stays.  Return 1 on success.
 */
int setup_make_site(struct setup *s, const char **made, const char **fault);

#endif
