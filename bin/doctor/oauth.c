/* oauth.c: checks of the documents that clients read. */
#include <json-c/json.h>

#include "doctor.h"
#include "http.h"
#include "discovery.h"
#include "json.h"
#include "keys.h"

/*
 * Return the JSON object at url; report a fault and return NULL if it has none.
 */
static struct json_object *
get_object(
    struct doctor *d, const char *url, const char *cure, struct http_answer *an)
{
	struct json_object *o = NULL;

	if (http_get(d->a, url, an) == 0 && an->status == 200)
		o = json_parse(d->a, an->body, an->body_len);
	if (o != NULL && json_object_is_type(o, json_type_object))
		return o;
	if (an->error != NULL)
		bad(d, LEVEL_WRONG, cure, "%s does not answer: %s.", url,
		    an->error);
	else
		bad(d, LEVEL_WRONG, cure,
		    "%s is answered %d, without a JSON"
		    " document.",
		    url, an->status);
	return NULL;
}

/* Does the document at url name in member what it is of? */
static int
document_is_of(struct doctor *d, const char *url, const char *member,
    const char *of, const char *program)
{
	const char *said;
	struct http_answer an;
	struct json_object *o;

	o = get_object(d, url,
	    arena_printf(d->a,
		"Map %s to the program %s: behind the host, and before the"
		" path of the issuer or resource (RFC 8414 section 3.1, RFC"
		" 9728 section 3.1), or write it as a file: carnet metadata"
		" --write.",
		url_path(url), program),
	    &an);
	if (o == NULL)
		return 0;
	if ((said = json_get_str(o, member)) == NULL)
		said = "nobody";
	if (strcmp(said, of) != 0)
		bad(d, LEVEL_WRONG,
		    "Let the programs read the same"
		    " configuration (CARNET_CONF); if it is a file, write it"
		    " anew: carnet metadata --write.",
		    "%s is of %s, and the configuration says %s.", url, said,
		    of);
	else if (!http_media_is(d->a, &an, "application/json"))
		bad(d, LEVEL_WRONG,
		    "Have the server send it as"
		    " application/json (RFC 8414 section 3.2).",
		    "%s has the type %s.", url,
		    http_header(d->a, &an, "Content-Type", NULL));
	else
		return 1;
	return 0;
}

/* The documents of the resources of [guard]; the issuer's path has the issuer's. */
static int
resources_are_told(struct doctor *d)
{
	const struct conf at = { .issuer = d->base };
	const char *path;
	int fine = 1;

	for (unsigned no = 1; no <= d->cf->n_resources; no++) {
		path = discovery_resource_path(d->cf, no);
		if (strcmp(path, site_root(d->cf, d->a)) == 0)
			continue;
		fine = document_is_of(d,
			   site_well_known_of(
			       &at, d->a, DISCOVERY_RESOURCE, path),
			   "resource", d->cf->resources[no - 1]->needs.resource,
			   "resource-metadata") &&
		    fine;
	}
	return fine;
}

/* RFC 8414 section 3; RFC 9728 section 3. */
void
check_metadata(struct doctor *d)
{
	const struct conf at = { .issuer = d->base };
	const int has_issuer = (d->has & NEEDS_ISSUER) != 0;
	const char *issuer = has_issuer ? d->cf->issuer : d->base;
	int fine;

	fine = document_is_of(d, site_well_known(&at, d->a, DISCOVERY_SERVER),
	    "issuer", issuer, "metadata");
	fine = document_is_of(d, site_well_known(&at, d->a, DISCOVERY_RESOURCE),
		   "resource", issuer, "resource-metadata") &&
	    fine;
	if (has_issuer)
		fine = resources_are_told(d) && fine;
	if (fine)
		good(d, "all documents are where clients look");
}

/* Return the key of the array that has that kid (NULL: any kid), or NULL. */
static struct json_object *
find_jwk(struct json_object *keys, const char *kid)
{
	struct json_object *jwk;
	const char *s;

	for (size_t i = 0; i < json_object_array_length(keys); i++) {
		jwk = json_object_array_get_idx(keys, i);
		s = json_get_str(jwk, "kid");
		if (s != NULL && (kid == NULL || strcmp(s, kid) == 0))
			return jwk;
	}
	return NULL;
}

/* RFC 7518 sections 6.2.2, 6.3.2 and 6.4: does a key have a private member? */
static int
has_private_member(struct json_object *keys)
{
	static const char *const private[] = { "d", "p", "q", "dp", "dq", "qi",
		"oth", "k" };
	struct json_object *jwk;

	for (size_t i = 0; i < json_object_array_length(keys); i++) {
		jwk = json_object_array_get_idx(keys, i);
		for (size_t j = 0; j < sizeof(private) / sizeof(private[0]);
		     j++)
			if (json_object_is_type(jwk, json_type_object) &&
			    json_object_object_get_ex(jwk, private[j], NULL))
				return 1;
	}
	return 0;
}

/* Are all keys of the directory published?  Others verify tokens by them. */
static int
keys_are_published(struct doctor *d, struct json_object *keys)
{
	const struct keys_entry *en;
	size_t n = 0;

	en = d->ks == NULL ? NULL : keys_all(d->ks, &n);
	for (size_t i = 0; i < n; i++) {
		if (find_jwk(keys, en[i].kid) != NULL)
			continue;
		bad(d, LEVEL_WRONG,
		    "Let the programs read the same"
		    " configuration and keys (CARNET_CONF); a cache in"
		    " between holds the document 5 minutes at most.",
		    "The key %s (%s) is not published.", en[i].kid, en[i].file);
		return 0;
	}
	return 1;
}

void
check_jwks(struct doctor *d)
{
	const char *url = url_of(d, SITE_JWKS), *cache;
	struct json_object *o, *keys;
	struct http_answer an;
	int fine;

	o = get_object(d, url,
	    "Map the path to the program jwks, and see that"
	    " it finds its keys.",
	    &an);
	if (o == NULL)
		return;
	if (!json_object_object_get_ex(o, "keys", &keys) ||
	    !json_object_is_type(keys, json_type_array) ||
	    find_jwk(keys, NULL) == NULL) {
		bad(d, LEVEL_WRONG, "Map the path to the program jwks.",
		    "%s holds no keys.", url);
		return;
	}
	fine = keys_are_published(d, keys);
	if (has_private_member(keys)) {
		fine = 0;
		bad(d, LEVEL_WRONG,
		    "Take the document away at once, and make"
		    " new keys: carnet install --force.",
		    "%s publishes a private key.", url);
	}
	cache = http_header(d->a, &an, "Cache-Control", NULL);
	if (cache == NULL || strstr(cache, "no-store") != NULL ||
	    strstr(cache, "max-age=") == NULL) {
		fine = 0;
		bad(d, LEVEL_WARN,
		    "Leave Cache-Control to the programs: the"
		    " server or a proxy changes it.",
		    "%s may not be cached (%s), so a program that checks tokens"
		    " asks each time.",
		    url, cache == NULL ? "nothing said" : cache);
	}
	if (fine)
		good(d, "holds our keys, may be cached");
}
