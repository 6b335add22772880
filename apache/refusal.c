/* refusal.c: the answer to a request that is not let through. */
#include "refusal.h"

#include <string.h>

#include <apr_strings.h>

#include <http_protocol.h>
#include <util_filter.h>

#include "ask.h"

#define FILTER "CARNET_REFUSAL"

/* What Apache has its own ways for. */
static void
remove_special(apr_table_t *headers)
{
	static const char *const special[] = { "Status", "Content-Type",
		"Content-Length", "Allow", "Connection", "Transfer-Encoding" };

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		apr_table_unset(headers, special[i]);
}

const struct refusal *
refusal_of(apr_pool_t *p, const struct ask_answer *an)
{
	struct refusal *no = apr_pcalloc(p, sizeof(*no));

	no->status = an->status;
	no->type = apr_table_get(an->headers, "Content-Type");
	no->allow = apr_table_get(an->headers, "Allow");
	no->body = apr_pstrmemdup(p, an->body, an->body_len);
	no->headers = an->headers;
	remove_special(no->headers);
	return no;
}

struct refusal *
refusal_make(
    apr_pool_t *p, int status, const char *error, const char *description)
{
	struct refusal *no = apr_pcalloc(p, sizeof(*no));

	no->status = status;
	no->type = "application/json";
	no->body = apr_psprintf(p,
	    "{\"error\":\"%s\",\"error_description\":\"%s\"}", error,
	    description);
	no->headers = apr_table_make(p, 2);
	apr_table_setn(no->headers, "Cache-Control", "no-store");
	if (status == HTTP_SERVICE_UNAVAILABLE)
		apr_table_setn(no->headers, "Retry-After", "1");
	return no;
}

const struct refusal *
refusal_lacks_scope(apr_pool_t *p, const char *words)
{
	struct refusal *no = refusal_make(p, HTTP_FORBIDDEN,
	    "insufficient_scope",
	    "The access token lacks a scope that this resource needs.");

	apr_table_setn(no->headers, "WWW-Authenticate",
	    apr_psprintf(p, "Bearer error=\"insufficient_scope\", scope=\"%s\"",
		words));
	return no;
}

/* Put the text of the refusal in the place of Apache's. */
static apr_status_t
write_refusal(ap_filter_t *f, apr_bucket_brigade *bb)
{
	const struct refusal *no = f->ctx;
	request_rec *r = f->r;
	apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
	const int is_end = !APR_BRIGADE_EMPTY(bb) &&
	    APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb));

	apr_brigade_cleanup(bb);
	if (!is_end)
		return APR_SUCCESS;
	ap_remove_output_filter(f);
	ap_set_content_type(r, no->type != NULL ? no->type : "text/plain");
	apr_table_unset(r->headers_out, "Content-Length");
	if (no->allow != NULL)
		apr_table_setn(r->headers_out, "Allow", no->allow);
	APR_BRIGADE_INSERT_TAIL(bb,
	    apr_bucket_pool_create(no->body, strlen(no->body), r->pool, alloc));
	APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
	return ap_pass_brigade(f->next, bb);
}

void
refusal_add_headers(request_rec *r, const struct refusal *no)
{
	apr_table_overlap(
	    r->err_headers_out, no->headers, APR_OVERLAP_TABLES_SET);
}

void
refusal_send(request_rec *r, const struct refusal *no)
{
	union {
		const struct refusal *in;
		void *out;
	} ctx = { .in = no };

	refusal_add_headers(r, no);
	ap_add_output_filter(FILTER, ctx.out, r, r->connection);
}

void
refusal_register(void)
{
	ap_register_output_filter(FILTER, write_refusal, NULL, AP_FTYPE_RESOURCE);
}
