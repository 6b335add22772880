/* resource.c: what a token is for: resource indicators (RFC 8707). */
#include "resource.h"

#include <string.h>

#include "conf.h"
#include "oerr.h"
#include "req.h"
#include "uri.h"

/*
 * The resource as the configuration spells it, or NULL.  An API compares a token's
 * aud with that spelling, byte for byte perhaps, whatever slash or capital the
 * client put into its own.
 */
static const char *
find_served(struct req *rq, const char *resource)
{
	const struct conf *cf = rq->conf;

	if (uri_same(rq->a, resource, cf->issuer))
		return cf->issuer;
	for (size_t i = 0; i < cf->n_resources; i++)
		if (uri_same(rq->a, resource, cf->resources[i]->needs.resource))
			return cf->resources[i]->needs.resource;
	return uri_find(rq->a, cf->audiences, resource);
}

const struct oerr *
resource_asked(struct req *rq, const char **out)
{
	const char *asked = rq->param[PARAM_RESOURCE];

	*out = asked;
	if (asked == NULL)
		return NULL;
	/* Among the audiences may be words for the guard that are no URI. */
	if (!uri_is_absolute(asked))
		return oerr_say(rq, &oerr_invalid_target,
		    "The resource is no absolute URI without a fragment.");
	*out = find_served(rq, asked);
	return *out != NULL ? NULL : &oerr_invalid_target;
}

const struct oerr *
resource_for_token(struct req *rq, const char *granted, const char **out)
{
	const struct oerr *e;

	if ((e = resource_asked(rq, out)) != NULL || granted == NULL)
		return e;
	if (*out != NULL && !uri_same(rq->a, *out, granted))
		return oerr_say(rq, &oerr_invalid_target,
		    "The resource is not the one that was granted.");
	/* It may have been taken out of the configuration since. */
	*out = find_served(rq, granted);
	return *out != NULL ? NULL : &oerr_invalid_target;
}
