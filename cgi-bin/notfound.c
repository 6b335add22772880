/* notfound.c: paths of no other program: the icon, a page for 404; 404 for the rest. */
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

/* Does the URL end in end?  Some web servers mount the program at the whole URL. */
static int
is_at(const struct req *rq, const char *end)
{
	const size_t len = strlen(rq->script), n = strlen(end);

	return (*rq->path == '\0' && len >= n &&
		   strcmp(rq->script + len - n, end) == 0) ||
	    strcmp(rq->path, end) == 0;
}

/*
 * Web servers show the page /404 for URLs that are not carnet's.  A password manager
 * goes to /.well-known/change-password for who wants to change their password.
 */
static const struct oerr *
notfound(struct req *rq)
{
	if (is_at(rq, "/404")) {
		resp_error_page(rq, &oerr_not_found);
		return NULL;
	}
	if (rq->method != METHOD_GET)
		return &oerr_not_found;
	if (strcmp(rq->path, "/icon.svg") == 0)
		return icon(rq);
	if (is_at(rq, "/.well-known/change-password"))
		return resp_redirect(rq,
		    arena_printf(rq->a, "%s#password",
			site_path(rq->conf, rq->a, SITE_ACCOUNT)));
	return &oerr_not_found;
}

int
main(void)
{
	static const struct endpoint ep = {
		.uses = USES_PAGES,
		.name = "notfound", .any_path = 1, .routed = 1,
		.run = notfound, .fail = resp_error_json,
	};

	return serve(&ep);
}
