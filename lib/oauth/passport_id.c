/* passport_id.c: what the tokens that Laravel Passport gave are called here. */
#include "passport_id.h"

#include <string.h>

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
