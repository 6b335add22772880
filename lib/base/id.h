/* id.h: ids of tokens and of families: a time, then random bytes. */
#ifndef CARNET_ID_H
#define CARNET_ID_H

#include <stdint.h>

struct arena;

#define ID_LEN 16
#define ID_TEXT_LEN 22 /* the same in base64url */

struct id {
	uint8_t byte[ID_LEN];
};

/*
 * id_make(now, out):
 * Make a new id: now (Unix seconds) in 5 bytes, the clock's fraction of a
 * second in 3, and 8 random bytes.
 */
void id_make(int64_t now, struct id *out);

/* id_time(id): return the time at which id was made, in Unix seconds. */
int64_t id_time(const struct id *id);

/*
 * id_text(a, id): return the id in base64url, in a.
 * id_read(text, out): read that form; return 1, or 0 if text is not an id.
 */
char *id_text(struct arena *a, const struct id *id);
int id_read(const char *text, struct id *out);

#endif
