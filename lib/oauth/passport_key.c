/* passport_key.c: APP_KEY, and the refresh tokens that it encrypted. */
#include "passport_key.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "defuse.h"
#include "json.h"
#include "keys_int.h"
#include "log.h"

#define LABEL "base64:"
#define ENV "APP_KEY="

/* "base64:" and base64; or, of old applications, the 16 or 32 characters themselves. */
static int
parse(const char *text, struct passport_key *out)
{
	char raw[PASSPORT_KEY_MAX * 2];
	size_t len = strlen(text);
	ssize_t n = -1;

	if (strncmp(text, LABEL, strlen(LABEL)) == 0) {
		text += strlen(LABEL);
		len -= strlen(LABEL);
	} else if (len == 16 || len == PASSPORT_KEY_MAX) {
		memcpy(out->byte, text, len);
		out->len = len;
		return 1;
	}
	if (len <= sizeof(raw) - 4)
		n = b64_decode(text, len, raw);
	if (n != 16 && n != PASSPORT_KEY_MAX)
		return 0;
	memcpy(out->byte, raw, (size_t)n);
	out->len = (size_t)n;
	explicit_bzero(raw, sizeof(raw));
	return 1;
}

int
passport_key_read(const char *dir, struct passport_key *out)
{
	struct arena *a = arena_new(); /* cleared at once: it holds the key */
	const char *path = arena_printf(a, "%s/" PASSPORT_KEY_FILE, dir);
	char *text;
	size_t len;
	int rc = -1;

	if ((text = keys_read_file(a, path, &len)) == NULL) {
		rc = errno == ENOENT ? 0 : -1;
		if (rc < 0)
			log_event("%s: %s", path, strerror(errno));
	} else {
		text[len] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		if (strncmp(text, ENV, strlen(ENV)) == 0)
			text += strlen(ENV);
		rc = parse(text, out) ? 1 : -1;
		if (rc < 0)
			log_event("%s: it is not the value of APP_KEY: base64:"
				  " and 32 bytes in base64, or 32 characters",
			    path);
	}
	arena_free(a);
	return rc;
}

int
passport_is_refresh(const char *text)
{
	return strncmp(text, DEFUSE_BEGINS, strlen(DEFUSE_BEGINS)) == 0;
}

/* An id, which may be a number or a text; NULL if it is neither. */
static const char *
id_of(struct arena *a, struct json_object *o, const char *name)
{
	int64_t n;

	if (json_get_str(o, name) != NULL)
		return arena_str(a, json_get_str(o, name));
	return json_get_int(o, name, &n) == 1
	    ? arena_printf(a, "%lld", (long long)n)
	    : NULL;
}

static const char *
words_of(struct arena *a, struct json_object *o)
{
	struct json_object *list = NULL, *one;
	struct buf b;

	buf_init(&b, a, 64);
	if (json_object_object_get_ex(o, "scopes", &list) &&
	    json_object_is_type(list, json_type_array))
		for (size_t i = 0; i < json_object_array_length(list); i++) {
			one = json_object_array_get_idx(list, i);
			if (json_object_is_type(one, json_type_string))
				buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
				    json_object_get_string(one));
		}
	return b.data;
}

const char *
passport_open(struct arena *a, const struct passport_key *k, const char *text,
    struct passport_refresh_text *out)
{
	const char *plain = defuse_open(a, text, k->byte, k->len);
	struct json_object *o;

	*out = (struct passport_refresh_text) { .id = NULL };
	if (plain == NULL)
		return "a refresh token of Passport that APP_KEY does not"
		       " decrypt";
	if ((o = json_parse(a, plain, strlen(plain))) == NULL ||
	    !json_object_is_type(o, json_type_object))
		return "a text of Passport that is no token";
	out->client_id = id_of(a, o, "client_id");
	out->id = id_of(a, o, "refresh_token_id");
	out->access_id = id_of(a, o, "access_token_id");
	out->user_id = id_of(a, o, "user_id");
	out->scope = words_of(a, o);
	return json_get_int(o, "expire_time", &out->expires_at) != 1 ||
		out->client_id == NULL || out->id == NULL ||
		out->access_id == NULL
	    ? "a text of Passport that is no refresh token"
	    : NULL;
}
