/* store_erase.c: a user or a client, with all that is theirs, is deleted. */
#include "query.h"
#include "store_erase.h"
#include "store_logout.h"
#include "store_passkey.h"

/* The tables that have rows of users and of clients; 0: of no user, no client. */
static int
erase_shared(struct store *st, int64_t user, int64_t client)
{
	static const enum sql which[] = { SQL_ERASE_ACCESS, SQL_ERASE_REFRESH,
		SQL_ERASE_CODES, SQL_ERASE_DEVICES, SQL_ERASE_CONSENTS };
	int rows = 0;

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]) && rows >= 0;
	     i++)
		rows = query_run(
		    st, which[i], VALUES(V_INT(user), V_INT(client)));
	return rows;
}

int
store_erase_user(struct store *st, int64_t id)
{
	const struct value v[] = { V_INT(id) };

	/* The clients are told of the end of each session, by its sid alone. */
	if (store_logout_erase(st, id) < 0 || erase_shared(st, id, 0) < 0 ||
	    query_run(st, SQL_ERASE_SESSIONS, v, 1) < 0 ||
	    query_run(st, SQL_TOTP_RESET, v, 1) < 0 ||
	    query_run(st, SQL_RECOVERY_DELETE, v, 1) < 0 ||
	    query_run(st, SQL_ERASE_POSTS, v, 1) < 0 ||
	    query_run(st, SQL_ERASE_OUTBOX, v, 1) < 0 ||
	    query_run(st, SQL_ERASE_LINKS, v, 1) < 0 ||
	    store_passkey_delete_all(st, id) < 0)
		return -1;
	return query_run(st, SQL_ERASE_USER, v, 1);
}

static int
erase_client(struct store *st, void *ctx)
{
	const int64_t id = *(const int64_t *)ctx;

	return erase_shared(st, 0, id) < 0 ||
		query_run(st, SQL_ERASE_PUSHED, VALUES(V_INT(id))) < 0
	    ? -1
	    : query_run(st, SQL_ERASE_CLIENT, VALUES(V_INT(id)));
}

int
store_erase_idle(struct store *st, int64_t now)
{
	int64_t id;
	const int n = query_one(st, NULL, SQL_CLIENT_IDLE, VALUES(V_INT(now)),
	    row_read_int, &id);

	return n == 1 ? erase_client(st, &id) : n;
}

int
store_erase_consents(struct store *st, int64_t client)
{
	return query_run(
	    st, SQL_ERASE_CONSENTS, VALUES(V_INT(0), V_INT(client)));
}

int
store_erase_granted(struct store *st, int64_t client)
{
	return erase_shared(st, 0, client);
}

int
store_erase_client(struct store *st, int64_t id)
{
	return store_write(st, erase_client, &id);
}
