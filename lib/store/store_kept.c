/* store_kept.c: bytes made from rows, good until somebody writes. */
#include "store_int.h"
#include "store_kept.h"

#define SLOTS 16
#define LEN_MAX 8192

struct kept {
	struct {
		struct kept_key key;
		unsigned version;	/* of the database */
		size_t len;		/* 0: nothing is kept here */
		char *data;
	} slot[SLOTS];
};

/*
 * The engine counts the commits that it sees: its own, and, as a transaction
 * begins, that there were others'.  Within one the count stands for a snapshot.
 */
static int
version(struct store *st, unsigned *out)
{
	return sqlite3_txn_state(st->db, "main") == SQLITE_TXN_READ &&
	    sqlite3_file_control(st->db, "main", SQLITE_FCNTL_DATA_VERSION,
		out) == SQLITE_OK;
}

static size_t
place(struct kept_key key)
{
	return (size_t)((uint64_t)key.from + (uint64_t)key.n) % SLOTS;
}

void
store_keep(struct store *st, struct kept_key key, const char *data, size_t len)
{
	const size_t i = place(key);
	struct kept *k = st->kept;
	unsigned now;
	char *copy;

	if (st->is_once || len == 0 || len > LEN_MAX || !version(st, &now))
		return;
	if (k == NULL && (k = st->kept = calloc(1, sizeof(*k))) == NULL)
		return;
	if ((copy = realloc(k->slot[i].data, len)) == NULL)
		return;
	memcpy(copy, data, len);
	k->slot[i].data = copy;
	k->slot[i].len = len;
	k->slot[i].key = key;
	k->slot[i].version = now;
}

const char *
store_kept(struct store *st, struct kept_key key, size_t *len)
{
	const size_t i = place(key);
	const struct kept *k = st->kept;
	unsigned now;

	if (k == NULL || k->slot[i].len == 0 ||
	    k->slot[i].key.from != key.from || k->slot[i].key.n != key.n ||
	    !version(st, &now) || k->slot[i].version != now)
		return NULL;
	*len = k->slot[i].len;
	return k->slot[i].data;
}

void
store_kept_end(struct store *st)
{
	if (st->kept == NULL)
		return;
	for (int i = 0; i < SLOTS; i++)
		free(st->kept->slot[i].data);
	free(st->kept);
}
