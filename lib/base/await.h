/* await.h: a request waits for a descriptor or a time while others are served. */
#ifndef CARNET_AWAIT_H
#define CARNET_AWAIT_H

#include <stdint.h>

/* await_now_ms(): milliseconds of a clock that nobody sets. */
int64_t await_now_ms(void);

/*
 * await(fd, events, until_ms):
 * Wait until fd (-1: none) has one of the events, POLLIN or POLLOUT, or has ended,
 * or until await_now_ms() is until_ms.  A request that is a task (task.h) waits
 * alone: its process serves others.  Return 1 if fd is ready, 0 if the time is over.
 */
int await(int fd, short events, int64_t until_ms);

/*
 * await_begin(): this program serves many requests.  Return the descriptor, open
 * for good, that becomes readable when a request that waits may go on; -1 with errno.
 * await_collect(): make the tasks ready whose descriptor is ready or time is over.
 * await_next_ms(): how long until the next one's time is over; -1: none waits.
 */
int await_begin(void);
void await_collect(void);
int await_next_ms(void);

#endif
