/* notfound.c: paths that are no program's: the icon, and 404 for all others. */
#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "serve.h"
#include "site.h"

#define ICON_AGE_S 86400

/* The pages' icon, in the colour of the site. */
static const struct oerr *
icon(struct req *rq)
{
	struct buf *b = arena_alloc(rq->a, sizeof(*b));

	buf_init(b, rq->a, 512);
	buf_printf(b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\">"
	    "<path fill=\"%s\" d=\"M1 0h4l2 2v6H1z\"/>"
	    "<circle cx=\"4\" cy=\"5\" r=\"1.5\" fill=\"#fff\"/></svg>\n",
	    rq->conf->site_colour);
	resp_header(rq, "Content-Type", "image/svg+xml");
	resp_header(rq, "Cache-Control", "max-age=%d", ICON_AGE_S);
	resp_header(rq, "X-Content-Type-Options", "nosniff");
	resp_header(rq, "Content-Security-Policy", "default-src 'none'");
	rq->status = 200;
	rq->body = b;
	return NULL;
}

/* Where a password manager sends who wants to change their password. */
static int
is_change_password(const struct req *rq)
{
	static const char end[] = "/.well-known/change-password";
	const size_t len = strlen(rq->script), n = sizeof(end) - 1;

	return (*rq->path == '\0' && len >= n &&
		   strcmp(rq->script + len - n, end) == 0) ||
	    strcmp(rq->path, end) == 0;
}

/* Each web server hands on what no other program takes, by what it has. */
static const struct oerr *
notfound(struct req *rq)
{
	if (rq->method != METHOD_GET)
		return &oerr_not_found;
	if (strcmp(rq->path, "/icon.svg") == 0)
		return icon(rq);
	if (is_change_password(rq))
		return resp_redirect(rq,
		    arena_printf(rq->a, "%s#password",
			site_path(rq->conf, rq->a, SITE_ACCOUNT)));
	return &oerr_not_found;
}

int
main(void)
{
	static const struct endpoint ep = {
		.name = "notfound", .any_path = 1, .routed = 1,
		.run = notfound, .fail = resp_error_json,
	};

	return serve(&ep);
}
