/* store_erase.c: a user or a client, with all that is theirs, is deleted. */
#include "store_erase.h"
#include "store_int.h"

/* Run each; user and client are numbers, 0: none.  Rows of the last, or -1. */
static int
erase(struct store *st, const enum sql *which, size_t n, int64_t user,
    int64_t client)
{
	sqlite3_stmt *s;
	int rows = 0;

	for (size_t i = 0; i < n && rows >= 0; i++) {
		if ((s = store_stmt(st, which[i])) == NULL)
			return -1;
		bind_int(s, 2, user);
		bind_int(s, 3, client);
		rows = store_run(st, s, "erase");
	}
	return rows;
}

int
store_erase_user(struct store *st, int64_t id)
{
	static const enum sql which[] = { SQL_ERASE_ACCESS, SQL_ERASE_REFRESH,
		SQL_ERASE_CODES, SQL_ERASE_DEVICES, SQL_ERASE_CONSENTS,
		SQL_ERASE_SESSIONS, SQL_ERASE_POSTS, SQL_ERASE_USER };

	return erase(st, which, sizeof(which) / sizeof(which[0]), id, 0);
}

int
store_erase_client(struct store *st, int64_t id)
{
	static const enum sql which[] = { SQL_ERASE_ACCESS, SQL_ERASE_REFRESH,
		SQL_ERASE_CODES, SQL_ERASE_DEVICES, SQL_ERASE_CONSENTS,
		SQL_ERASE_CLIENT };
	int n;

	if (store_begin(st) < 0)
		return -1;
	n = erase(st, which, sizeof(which) / sizeof(which[0]), 0, id);
	if (n < 0 || store_commit(st) < 0) {
		store_rollback(st);
		return -1;
	}
	return n;
}
