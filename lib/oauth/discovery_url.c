/*
 * discovery_url.c: where the documents of resources are.  The guard names them; it is
 * apart from what writes them, so that a program with the guard has no grants in it.
 */
#include "discovery.h"

#include <string.h>

#include "conf.h"
#include "rule.h"
#include "site.h"

const char *
discovery_resource_path(const struct conf *cf, unsigned no)
{
	const char *prefix = cf->resources[no - 1]->prefix;

	return strcmp(prefix, "/") == 0 ? "" : prefix;
}

const char *
discovery_resource_url(const struct conf *cf, struct arena *a, unsigned no)
{
	return no == 0
	    ? site_well_known(cf, a, DISCOVERY_RESOURCE)
	    : site_well_known_of(cf, a, DISCOVERY_RESOURCE,
		  discovery_resource_path(cf, no));
}
