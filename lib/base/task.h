/* task.h: a request that may wait, while others are served by its process. */
#ifndef CARNET_TASK_H
#define CARNET_TASK_H

struct arena;
struct task;

/* task_new(): a task with a stack and an arena of its own, for task_run. */
struct task *task_new(void);
void task_free(struct task *t);

/* task_arena(t): the memory of the request that it runs. */
struct arena *task_arena(struct task *t);

/*
 * task_run(t, fn, ctx): begin fn(ctx) on the stack of t.
 * task_resume(t): go on where it waits.
 * Return 1 when fn has returned; 0 if it waits, and t is to be resumed.
 */
int task_run(struct task *t, void (*fn)(void *), void *ctx);
int task_resume(struct task *t);

/* task_current(): the one that runs; NULL: none, and nothing may wait. */
struct task *task_current(void);

/* task_wait(): let others go first, until this one is resumed. */
void task_wait(void);

/*
 * task_ready(t): t is to be resumed.
 * task_next(): return such a one, the first first, or NULL.
 */
void task_ready(struct task *t);
struct task *task_next(void);

/* task_set(t, ctx), task_get(t): what the one who runs it keeps by it. */
void task_set(struct task *t, void *ctx);
void *task_get(const struct task *t);

#endif
