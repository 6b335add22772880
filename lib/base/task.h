/* task.h: a request that may wait while its process serves others. */
#ifndef CARNET_TASK_H
#define CARNET_TASK_H

struct arena;
struct task;

/* task_new(): return a task, with its own stack and arena, for task_run. */
struct task *task_new(void);
void task_free(struct task *t);

/* task_arena(t): return the arena of the request that t runs. */
struct arena *task_arena(struct task *t);

/*
 * task_run(t, fn, ctx): begin fn(ctx) on the stack of t.
 * task_resume(t): continue it after its task_wait.
 * Both return 1 when fn has returned; 0 if it waits and is to be resumed later.
 */
int task_run(struct task *t, void (*fn)(void *), void *ctx);
int task_resume(struct task *t);

/* task_current(): return the running task; NULL: there is none to wait. */
struct task *task_current(void);

/* task_wait(): pause the current task until it is resumed. */
void task_wait(void);

/*
 * task_ready(t): queue t, which can continue.
 * task_next(): take the first task from that queue; NULL if it is empty.
 */
void task_ready(struct task *t);
struct task *task_next(void);

/* task_set(t, ctx), task_get(t): a pointer for the caller of task_run. */
void task_set(struct task *t, void *ctx);
void *task_get(const struct task *t);

#endif
