/* passport_error.c: errors as clients of Laravel Passport 12 know them. */
#include "passport_error.h"

#include <string.h>

#include "conf.h"
#include "grant.h"
#include "oerr.h"
#include "req.h"

static const struct oerr no_refresh = { 401, "invalid_request",
	"The refresh token is invalid.", NULL };
static const struct oerr no_code = { 400, "invalid_request",
	"The authorization code is invalid, expired or used.", NULL };
static const struct oerr no_client = { 401, "invalid_client",
	"Client authentication failed", NULL };

/* An error of ours, of which grant (NULL: any), and what Passport 12 says. */
static const struct {
	const struct oerr *ours;
	const char *grant;
	const struct oerr *theirs;
} rows[] = {
	{ &oerr_invalid_grant, GRANT_REFRESH, &no_refresh },
	{ &oerr_invalid_grant, GRANT_CODE, &no_code },
	{ &oerr_unauthorized_client, NULL, &no_client },
};

const struct oerr *
passport_error(const struct req *rq, const struct oerr *e)
{
	const char *grant = rq->param[PARAM_GRANT_TYPE];

	/* There is no configuration if that is what failed. */
	if (rq->conf == NULL || !rq->conf->passport_compat)
		return e;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(e->error, rows[i].ours->error) == 0 &&
		    (rows[i].grant == NULL ||
			(grant != NULL && strcmp(grant, rows[i].grant) == 0)))
			return rows[i].theirs;
	return e;
}
