/* hasher.h: passwords are hashed while other requests are served. */
#ifndef CARNET_HASHER_H
#define CARNET_HASHER_H

/* A request's permission to hash.  place and slot are of slot.h. */
struct turn {
	int place;	/* one of those for requests that wait or hash */
	int slot;	/* one of those for requests that hash */
	int has_thread;	/* the process's hashing thread is this request's */
};

/* The limits, for all processes of the site together. */
struct turns {
	const char *path;	/* of the file whose bytes are the locks */
	int hash, wait;		/* the number of slots; of places */
	int wait_ms;		/* the longest wait for a slot */
};

/*
 * hasher_begin(ts, t):
 * Take a turn.  A request that finds no free place is refused at once.  One
 * that has a place waits for a slot, and other requests are served meanwhile
 * (task.h).  If the file cannot be locked, that is logged and each request gets
 * a turn.
 * Return 1, and the caller calls hasher_end(t); 0 if there is no turn.
 */
int hasher_begin(const struct turns *ts, struct turn *t);
void hasher_end(struct turn *t);

/*
 * The steps of hasher_begin, for a request that also waits for another program:
 * hasher_enter(ts, t): take a place, or return 0.  hasher_end(t) gives it back.
 * hasher_turn(ts, t): wait for the thread and a slot.  Return 1; 0 if there is none:
 * the place stays.
 * hasher_rest(t): others may hash; the place stays.
 */
int hasher_enter(const struct turns *ts, struct turn *t);
int hasher_turn(const struct turns *ts, struct turn *t);
void hasher_rest(struct turn *t);

/*
 * hasher_do(job, ctx):
 * Run job(ctx), and return when it is done.  A program that called hasher_wake
 * runs it in a thread of low priority, and serves other requests meanwhile.
 * Other programs run it themselves.
 */
void hasher_do(void (*job)(void *ctx), void *ctx);

/*
 * hasher_wake(fd): this program serves.  When a job is done, fd, an eventfd(2),
 * is written to; hasher_collect() then makes the tasks ready that waited for a
 * job.  fd -1: plain CGI, which has no other request to serve.
 */
void hasher_wake(int fd);
void hasher_collect(void);

#endif
