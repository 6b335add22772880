/* said.c: what a client says of itself, and what the guard is told about it. */
#include "said.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <mod_ssl.h>

/*
 * Does a program read this header as one of ours, or as another method or path than
 * the guard has judged?  Many programs read X_Carnet_User_Id, and X.Carnet.User.Id,
 * as X-Carnet-User-Id.
 */
static int
is_ours(const char *name)
{
	static const char *const others[] = { "remote-user", "proxy",
		"x-http-method-override", "x-http-method", "x-method-override",
		"x-original-url", "x-rewrite-url" };
	char plain[32];
	size_t n;

	if (strchr("CPRXcprx", *name) == NULL)
		return 0; /* most names do not even begin like one of ours */
	for (n = 0; name[n] != '\0' && n < sizeof(plain) - 1; n++)
		plain[n] = apr_isalnum(name[n]) ? (char)apr_tolower(name[n])
						: '-';
	plain[n] = '\0';
	if (strncmp(plain, "x-carnet-", 9) == 0 ||
	    strncmp(plain, "carnet-", 7) == 0)
		return 1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(plain, others[i]) == 0)
			return 1;
	return 0;
}

/*
 * mod_proxy removes the headers that Connection names, so a client could remove
 * ours.  No honest client names them.
 */
int
said_hides(request_rec *r)
{
	const char *list = apr_table_get(r->headers_in, "Connection");
	char *copy, *option, *state;

	if (list == NULL)
		return 0;
	copy = apr_pstrdup(r->pool, list);
	for (option = apr_strtok(copy, ", \t", &state); option != NULL;
	     option = apr_strtok(NULL, ", \t", &state))
		if (is_ours(option) || strcasecmp(option, "Authorization") == 0)
			return 1;
	return 0;
}

void
said_remove(apr_table_t *headers)
{
	const apr_array_header_t *a = apr_table_elts(headers);
	const apr_table_entry_t *e = (const apr_table_entry_t *)(void *)a->elts;
	int i = 0;

	while (i < a->nelts)
		if (is_ours(e[i].key)) {
			apr_table_unset(headers, e[i].key);
			i = 0; /* the others have moved */
		} else {
			i++;
		}
}

/* The name as CGI has it (RFC 3875 section 4.1.18); NULL: the guard needs it not. */
static const char *
variable_of(apr_pool_t *p, const char *header)
{
	static const char *const left_out[] = { "Cookie", "Connection", "Expect",
		"Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
		"Proxy-Authorization" };
	char *name;

	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (strcasecmp(header, left_out[i]) == 0)
			return NULL;
	if (strncasecmp(header, "Content-", 8) == 0)
		return NULL;
	name = apr_pstrcat(p, "HTTP_", header, NULL);
	for (char *at = name + 5; *at != '\0'; at++) {
		if (!apr_isalnum(*at) && *at != '-')
			return NULL; /* it could read as another's name */
		*at = *at == '-' ? '_' : (char)apr_toupper(*at);
	}
	return name;
}

/* mod_ssl's, if it is loaded. */
static APR_OPTIONAL_FN_TYPE(ssl_is_https) *is_https;
static APR_OPTIONAL_FN_TYPE(ssl_var_lookup) *look_up;

void
said_begin(void)
{
	is_https = APR_RETRIEVE_OPTIONAL_FN(ssl_is_https);
	look_up = APR_RETRIEVE_OPTIONAL_FN(ssl_var_lookup);
}

/*
 * The certificate of the client (RFC 8705), as PEM; NULL: there is none.  Whether its
 * issuer is known is not looked at: the guard compares it with what a token is bound to.
 */
static const char *
certificate_of(request_rec *r)
{
	static char name[] = "SSL_CLIENT_CERT";
	const char *cert;

	if (is_https == NULL || look_up == NULL || !is_https(r->connection))
		return NULL;
	cert = look_up(r->pool, r->server, r->connection, r, name);
	return cert != NULL && *cert != '\0' ? cert : NULL;
}

apr_table_t *
said_params(request_rec *r)
{
	const apr_array_header_t *a = apr_table_elts(r->headers_in);
	const apr_table_entry_t *e = (const apr_table_entry_t *)(void *)a->elts;
	apr_table_t *params = apr_table_make(r->pool, a->nelts + 5);
	const char *name, *cert;

	apr_table_addn(params, "GATEWAY_INTERFACE", "CGI/1.1");
	apr_table_addn(params, "SERVER_PROTOCOL",
	    r->protocol == NULL ? "HTTP/1.0" : r->protocol);
	apr_table_addn(params, "REQUEST_METHOD", r->method);
	apr_table_addn(params, "REQUEST_URI", r->unparsed_uri);
	apr_table_addn(params, "REMOTE_ADDR", r->useragent_ip);
	if ((cert = certificate_of(r)) != NULL)
		apr_table_addn(params, "SSL_CLIENT_CERT", cert);
	for (int i = 0; i < a->nelts; i++)
		if ((name = variable_of(r->pool, e[i].key)) != NULL)
			apr_table_addn(params, name, e[i].val);
	return params;
}

