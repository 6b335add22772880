/* record.h: a file of people or clients is read, a record at a time. */
#ifndef CARNET_RECORD_H
#define CARNET_RECORD_H

#include <stddef.h>
#include <stdio.h>

struct arena;

#define RECORD_FIELDS 64
#define RECORD_BYTES 65536 /* the longest record */

enum record_format { RECORD_JSONL, RECORD_CSV };

/*
 * One line of JSON, or one row of CSV.  Values are texts: of a list the words, of
 * a truth "true" or "false", of an object its JSON.  A field that is null, or empty
 * in CSV, is left out.
 */
struct record {
	long line;	/* where it begins, from 1 */
	int n;
	struct {
		const char *name, *value;
	} field[RECORD_FIELDS];
};

struct records {
	FILE *in;
	enum record_format format;
	long line;
	struct record head;	/* of CSV: the names */
	int is_over;		/* of CSV: the names are malformed */
	struct arena *kept;	/* for head */
	char *text;		/* of the record that was read last */
	size_t len;
};

/* records_begin(rs, in, format): read from in, which the caller closes. */
void records_begin(struct records *rs, FILE *in, enum record_format format);
void records_end(struct records *rs);

/*
 * records_next(rs, a, out, why):
 * Read the next record; its texts live in a.  Return 1; 0 at the end; -1 if the
 * file cannot be read, with errno.  A record that is malformed has 1 and *why says
 * what is wrong; else *why is NULL.
 */
int records_next(struct records *rs, struct arena *a, struct record *out,
    const char **why);

/*
 * record_json(a, text, len, out):
 * Add to *out, which is empty, the members of the JSON object of len bytes at text;
 * their texts live in a.  Return NULL, or what is wrong, as a text that follows "it
 * is".
 */
const char *record_json(
    struct arena *a, const char *text, size_t len, struct record *out);

/* record_get(r, name): the value of a field, or NULL. */
const char *record_get(const struct record *r, const char *name);

/*
 * record_name(name, other):
 * The name of a field as a message may have it; other, if it is long or has control
 * characters.
 */
const char *record_name(const char *name, const char *other);

#endif
