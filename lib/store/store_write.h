/* store_write.h: a step runs in a transaction. */
#ifndef CARNET_STORE_WRITE_H
#define CARNET_STORE_WRITE_H

struct store;

/*
 * store_write(st, step, ctx):
 * Run step in a write transaction: take the write lock, run step, delete some
 * expired rows if step added rows that expire, commit.  When this returns, all that
 * step wrote or read is on disk.  If step returns less than 0, all that it wrote is
 * undone.  step may run twice.  So it may change only the database and *ctx, and
 * what it changes in *ctx must not depend on the first run.  Return what step
 * returned; -1 on a database error, logged, and also if the lock is not free within
 * 5 seconds.
 */
int store_write(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx);

/*
 * store_read(st, step, ctx):
 * The same for a step that only reads.  All that it reads is of one moment.
 */
int store_read(
    struct store *st, int (*step)(struct store *st, void *ctx), void *ctx);

#endif
