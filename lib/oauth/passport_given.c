/* passport_given.c: tokens that a user gave, as the JSON of Laravel Passport 12. */
#include "passport_given.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "api.h"
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "mint.h"
#include "oerr.h"
#include "passport_asker.h"
#include "passport_id.h"
#include "passport_json.h"
#include "req.h"
#include "resp.h"
#include "scope.h"
#include "session.h"
#include "store.h"
#include "store_client.h"
#include "store_consent.h"
#include "store_passport.h"
#include "store_token.h"

#define NAME_MAX_CHARS 191
#define LIST_MAX 1000
#define JTI_LEN 80 /* Passport's own id of a token, in hexadecimal */

/* The client of that id, which is among the n of list if it was asked for before. */
static const struct client *
find_client(struct req *rq, const char *id, struct client **list, size_t *n)
{
	struct client *cl;

	for (size_t i = 0; i < *n; i++)
		if (strcmp(list[i]->client_id, id) == 0)
			return list[i];
	cl = arena_alloc(rq->a, sizeof(*cl));
	if (store_client_by_id(rq->st, rq->a, id, cl) != 1)
		return NULL;
	list[(*n)++] = cl;
	return cl;
}

const struct oerr *
passport_given_list(
    struct req *rq, const struct visitor *v, int is_personal)
{
	struct passport_token *t = arena_alloc(rq->a, LIST_MAX * sizeof(*t));
	struct client **known = arena_alloc(rq->a, LIST_MAX * sizeof(*known));
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	const struct client *cl;
	size_t n_known = 0;
	int n = store_passport_tokens(rq->st, rq->a, v->user.id, rq->now,
	    is_personal, t, LIST_MAX);

	if (n < 0)
		return oerr_machine(rq);
	buf_init(b, rq->a, 4096);
	json_open(b, NULL, '[');
	for (int i = 0; i < n; i++) {
		cl = find_client(rq, t[i].client_id, known, &n_known);
		if (cl == NULL)
			return oerr_machine(rq);
		json_open(b, NULL, '{');
		passport_json_token(rq->a, b, &t[i], &v->user);
		passport_json_client(rq->a, b, "client", cl, &v->user, NULL);
		json_close(b, '}');
	}
	json_close(b, ']');
	return resp_json(rq, 200, b);
}

/* The id as the list has it; or the jti of a token that Passport gave. */
static int
read_id(const char *text, struct id *out)
{
	if (strlen(text) != JTI_LEN)
		return id_read(text, out);
	passport_id(text, out);
	return 1;
}

/* A token to be revoked, with its refresh token. */
struct ending {
	const struct id *id;
	const struct access *token;
	int64_t now;
};

/* Without a live token Passport asks the user again: so do we. */
static int
end_step(struct store *st, void *ctx)
{
	const struct ending *en = ctx;
	const struct access *t = en->token;

	if (store_access_revoke(st, en->id, en->now) < 0 ||
	    (t->has_family && store_family_revoke(st, &t->family, en->now) < 0))
		return -1;
	return store_consent_forget(st, t->user, t->client);
}

const struct oerr *
passport_given_end(
    struct req *rq, const struct visitor *v, const char *text)
{
	struct access t;
	struct id id;
	int n = 0;

	if (read_id(text, &id))
		n = store_access_find(rq->st, rq->a, &id, &t);
	if (n == 0 || (n == 1 && t.user != v->user.id))
		return &oerr_not_found;
	if (n < 0 ||
	    store_write(rq->st, end_step,
		&(struct ending) { .id = &id, .token = &t, .now = rq->now }) < 0)
		return oerr_machine(rq);
	return resp_empty(rq, 204);
}

/* Those of the list must be scopes that the user may have. */
static const struct oerr *
take_scopes(struct req *rq, const struct visitor *v, uint64_t *out)
{
	const uint64_t may = scope_of_user(rq->conf, &v->user) &
	    ~(SCOPE_STAR | rq->conf->all_built_in);
	struct json_object *list = NULL, *one;
	uint64_t set;
	int unknown = 0;

	*out = 0;
	if (!json_object_object_get_ex(rq->json, "scopes", &list) || list == NULL)
		return NULL;
	if (!json_object_is_type(list, json_type_array))
		return oerr_field(rq, "scopes",
		    "The scopes field must be an array.");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		set = json_object_is_type(one, json_type_string)
		    ? scope_parse(rq->conf, json_object_get_string(one), &unknown)
		    : 0;
		if (set == 0 || set & ~may || unknown)
			return oerr_field(rq, "scopes",
			    "The selected scopes is invalid.");
		*out |= set;
	}
	return NULL;
}

/* A personal token to be stored, of somebody who must still be signed in. */
struct making {
	struct req *rq;
	const struct visitor *v;
	struct access_token row;
	int is_out;
};

static int
store_token(struct store *st, void *ctx)
{
	struct making *m = ctx;
	const int n = session_is_current(m->rq, m->v);

	m->is_out = n == 0;
	return n != 1 ? -1 : store_access_add(st, &m->row);
}

static const struct oerr *
answer_token(struct req *rq, const struct visitor *v, const struct client *cl,
    const struct access_token *row, const char *jwt)
{
	const struct passport_token t = { .id = row->id,
		.client_id = cl->client_id, .name = row->name,
		.scope = row->scope, .created_at = row->created_at,
		.expires_at = row->expires_at };
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 4096);
	json_open(b, NULL, '{');
	json_str(b, "accessToken", jwt);
	json_open(b, "token", '{');
	passport_json_token(rq->a, b, &t, &v->user);
	json_close(b, '}');
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

const struct oerr *
passport_given_add(struct req *rq, const struct visitor *v)
{
	struct client cl;
	struct mint m = { .cl = &cl, .user = v->user.id,
		.subject = v->user.subject, .ttl_s = rq->conf->personal_ttl,
		.proof = v->session.proof };
	struct making mk = { .rq = rq, .v = v };
	const struct oerr *e = api_text(rq, "name", NAME_MAX_CHARS, &m.name),
			  *e2 = take_scopes(rq, v, &m.scope);
	char *jwt;

	if (e != NULL || e2 != NULL)
		return &oerr_unprocessable;
	if ((e = mint_personal_client(rq, &cl)) != NULL ||
	    (e = mint_access(rq, &m, &mk.row, &jwt)) != NULL)
		return e;
	if (store_write(rq->st, store_token, &mk) < 0)
		return mk.is_out ? &passport_signed_out : oerr_machine(rq);
	return answer_token(rq, v, &cl, &mk.row, jwt);
}
