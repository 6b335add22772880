/* resp.h: the only writer of status and header lines. */
#ifndef CARNET_RESP_H
#define CARNET_RESP_H

struct buf;
struct oerr;
struct req;
struct tmpl_data;

/*
 * resp_header(rq, name, fmt, ...):
 * Add a header line.  A control character in the value becomes a space: an attacker
 * could begin a line of their own with it.
 */
void resp_header(struct req *rq, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* resp_json(rq, status, body): answer with the JSON text in body. */
const struct oerr *resp_json(
    struct req *rq, int status, const struct buf *body);

/* resp_text(rq, status, type, body): answer with a body of that media type. */
const struct oerr *resp_text(struct req *rq, int status, const char *type,
    const struct buf *body);

/* resp_empty(rq, status): answer without a body. */
const struct oerr *resp_empty(struct req *rq, int status);

/*
 * resp_method(rq, methods):
 * Refuse the request's method: the header Allow names the methods that are allowed
 * (METHOD_... or'ed).  Return the error.
 */
const struct oerr *resp_method(struct req *rq, unsigned methods);

/*
 * resp_page(rq, status, name, d):
 * Answer with the template name, filled from d.  It is sent with a content security
 * policy; its nonce becomes {{nonce}} in d.  {{site_name}}, {{site_logo}},
 * {{site_colour}}, {{issuer}} and a few URLs are added to d as well.  The policy
 * allows forms only to our own site, unless rq->leads_away is set: a browser applies
 * form-action to each redirect that follows a form (CSP level 3 section 6.4.1),
 * those of the client too, which we cannot know; and form-action cannot name an IPv6
 * address or a host with "_" (section 2.3.1).
 */
const struct oerr *resp_page(
    struct req *rq, int status, const char *name, struct tmpl_data *d);

/* resp_redirect(rq, url): send the browser to url by GET (303). */
const struct oerr *resp_redirect(struct req *rq, const char *url);

/* resp_error_json(rq, e): answer with e as JSON; for struct endpoint. */
void resp_error_json(struct req *rq, const struct oerr *e);

/* resp_error_page(rq, e): answer with e as a page for people. */
void resp_error_page(struct req *rq, const struct oerr *e);

/*
 * resp_bytes(rq):
 * Return the whole answer in the form of CGI (RFC 3875 section 6).
 */
const struct buf *resp_bytes(struct req *rq);

#endif
