/* cmd_purge.c: carnet purge: delete expired and revoked rows. */
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "json.h"
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

static int
report(struct cmd *c, const struct purge *p, int64_t orphans)
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
		json_int(&b, "orphans", orphans);
		json_close(&b, '}');
	} else if (orphans > 0) {
		buf_printf(&b, "\norphans\t%lld", (long long)orphans);
	}
	return cmd_print_rows(c, "TABLE\tROWS DELETED", &b);
}

int
cmd_purge(struct cmd *c)
{
	struct purge p = { .table = 0 };
	struct timespec begun;
	int64_t orphans;
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
	if (store_delete_orphans(c->st, &orphans) < 0)
		return CMD_SYSTEM;
	return report(c, &p, orphans);
}
