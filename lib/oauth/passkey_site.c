/* passkey_site.c: whether a site has passkeys, and for which domain. */
#include "passkey_site.h"

#include <string.h>

#include "address.h"
#include "arena.h"
#include "conf.h"
#include "uri.h"

const char *
passkey_rp_id(const struct conf *cf, struct arena *a)
{
	const char *origin = uri_origin(a, cf->issuer), *host;
	struct address ad;
	char *text;

	if (origin == NULL || (host = strstr(origin, "://")) == NULL ||
	    host[3] == '[')
		return NULL;
	host += 3;
	text = arena_dup(a, host, strcspn(host, ":"));
	return address_read(text, &ad) == 0 ? NULL : text;
}

int
passkey_may_be(const struct conf *cf)
{
	struct arena *a = arena_new();
	const int may = cf->second_factor != FACTOR_OFF &&
	    passkey_rp_id(cf, a) != NULL;

	arena_free(a);
	return may;
}
