/* detour.c: a sign-in that is made elsewhere: its state, and the way back. */
#include "detour.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "cookie.h"
#include "crypto.h"
#include "req.h"
#include "site.h"

#define LASTS_S 3600 /* a person may have to find their password first */
#define SKEW_S 5     /* between front ends */
#define TAG_BYTES 9
#define TAG_LEN B64_LEN(TAG_BYTES)
#define STATE_MAX 128
/* A browser drops a cookie of more than 4096 bytes (RFC 6265 section 6.1). */
#define WAYS_MAX 3600
#define FEW_BYTES 2048 /* older ways back stay up to here */

/*
 * The cookie: the secret, then for each detour, the last one first, "|", its tag
 * and the way back.
 * The state: tag.BEGUN.SINCE.MAC, the times in hexadecimal.
 */
struct ways {
	char secret[SECRET_TEXT_LEN + 1];
	const char *list;
};

static int
is_ways(const char *value, size_t len)
{
	uint8_t bytes[SECRET_LEN];

	return len >= SECRET_TEXT_LEN &&
	    (len == SECRET_TEXT_LEN || value[SECRET_TEXT_LEN] == '|') &&
	    b64url_decode(value, SECRET_TEXT_LEN, bytes) == SECRET_LEN;
}

static int
read_ways(struct req *rq, struct ways *out)
{
	const char *value = cookie_get(rq, COOKIE_DETOUR, is_ways);

	if (value == NULL)
		return 0;
	memcpy(out->secret, value, SECRET_TEXT_LEN);
	out->secret[SECRET_TEXT_LEN] = '\0';
	out->list = value + SECRET_TEXT_LEN;
	return 1;
}

int
detour_is_possible(struct req *rq)
{
	struct ways w;

	return read_ways(rq, &w);
}

static void
make_mac(const struct ways *w, const char *text, char out[static DIGEST_LEN * 2])
{
	struct digest key, mac;

	digest_of(w->secret, SECRET_TEXT_LEN, &key);
	digest_seal(&key, text, &mac);
	b64url_encode(mac.byte, DIGEST_LEN, out);
}

/* Text for a cookie: it has no such characters (RFC 6265 section 4.1.1). */
static void
add_way(struct buf *b, const char *to)
{
	for (; *to != '\0'; to++)
		if (strchr("\",;|", *to) != NULL)
			buf_printf(b, "%%%02X", (unsigned char)*to);
		else
			buf_char(b, *to);
}

/* The older ways that still fit behind those in b. */
static void
add_older(struct buf *b, const char *list)
{
	size_t n;

	for (; *list == '|'; list += n) {
		n = 1 + strcspn(list + 1, "|");
		if (b->len + n > FEW_BYTES)
			return;
		buf_add(b, list, n);
	}
}

const char *
detour_begin(struct req *rq, const struct detour *dt)
{
	char tag[TAG_LEN + 1], mac[DIGEST_LEN * 2];
	uint8_t random[TAG_BYTES];
	const char *text;
	struct digest unused;
	struct ways w;
	struct buf b;

	if (!read_ways(rq, &w)) {
		secret_make(w.secret, &unused);
		w.list = "";
	}
	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), tag);
	buf_init(&b, rq->a, 1024);
	buf_printf(&b, "%s|%s", w.secret, tag);
	add_way(&b, dt->to);
	if (b.len > WAYS_MAX)
		return NULL;
	add_older(&b, w.list);
	cookie_set(rq, COOKIE_DETOUR, b.data, LASTS_S);
	text = arena_printf(
	    rq->a, "%s.%" PRIx64 ".%" PRIx64, tag, rq->now, dt->since);
	make_mac(&w, text, mac);
	return arena_printf(rq->a, "%s.%s", text, mac);
}

/* Find the way with this tag, and take it out of the cookie; NULL: there is none. */
static const char *
take_way(struct req *rq, const struct ways *w, const char *tag)
{
	const char *list = w->list, *found = NULL;
	struct buf b;
	size_t n;

	buf_init(&b, rq->a, 1024);
	buf_str(&b, w->secret);
	for (; *list == '|'; list += n) {
		n = 1 + strcspn(list + 1, "|");
		if (found == NULL && n > 1 + TAG_LEN &&
		    memcmp(list + 1, tag, TAG_LEN) == 0)
			found = arena_dup(
			    rq->a, list + 1 + TAG_LEN, n - 1 - TAG_LEN);
		else
			buf_add(&b, list, n);
	}
	if (found != NULL)
		cookie_set(rq, COOKIE_DETOUR, b.data, LASTS_S);
	return found;
}

/* Read ".HEX" at *s, and step over it. */
static int
read_time(const char **s, int64_t *out)
{
	const size_t n = **s == '.' ? strspn(*s + 1, "0123456789abcdef") : 0;

	if (n == 0 || n > 15)
		return 0;
	*out = strtoll(*s + 1, NULL, 16);
	*s += 1 + n;
	return 1;
}

/* Is state one that this server made for the secret of w? */
static int
is_ours(struct req *rq, const struct ways *w, const char *state,
    const char *end)
{
	char mac[DIGEST_LEN * 2];
	struct digest want, got;

	make_mac(w, arena_dup(rq->a, state, (size_t)(end - state)), mac);
	digest_of(mac, strlen(mac), &want);
	digest_of(end + 1, strlen(end + 1), &got);
	return digest_equal(&want, &got);
}

int
detour_end(struct req *rq, const char *state, struct detour *out)
{
	const char *end;
	struct ways w;

	if (!read_ways(rq, &w) || strlen(state) > STATE_MAX ||
	    strlen(state) < TAG_LEN)
		return 0;
	end = state + TAG_LEN;
	if (!read_time(&end, &out->begun) || !read_time(&end, &out->since) ||
	    *end != '.' || !is_ours(rq, &w, state, end) ||
	    out->begun < rq->now - LASTS_S || out->begun > rq->now + SKEW_S)
		return 0;
	out->to = take_way(rq, &w, state);
	if (out->to == NULL || !site_return_is_safe(rq->conf, rq->a, out->to))
		out->to = site_path(rq->conf, rq->a, SITE_ACCOUNT);
	return 1;
}
