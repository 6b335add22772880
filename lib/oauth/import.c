/* import.c: a line about a user is read, and its rules are kept. */
#include "import.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "arena.h"
#include "conf.h"
#include "hash.h"
#include "hash_import.h"
#include "identity.h"
#include "json.h"
#include "passwd.h"
#include "record.h"
#include "scope.h"
#include "store_user.h"
#include "utf8.h"

#define ID_MAX (INT64_C(1) << 52) /* room for those that follow, within JSON */
#define SUB_MAX 255 /* OpenID Connect Core section 2 */
#define NAME_MAX_BYTES 1024
#define CLAIMS_MAX 8192

struct line {
	const struct conf *cf;
	struct arena *a;
	unsigned flags, has;
	int64_t now;
	struct user *u;
};

/*
 * Return the number in s, which has no leading zero; -1 if s is anything else.
 */
static int64_t
number(const char *s)
{
	const size_t len = strspn(s, "0123456789");

	return len == 0 || len > 18 || s[len] != '\0' || s[0] == '0'
	    ? -1
	    : strtoll(s, NULL, 10);
}

static const char *
take_email(struct line *l, const char *v)
{
	l->u->email = identity_email(l->a, v);
	return l->u->email == NULL ? "email is no e-mail address" : NULL;
}

static const char *
take_login(struct line *l, const char *v)
{
	l->u->login = identity_login(l->a, v);
	return l->u->login == NULL
	    ? "login is no user name: 1 to 64 letters, digits or signs of"
	      " ASCII, without spaces and @"
	    : NULL;
}

/*
 * A subject is never what another user's id reads as: one that is a number is the
 * user's own id.  None is what a client's token may say.
 */
static const char *
take_sub(struct line *l, const char *v)
{
	const int64_t n = number(v);

	if (*v == '\0' || strlen(v) > SUB_MAX)
		return "sub has 1 to 255 characters";
	for (const char *p = v; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return "sub is ASCII without spaces";
	if (strncmp(v, "client:", 7) == 0)
		return "sub begins with client:, as that of a client";
	l->u->subject = v;
	if (n < 1 || n > ID_MAX)
		return NULL;
	if (l->u->id != 0 && l->u->id != n)
		return "sub is a number, and id another one";
	l->u->id = n;
	return NULL;
}

static const char *
take_id(struct line *l, const char *v)
{
	const int64_t n = number(v);

	if (n < 1 || n > ID_MAX)
		return "id is no number from 1 to 2^52";
	if (l->u->id != 0 && l->u->id != n)
		return "sub is a number, and id another one";
	l->u->id = n;
	return NULL;
}

static const char *
take_name(struct line *l, const char *v)
{
	l->u->name = v;
	return utf8_is_line(v) && strlen(v) <= NAME_MAX_BYTES
	    ? NULL
	    : "name is not a line of UTF-8 without control characters";
}

static const char *
take_hash(struct line *l, const char *v)
{
	const char *why;

	return hash_import(l->a, v, l->flags, &l->u->password, &why) == NULL
	    ? why
	    : NULL;
}

static const char *
take_password(struct line *l, const char *v)
{
	if (l->has & IMPORT_HASH)
		return "both password and password_hash";
	if (*v == '\0' || strlen(v) > PASSWD_MAX)
		return "password has 1 to 511 bytes";
	l->u->password =
	    l->flags & HASH_DRY ? PASSWD_NOBODY : passwd_hash(l->a, v);
	return l->u->password == NULL ? "password cannot be hashed" : NULL;
}

static const char *
take_scope(struct line *l, const char *v)
{
	int unknown = 0;

	scope_parse(l->cf, v, &unknown);
	l->u->scope = v;
	return unknown ? "scope names one that [scopes] does not" : NULL;
}

static const char *
take_groups(struct line *l, const char *v)
{
	l->u->groups = v;
	return utf8_is_line(v) ? NULL : "groups has control characters";
}

/* The truth of v, or -1. */
static int
truth(const char *v)
{
	static const char *const words[] = { "false", "true", "no", "yes", "0",
		"1" };

	for (int i = 0; i < 6; i++)
		if (strcasecmp(v, words[i]) == 0)
			return i % 2;
	return -1;
}

static const char *
take_verified(struct line *l, const char *v)
{
	l->u->email_verified_at = truth(v) == 1 ? l->now : 0;
	return truth(v) < 0 ? "email_verified is neither true nor false" : NULL;
}

static const char *
take_disabled(struct line *l, const char *v)
{
	l->u->disabled_at = truth(v) == 1 ? l->now : 0;
	return truth(v) < 0 ? "disabled is neither true nor false" : NULL;
}

/*
 * RFC 3339 section 5.6: 2026-11-29T11:00:00.5+01:00.  -1 if it is no such time.
 */
static int64_t
read_time(const char *s)
{
	struct tm t = { .tm_year = 0 };
	int end = 0, h = 0, m = 0, gone = 0;
	char sign;
	int64_t at;

	if (strlen(s) < 20 || strspn(s, "0123456789") != 4 ||
	    sscanf(s, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &t.tm_year,
		&t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec,
		&end) != 6 || end != 19)
		return -1;
	s += end;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (strcasecmp(s, "Z") != 0) {
		sign = *s;
		if ((sign != '+' && sign != '-') ||
		    sscanf(s + 1, "%2d:%2d%n", &h, &m, &gone) != 2 ||
		    gone != 5 || s[6] != '\0' || h < 0 || h > 23 || m < 0 ||
		    m > 59)
			return -1;
		m = (h * 60 + m) * (sign == '+' ? 60 : -60);
	}
	if (t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 ||
	    t.tm_hour < 0 || t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 ||
	    t.tm_sec < 0 || t.tm_sec > 60)
		return -1;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	at = (int64_t)timegm(&t) - m;
	return at;
}

static const char *
take_created(struct line *l, const char *v)
{
	int64_t at = number(v);

	if (at < 0)
		at = read_time(v);
	if (at < 1 || at > l->now)
		return "created_at is neither Unix seconds nor RFC 3339, or in"
		       " the future";
	l->u->created_at = at;
	return NULL;
}

/* Claims that this server itself says, or that make a token. */
static const char *const own_claims[] = { "iss", "sub", "aud", "exp", "iat",
	"nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "sid", "cnf",
	"client_id", "scope", "scopes", "email", "email_verified", "name",
	"preferred_username", "groups" };

static const char *
take_claims(struct line *l, const char *v)
{
	struct json_object *o = json_parse(l->a, v, strlen(v));

	if (!json_object_is_type(o, json_type_object) ||
	    strlen(v) > CLAIMS_MAX)
		return "claims is no JSON object of at most 8192 bytes";
	for (size_t i = 0; i < sizeof(own_claims) / sizeof(*own_claims); i++)
		if (json_object_object_get_ex(o, own_claims[i], NULL))
			return arena_printf(l->a, "claims has %s, which this"
			    " server says itself", own_claims[i]);
	l->u->claims = v;
	return NULL;
}

static const struct {
	const char *name;
	unsigned bit;
	const char *(*take)(struct line *l, const char *v);
} members[] = {
	{ "email", IMPORT_EMAIL, take_email },
	{ "login", IMPORT_LOGIN, take_login },
	{ "sub", IMPORT_SUB, take_sub },
	{ "id", IMPORT_ID, take_id },
	{ "name", IMPORT_NAME, take_name },
	{ "password_hash", IMPORT_HASH, take_hash },
	{ "password", IMPORT_PASSWORD, take_password },
	{ "scope", IMPORT_SCOPE, take_scope },
	{ "groups", IMPORT_GROUPS, take_groups },
	{ "email_verified", IMPORT_VERIFIED, take_verified },
	{ "disabled", IMPORT_DISABLED, take_disabled },
	{ "created_at", IMPORT_CREATED, take_created },
	{ "claims", IMPORT_CLAIMS, take_claims },
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))

static const char *
check_names(struct arena *a, const struct record *r)
{
	size_t k;

	for (int i = 0; i < r->n; i++) {
		for (k = 0; k < N_MEMBERS; k++)
			if (strcmp(r->field[i].name, members[k].name) == 0)
				break;
		if (k == N_MEMBERS)
			return arena_printf(a,
			    "no member or column is called %s",
			    record_name(r->field[i].name, "that"));
	}
	return NULL;
}

const char *
import_user(const struct conf *cf, struct arena *a, const struct record *r,
    unsigned flags, int64_t now, struct user *out, unsigned *has)
{
	struct line l = { .cf = cf, .a = a, .flags = flags, .now = now,
		.u = out };
	const char *why, *value;

	*out = (struct user) { .name = "", .password = PASSWD_NONE,
		.created_at = now };
	if ((why = check_names(a, r)) != NULL)
		return why;
	for (size_t i = 0; i < N_MEMBERS; i++) {
		if ((value = record_get(r, members[i].name)) == NULL)
			continue;
		if ((why = members[i].take(&l, value)) != NULL)
			return why;
		l.has |= members[i].bit;
	}
	*has = l.has;
	if (!(l.has & (IMPORT_EMAIL | IMPORT_LOGIN | IMPORT_SUB)))
		return "neither email, login nor sub";
	if (out->email_verified_at != 0 && out->email == NULL)
		return "email_verified without email";
	return NULL;
}
