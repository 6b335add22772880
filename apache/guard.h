/* guard.h: a guard, and the connections to it that a process keeps. */
#ifndef CARNET_MODULE_GUARD_H
#define CARNET_MODULE_GUARD_H

#include <stdint.h>
#include <sys/types.h>

#include <apr_pools.h>
#include <apr_thread_mutex.h>

/* Connections that a process keeps while nobody uses them. */
#define GUARD_KEEP_MAX 64

/* A connection.  The guard repeats the id, so that no answer is taken for another. */
struct guard_conn {
	int fd;
	unsigned id;
	int64_t since_ms; /* nobody has used it since then */
};

struct memory;

struct guard {
	const char *path;	/* of its Unix socket */
	uid_t owner;		/* may listen there, beside root */
	int has_owner;		/* else it is the user of this process */
	int timeout_ms;		/* for one question, whatever happens */
	apr_thread_mutex_t *lock; /* of the rest */
	struct guard_conn kept[GUARD_KEEP_MAX];
	int n_kept;
	struct memory *memory;	/* of each process; NULL: there is no room for it */
	struct guard *next;
};

/* guard_now_ms(): milliseconds of a clock that nobody sets. */
int64_t guard_now_ms(void);

/*
 * guard_begin(g, p): call it in each process, before its threads start.  What it makes
 * goes with p.
 */
apr_status_t guard_begin(struct guard *g, apr_pool_t *p);

/*
 * guard_take(g, out):
 * Take a connection that was kept.  Return 1, or 0 if there is none: out->fd is then
 * -1.
 */
int guard_take(struct guard *g, struct guard_conn *out);

/* guard_keep(g, c): keep the connection, or close it if enough are kept. */
void guard_keep(struct guard *g, const struct guard_conn *c);

/*
 * guard_connect(g, until_ms, out):
 * Make a new connection, until then at the latest.  Return NULL; or why there is
 * none, with errno or 0 in errno.
 */
const char *guard_connect(
    const struct guard *g, int64_t until_ms, struct guard_conn *out);

#endif
