/* fuzz_cookie.c: of all cookies that are sent, ours is found, and no other. */
#include "fuzz_store.h"

#include "input.h"
#include "session.h"

/* For the issuer https://auth.example: fuzz.h. */
#define NAME "__Host-carnet-ZE2J8ayaFIfC="
#define BASE64URL \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* The first pair with our name and form (RFC 6265 section 5.4). */
static const char *
slow_find(char *header)
{
	char *pair;

	while ((pair = strsep(&header, ";")) != NULL) {
		while (*pair == ' ' || *pair == '\t')
			pair++;
		if (strncmp(pair, NAME, strlen(NAME)) != 0)
			continue;
		pair += strlen(NAME);
		/* 43 digits have 258 bits: the last two must be zero. */
		if (strlen(pair) == SECRET_TEXT_LEN &&
		    strspn(pair, BASE64URL) == SECRET_TEXT_LEN &&
		    (strchr(BASE64URL, pair[42]) - BASE64URL) % 4 == 0)
			return pair;
	}
	return "";
}

/* The header Cookie, a newline, the form. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_site site;
	struct arena *a = arena_new();
	char *header = fuzz_split(a, &data, &size, '\n');
	char *form = fuzz_split(a, &data, &size, '\n');
	const char *want = slow_find(arena_str(a, header)), *sent;
	struct visitor v;
	struct req *rq;
	int is_ours;

	fuzz_store(&site);
	rq = fuzz_request(&site, a, arena_printf(a, "HTTP_COOKIE=%s", header));
	assert(session_load(rq, &v) == NULL);
	assert(strcmp(v.cookie, want) == 0);
	assert(v.signed_in == (strcmp(want, COOKIE) == 0));
	assert(strlen(v.csrf) == (*want == '\0' ? 0 : CSRF_LEN));
	assert(*want == '\0' || strcmp(v.csrf, v.cookie) != 0);

	(void)input_form(rq, form, strlen(form));
	sent = rq->param[PARAM_CSRF_TOKEN];
	is_ours = sent != NULL && *want != '\0' && strcmp(sent, v.csrf) == 0;
	assert((session_check_csrf(rq, &v) == NULL) == is_ours);
	session_begin(rq, &v);
	assert(strlen(v.cookie) == SECRET_TEXT_LEN);
	arena_free(a);
	return 0;
}
