/* totp.h: codes of an app on a phone: TOTP (RFC 6238), by liboath. */
#ifndef CARNET_TOTP_H
#define CARNET_TOTP_H

#include <stdint.h>

#include "box.h"

struct arena;

#define TOTP_SECRET_LEN 20 /* bytes: RFC 4226 section 4, R6 */
#define TOTP_SEALED_LEN (TOTP_SECRET_LEN + BOX_EXTRA)
#define TOTP_DIGITS 6
#define TOTP_STEP_S 30

/* The secret that the app and we share. */
struct totp_secret {
	uint8_t byte[TOTP_SECRET_LEN];
};

/*
 * totp_code(s, step, out):
 * Put the code of the step (30 seconds each, counted from 1970) to out.  Return 0; -1
 * if there is no memory.
 */
int totp_code(const struct totp_secret *s, int64_t step,
    char out[static TOTP_DIGITS + 1]);

/*
 * totp_find(s, typed, now, after):
 * Return the step whose code typed is, of the step at now (Unix seconds), the one
 * before and the one behind it (RFC 6238 section 5.2), and only if it is later than
 * the step after; 0 if it is the code of none.  Spaces in typed do not count.  The time
 * that it takes does not depend on the code.
 */
int64_t totp_find(const struct totp_secret *s, const char *typed, int64_t now,
    int64_t after);

/* totp_text(a, s): the secret in base32 (RFC 4648), as apps take it by hand. */
char *totp_text(struct arena *a, const struct totp_secret *s);

/*
 * totp_uri(a, s, site, user):
 * The otpauth: URI that the app reads from a QR code; site and user are shown in it.
 */
char *totp_uri(struct arena *a, const struct totp_secret *s, const char *site,
    const char *user);

#endif
