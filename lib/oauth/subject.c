/* subject.c: what tokens and APIs call a user or a client. */
#include "subject.h"

#include <string.h>

#include "arena.h"

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
