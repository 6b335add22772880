/* passport_check.c: tokens and sign-ins of --check: will they be accepted? */
#include <errno.h>
#include <string.h>

#include "arena.h"
#include "cmd_passport.h"
#include "conf.h"
#include "identity.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"
#include "passport_jwt.h"
#include "passport_key.h"
#include "passwd.h"
#include "store_client.h"
#include "store_passport.h"
#include "store_token.h"
#include "store_user.h"
#include "user.h"

#define CHECKS_MAX 1000
#define LINE_MAX_BYTES 16384

/* This takes as long as to hash a password: no transaction waits for it. */
static void
open_refresh(struct importing *im, struct checked *k)
{
	struct passport_refresh_text r;
	struct passport_key key;

	if (passport_key_read(im->c->conf->keys, &key) != 1) {
		k->wrong = "APP_KEY is not in keys/" PASSPORT_KEY_FILE;
		return;
	}
	k->wrong = passport_open(im->c->a, &key, k->text, &r);
	explicit_bzero(&key, sizeof(key));
	if (k->wrong == NULL && r.expires_at <= im->p.now)
		k->wrong = "it has expired";
	k->id = r.id;
}

/* A line: a token, or a name and a password with a space between. */
static void
take_line(struct importing *im, const char *line, int number)
{
	struct checked *k = &im->check[im->n_check++];
	const size_t len = strcspn(line, " \t");

	*k = (struct checked) { .text = arena_str(im->c->a, line) };
	if (line[len] == '\0') {
		k->what = arena_printf(im->c->a, "line %d: %s token", number,
		    passport_is_refresh(line) ? "refresh" : "access");
		if (passport_is_refresh(line))
			open_refresh(im, k);
		return;
	}
	k->text = arena_dup(im->c->a, line, len);
	k->password = arena_str(im->c->a, line + len + 1);
	k->what = arena_printf(im->c->a, "line %d: sign-in", number);
}

int
passport_check_read(struct importing *im, const char *path)
{
	char *line = arena_alloc(im->c->a, LINE_MAX_BYTES);
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return cmd_refuse("%s: %s", path, strerror(errno));
	im->check = arena_alloc(im->c->a, CHECKS_MAX * sizeof(*im->check));
	for (int n = 1; fgets(line, LINE_MAX_BYTES, f) != NULL; n++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		if (im->n_check == CHECKS_MAX) {
			fclose(f);
			return cmd_refuse("%s has more than %d lines", path,
			    CHECKS_MAX);
		}
		take_line(im, line, n);
	}
	fclose(f);
	return CMD_OK;
}

static const char *
check_row(const struct importing *im, const struct access *row)
{
	return row->token_revoked		? "it is revoked"
	    : row->expires_at <= im->p.now	? "it has expired"
	    : row->client_revoked		? "its client is revoked"
	    : row->user_disabled		? "its user is disabled"
						: NULL;
}

static const char *
check_access(struct importing *im, const char *text)
{
	struct arena *a = im->c->a;
	struct claims says = { .is_for = 0 };
	const char *why, *client = NULL;
	struct json_object *o;
	struct access row;
	struct keys *ks;
	struct jwt t;
	int found;

	if ((why = jwt_read(a, text, &t)) != NULL)
		return why;
	if ((o = json_parse(a, t.payload, t.payload_len)) == NULL)
		return "malformed claims";
	if ((why = passport_claims(o, &says, &client)) != NULL)
		return why;
	found = store_access_find(im->p.st, a, &says.id, &row);
	if (found != 1 || strcmp(row.client_id, client) != 0)
		return found < 0 ? "the database failed"
				 : "its row did not come along";
	if ((ks = keys_load(im->c->conf->keys)) == NULL)
		return "no keys";
	why = passport_signed(a, ks, &t);
	keys_free(ks);
	if (why == NULL && says.expires_at <= im->p.now)
		why = "it has expired";
	return why != NULL ? why : check_row(im, &row);
}

static const char *
check_refresh(struct importing *im, const struct checked *k)
{
	struct passport_refresh later;
	struct refresh_token t;
	struct digest d;
	int n;

	if (k->wrong != NULL)
		return k->wrong;
	passport_refresh(k->id, &d);
	n = store_refresh_find(im->p.st, im->c->a, &d, &t);
	if (n == 1)
		return t.spent_at != 0 || t.revoked_at != 0 ? "it is revoked"
							    : NULL;
	return store_passport_find(im->p.st, &d, &later) == 1
	    ? NULL
	    : "its row did not come along";
}

static const char *
find_hash(struct importing *im, struct checked *k)
{
	const char *form = identity_any(im->c->a, k->text);
	struct user u;

	if (form == NULL || user_find(im->p.st, im->c->a, form, &u) != 1)
		return "there is no such user";
	k->hash = u.password;
	return u.disabled_at != 0 ? "the user is disabled" : NULL;
}

int
passport_check_rows(struct importing *im)
{
	struct checked *k;

	for (size_t i = 0; i < im->n_check; i++) {
		k = &im->check[i];
		k->why = k->password != NULL	     ? find_hash(im, k)
		    : passport_is_refresh(k->text) ? check_refresh(im, k)
						   : check_access(im, k->text);
	}
	return 0;
}

void
passport_check_end(struct importing *im)
{
	struct checked *k;

	for (size_t i = 0; i < im->n_check; i++) {
		k = &im->check[i];
		if (k->password != NULL && k->why == NULL &&
		    passwd_verify(k->password, k->hash) == 0)
			k->why = "the password does not fit";
	}
}
