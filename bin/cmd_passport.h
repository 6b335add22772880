/* cmd_passport.h: what the parts of carnet import passport share. */
#ifndef CARNET_CMD_PASSPORT_H
#define CARNET_CMD_PASSPORT_H

#include <stdio.h>

#include "cmd.h"
#include "passport.h"

struct record;

enum { ROW_SITE = PASSPORT_KINDS, ROW_END, ROW_KINDS };

/* A token or a sign-in of --check. */
struct checked {
	const char *text;	/* as the file has it */
	const char *password;	/* of a sign-in, else NULL */
	const char *what;	/* as it is told: no secret is in it */
	const char *why;	/* NULL: it is accepted */
	const char *hash;	/* of the user of a sign-in */
	const char *wrong;	/* of a refresh token: why it is none */
	const char *id;		/* of a refresh token: Passport's */
};

struct importing {
	struct cmd *c;
	struct passport p;
	FILE *in;
	FILE *told;		/* a line for each row that is told; no name on disk */
	const char *zone;	/* of --timezone, or NULL */
	int dry_run;
	struct checked *check;
	size_t n_check;

	/* Of one run of the transaction: */
	const char *why;	/* the file is refused */
	int has_zone, has_end;
	int64_t lines[ROW_KINDS];
	int64_t n_told;
	struct buf *advice;	/* lines for the operator */
};

/* passport_read_lines(im): take in the whole file; 0; -1: im->why, or logged. */
int passport_read_lines(struct importing *im);

/*
 * passport_check_read(im, path): read the file of --check, and decrypt refresh tokens;
 * CMD_OK, or after a message.
 * passport_check_rows(im): within the transaction: find what is to be checked.
 * passport_check_end(im): after it: check passwords.
 */
int passport_check_read(struct importing *im, const char *path);
int passport_check_rows(struct importing *im);
void passport_check_end(struct importing *im);

/* passport_report(im, is_stored): print what was done; CMD_OK or CMD_SYSTEM. */
int passport_report(struct importing *im, int is_stored);

#endif
