/* hasher.h: who hashes a password waits, and holds up nobody. */
#ifndef CARNET_HASHER_H
#define CARNET_HASHER_H

/* What one request is given before it hashes. */
struct turn {
	int place;	/* among those that hash or wait to */
	int slot;	/* among those that hash */
	int in_turn;	/* the process's own thread is theirs */
};

/* How many may: all processes of the site together. */
struct turns {
	const char *path;	/* of the file whose bytes are the locks */
	int hash, wait;		/* how many hash; hash or wait to */
	int wait_ms;		/* how long at most */
};

/*
 * hasher_begin(ts, t):
 * Take a turn.  Where all places are taken that is told at once; who has a place
 * waits for the slot, and other requests are served meanwhile (task.h).
 * Return 1, and hasher_end(t) is called; 0 if there is none.  Without a file that
 * can be locked, which is logged, everybody has a turn.
 */
int hasher_begin(const struct turns *ts, struct turn *t);
void hasher_end(struct turn *t);

/*
 * hasher_do(job, ctx):
 * Have job(ctx) done.  A program that serves (hasher_wake) has a thread for that,
 * which yields the processor to whoever serves: other requests are served
 * meanwhile.  Plain CGI waits.
 */
void hasher_do(void (*job)(void *ctx), void *ctx);

/*
 * hasher_wake(fd): this program serves.  fd, an eventfd(2), is written to when a
 * job is done; hasher_collect() then makes ready who waited for it.  fd -1: plain
 * CGI, where nobody else does.
 */
void hasher_wake(int fd);
void hasher_collect(void);

#endif
