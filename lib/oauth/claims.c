/* claims.c: what an app is told about a user (OpenID Connect Core section 5). */
#include "claims.h"

#include <json-c/json.h>
#include <string.h>

#include "acr.h"
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "oerr.h"
#include "req.h"
#include "scope.h"
#include "store_user.h"
#include "tmpl.h"
#include "words.h"

#define NAME_LONGEST 64
#define WORDS_LONGEST 2048

static void
write_name(struct buf *b, const char *name, const struct user *u)
{
	if (*u->name != '\0')
		json_str(b, name, u->name);
}

static void
write_login(struct buf *b, const char *name, const struct user *u)
{
	if (u->login != NULL)
		json_str(b, name, u->login);
}

static void
write_email(struct buf *b, const char *name, const struct user *u)
{
	if (u->email != NULL)
		json_str(b, name, u->email);
}

static void
write_verified(struct buf *b, const char *name, const struct user *u)
{
	if (u->email != NULL)
		json_truth(b, name, u->email_verified_at != 0);
}

static void
write_groups(struct buf *b, const char *name, const struct user *u)
{
	json_words(b, name, u->groups == NULL ? "" : u->groups);
}

/* The claims that a user has of their own; all others are in u->claims. */
static const struct row {
	const char *name;
	enum scope_built_in scope;
	void (*write)(struct buf *b, const char *name, const struct user *u);
	const char *label; /* on pages; NULL: it is not shown */
} rows[] = {
	{ "name", SCOPE_PROFILE, write_name, "Name" },
	{ "preferred_username", SCOPE_PROFILE, write_login, "User name" },
	{ "email", SCOPE_EMAIL, write_email, "E-mail" },
	{ "email_verified", SCOPE_EMAIL, write_verified, NULL },
	{ "groups", SCOPE_GROUPS, write_groups, "Groups" },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* The scope that a claim belongs to: profile, if it is none of the rows. */
static uint64_t
scope_of(const struct conf *cf, const char *name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return cf->built_in[rows[i].scope];
	return cf->built_in[SCOPE_PROFILE];
}

static int
is_asked(struct req *rq, const char *words, const char *place,
    const char *name)
{
	return words != NULL &&
	    words_have(words, arena_printf(rq->a, "%s.%s", place, name));
}

/* The further claims of the user, or NULL. */
static struct json_object *
further(struct req *rq, const struct user *u)
{
	struct json_object *o = u->claims == NULL
	    ? NULL
	    : json_parse(rq->a, u->claims, strlen(u->claims));

	return json_object_is_type(o, json_type_object) ? o : NULL;
}

void
claims_write(struct req *rq, struct buf *b, const struct user *u,
    uint64_t scope, const char *words, const char *place)
{
	struct json_object *o = further(rq, u);

	for (size_t i = 0; i < N_ROWS; i++)
		if (scope & rq->conf->built_in[rows[i].scope] ||
		    is_asked(rq, words, place, rows[i].name))
			rows[i].write(b, rows[i].name, u);
	if (o == NULL)
		return;
	json_object_object_foreach (o, name, value)
		if (scope & rq->conf->built_in[SCOPE_PROFILE] ||
		    is_asked(rq, words, place, name))
			json_raw(b, name, value == NULL
				? NULL
				: json_object_to_json_string_ext(
				      value, JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* ---- The parameter ---- */

/* A claim that is asked for: null, or an object. */
static int
is_wish(struct json_object *wish)
{
	return wish == NULL || json_object_is_type(wish, json_type_object);
}

static int
is_essential(struct json_object *wish)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(wish, "essential", &v) &&
	    json_object_get_boolean(v);
}

/* The strings of value or values, as words; NULL: there are none. */
static const char *
wanted_words(struct req *rq, struct json_object *wish)
{
	const char *one = json_get_str(wish, "value");
	struct json_object *list = NULL, *v;
	struct buf b;

	if (one != NULL || !json_object_object_get_ex(wish, "values", &list) ||
	    !json_object_is_type(list, json_type_array))
		return one;
	buf_init(&b, rq->a, 64);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		v = json_object_array_get_idx(list, i);
		if (json_object_is_type(v, json_type_string))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
			    json_object_get_string(v));
	}
	return b.data;
}

/* Those of the ID token that are about the sign-in, and not about the user. */
static void
read_sign_in(struct req *rq, struct json_object *wishes,
    struct claims_asked *out)
{
	struct json_object *wish = NULL;

	if (json_object_object_get_ex(wishes, "sub", &wish) && wish != NULL)
		out->sub = json_get_str(wish, "value");
	/* Section 5.5.1.1: one that is not essential is a wish alone. */
	if (json_object_object_get_ex(wishes, "acr", &wish) && wish != NULL &&
	    is_essential(wish))
		out->acr = wanted_words(rq, wish);
}

static const struct oerr *
malformed(struct req *rq, const char *what)
{
	return oerr_say(rq, &oerr_invalid_request,
	    "The parameter claims is malformed: %s.", what);
}

static const struct oerr *
read_place(struct req *rq, const char *place, struct claims_asked *out)
{
	struct json_object *wishes = NULL;

	if (!json_object_object_get_ex(out->o, place, &wishes) ||
	    wishes == NULL)
		return NULL;
	if (!json_object_is_type(wishes, json_type_object))
		return malformed(rq, "userinfo and id_token are objects");
	json_object_object_foreach (wishes, name, wish) {
		if (!is_wish(wish))
			return malformed(rq, "a claim is null or an object");
		out->scope |= scope_of(rq->conf, name);
	}
	if (strcmp(place, CLAIMS_ID_TOKEN) == 0)
		read_sign_in(rq, wishes, out);
	return NULL;
}

const struct oerr *
claims_read(
    struct req *rq, const struct client *cl, struct claims_asked *out)
{
	const char *text = rq->param[PARAM_CLAIMS];
	const struct oerr *e;

	*out = (struct claims_asked) { .o = NULL };
	if (text == NULL)
		return NULL;
	out->o = json_parse(rq->a, text, strlen(text));
	if (!json_object_is_type(out->o, json_type_object))
		return malformed(rq, "it is no JSON object");
	if ((e = read_place(rq, CLAIMS_USERINFO, out)) != NULL ||
	    (e = read_place(rq, CLAIMS_ID_TOKEN, out)) != NULL)
		return e;
	out->scope &= scope_of_client(rq->conf, cl);
	return NULL;
}

/* May name be a word? */
static int
is_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return 0;
	return *name != '\0' && strlen(name) <= NAME_LONGEST;
}

/* All that can be told of u, to compare it with what is wanted. */
static struct json_object *
all_claims(struct req *rq, const struct user *u)
{
	struct buf b;

	buf_init(&b, rq->a, 512);
	json_open(&b, NULL, '{');
	claims_write(rq, &b, u, ~UINT64_C(0), NULL, "");
	json_close(&b, '}');
	return json_parse(rq->a, b.data, b.len);
}

/* Is it the value that is wanted, or one of them?  Any, if none is. */
static int
is_wanted(struct json_object *wish, struct json_object *has)
{
	struct json_object *v = NULL;

	if (wish == NULL)
		return 1;
	if (json_object_object_get_ex(wish, "value", &v))
		return json_object_equal(v, has);
	if (!json_object_object_get_ex(wish, "values", &v) ||
	    !json_object_is_type(v, json_type_array))
		return 1;
	for (size_t i = 0; i < json_object_array_length(v); i++)
		if (json_object_equal(json_object_array_get_idx(v, i), has))
			return 1;
	return 0;
}

static void
add_words(struct req *rq, const struct claims_asked *as, const char *place,
    struct json_object *all, struct buf *b)
{
	struct json_object *wishes = NULL, *has = NULL;

	if (!json_object_object_get_ex(as->o, place, &wishes) ||
	    wishes == NULL)
		return;
	json_object_object_foreach (wishes, name, wish)
		if (is_name(name) && scope_of(rq->conf, name) & as->scope &&
		    json_object_object_get_ex(all, name, &has) &&
		    is_wanted(wish, has) &&
		    b->len + strlen(name) < WORDS_LONGEST)
			buf_printf(b, "%s%s.%s", b->len > 0 ? " " : "", place,
			    name);
}

const char *
claims_words(
    struct req *rq, const struct claims_asked *as, const struct user *u)
{
	struct json_object *all;
	struct buf b;

	if (as->o == NULL)
		return NULL;
	all = all_claims(rq, u);
	buf_init(&b, rq->a, 128);
	add_words(rq, as, CLAIMS_USERINFO, all, &b);
	add_words(rq, as, CLAIMS_ID_TOKEN, all, &b);
	return b.len == 0 ? NULL : b.data;
}

/* ---- For people ---- */

static void
show_one(struct arena *a, struct tmpl_data *d, const char *label,
    struct json_object *v)
{
	struct tmpl_data *item = tmpl_push(d, "told");
	struct buf b;

	buf_init(&b, a, 64);
	if (json_object_is_type(v, json_type_array))
		for (size_t i = 0; i < json_object_array_length(v); i++)
			buf_printf(&b, "%s%s", i > 0 ? ", " : "",
			    json_object_get_string(
				json_object_array_get_idx(v, i)));
	else if (v != NULL)
		buf_str(&b, json_object_get_string(v));
	tmpl_set(item, "label", label);
	tmpl_set(item, "value", b.len == 0 ? "(none)" : b.data);
}

void
claims_show(struct req *rq, const struct user *u, uint64_t scope,
    struct tmpl_data *d)
{
	struct json_object *all, *v = NULL;

	if ((scope & (rq->conf->built_in[SCOPE_PROFILE] |
			 rq->conf->built_in[SCOPE_EMAIL] |
			 rq->conf->built_in[SCOPE_GROUPS])) == 0)
		return;
	tmpl_set(d, "has_told", "1");
	all = all_claims(rq, u);
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].label != NULL &&
		    scope & rq->conf->built_in[rows[i].scope] &&
		    json_object_object_get_ex(all, rows[i].name, &v))
			show_one(rq->a, d, rows[i].label, v);
	if (!(scope & rq->conf->built_in[SCOPE_PROFILE]))
		return;
	if ((all = further(rq, u)) == NULL)
		return;
	json_object_object_foreach (all, name, value)
		show_one(rq->a, d, name, value);
}

void
claims_list(struct buf *b)
{
	static const char *const fixed[] = { "iss", "sub", "aud", "azp", "exp",
		"iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid" };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		json_str(b, NULL, fixed[i]);
	for (size_t i = 0; i < N_ROWS; i++)
		json_str(b, NULL, rows[i].name);
}
