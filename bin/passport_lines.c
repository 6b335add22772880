/* passport_lines.c: the lines of a file of deploy/passport/. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "cmd_passport.h"
#include "conf.h"
#include "json.h"
#include "key.h"
#include "keys.h"
#include "passport_key.h"
#include "record.h"
#include "scope.h"

/* In the order of enum passport_kind; access tokens are of two kinds. */
static const struct {
	const char *name;
	int kind;
	int (*take)(struct passport *im, const struct record *r);
} rows[] = {
	{ "user", PASSPORT_USER, passport_user },
	{ "client", PASSPORT_CLIENT, passport_client },
	{ "access_token", PASSPORT_ACCESS, passport_access },
	{ "refresh_token", PASSPORT_REFRESH, passport_refresh_row },
	{ "site", ROW_SITE, NULL },
	{ "end", ROW_END, NULL },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static int
refuse(struct importing *im, const struct record *r, const char *why)
{
	im->why = r == NULL
	    ? arena_str(im->c->a, why)
	    : arena_printf(im->c->a, "line %ld: %s", r->line, why);
	return -1;
}

/* The names of the scopes that the application has and [scopes] has not. */
static void
advise_scopes(struct importing *im, const char *json)
{
	struct json_object *o = json == NULL
	    ? NULL
	    : json_parse(im->p.a, json, strlen(json));
	int unknown;

	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach(o, name, about) {
		unknown = 0;
		scope_parse(im->p.cf, name, &unknown);
		if (unknown)
			buf_printf(im->advice, "carnet.conf, [scopes]: %s = %s\n",
			    record_name(name, "?"),
			    record_name(json_object_get_string(about), "?"));
	}
}

static void
advise_ttl(struct importing *im, const char *name, const char *value,
    int64_t setting)
{
	const int64_t ttl = value == NULL ? 0 : strtoll(value, NULL, 10);

	if (ttl > 0 && ttl != setting)
		buf_printf(im->advice, "carnet.conf: %s is %lld s; in Passport it"
		    " was %lld s\n", name, (long long)setting, (long long)ttl);
}

/* Is the key with which Passport signed among ours? */
static void
advise_key(struct importing *im, const char *pem)
{
	struct keys *ks = pem == NULL ? NULL : keys_load(im->c->conf->keys);
	struct key *k = ks == NULL
	    ? NULL
	    : key_from_pem(pem, strlen(pem), ALG_RS256);
	char kid[KID_LEN + 1];

	if (k != NULL && jwk_thumbprint(k, kid) == 0 &&
	    keys_by_kid(ks, kid) == NULL)
		buf_str(im->advice, "carnet keys import: Passport's key is not"
				    " there, so its access tokens are refused\n");
	key_free(k);
	keys_free(ks);
}

static void
advise_app_key(struct importing *im, const char *want)
{
	struct passport_key k;
	struct digest d;
	char hex[2 * DIGEST_LEN + 1];
	const int rc = passport_key_read(im->c->conf->keys, &k);

	if (rc == 0)
		buf_printf(im->advice, "%s/" PASSPORT_KEY_FILE ": APP_KEY is not"
		    " there, so Passport's refresh tokens are refused\n",
		    im->c->conf->keys);
	if (rc != 1 || want == NULL)
		return;
	digest_of(k.byte, k.len, &d);
	explicit_bzero(&k, sizeof(k));
	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", d.byte[i]);
	if (strcmp(hex, want) != 0)
		buf_printf(im->advice, "%s/" PASSPORT_KEY_FILE ": it is not the"
		    " APP_KEY of that application\n", im->c->conf->keys);
}

static int
take_site(struct importing *im, const struct record *r)
{
	const struct conf *cf = im->p.cf;
	const char *zone = record_get(r, "timezone");

	if (im->lines[ROW_SITE] > 1)
		return refuse(im, r, "a second line about the site");
	if (im->zone == NULL && zone != NULL) {
		if (!passport_zone(zone))
			return refuse(im, r, arena_printf(im->p.a,
			    "this machine knows no time zone %s (package"
			    " tzdata)", record_name(zone, "of that name")));
		im->has_zone = 1;
	}
	if (record_get(r, "provider") != NULL)
		im->p.provider = arena_str(im->c->a, record_get(r, "provider"));
	advise_scopes(im, record_get(r, "scopes"));
	advise_ttl(im, "access_ttl", record_get(r, "access_ttl"), cf->access_ttl);
	advise_ttl(
	    im, "refresh_ttl", record_get(r, "refresh_ttl"), cf->refresh_ttl);
	advise_ttl(im, "personal_ttl", record_get(r, "personal_ttl"),
	    cf->personal_ttl);
	advise_key(im, record_get(r, "public_key"));
	advise_app_key(im, record_get(r, "app_key_sha256"));
	return 0;
}

/* The last line says how many rows each table had. */
static int
take_end(struct importing *im, const struct record *r)
{
	const char *count;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].take == NULL)
			continue;
		count = record_get(r, rows[i].name);
		if (count == NULL)
			return refuse(im, r, "the last line has no counts");
		if (strtoll(count, NULL, 10) != im->lines[rows[i].kind])
			return refuse(im, r, arena_printf(im->p.a,
			    "%lld lines of %s, and the table had %s: the file is"
			    " cut, or the script is for another version of"
			    " Passport", (long long)im->lines[rows[i].kind],
			    rows[i].name, record_name(count, "another number")));
	}
	im->has_end = 1;
	return 0;
}

static int
take_row(struct importing *im, const struct record *r, size_t i)
{
	if (im->has_end)
		return refuse(im, r, "a line behind the last one: two files?");
	im->lines[rows[i].kind]++;
	if (rows[i].kind == ROW_SITE)
		return take_site(im, r);
	if (rows[i].kind == ROW_END)
		return take_end(im, r);
	if (!im->has_zone)
		return refuse(im, r, "no line before it says the time zone of"
		    " the application (export.php); --timezone does");
	return rows[i].take(&im->p, r);
}

static int
take(struct importing *im, const struct record *r)
{
	const char *name = record_get(r, "row");

	for (size_t i = 0; name != NULL && i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return take_row(im, r, i);
	return refuse(im, r, "it is no line of deploy/passport/export-*.sql or"
	    " export.php");
}

int
passport_read_lines(struct importing *im)
{
	struct records rs;
	struct record r;
	const char *why;
	int n, rc = 0;

	records_begin(&rs, im->in, RECORD_JSONL);
	while (rc == 0 && (n = records_next(&rs, im->p.a, &r, &why)) == 1) {
		if (why != NULL)
			rc = refuse(im, &r, why);
		else
			rc = take(im, &r);
		arena_clear(im->p.a);
	}
	records_end(&rs);
	if (rc == 0 && n < 0)
		return refuse(im, NULL, arena_printf(im->p.a, "cannot read: %s",
		    strerror(errno)));
	if (rc == 0 && !im->has_end)
		return refuse(im, NULL, "the file has no last line with counts:"
		    " it is cut off");
	return rc;
}
