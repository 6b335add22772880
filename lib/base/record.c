/* record.c: a file of people or clients is read, a record at a time. */
#include "record.h"

#include <err.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "utf8.h"

#define TOLD_MAX 64 /* bytes of a name that a message has */
#define BOM "\xef\xbb\xbf"

void
records_begin(struct records *rs, FILE *in, enum record_format format)
{
	*rs = (struct records) { .in = in, .format = format,
		.kept = arena_new() };
	if ((rs->text = malloc(RECORD_BYTES + 1)) == NULL)
		err(111, "records");
}

/* The text is wiped: it may have hashes and passwords. */
void
records_end(struct records *rs)
{
	explicit_bzero(rs->text, RECORD_BYTES + 1);
	free(rs->text);
	arena_free(rs->kept);
}

/*
 * Read one line, or in CSV all lines to the one in which no quote is open, into
 * rs->text.  What is too long is skipped to its end, and *why says so.  Return 1,
 * 0 at the end of the file, or -1.
 */
static int
read_text(struct records *rs, const char **why)
{
	int c, quoted = 0, too_long = 0, nul = 0;

	*why = NULL;
	rs->len = 0;
	while ((c = getc_unlocked(rs->in)) != EOF) {
		rs->line += c == '\n';
		if (c == '"' && rs->format == RECORD_CSV)
			quoted = !quoted;
		/* A quote that is never closed must not eat the whole file. */
		if (c == '\n' && (!quoted || too_long))
			break;
		nul |= c == '\0';
		if (rs->len < RECORD_BYTES)
			rs->text[rs->len++] = (char)c;
		else
			too_long = 1;
	}
	if (ferror(rs->in))
		return -1;
	if (c == EOF && rs->len == 0)
		return 0;
	rs->line += c == EOF; /* a last line without its newline */
	if (rs->len > 0 && rs->text[rs->len - 1] == '\r')
		rs->len--;
	rs->text[rs->len] = '\0';
	if (too_long)
		*why = "longer than 65536 bytes";
	else if (nul)
		*why = "a NUL byte";
	else if (utf8_count(rs->text, rs->len) < 0)
		*why = "not UTF-8";
	else if (rs->format == RECORD_CSV && quoted)
		*why = "a quote is not closed";
	return 1;
}

const char *
record_name(const char *name, const char *other)
{
	return utf8_is_line(name) && strlen(name) <= TOLD_MAX ? name : other;
}

static const char *
add(struct record *r, const char *name, const char *value)
{
	if (r->n == RECORD_FIELDS)
		return "too many fields";
	if (record_get(r, name) != NULL)
		return "a member or column twice";
	r->field[r->n].name = name;
	r->field[r->n++].value = value;
	return NULL;
}

/* A list of texts as words; NULL if one is no word. */
static const char *
words_of(struct arena *a, struct json_object *list)
{
	struct buf b;
	const char *word;

	buf_init(&b, a, 64);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		word = json_object_get_string(v);
		if (!json_object_is_type(v, json_type_string) ||
		    *word == '\0' || strpbrk(word, " \t\r\n") != NULL ||
		    strlen(word) != (size_t)json_object_get_string_len(v))
			return NULL;
		buf_printf(&b, "%s%s", i > 0 ? " " : "", word);
	}
	return b.len == 0 ? "" : b.data;
}

/* A value as a text; NULL if it cannot be one. */
static const char *
text_of(struct arena *a, struct json_object *v)
{
	const char *s;

	switch (json_object_get_type(v)) {
	case json_type_string:
		s = json_object_get_string(v);
		return strlen(s) == (size_t)json_object_get_string_len(v)
		    ? arena_str(a, s)
		    : NULL;
	case json_type_int:
		return arena_printf(
		    a, "%lld", (long long)json_object_get_int64(v));
	case json_type_boolean:
		return json_object_get_boolean(v) ? "true" : "false";
	case json_type_array:
		return words_of(a, v);
	case json_type_object:
		return arena_str(a, json_object_to_json_string_ext(v,
			JSON_C_TO_STRING_PLAIN |
			    JSON_C_TO_STRING_NOSLASHESCAPE));
	default:
		return NULL;
	}
}

const char *
record_json(
    struct arena *a, const char *text, size_t len, struct record *out)
{
	struct json_object *o = json_parse(a, text, len);
	const char *value, *why = NULL;

	if (o == NULL || !json_object_is_type(o, json_type_object))
		return "not one JSON object (RFC 8259) with each member once";
	json_object_object_foreach(o, name, v) {
		if (v == NULL)
			continue;
		if ((value = text_of(a, v)) == NULL)
			return arena_printf(a, "%s has a value of a wrong kind",
			    record_name(name, "a member"));
		if ((why = add(out, arena_str(a, name), value)) != NULL)
			return why;
	}
	return NULL;
}

/* RFC 4180: one value at *s, which moves behind it and its comma. */
static const char *
csv_value(struct arena *a, const char **s, const char **why)
{
	const char *p = *s;
	struct buf b;

	buf_init(&b, a, 32);
	if (*p != '"') {
		p += strcspn(p, ",");
		if (memchr(*s, '"', (size_t)(p - *s)) != NULL)
			*why = "a quote within a value that has none around it";
		buf_add(&b, *s, (size_t)(p - *s));
	} else {
		for (p++; *p != '\0' && (*p != '"' || p[1] == '"'); p++) {
			p += *p == '"';
			buf_char(&b, *p);
		}
		p += *p == '"';
		if (*p != ',' && *p != '\0')
			*why = "text behind a closing quote";
	}
	*s = p;
	return b.len == 0 ? "" : arena_dup(a, b.data, b.len);
}

/* The values of a row: in the head they are names. */
static const char *
read_csv(struct records *rs, struct arena *a, struct record *out, int is_head)
{
	const char *s = rs->text, *why = NULL, *value;
	int i = 0;

	for (;; s++, i++) {
		value = csv_value(a, &s, &why);
		if (why != NULL)
			return why;
		if (is_head)
			why = add(out, value, "");
		else if (i >= rs->head.n)
			why = "more values than the first line has names";
		else if (*value != '\0')
			why = add(out, rs->head.field[i].name, value);
		if (why != NULL)
			return why;
		if (*s == '\0')
			break;
	}
	return !is_head && i + 1 < rs->head.n
	    ? "fewer values than the first line has names"
	    : NULL;
}

static void
skip_bom(struct records *rs)
{
	const size_t n = strlen(BOM);

	if (rs->len < n || memcmp(rs->text, BOM, n) != 0)
		return;
	rs->len -= n;
	memmove(rs->text, rs->text + n, rs->len + 1);
}

int
records_next(struct records *rs, struct arena *a, struct record *out,
    const char **why)
{
	int rc;

	if (rs->is_over)
		return 0;
	do {
		*out = (struct record) { .line = rs->line + 1 };
		if ((rc = read_text(rs, why)) <= 0)
			return rc;
		if (out->line == 1)
			skip_bom(rs);
	} while (*why == NULL && rs->text[strspn(rs->text, " \t")] == '\0');
	if (rs->format == RECORD_CSV && rs->head.n == 0) {
		if (*why == NULL)
			*why = read_csv(rs, rs->kept, &rs->head, 1);
		if (*why == NULL)
			return records_next(rs, a, out, why);
		rs->is_over = 1;
		return 1;
	}
	if (*why == NULL)
		*why = rs->format == RECORD_CSV ? read_csv(rs, a, out, 0)
						: record_json(a, rs->text, rs->len, out);
	return 1;
}

const char *
record_get(const struct record *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (strcmp(r->field[i].name, name) == 0)
			return r->field[i].value;
	return NULL;
}
