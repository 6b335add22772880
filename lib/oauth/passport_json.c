/* passport_json.c: clients and tokens as the JSON of Laravel Passport 12 has them. */
#include "passport_json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "grant.h"
#include "id.h"
#include "json.h"
#include "store_client.h"
#include "store_passport.h"
#include "store_user.h"
#include "words.h"

/* Laravel's form of a time: UTC, with microseconds. */
static void
write_time(struct buf *b, const char *name, int64_t at)
{
	char text[sizeof("9999-12-31T23:59:59.000000Z")];
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000000Z", &tm) == 0)
		json_null(b, name);
	else
		json_str(b, name, text);
}

/* An id that is a number in the database of Passport is one here. */
static void
write_id(struct buf *b, const char *name, const char *id)
{
	const size_t len = strlen(id);

	if (len > 0 && len < 16 && *id != '0' &&
	    strspn(id, "0123456789") == len)
		json_int(b, name, strtoll(id, NULL, 10));
	else
		json_str(b, name, id);
}

static void
write_user(struct buf *b, const struct user *u)
{
	if (u->subject != NULL)
		json_str(b, "user_id", u->subject);
	else
		json_int(b, "user_id", u->id);
}

/* Passport 12 has redirect URIs as one text. */
static const char *
with_commas(struct arena *a, const char *words)
{
	struct buf b;
	size_t n;

	buf_init(&b, a, 256);
	for (; words_next(&words, &n); words += n)
		buf_printf(&b, "%s%.*s", b.len > 0 ? "," : "", (int)n, words);
	return b.data;
}

void
passport_json_client(struct arena *a, struct buf *b, const char *name,
    const struct client *cl, const struct user *u, const char *secret)
{
	json_open(b, name, '{');
	write_id(b, "id", cl->client_id);
	if (cl->owner == u->id)
		write_user(b, u);
	else
		json_null(b, "user_id");
	json_str(b, "name", cl->name);
	if (secret != NULL) {
		json_str(b, "secret", secret);
		json_str(b, "plainSecret", secret);
	}
	json_null(b, "provider");
	json_str(b, "redirect", with_commas(a, cl->redirect_uris));
	/* Nobody but the site itself uses a client without a grant. */
	json_truth(b, "personal_access_client",
	    *cl->grants == '\0' ||
		(cl->role != NULL && strcmp(cl->role, "personal") == 0));
	json_truth(
	    b, "password_client", words_have(cl->grants, GRANT_PASSWORD));
	json_truth(b, "revoked", cl->revoked_at != 0);
	write_time(b, "created_at", cl->created_at);
	write_time(b, "updated_at", cl->created_at);
	json_close(b, '}');
}

void
passport_json_token(struct arena *a, struct buf *b,
    const struct passport_token *t, const struct user *u)
{
	json_str(b, "id", id_text(a, &t->id));
	write_user(b, u);
	write_id(b, "client_id", t->client_id);
	json_str(b, "name", t->name);
	json_words(b, "scopes", t->scope);
	json_truth(b, "revoked", 0);
	write_time(b, "created_at", t->created_at);
	write_time(b, "updated_at", t->created_at);
	write_time(b, "expires_at", t->expires_at);
}
