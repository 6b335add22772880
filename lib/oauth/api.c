/* api.c: guarded programs as tables: method, path, who may, and what runs. */
#include "api.h"

#include <json-c/json.h>

#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "store.h"
#include "utf8.h"

static int
path_fits(const struct api_route *r, const char *path, const char **id)
{
	*id = NULL;
	if (strcmp(path, "/") == 0)
		path = "";
	if (strcmp(r->path, path) == 0)
		return 1;
	if (strcmp(r->path, "/ID") != 0 || path[0] != '/' ||
	    path[1] == '\0' || strchr(path + 1, '/') != NULL)
		return 0;
	*id = path + 1;
	return 1;
}

static const struct oerr *
run_guarded(struct req *rq, const struct api_route *r, const char *id)
{
	struct caller who;
	const struct oerr *e;

	if ((e = guard_check(rq, &r->rule, &who)) != NULL)
		return e;
	return r->run(rq, &who, id);
}

/* The check and the answer are of one moment, and take the lock once. */
static const struct oerr *
run_in_snapshot(struct req *rq, const struct api_route *r, const char *id)
{
	const struct oerr *e;

	if (store_read_begin(rq->st) < 0)
		return oerr_machine(rq);
	e = run_guarded(rq, r, id);
	store_read_end(rq->st);
	return e;
}

const struct oerr *
api_run(struct req *rq, const struct api_route *routes, size_t n)
{
	unsigned methods = 0;
	const char *id;

	for (size_t i = 0; i < n; i++) {
		if (!path_fits(&routes[i], rq->path, &id))
			continue;
		methods |= routes[i].method;
		if (routes[i].method != rq->method)
			continue;
		return rq->method == METHOD_GET
		    ? run_in_snapshot(rq, &routes[i], id)
		    : run_guarded(rq, &routes[i], id);
	}
	return methods == 0 ? &oerr_not_found : resp_method(rq, methods);
}

int
api_number(const char *text, int64_t *out)
{
	size_t len = strlen(text);

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return 0;
	*out = strtoll(text, NULL, 10);
	return *out > 0;
}

const struct oerr *
api_text(struct req *rq, const char *name, size_t longest, const char **out)
{
	struct json_object *v = NULL;
	ssize_t count;

	*out = NULL;
	if (!json_object_is_type(rq->json, json_type_object) ||
	    !json_object_object_get_ex(rq->json, name, &v) || v == NULL)
		return oerr_field(rq, name, "The %s field is required.", name);
	if (!json_object_is_type(v, json_type_string))
		return oerr_field(rq, name, "The %s field must be a string.",
		    name);
	*out = json_object_get_string(v);
	count = utf8_count(*out, (size_t)json_object_get_string_len(v));
	if (count < 0)
		return oerr_field(rq, name,
		    "The %s field must be text without NUL.", name);
	if (count == 0)
		return oerr_field(rq, name, "The %s field is required.", name);
	if ((size_t)count > longest)
		return oerr_field(rq, name,
		    "The %s field must not be greater than %zu characters.",
		    name, longest);
	return NULL;
}
