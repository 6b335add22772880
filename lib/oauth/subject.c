/* subject.c: what tokens and APIs call a user or a client. */
#include "subject.h"

#include <string.h>

#include "arena.h"
#include "b64.h"
#include "store_seal.h"

const char *
subject_of_user(struct arena *a, int64_t id, const char *subject)
{
	return subject != NULL ? subject
			       : arena_printf(a, "%lld", (long long)id);
}

const char *
subject_of_client(struct arena *a, const char *client_id)
{
	return client_id[strspn(client_id, "0123456789")] == '\0'
	    ? arena_printf(a, "client:%s", client_id)
	    : client_id;
}

int
subject_for(struct store *st, struct arena *a, const char *sector, int64_t id,
    const char *subject, const char **out)
{
	const char *all = subject_of_user(a, id, subject);
	struct digest key, d;
	char *text;

	*out = all;
	if (sector == NULL)
		return 1;
	if (store_seal_key(st, &key) < 0)
		return -1;
	digest_seal(&key, arena_printf(a, "subject %s %s", sector, all), &d);
	explicit_bzero(&key, sizeof(key));
	*out = text = arena_alloc(a, B64_LEN(DIGEST_LEN) + 1);
	b64url_encode(d.byte, DIGEST_LEN, text);
	return 1;
}
