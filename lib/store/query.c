/* query.c: a statement of sql.h is run, and its rows are read. */
#include "query.h"

#include "arena.h"
#include "engine.h"
#include "store_write.h"

int64_t
row_int(const struct row *r, int i)
{
	return r->st->engine->get_int(r, i);
}

const char *
row_text(const struct row *r, int i)
{
	size_t len;
	const char *text = r->st->engine->get_text(r, i, &len);

	return text == NULL ? NULL : arena_dup(r->a, text, len);
}

int
row_bytes(const struct row *r, int i, void *out, size_t len)
{
	size_t n;
	const void *bytes = r->st->engine->get_bytes(r, i, &n);

	if (bytes == NULL || n != len)
		return 0;
	memcpy(out, bytes, len);
	return 1;
}

int
row_id(const struct row *r, int i, struct id *out)
{
	return row_bytes(r, i, out->byte, ID_LEN);
}

int
row_digest(const struct row *r, int i, struct digest *out)
{
	return row_bytes(r, i, out->byte, DIGEST_LEN);
}

void
row_key(const struct row *r, int i, struct rowkey *out)
{
	size_t len;
	const void *key = r->st->engine->get_bytes(r, i, &len);

	out->len = 0;
	if (key == NULL || len > DIGEST_LEN)
		return; /* no key: they are ids and digests */
	memcpy(out->byte, key, len);
	out->len = (int)len;
}

/* One statement, and where its rows go. */
struct query {
	struct arena *a;
	enum sql which;
	const struct value *v;
	int n;
	void (*read)(const struct row *r, void *out);
	void *out;
};

/* Such a statement is counted when it is committed: store_ledger.h, store_changes.h. */
static int
needs_transaction(const struct store *st, enum sql which)
{
	return (sql_table[which].takes_back || sql_table[which].guarded) &&
	    st->transaction == TX_NONE;
}

void
row_read_int(const struct row *r, void *out)
{
	*(int64_t *)out = row_int(r, 0);
}

void
row_read_key(const struct row *r, void *out)
{
	row_key(r, 0, out);
}

/* A statement that met no row neither added one nor took anything back. */
static void
note(struct store *st, enum sql which, int rows)
{
	if (rows <= 0)
		return;
	st->takes_back |= sql_table[which].takes_back;
	st->adds |= sql_table[which].adds;
	st->guarded |= sql_table[which].guarded;
}

static int
run_step(struct store *st, void *ctx)
{
	const struct query *q = ctx;

	return query_run(st, q->which, q->v, q->n);
}

int
query_run(struct store *st, enum sql which, const struct value *v, int n)
{
	int rows;

	if (needs_transaction(st, which))
		return store_write(st, run_step,
		    &(struct query) { .which = which, .v = v, .n = n });
	rows = st->engine->run(st, which, v, n);
	note(st, which, rows);
	return rows;
}

static int
one_step(struct store *st, void *ctx)
{
	const struct query *q = ctx;

	return query_one(st, q->a, q->which, q->v, q->n, q->read, q->out);
}

int
query_one(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*read)(const struct row *r, void *out),
    void *out)
{
	struct row r = { .st = st, .a = a };
	int found = -1;

	if (needs_transaction(st, which))
		return store_write(st, one_step,
		    &(struct query) { .a = a, .which = which, .v = v, .n = n,
			.read = read, .out = out });
	if (st->engine->find(&r, which, v, n) == 0 &&
	    (found = st->engine->next(&r)) == 1)
		read(&r, out);
	note(st, which, found);
	return st->engine->end(&r) < 0 ? -1 : found;
}

int
query_list(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*read)(const struct row *r, void *out),
    void *out, size_t size, size_t max)
{
	struct row r = { .st = st, .a = a };
	char *at = out;
	size_t count = 0;
	int more = -1;

	if (st->engine->find(&r, which, v, n) == 0)
		for (more = 0; count < max &&
		    (more = st->engine->next(&r)) == 1; count++) {
			memset(at, 0, size);
			read(&r, at);
			at += size;
		}
	note(st, which, (int)count);
	return st->engine->end(&r) < 0 || more < 0 ? -1 : (int)count;
}

int
query_each(struct store *st, struct arena *a, enum sql which,
    const struct value *v, int n, void (*add)(const struct row *r, void *out),
    void *out)
{
	return query_list(st, a, which, v, n, add, out, 0, SIZE_MAX) < 0
	    ? -1
	    : 0;
}
