/* passport_error.c: errors as clients of Laravel Passport 12 know them. */
#include "passport_error.h"

#include <string.h>

#include "arena.h"
#include "conf.h"
#include "grant.h"
#include "oerr.h"
#include "req.h"
#include "scope.h"
#include "words.h"

static const struct oerr no_refresh = { 401, "invalid_request",
	"The refresh token is invalid.", NULL };
static const struct oerr no_code = { 400, "invalid_request",
	"The authorization code is invalid, expired or used.", NULL };
static const struct oerr no_client = { 401, "invalid_client",
	"Client authentication failed", NULL };
static const struct oerr no_client_id = { 400, "invalid_request",
	"The parameter client_id is missing.", NULL };
static const struct oerr no_grant = { 400, "unsupported_grant_type",
	"The parameter grant_type is missing.", NULL };
static const struct oerr no_password = { 400, "invalid_grant",
	"The user credentials were incorrect.", NULL };

/*
 * An error of ours, of which grant (NULL: any; "": none), and what Passport 12 says.  If is_plain,
 * it has no description of its own; if has_hint, it has a hint.
 */
static const struct {
	const struct oerr *ours;
	const char *grant;
	int is_plain, has_hint;
	const struct oerr *theirs;
} rows[] = {
	{ &oerr_invalid_grant, GRANT_REFRESH, 0, 0, &no_refresh },
	{ &oerr_invalid_grant, GRANT_CODE, 0, 0, &no_code },
	{ &oerr_invalid_grant, GRANT_PASSWORD, 1, 0, &no_password },
	{ &oerr_invalid_request, "", 0, 1, &no_grant },
	{ &oerr_unauthorized_client, NULL, 0, 0, &no_client },
	{ &oerr_invalid_client, NULL, 0, 1, &no_client_id },
	{ &oerr_invalid_client, NULL, 1, 0, &no_client },
};

static int
is_of(const struct req *rq, const struct oerr *e, size_t i)
{
	const char *sent = rq->param[PARAM_GRANT_TYPE];
	const char *grant = sent == NULL ? "" : sent;

	return strcmp(e->error, rows[i].ours->error) == 0 &&
	    (rows[i].grant == NULL || strcmp(grant, rows[i].grant) == 0) &&
	    (!rows[i].is_plain || e->description == rows[i].ours->description) &&
	    (!rows[i].has_hint || rq->hint != NULL);
}

/* The first scope that there is not. */
static void
hint_at_scope(struct req *rq)
{
	const char *w = rq->param[PARAM_SCOPE];
	int unknown = 0;
	size_t n;

	for (; w != NULL && words_next(&w, &n); w += n) {
		(void)scope_parse(rq->conf, arena_dup(rq->a, w, n), &unknown);
		if (unknown) {
			oerr_hint(rq, "Check the `%.*s` scope", (int)n, w);
			return;
		}
	}
}

const struct oerr *
passport_error(struct req *rq, const struct oerr *e)
{
	/* There is no configuration if that is what failed. */
	if (rq->conf == NULL || !rq->conf->passport_compat)
		return e;
	if (strcmp(e->error, oerr_invalid_scope.error) == 0)
		hint_at_scope(rq);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_of(rq, e, i))
			return rows[i].theirs;
	return e;
}
