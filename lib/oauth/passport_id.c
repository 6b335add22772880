/* passport_id.c: what the tokens that Laravel Passport gave are called here. */
#include "passport_id.h"

#include <string.h>

#include "words.h"

void
passport_refresh(const char *id, struct digest *out)
{
	digest_of(id, strlen(id), out);
}

void
passport_id(const char *jti, struct id *out)
{
	struct digest d;

	digest_of(jti, strlen(jti), &d);
	memcpy(out->byte, d.byte, ID_LEN);
}

const char *
passport_map_scope(const char *map, const char *name, size_t *len)
{
	const char *equals;
	size_t n;

	for (; words_next(&map, &n); map += n) {
		equals = memchr(map, '=', n);
		if (equals != NULL && (size_t)(equals - map) == *len &&
		    memcmp(map, name, *len) == 0) {
			*len = n - *len - 1;
			return equals + 1;
		}
	}
	return name;
}
