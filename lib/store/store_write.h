/* store_write.h: a step runs in a transaction. */
#ifndef CARNET_STORE_WRITE_H
#define CARNET_STORE_WRITE_H

struct store;

/*
 * store_write(st, step, ctx):
 * Run step in a write transaction: begin with the write lock, step, the purge of
 * some expired rows if step added such rows, commit.  When this returns, what step
 * wrote is on disk, and so is all that it read.  If step returns less than 0, all
 * that it wrote is undone.  It may run twice, so it changes nothing but the
 * database and *ctx, and sets of *ctx all that it changes.  Return what step
 * returned; -1 on a database error, logged, as when the lock was not to be had
 * within 5 seconds.
 */
int store_write(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx);

/*
 * store_read(st, step, ctx):
 * The same for a step that only reads: all that it reads is of one moment.
 */
int store_read(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx);

#endif
