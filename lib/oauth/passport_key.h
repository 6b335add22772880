/* passport_key.h: the APP_KEY of a Laravel application, which encrypted its tokens. */
#ifndef CARNET_PASSPORT_KEY_H
#define CARNET_PASSPORT_KEY_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define PASSPORT_KEY_FILE "passport.key" /* in the directory keys */
#define PASSPORT_KEY_MAX 32

struct passport_key {
	uint8_t byte[PASSPORT_KEY_MAX];
	size_t len;
};

/*
 * passport_key_read(dir, out):
 * Read the file passport.key of dir: the value of APP_KEY, as it is in .env.  Return 1;
 * 0 if there is no such file; -1, logged, if it cannot be read, or is no such key.
 * The caller wipes *out.
 */
int passport_key_read(const char *dir, struct passport_key *out);

/* What a refresh token says. */
struct passport_refresh_text {
	const char *client_id, *id, *access_id, *user_id; /* user_id may be NULL */
	const char *scope;	/* words */
	int64_t expires_at;
};

/*
 * passport_is_refresh(text): return 1 if text looks as a refresh token of Passport's.
 * passport_open(a, k, text, out):
 * Decrypt it and read what it says, which takes as long as to hash a password.  Return
 * NULL; or, for the log, why not.
 */
int passport_is_refresh(const char *text);
const char *passport_open(struct arena *a, const struct passport_key *k,
    const char *text, struct passport_refresh_text *out);

#endif
