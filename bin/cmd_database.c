/* cmd_database.c: carnet database copy: all rows, to another database. */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "json.h"
#include "store.h"
#include "store_transfer.h"

static int
report(struct cmd *c, const struct transfer *t)
{
	struct buf b;

	buf_init(&b, c->a, 1024);
	if (c->json)
		json_open(&b, NULL, '{');
	for (size_t i = 0; i < t->n; i++) {
		if (c->json)
			json_int(&b, t->table[i].table, t->table[i].rows);
		else
			buf_printf(&b, "%s%s\t%lld", i > 0 ? "\n" : "",
			    t->table[i].table, (long long)t->table[i].rows);
	}
	if (c->json)
		json_close(&b, '}');
	return cmd_print_rows(c, "TABLE\tROWS, THE SAME IN BOTH", &b);
}

static int
copy(struct cmd *c, const char *name, const char *to)
{
	struct store *from = store_open(name, 1), *st = NULL;
	struct transfer t;
	int rc = CMD_SYSTEM;

	if (from != NULL && store_install(to) >= 0 &&
	    (st = store_open(to, 1)) != NULL) {
		if (store_transfer(from, st, c->a, &t) == 0)
			rc = report(c, &t);
		else if (t.why != NULL)
			rc = cmd_refuse("%s", t.why);
	}
	store_close(st);
	store_close(from);
	return rc;
}

int
cmd_database_copy(struct cmd *c)
{
	char **operand;
	const int n = cmd_options(c, NULL, 0, &operand);

	if (n != 2)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (strcmp(operand[0], operand[1]) == 0)
		return cmd_refuse("a database is not copied to itself");
	return copy(c, operand[0], operand[1]);
}
