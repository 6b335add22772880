/* passport.c: times of Laravel Passport, and the words that its rows use. */
#include "passport_int.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "passport_id.h"
#include "record.h"
#include "scope.h"
#include "store_user.h"
#include "utf8.h"
#include "words.h"

#define ZONES "/usr/share/zoneinfo/"

int
passport_zone(const char *name)
{
	char path[256];

	if (*name == '\0' || strlen(name) > 64 || *name == '/' ||
	    strstr(name, "..") != NULL)
		return 0;
	snprintf(path, sizeof(path), ZONES "%s", name);
	/* UTC needs no file. */
	if (strcmp(name, "UTC") != 0 && access(path, R_OK) < 0)
		return 0;
	if (setenv("TZ", strcmp(name, "UTC") == 0 ? "UTC0" : name, 1) < 0)
		return 0;
	tzset();
	return 1;
}

/* What is behind the seconds: a fraction, and perhaps an offset, in seconds. */
static int
read_offset(const char *s, int *has, int *offset)
{
	int h, m = 0, end = 0;

	*has = *offset = 0;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (*s == '\0')
		return 1;
	*has = 1;
	if (strcasecmp(s, "Z") == 0)
		return 1;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d%n", &h, &end) != 1)
		return 0;
	if (s[1 + end] == ':' &&
	    sscanf(s + 2 + end, "%2d", &m) != 1)
		return 0;
	*offset = (h * 60 + m) * (*s == '-' ? -60 : 60);
	return h >= 0 && h < 15 && m >= 0 && m < 60;
}

int
passport_time(const char *text, int64_t *out)
{
	struct tm t = { .tm_isdst = -1 };
	int end = 0, has_zone, offset;

	*out = 0;
	if (text == NULL)
		return 1;
	if (sscanf(text, "%4d-%2d-%2d%*1[ Tt]%2d:%2d:%2d%n", &t.tm_year,
		&t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec,
		&end) != 6 || end != 19 ||
	    !read_offset(text + end, &has_zone, &offset) || t.tm_mon < 1 ||
	    t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 ||
	    t.tm_hour < 0 || t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 ||
	    t.tm_sec < 0 || t.tm_sec > 60)
		return 0;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	*out = has_zone ? (int64_t)timegm(&t) - offset : (int64_t)mktime(&t);
	return *out > 0;
}

const char *
passport_get(const struct record *r, const char *name)
{
	const char *v = record_get(r, name);

	return v == NULL || *v == '\0' ? NULL : v;
}

int
passport_truth(const struct record *r, const char *name)
{
	const char *v = record_get(r, name);

	return v != NULL && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0 ||
	    strcmp(v, "t") == 0);
}

const char *
passport_words(struct arena *a, const char *text)
{
	struct json_object *list, *one;
	struct buf b;

	if (text == NULL || *text != '[')
		return text == NULL ? "" : text;
	list = json_parse(a, text, strlen(text));
	if (!json_object_is_type(list, json_type_array))
		return text;
	buf_init(&b, a, 64);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		if (json_object_is_type(one, json_type_string))
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "",
			    json_object_get_string(one));
	}
	return b.data;
}

int
passport_count(
    struct passport *im, enum passport_kind kind, enum passport_end end)
{
	im->sum.n[kind][end]++;
	return 0;
}

/* An id may be any text of the other database. */
static const char *
shown(const char *id)
{
	return id == NULL ? "without an id"
	    : utf8_is_line(id) && strlen(id) <= PASSPORT_ID_MAX
	    ? id
	    : "of an odd id";
}

static const char *const kind_names[PASSPORT_KINDS] = { "user", "client",
	"personal token", "access token", "refresh token" };

void
passport_note(struct passport *im, enum passport_kind kind, const char *id,
    const char *what)
{
	im->tell(im->ctx, arena_printf(im->a, "%s %s: %s", kind_names[kind],
		shown(id), what));
}

int
passport_left(struct passport *im, enum passport_kind kind, const char *id,
    const char *why)
{
	passport_note(im, kind, id,
	    arena_printf(im->a, "does not come along: %s", why));
	return passport_count(im, kind, PASSPORT_LEFT);
}

static void
count_unknown(struct passport *im, const char *name)
{
	struct passport_sum *s = &im->sum;
	int i;

	for (i = 0; i < s->n_unknown; i++)
		if (strcmp(s->unknown[i].name, name) == 0)
			break;
	if (i == PASSPORT_SCOPES_MAX)
		return;
	if (i == s->n_unknown) {
		s->unknown[i].name = arena_str(im->kept, name);
		s->unknown[i].n = 0;
		s->n_unknown++;
	}
	s->unknown[i].n++;
}

void
passport_scope(struct passport *im, const char *text, uint64_t *out)
{
	const char *words = passport_words(im->a, text), *name;
	size_t n, len;
	int unknown;

	*out = 0;
	for (; words_next(&words, &n); words += n) {
		len = n;
		name = passport_map_scope(im->map, words, &len);
		name = arena_dup(im->a, name, len);
		unknown = 0;
		*out |= scope_parse(im->cf, name, &unknown);
		if (unknown)
			count_unknown(im, name);
	}
	if (*out & SCOPE_STAR)
		*out = UINT64_MAX;
}

int
passport_find_user(struct passport *im, const char *id, int64_t *out)
{
	const size_t len = strspn(id, "0123456789");
	struct user u;
	int found;

	*out = 0;
	if (id[len] == '\0' && len > 0 && len < 18)
		*out = strtoll(id, NULL, 10);
	else if ((found = store_user_by_subject(im->st, im->a, id, &u)) < 0)
		return -1;
	else if (found == 1)
		*out = u.id;
	return seen_has(&im->users, *out);
}
