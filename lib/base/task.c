/* task.c: a request that may wait while its process serves others. */
#include "task.h"

#include <err.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "arena.h"

/* Unused pages cost no memory.  The lowest page is a guard against overflow. */
#define STACK_SIZE (512 * 1024)

struct task {
	ucontext_t here;
	void *stack;
	struct arena *a;
	void (*fn)(void *);
	void *ctx, *attached;
	int is_over;
	struct task *next; /* in the queue of ready tasks */
};

static ucontext_t loop;
static struct task *current, *first, **last = &first;

/* Never returns: the next task_run uses the same stack. */
static void
run_all(void)
{
	for (;;) {
		current->fn(current->ctx);
		current->is_over = 1;
		task_wait();
	}
}

struct task *
task_new(void)
{
	struct task *t = calloc(1, sizeof(*t));

	if (t == NULL)
		err(111, "task");
	t->a = arena_new();
	t->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (t->stack == MAP_FAILED ||
	    mprotect(t->stack, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE) < 0 ||
	    getcontext(&t->here) < 0)
		err(111, "task");
	t->here.uc_stack.ss_sp = t->stack;
	t->here.uc_stack.ss_size = STACK_SIZE;
	makecontext(&t->here, run_all, 0);
	return t;
}

void
task_free(struct task *t)
{
	if (t == NULL)
		return;
	arena_free(t->a);
	munmap(t->stack, STACK_SIZE);
	free(t);
}

struct arena *
task_arena(struct task *t)
{
	return t->a;
}

int
task_resume(struct task *t)
{
	current = t;
	if (swapcontext(&loop, &t->here) < 0)
		err(111, "task");
	current = NULL;
	return t->is_over;
}

int
task_run(struct task *t, void (*fn)(void *), void *ctx)
{
	t->fn = fn;
	t->ctx = ctx;
	t->is_over = 0;
	return task_resume(t);
}

struct task *
task_current(void)
{
	return current;
}

void
task_wait(void)
{
	if (swapcontext(&current->here, &loop) < 0)
		err(111, "task");
}

void
task_ready(struct task *t)
{
	t->next = NULL;
	*last = t;
	last = &t->next;
}

struct task *
task_next(void)
{
	struct task *t = first;

	if (t != NULL && (first = t->next) == NULL)
		last = &first;
	return t;
}

void
task_set(struct task *t, void *ctx)
{
	t->attached = ctx;
}

void *
task_get(const struct task *t)
{
	return t->attached;
}
