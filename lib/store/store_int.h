/* store_int.h: for the files that do not yet run their statements by query.h. */
#ifndef CARNET_STORE_INT_H
#define CARNET_STORE_INT_H

#include <sqlite3.h>

#include "arena.h"
#include "engine.h"

sqlite3_stmt *store_stmt(struct store *st, enum sql which);
void store_done(sqlite3_stmt *s);
int store_fail(struct store *st, const char *what);
int store_run(struct store *st, sqlite3_stmt *s, const char *what);
void bind_int(sqlite3_stmt *s, int i, int64_t n);
void bind_int_or_null(sqlite3_stmt *s, int i, int64_t n);
void bind_text(sqlite3_stmt *s, int i, const char *text);
void bind_id(sqlite3_stmt *s, int i, const struct id *id);
void bind_digest(sqlite3_stmt *s, int i, const struct digest *d);
void bind_key(sqlite3_stmt *s, int i, const struct rowkey *k);
const char *column_dup(sqlite3_stmt *s, int i, struct arena *a);
int column_id(sqlite3_stmt *s, int i, struct id *out);
void column_key(sqlite3_stmt *s, int i, struct rowkey *out);
int column_digest(sqlite3_stmt *s, int i, struct digest *out);
int store_keys(
    struct store *st, sqlite3_stmt *s, struct rowkey *out, int n);

#endif
