/* api.c: guarded programs as tables: method, path, who may, and what runs. */
#include "api.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "buf.h"
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

/* A route that fits, and the segment of the path that it runs for. */
struct guarded {
	struct req *rq;
	const struct api_route *route;
	const char *id;
	size_t headers_len; /* of the answer, before it was begun */
	const struct oerr *e;
};

static const struct oerr *
run_guarded(struct guarded *g)
{
	struct caller who;
	const struct oerr *e = guard_check(g->rq, &g->route->rule, &who);

	return e != NULL ? e : g->route->run(g->rq, &who, g->id);
}

static int
run_step(struct store *st, void *ctx)
{
	struct guarded *g = ctx;

	(void)st;
	buf_cut(g->rq->headers, g->headers_len); /* if this runs again */
	g->e = run_guarded(g);
	return 0;
}

/* The check and the answer are of one moment, and take the lock once. */
static const struct oerr *
run_in_snapshot(struct guarded *g)
{
	return store_read(g->rq->st, run_step, g) < 0 ? oerr_machine(g->rq)
						      : g->e;
}

const struct oerr *
api_run(struct req *rq, const struct api_route *routes, size_t n)
{
	struct guarded g = { .rq = rq, .headers_len = rq->headers->len };
	unsigned methods = 0;

	for (size_t i = 0; i < n; i++) {
		if (!path_fits(&routes[i], rq->path, &g.id))
			continue;
		methods |= routes[i].method;
		if (routes[i].method != rq->method)
			continue;
		g.route = &routes[i];
		/* A proof is used up by a write, which is not part of a read. */
		return rq->method == METHOD_GET && !routes[i].no_store &&
			!guard_has_proof(rq)
		    ? run_in_snapshot(&g)
		    : run_guarded(&g);
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
