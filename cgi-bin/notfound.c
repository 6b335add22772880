/* notfound.c: every path below /api and /oauth that is no program's. */
#include "cgi.h"
#include "oerr.h"
#include "resp.h"

static const struct oerr *
notfound(struct req *rq)
{
	(void)rq;
	return &oerr_not_found;
}

int
main(void)
{
	static const struct endpoint ep = {
		.name = "notfound", .any_path = 1, .routed = 1,
		.run = notfound, .fail = resp_error_json,
	};

	return cgi_serve(&ep);
}
