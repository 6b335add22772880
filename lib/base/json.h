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
 * Return the value that the len bytes at s hold, freed with the arena; NULL if
 * they are not one JSON value (RFC 8259) of valid UTF-8, nest deeper than 16
 * levels, or name a member twice: of two readers of such a text each may see
 * another value (RFC 7515 section 10.12).
 */
struct json_object *json_parse(struct arena *a, const char *s, size_t len);

/*
 * json_get_str(o, name):
 * Return the string member name of the object o, owned by o; NULL if o is no
 * object, has no such member, or it is not a string free of NUL.
 */
const char *json_get_str(struct json_object *o, const char *name);

/*
 * json_get_int(o, name, out):
 * Put the integer member name of o to out: a number, its fraction dropped, as
 * Passport writes times with one.  Return 1; 0 if there is no such member; -1
 * if it is no number or does not fit.
 */
int json_get_int(struct json_object *o, const char *name, int64_t *out);

/*
 * The writer, json_write.c.  Each call appends one value to the buffer, with a
 * comma before it where one is due; name is the member's name, or NULL in an
 * array and at the top.  Strings are escaped here and nowhere else; a NULL
 * string is null.
 */
void json_open(struct buf *b, const char *name, char bracket);
void json_close(struct buf *b, char bracket);
void json_str(struct buf *b, const char *name, const char *s);
void json_strn(struct buf *b, const char *name, const char *s, size_t len);
void json_int(struct buf *b, const char *name, int64_t n);
void json_truth(struct buf *b, const char *name, int truth);
void json_null(struct buf *b, const char *name);

/* json_words(b, name, s): the words of s, split at spaces, as an array. */
void json_words(struct buf *b, const char *name, const char *s);

#endif
