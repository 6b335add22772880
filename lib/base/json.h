/* json.h: reading JSON through json-c, writing it into a buf. */
#ifndef CARNET_JSON_H
#define CARNET_JSON_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct json_object;

/*
 * json_parse(a, s, len):
 * Return the JSON value of the len bytes at s, freed with the arena.  Return
 * NULL if they are not one JSON value (RFC 8259) in valid UTF-8, nest deeper
 * than 16 levels, or name a member twice: two programs may read different
 * values from a text that does (RFC 7515 section 10.12).
 */
struct json_object *json_parse(struct arena *a, const char *s, size_t len);

/*
 * json_get_str(o, name):
 * Return the string member name of the object o, owned by o; NULL if o is not
 * an object, has no member of that name, or the member is not a string without
 * NUL.
 */
const char *json_get_str(struct json_object *o, const char *name);

/*
 * json_get_int(o, name, out):
 * Put the number member name of o to out, without its fraction: Passport writes
 * times with one.  Return 1; 0 if there is no member of that name; -1 if it is
 * not a number or is too large.
 */
int json_get_int(struct json_object *o, const char *name, int64_t *out);

/*
 * The writer, json_write.c.  Each call appends one value to the buffer, and a
 * comma before it where JSON needs one.  name is the member's name, or NULL in
 * an array and at the top.  Only these functions escape strings.  A NULL string
 * is written as null.
 */
void json_open(struct buf *b, const char *name, char bracket);
void json_close(struct buf *b, char bracket);
void json_str(struct buf *b, const char *name, const char *s);
void json_strn(struct buf *b, const char *name, const char *s, size_t len);
void json_int(struct buf *b, const char *name, int64_t n);
void json_truth(struct buf *b, const char *name, int truth);
void json_null(struct buf *b, const char *name);

/* json_raw(b, name, json): a value that is JSON already; NULL is null. */
void json_raw(struct buf *b, const char *name, const char *json);

/*
 * json_words(b, name, s):
 * Append the words of s, split at spaces, as an array.
 */
void json_words(struct buf *b, const char *name, const char *s);

#endif
