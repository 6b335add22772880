/* proof.c: what a user proved when they signed in, as tokens tell it. */
#include "proof.h"

#include <json-c/json.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "req.h"

struct proof
proof_of_password(const struct req *rq)
{
	return (struct proof) { .at = rq->now, .amr = "pwd", .acr = ACR_PWD };
}

void
proof_write(struct buf *b, const struct proof *p)
{
	if (p->at == 0)
		return;
	json_int(b, "auth_time", p->at);
	if (p->acr != ACR_NONE)
		json_str(b, "acr", acr_name(p->acr));
	if (p->amr != NULL)
		json_words(b, "amr", p->amr);
}

static const char *
read_words(struct arena *a, struct json_object *list)
{
	struct json_object *v;
	struct buf b;

	buf_init(&b, a, 32);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		v = json_object_array_get_idx(list, i);
		if (!json_object_is_type(v, json_type_string))
			return NULL;
		buf_printf(&b, "%s%s", i > 0 ? " " : "",
		    json_object_get_string(v));
	}
	return b.data;
}

void
proof_from_claims(struct arena *a, struct json_object *o, struct proof *out)
{
	struct json_object *amr;
	const char *acr;

	*out = (struct proof) { .at = 0 };
	if (o == NULL || json_get_int(o, "auth_time", &out->at) != 1)
		return;
	if ((acr = json_get_str(o, "acr")) != NULL)
		out->acr = acr_find(acr, strlen(acr));
	if (json_object_object_get_ex(o, "amr", &amr) &&
	    json_object_is_type(amr, json_type_array))
		out->amr = read_words(a, amr);
}
