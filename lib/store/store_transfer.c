/* store_transfer.c: all rows of a database, to another of whichever engine. */
#include "store_transfer.h"

#include <err.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "crypto.h"
#include "embed.h"
#include "engine.h"
#include "query.h"

#define SCHEMA "sqlite/schema.sql" /* that of the others is made of it */

struct work {
	struct store *from, *to;
	struct arena *a;
	struct transfer *out;
	struct table *table;
	size_t n;
};

static const char *
next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end == NULL ? at + strlen(at) : end + 1;
}

static const char *
word(struct arena *a, const char *at)
{
	return arena_dup(a, at, strcspn(at, " (,;\n"));
}

/* A line of a table that begins with a small letter is a column: name and type. */
static const char *
read_columns(struct arena *a, const char *at, struct table *t)
{
	const char *name, *type;

	t->columns = "";
	for (; *at != ')'; at = next_line(at)) {
		if (*at != '\t' || at[1] < 'a' || at[1] > 'z')
			continue;
		name = word(a, at + 1);
		type = at + 1 + strlen(name) + 1;
		if (t->n == TABLE_COLUMNS_MAX)
			errx(111, "%s: too many columns", t->name);
		t->type[t->n++] = *type == 'I' ? VALUE_INT
		    : *type == 'T'	       ? VALUE_TEXT
					       : VALUE_BYTES;
		t->columns = arena_printf(a, "%s%s%s", t->columns,
		    t->n == 1 ? "" : ", ", name);
		if (strstr(type, "AUTOINCREMENT") != NULL &&
		    strstr(type, "AUTOINCREMENT") < next_line(type))
			t->has_number = 1;
	}
	return at;
}

/* The rows that a new database has are not copied: they are about that one alone. */
static int
has_first_rows(struct arena *a, const char *schema, const char *name)
{
	return strstr(schema, arena_printf(a, "\nINSERT INTO %s ", name)) !=
	    NULL;
}

/* In the order of the schema: a table comes after those that it refers to. */
static void
read_tables(struct work *w)
{
	static const char begin[] = "CREATE TABLE ";
	const char *schema = embed_find(SCHEMA);
	struct table *t;

	w->table = arena_alloc(w->a, TRANSFER_TABLES_MAX * sizeof(*w->table));
	for (const char *at = schema; *at != '\0'; at = next_line(at)) {
		if (strncmp(at, begin, sizeof(begin) - 1) != 0)
			continue;
		if (w->n == TRANSFER_TABLES_MAX)
			errx(111, "too many tables");
		t = &w->table[w->n];
		*t = (struct table) { .name = word(
			w->a, at + sizeof(begin) - 1) };
		at = read_columns(w->a, next_line(at), t);
		w->n += !has_first_rows(w->a, schema, t->name);
	}
}

/* One table: where rows go to (NULL: they are only counted), and what they are. */
struct pass {
	struct store *to;
	const struct table *t;
	struct transferred *seen;
	struct buf text;	/* of a row */
};

static void
digest_row(struct pass *p, const struct value *v, struct digest *out)
{
	char head[1 + sizeof(uint64_t)];
	uint64_t n;

	p->text.len = 0;
	for (int i = 0; i < p->t->n; i++) {
		n = v[i].type == VALUE_INT ? (uint64_t)v[i].n : v[i].len;
		head[0] = (char)v[i].type;
		memcpy(head + 1, &n, sizeof(n));
		buf_add(&p->text, head, sizeof(head));
		if (v[i].type == VALUE_TEXT || v[i].type == VALUE_BYTES)
			buf_add(&p->text, v[i].data, v[i].len);
	}
	digest_of(p->text.data, p->text.len, out);
}

/* Digests of rows are added, as numbers of 64 bits: so their order is no matter. */
static int
take_row(void *ctx, const struct value *v)
{
	struct pass *p = ctx;
	struct digest d;
	uint64_t a[sizeof(d) / 8], b[sizeof(d) / 8];

	digest_row(p, v, &d);
	memcpy(a, &p->seen->digest, sizeof(a));
	memcpy(b, &d, sizeof(b));
	for (size_t i = 0; i < sizeof(a) / sizeof(a[0]); i++)
		a[i] += b[i];
	memcpy(&p->seen->digest, a, sizeof(a));
	p->seen->rows++;
	return p->to == NULL
	    ? 0
	    : engine_tools_of(p->to->engine)->add_row(p->to, p->t, v);
}

static int
pass(struct store *from, struct store *to, const struct table *t,
    struct transferred *seen)
{
	struct pass p = { .to = to, .t = t, .seen = seen };
	struct arena *a = arena_new();
	int rc;

	*seen = (struct transferred) { .table = t->name };
	buf_init(&p.text, a, 4096);
	rc = engine_tools_of(from->engine)->rows(from, t, take_row, &p);
	arena_free(a);
	return rc;
}

/* Numbers that were given to rows that are gone are not given again. */
static int
copy_number(struct work *w, const struct table *t)
{
	int64_t last;

	if (!t->has_number)
		return 0;
	return engine_tools_of(w->from->engine)->number(w->from, t, &last) < 0
	    ? -1
	    : engine_tools_of(w->to->engine)->set_number(w->to, t, last);
}

static int
copy_table(struct work *w, const struct table *t)
{
	struct transferred *seen = &w->out->table[w->out->n++], there;

	if (pass(w->to, NULL, t, &there) < 0)
		return -1;
	if (there.rows > 0) {
		w->out->why = arena_printf(w->a, "%s has rows: the database"
		    " that is copied to must be empty", t->name);
		return -1;
	}
	if (pass(w->from, w->to, t, seen) < 0 ||
	    engine_tools_of(w->to->engine)->add_end(w->to, t) < 0 ||
	    copy_number(w, t) < 0 || pass(w->to, NULL, t, &there) < 0)
		return -1;
	if (there.rows == seen->rows && digest_equal(&there.digest, &seen->digest))
		return 0;
	w->out->why = arena_printf(w->a, "%s is not the same there: %lld rows"
	    " became %lld", t->name, (long long)seen->rows,
	    (long long)there.rows);
	return -1;
}

static int
write_step(struct store *to, void *ctx)
{
	struct work *w = ctx;

	(void)to;
	w->out->n = 0;
	for (size_t i = 0; i < w->n; i++)
		if (copy_table(w, &w->table[i]) < 0)
			return -1;
	return 0;
}

static int
read_step(struct store *from, void *ctx)
{
	struct work *w = ctx;

	(void)from;
	return store_write(w->to, write_step, w);
}

int
store_transfer(struct store *from, struct store *to, struct arena *a,
    struct transfer *out)
{
	struct work w = { .from = from, .to = to, .a = a, .out = out };

	*out = (struct transfer) { .n = 0 };
	read_tables(&w);
	return store_read(from, read_step, &w);
}
