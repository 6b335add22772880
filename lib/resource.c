/* resource.c: what a token is for: resource indicators (RFC 8707). */
#include "resource.h"

#include <ctype.h>

#include "cgi.h"
#include "conf.h"
#include "oerr.h"
#include "words.h"

/* RFC 3986 section 4.3: a scheme, and no fragment. */
static int
is_absolute(const char *uri)
{
	size_t n = 0;

	if (!isalpha((unsigned char)uri[0]))
		return 0;
	while (isalnum((unsigned char)uri[n]) ||
	    (uri[n] != '\0' && strchr("+-.", uri[n]) != NULL))
		n++;
	return uri[n] == ':' &&
	    uri[n + strcspn(uri + n, " #\"<>\\^`{|}")] == '\0';
}

static int
is_served(const struct conf *cf, const char *resource)
{
	return strcmp(resource, cf->issuer) == 0 ||
	    words_have(cf->audiences, resource);
}

const struct oerr *
resource_asked(struct req *rq, const char **out)
{
	const char *asked = rq->param[PARAM_RESOURCE];

	*out = asked;
	if (asked == NULL)
		return NULL;
	/* Among the audiences may be words for the guard that are no URI. */
	if (!is_absolute(asked))
		return oerr_say(rq, &oerr_invalid_target,
		    "The resource is no absolute URI without a fragment.");
	return is_served(rq->conf, asked) ? NULL : &oerr_invalid_target;
}

const struct oerr *
resource_for_token(struct req *rq, const char *granted, const char **out)
{
	const struct oerr *e;

	if ((e = resource_asked(rq, out)) != NULL || granted == NULL)
		return e;
	if (*out != NULL && strcmp(*out, granted) != 0)
		return oerr_say(rq, &oerr_invalid_target,
		    "The resource is not the one that was granted.");
	*out = granted;
	/* It may have been taken out of the configuration since. */
	return is_served(rq->conf, granted) ? NULL : &oerr_invalid_target;
}
