/* store_device.c: device codes (RFC 8628). */
#include "query.h"
#include "store_device.h"

static void
read_device(const struct row *r, void *to)
{
	struct device_code *out = to;

	granted_read(r, 0, &out->granted);
	row_digest(r, GRANTED_N, &out->digest);
	out->user_code = row_text(r, GRANTED_N + 1);
	out->interval_s = row_int(r, GRANTED_N + 2);
	out->polled_at = row_int(r, GRANTED_N + 3);
	out->approved_at = row_int(r, GRANTED_N + 4);
	out->denied_at = row_int(r, GRANTED_N + 5);
	out->spent_at = row_int(r, GRANTED_N + 6);
	out->expires_at = row_int(r, GRANTED_N + 7);
}

int
store_device_add(struct store *st, const struct device_code *c)
{
	return query_run(st, SQL_DEVICE_ADD,
	    VALUES(V_GRANTED(&c->granted), V_DIGEST(&c->digest),
		V_TEXT(c->user_code), V_INT(c->interval_s),
		V_INT(c->expires_at)));
}

struct waiting {
	int n;
	int64_t first;
};

static void
read_waiting(const struct row *r, void *to)
{
	struct waiting *out = to;

	out->n = (int)row_int(r, 0);
	out->first = row_int(r, 1);
}

int
store_device_waiting(
    struct store *st, int64_t now, int64_t most, int64_t *first)
{
	struct waiting w = { 0 };

	if (query_one(st, NULL, SQL_DEVICE_WAITING,
		VALUES(V_INT(now), V_INT(most)), read_waiting, &w) < 0)
		return -1;
	*first = w.first;
	return w.n;
}

int
store_device_find(struct store *st, struct arena *a, const struct digest *d,
    struct device_code *out)
{
	return query_one(
	    st, a, SQL_DEVICE_FIND, VALUES(V_DIGEST(d)), read_device, out);
}

int
store_device_by_user_code(struct store *st, struct arena *a,
    const char *user_code, int64_t now, struct device_code *out)
{
	return query_one(st, a, SQL_DEVICE_BY_USER_CODE,
	    VALUES(V_TEXT(user_code), V_INT(now)), read_device, out);
}

int
store_device_decided(struct store *st, struct arena *a, const char *user_code,
    int64_t user, struct device_code *out)
{
	return query_one(st, a, SQL_DEVICE_DECIDED,
	    VALUES(V_TEXT(user_code), V_INT(user)), read_device, out);
}

int
store_device_polled(struct store *st, const struct digest *d, int64_t now,
    int64_t interval_s)
{
	return query_run(st, SQL_DEVICE_POLLED,
	    VALUES(V_DIGEST(d), V_INT(now), V_INT(interval_s)));
}

int
store_device_decide(struct store *st, const char *user_code,
    const struct granted *g, int approve, int64_t now)
{
	return query_run(st, SQL_DEVICE_DECIDE,
	    VALUES(V_TEXT(user_code), V_INT(g->user), V_TEXT(g->scope),
		V_INT_OR_NULL(approve ? now : 0),
		V_INT_OR_NULL(approve ? 0 : now), V_INT(now),
		V_PROOF(&g->proof)));
}

int
store_device_spend(struct store *st, const struct digest *d, int64_t now)
{
	return query_run(st, SQL_DEVICE_SPEND, VALUES(V_DIGEST(d), V_INT(now)));
}
