/* cmd_purge.c: carnet purge: delete expired and revoked rows. */
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "json.h"
#include "store.h"
#include "store_erase.h"
#include "store_purge.h"

/*
 * A process that waits for the write lock tries it from time to time.  The lock
 * is free for at least as long as it was taken, so the programs get it.
 */
void
cmd_pause(const struct timespec *since)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec -= since->tv_sec;
	if ((t.tv_nsec -= since->tv_nsec) < 0) {
		t.tv_nsec += 1000000000;
		t.tv_sec--;
	}
	nanosleep(&t, NULL);
}

/* Clients that registered themselves and were not used: one at a time. */
static int
idle_step(struct store *st, void *ctx)
{
	return store_erase_idle(st, *(const int64_t *)ctx);
}

static int
purge_idle(struct cmd *c, int64_t *gone)
{
	struct timespec begun;
	int n;

	*gone = 0;
	do {
		clock_gettime(CLOCK_MONOTONIC, &begun);
		if ((n = store_write(c->st, idle_step, &c->now)) > 0)
			++*gone;
		cmd_pause(&begun);
	} while (n > 0);
	return n;
}

static int
report(struct cmd *c, const struct purge *p, int64_t orphans, int64_t idle)
{
	struct buf b;

	buf_init(&b, c->a, 512);
	if (c->json)
		json_open(&b, NULL, '{');
	for (size_t i = 0; i < STORE_PURGE_TABLES; i++) {
		if (c->json)
			json_int(&b, store_purge_table(i), p->gone[i]);
		else
			buf_printf(&b, "%s%s\t%lld", i > 0 ? "\n" : "",
			    store_purge_table(i), (long long)p->gone[i]);
	}
	if (c->json) {
		json_int(&b, "idle_clients", idle);
		json_int(&b, "orphans", orphans);
		json_close(&b, '}');
	} else {
		if (idle > 0)
			buf_printf(&b, "\nidle clients\t%lld",
			    (long long)idle);
		if (orphans > 0)
			buf_printf(
			    &b, "\norphans\t%lld", (long long)orphans);
	}
	return cmd_print_rows(c, "TABLE\tROWS DELETED", &b);
}

int
cmd_purge(struct cmd *c)
{
	struct purge p = { .table = 0 };
	struct timespec begun;
	int64_t orphans, idle;
	char **operand;
	int more, n;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	do {
		clock_gettime(CLOCK_MONOTONIC, &begun);
		if ((more = store_purge_batch(c->st, c->now, &p)) < 0)
			return CMD_SYSTEM;
		cmd_pause(&begun);
	} while (more);
	if (purge_idle(c, &idle) < 0 ||
	    store_delete_orphans(c->st, &orphans) < 0)
		return CMD_SYSTEM;
	return report(c, &p, orphans, idle);
}
