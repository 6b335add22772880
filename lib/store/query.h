/*
 * query.h: a statement of sql.h is run, and its rows are read.  Values are not
 * copied.  Only row_text allocates memory.
 */
#ifndef CARNET_QUERY_H
#define CARNET_QUERY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "crypto.h"
#include "id.h"
#include "rowkey.h"
#include "sql.h"

struct arena;
struct store;

/* A value for a parameter.  A text or bytes whose data is NULL is NULL. */
struct value {
	enum { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BYTES } type;
	int64_t n;		/* of VALUE_INT */
	const void *data;	/* of a text or bytes; it must outlive the query */
	size_t len;		/* of data, in bytes */
};

static inline struct value
value_int(int64_t n)
{
	return (struct value) { .type = VALUE_INT, .n = n };
}

static inline struct value
value_int_or_null(int64_t n)
{
	return (struct value) { .type = n == 0 ? VALUE_NULL : VALUE_INT,
		.n = n };
}

static inline struct value
value_text(const char *s)
{
	return (struct value) { .type = VALUE_TEXT, .data = s,
		.len = s == NULL ? 0 : strlen(s) };
}

static inline struct value
value_bytes(const void *data, size_t len)
{
	return (struct value) { .type = VALUE_BYTES, .data = data, .len = len };
}

static inline struct value
value_digest(const struct digest *d)
{
	return value_bytes(d, DIGEST_LEN);
}

static inline struct value
value_id(const struct id *id)
{
	return value_bytes(id, ID_LEN);
}

static inline struct value
value_key(const struct rowkey *k)
{
	return value_bytes(k, k == NULL ? 0 : (size_t)k->len);
}

/* One value each, for an array in the order of the parameters. */
#define V_NULL ((struct value) { .type = VALUE_NULL })
#define V_INT(n) value_int(n)
#define V_INT_OR_NULL(n) value_int_or_null(n) /* 0 is NULL */
#define V_TEXT(s) value_text(s)
#define V_BYTES(data, len) value_bytes(data, len)
#define V_DIGEST(d) value_digest(d) /* d is a pointer; NULL is NULL */
#define V_ID(id) value_id(id)
#define V_KEY(k) value_key(k)

/* VALUES(V_INT(1), V_TEXT("a")): two arguments, an array and its length. */
#define VALUES(...) \
	(const struct value[]) { __VA_ARGS__ }, \
	    (int)(sizeof((const struct value[]) { __VA_ARGS__ }) / \
		sizeof(struct value))

/* The current row, which a reader is given.  Columns are counted from 0. */
struct row;

/*
 * row_int(r, i): the number; 0 if the column is NULL.
 * row_text(r, i): the text, copied to the arena of the query; NULL if it is NULL.
 * row_id(r, i, out), row_digest(r, i, out): return 1; or 0 if the column is NULL or
 * has another length, and then *out does not change.
 * row_bytes(r, i, out, len): the same for len bytes.
 * row_key(r, i, out): the key, with len 0 if it is NULL or too long for a key.
 */
int64_t row_int(const struct row *r, int i);
const char *row_text(const struct row *r, int i);
int row_id(const struct row *r, int i, struct id *out);
int row_digest(const struct row *r, int i, struct digest *out);
int row_bytes(const struct row *r, int i, void *out, size_t len);
void row_key(const struct row *r, int i, struct rowkey *out);

/* Readers for a row whose first column is a number (int64_t) or a key. */
void row_read_int(const struct row *r, void *out);
void row_read_key(const struct row *r, void *out);

/*
 * query_run(st, which, v, n):
 * Run the statement with the n values of v as its parameters.  Return how many
 * rows it changed; -1 on a database error, logged.
 */
int query_run(struct store *st, enum sql which, const struct value *v, int n);

/*
 * query_one(st, a, which, v, n, read, out):
 * The same for a statement that gives one row at most: read puts it to out, and
 * its texts into a.  A statement that writes is run to its end, because an UPDATE
 * ... RETURNING may fail after it gave its row.  Return 1 if there was a row, 0 if
 * not; -1 on a database error, logged.
 */
int query_one(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*read)(const struct row *r, void *out),
    void *out);

/*
 * query_list(st, a, which, v, n, read, out, size, max):
 * The same for a SELECT that gives many rows.  At most max rows are read, each into
 * an element of the array out.  An element has size bytes, which are zeroed first.
 * Return how many rows were read; -1 on a database error, logged.
 */
int query_list(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*read)(const struct row *r, void *out),
    void *out, size_t size, size_t max);

/*
 * query_each(st, a, which, v, n, add, out):
 * The same, but add reads all rows, each with the same out.  It is for rows of
 * which several make one element.  Return 0; -1 on a database error, logged.
 */
int query_each(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*add)(const struct row *r, void *out),
    void *out);

#endif
