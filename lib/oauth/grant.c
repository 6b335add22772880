/* grant.c: the table of grants. */
#include "grant.h"

#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "client.h"
#include "client_tls.h"
#include "conf.h"
#include "jwk.h"
#include "oerr.h"
#include "req.h"
#include "revoke.h"
#include "store_client.h"
#include "store_user.h"
#include "trail.h"
#include "words.h"

static const struct grant *const table[] = {
	&grant_password, &grant_client_credentials, &grant_code, &grant_device,
	&grant_refresh,
};
#define N_GRANTS (sizeof(table) / sizeof(table[0]))

const struct grant *const *
grant_table(size_t *n)
{
	*n = N_GRANTS;
	return table;
}

const struct oerr *
grant_find(struct req *rq, const struct grant **out)
{
	const char *name = rq->param[PARAM_GRANT_TYPE];

	oerr_hint(rq, "Check that all required parameters have been provided");
	if (name == NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The parameter grant_type is missing.");
	for (size_t i = 0; i < N_GRANTS; i++)
		if (strcmp(table[i]->name, name) == 0) {
			*out = table[i];
			rq->trail.detail = name;
			rq->hint = NULL;
			return NULL;
		}
	return &oerr_unsupported_grant_type;
}

const struct oerr *
grant_user(struct req *rq, int64_t id, struct user *out)
{
	int found = store_user_by_id(rq->st, rq->a, id, out);

	if (found < 0)
		return oerr_machine(rq);
	if (found == 1)
		rq->trail.user = store_user_label(out);
	return found == 0 || out->disabled_at != 0
	    ? oerr_why(rq, &oerr_invalid_grant, "disabled user")
	    : NULL;
}

const struct oerr *
grant_replayed(struct req *rq, const struct granted *g, const char *why)
{
	struct user *u = arena_alloc(rq->a, sizeof(*u));
	int n;

	trail_note(rq, "replay");
	(void)grant_user(rq, g->user, u); /* the trail names whose it is */
	if ((n = revoke_tokens(rq, NULL, &g->family)) < 0)
		return oerr_machine(rq);
	/* A family that was revoked before may be presented any number of
	 * times. */
	rq->trail.is_known = n > 0;
	return oerr_why(rq, &oerr_invalid_grant, "%s: family revoked", why);
}

const char *
grant_cert(const char *jkt)
{
	return strncmp(jkt, BOUND_BY_CERT, strlen(BOUND_BY_CERT)) == 0
	    ? jkt + strlen(BOUND_BY_CERT)
	    : NULL;
}

const struct oerr *
grant_check_key(
    struct req *rq, const struct granted *g, const struct subject *sub)
{
	const char *cert;

	if (g->jkt == NULL)
		return NULL;
	if ((cert = grant_cert(g->jkt)) != NULL)
		return client_tls_fits(rq, cert)
		    ? NULL
		    : oerr_why(rq, &oerr_invalid_grant,
			  "bound to another certificate");
	if (sub->jkt == NULL || sub->by_cert)
		return oerr_why(rq, &oerr_invalid_grant,
		    "bound to a key, and no proof of it");
	return jwk_same_thumbprint(g->jkt, sub->jkt)
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_grant, "bound to another key");
}

int64_t
grant_family_end(const struct conf *cf, const struct id *family)
{
	return cf->refresh_max == 0 ? INT64_MAX
				    : id_time(family) + cf->refresh_max;
}

const struct oerr *
grant_check(
    struct req *rq, const struct grant *g, const struct client *cl)
{
	if (!words_have(cl->grants, g->name))
		return oerr_why(rq, &oerr_unauthorized_client,
		    "the client may not use %s", g->name);
	if (!g->public_may && client_is_public(cl))
		return oerr_why(rq, &oerr_unauthorized_client,
		    "%s is not for public clients", g->name);
	for (int i = 0; i < g->n_needs; i++)
		if (rq->param[g->needs[i]] == NULL) {
			oerr_hint(rq, "Check the `%s` parameter",
			    param_name(g->needs[i]));
			return oerr_say(rq, &oerr_invalid_request,
			    "The parameter %s is missing.",
			    param_name(g->needs[i]));
		}
	return NULL;
}
