/* store_logout.c: the clients of a session are told that it ends. */
#include <time.h>

#include "engine.h"
#include "query.h"
#include "store_logout.h"

/* A command may have set no time (store_set_now). */
static int64_t
now_of(const struct store *st)
{
	return st->now != 0 ? st->now : (int64_t)time(NULL);
}

static int64_t
most_of(const struct store *st)
{
	return st->outbox_max != 0 ? st->outbox_max : LOGOUT_JOBS_MAX;
}

int
store_logout_session(struct store *st, const struct digest *d)
{
	return query_run(st, SQL_LOGOUT_SESSION,
	    VALUES(V_DIGEST(d), V_INT(now_of(st)), V_INT(most_of(st))));
}

int
store_logout_user(
    struct store *st, int64_t user, const struct digest *keep)
{
	return query_run(st, SQL_LOGOUT_USER,
	    VALUES(V_INT(user), V_INT(now_of(st)), V_INT(most_of(st)),
		V_DIGEST(keep)));
}

int
store_logout_forget(struct store *st, int64_t user)
{
	return store_logout_user(st, user, NULL) < 0
	    ? -1
	    : query_run(st, SQL_LOGOUT_FORGET, VALUES(V_INT(user)));
}

int
store_logout_erase(struct store *st, int64_t user)
{
	return store_logout_user(st, user, NULL) < 0
	    ? -1
	    : query_run(st, SQL_LOGOUT_UNNAME, VALUES(V_INT(user)));
}

int
store_logout_move(struct store *st, const struct digest *from,
    const struct digest *to)
{
	return query_run(
	    st, SQL_LOGOUT_MOVE, VALUES(V_DIGEST(from), V_DIGEST(to)));
}
