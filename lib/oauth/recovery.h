/* recovery.h: recovery codes, each good once in place of a second factor. */
#ifndef CARNET_RECOVERY_H
#define CARNET_RECOVERY_H

#include <stdint.h>

struct digest;
struct store;
struct tmpl_data;

#define RECOVERY_N 10		/* codes */
#define RECOVERY_TEXT_LEN 19	/* xxxx-xxxx-xxxx-xxxx: 80 bits */

/* The recovery codes of a user, which are shown once. */
struct recovery {
	char text[RECOVERY_N][RECOVERY_TEXT_LEN + 1];
	int n;			/* 0: none was made */
};

/* recovery_make(r): make new ones, of random bits. */
void recovery_make(struct recovery *r);

/*
 * recovery_store(st, user, r):
 * Within a write transaction, let r be the codes of user, in place of the old ones.
 * Return 1, or -1 on error.
 */
int recovery_store(struct store *st, int64_t user, const struct recovery *r);

/*
 * recovery_digest(typed, d):
 * Put the digest of a recovery code to d, whatever its case, with or without dashes
 * and spaces.  Return 1; 0 if typed is no recovery code.
 */
int recovery_digest(const char *typed, struct digest *d);

/* recovery_show(r, d): put them to the list recovery_codes, each a {{code}}. */
void recovery_show(const struct recovery *r, struct tmpl_data *d);

#endif
