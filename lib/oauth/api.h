/* api.h: guarded programs as tables: method, path, who may, and what runs. */
#ifndef CARNET_API_H
#define CARNET_API_H

#include "guard.h"

struct oerr;
struct req;

struct api_route {
	unsigned method;
	const char *path; /* "", "/word", or "/ID": any one segment */
	struct guard_rule rule;
	int no_store;	/* run reads nothing from the database, or may write */
	const struct oerr *(*run)(
	    struct req *rq, const struct caller *who, const char *id);
};

/*
 * api_run(rq, routes, n):
 * Find the first of the n routes that fits method and path, check its rule, and
 * run it; id is the path's segment where the route says "/ID".  A path of none
 * is 404; a method that the path lacks is 405.
 */
const struct oerr *api_run(
    struct req *rq, const struct api_route *routes, size_t n);

/*
 * api_number(text, out):
 * Read a positive decimal number.  Return 1; 0 if text is anything else.
 */
int api_number(const char *text, int64_t *out);

/*
 * api_text(rq, name, longest, out):
 * Put the member name of the JSON body, a string of 1 to longest characters, to
 * *out; or note what is wrong with it (oerr_field), and return the error.
 */
const struct oerr *api_text(
    struct req *rq, const char *name, size_t longest, const char **out);

#endif
