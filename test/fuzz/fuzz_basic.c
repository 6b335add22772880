/*
 * fuzz_basic.c: no header and no form is taken for a client without its own
 * secret.
 */
#include "fuzz_store.h"

#include "b64.h"
#include "client.h"
#include "input.h"
#include "url.h"

/* Does the header have exactly c1 and its secret, in any encoding? */
static int
header_is_c1(struct arena *a, const char *header)
{
	char *raw = arena_alloc(a, strlen(header) + 1), *colon;
	const char *secret;
	size_t len;
	ssize_t n;

	if (strncasecmp(header, "Basic ", 6) != 0)
		return 0;
	for (header += 6; *header == ' ';)
		header++;
	if ((n = b64_decode(header, strlen(header), raw)) < 0)
		return 0;
	raw[n] = '\0';
	if (strlen(raw) != (size_t)n || (colon = strchr(raw, ':')) == NULL)
		return 0;
	secret = url_decode(a, colon + 1, strlen(colon + 1), 1, &len);
	raw = url_decode(a, raw, (size_t)(colon - raw), 1, &len);
	return raw != NULL && secret != NULL && strcmp(raw, "c1") == 0 &&
	    strcmp(secret, SECRET) == 0;
}

static int
is(const struct req *rq, enum param p, const char *value)
{
	return rq->param[p] != NULL && strcmp(rq->param[p], value) == 0;
}

/* The header Authorization, a newline, the form. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_site site;
	struct arena *a = arena_new();
	char *header = fuzz_split(a, &data, &size, '\n');
	char *form = fuzz_split(a, &data, &size, '\n');
	const struct client *cl = NULL;
	const struct oerr *e;
	struct req *rq;
	int by_header, by_form;

	fuzz_store(&site);
	rq = fuzz_request(
	    &site, a, arena_printf(a, "HTTP_AUTHORIZATION=%s", header));
	(void)input_form(rq, form, strlen(form));
	by_header = header_is_c1(a, header);
	by_form = is(rq, PARAM_CLIENT_ID, "c1") &&
	    is(rq, PARAM_CLIENT_SECRET, SECRET);
	e = client_authenticate(rq, &cl);
	if (e == NULL && strcmp(cl->client_id, "c1") == 0)
		assert(by_header != by_form);
	else if (e == NULL)
		assert(strcmp(cl->client_id, "p1") == 0);
	else if (by_header)
		assert(rq->param[PARAM_CLIENT_SECRET] != NULL ||
		    rq->param[PARAM_CLIENT_ID] != NULL);
	/* Wrong guesses are put off; the right secret never is. */
	if (e != NULL)
		assert(e->status == 400 || e->status == 401 ||
		    (e->status == 429 && !by_header && !by_form));
	assert(strstr(rq->headers->data, SECRET) == NULL);
	arena_free(a);
	return 0;
}
