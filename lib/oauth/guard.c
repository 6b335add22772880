/* guard.c: who calls, and whether the rule lets them. */
#include "guard.h"

#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "client_tls.h"
#include "conf.h"
#include "discovery.h"
#include "dpop.h"
#include "grant.h"
#include "oerr.h"
#include "req.h"
#include "resp.h"
#include "uri.h"
#include "words.h"

/*
 * A personal token's last use is stored at most once an hour, so that a read
 * seldom writes.
 */
#define USED_EVERY_S 3600

#define URIS_MAX 16 /* that a proof may be for */

/* What the header has behind the name of the scheme; NULL: it is of another scheme. */
static const char *
token_of(const struct req *rq, const char *scheme)
{
	const char *auth = req_authorization(rq);
	const size_t n = strlen(scheme);

	if (auth == NULL || strncasecmp(auth, scheme, n) != 0 ||
	    (auth[n] != ' ' && auth[n] != '\0'))
		return NULL;
	auth += n;
	return auth + strspn(auth, " ");
}

/* RFC 9449 section 7.1. */
static const char *
bound_token(const struct req *rq)
{
	return token_of(rq, "DPoP");
}

/* RFC 6750 section 2.1. */
const char *
guard_token(const struct req *rq)
{
	const char *token = token_of(rq, "Bearer");

	return token != NULL ? token : bound_token(rq);
}

/* How many of the words are among those in have, and how many there are. */
static size_t
count_had(const char *have, const char *words, size_t *all)
{
	size_t n, had = 0;

	for (*all = 0; words_next(&words, &n); words += n, ++*all)
		had += (size_t)words_have_n(have, words, n);
	return had;
}

int
guard_is_by_key(const struct caller *who)
{
	return *who->says.jkt != '\0' && !who->says.by_cert;
}

int
guard_is_first_party(const struct caller *who)
{
	return who->is.user != 0 &&
	    (who->is.name != NULL ||
		words_have(who->is.client_grants, GRANT_PASSWORD));
}

/* In seconds; 0: any. */
static int64_t
max_age_of(const struct req *rq, const struct guard_rule *rule)
{
	return rule->wants_fresh ? rq->conf->fresh_ttl : rule->max_age;
}

static const struct oerr *
check_caller(struct req *rq, const struct guard_rule *rule,
    const struct caller *who)
{
	const int of_user = who->is.user != 0;

	if (rule->caller == CALLER_CLIENT)
		return of_user ? &oerr_wrong_caller : NULL;
	if (rule->caller != CALLER_ANY && !of_user)
		return oerr_say(rq, &oerr_invalid_token,
		    "This resource is a user's; the token is a client's own.");
	if (rule->caller == CALLER_FIRST_PARTY && !guard_is_first_party(who))
		return oerr_say(rq, &oerr_insufficient_scope,
		    "This is for the user's own sign-in; the token is an app's.");
	return NULL;
}

/*
 * RFC 9470 section 3: did the user sign in well enough, and lately?  A client's own
 * token, and one from before tokens told that, says no.
 */
static const struct oerr *
check_sign_in(struct req *rq, const struct guard_rule *rule,
    const struct caller *who)
{
	const int64_t age = max_age_of(rq, rule);

	return who->says.acr < rule->acr ||
		(age > 0 && who->says.auth_time < rq->now - age)
	    ? &oerr_insufficient_authentication
	    : NULL;
}

/*
 * A token for one API opens no other (RFC 8707 section 2, RFC 9068 section 4):
 * whoever runs that API sees the token, and must not be able to use it here.
 */
static const struct oerr *
check_rule(struct req *rq, const struct guard_rule *rule,
    const struct caller *who)
{
	const uint64_t here = rule->resource != NULL
	    ? FOR_RESOURCE(rule->resource_no)
	    : FOR_ISSUER | (rule->at_audiences ? (uint64_t)FOR_AUDIENCES : 0);
	const struct oerr *e;
	size_t n;

	if ((who->says.is_for & here) == 0)
		return oerr_why(rq, &oerr_invalid_token, "for another place");
	if ((e = check_caller(rq, rule, who)) != NULL)
		return e;
	if ((rule->all != NULL &&
		count_had(who->is.scope, rule->all, &n) < n) ||
	    (rule->any != NULL &&
		count_had(who->is.scope, rule->any, &n) == 0))
		return oerr_why(rq, &oerr_insufficient_scope,
		    "it needs the scope %s; the token has %s",
		    rule->all != NULL ? rule->all : rule->any, who->is.scope);
	return rule->acr == ACR_NONE && max_age_of(rq, rule) == 0
	    ? NULL
	    : check_sign_in(rq, rule, who);
}

/* What a client asks /authorize for, after such a refusal. */
static const char *
sign_in_wanted(struct req *rq, const struct guard_rule *rule)
{
	const int64_t age = max_age_of(rq, rule);
	struct buf b;

	buf_init(&b, rq->a, 64);
	if (rule->acr != ACR_NONE)
		buf_printf(&b, ", acr_values=\"%s\"", acr_name(rule->acr));
	if (age > 0)
		buf_printf(&b, ", max_age=\"%lld\"", (long long)age);
	return b.data;
}

/*
 * What to ask for: what the rule needs, so that a client without a token knows it,
 * too.  A client that lacks a scope at a resource asks for a new token with what is
 * named here, so that the scopes which it has there are named too: else it would
 * lose them.
 */
static const char *
scope_wanted(struct req *rq, const struct guard_rule *rule,
    const struct oerr *e, const char *had)
{
	const char *needs = rule->all != NULL ? rule->all : rule->any;
	struct buf b;
	size_t n;

	if (needs == NULL)
		return "";
	buf_init(&b, rq->a, 128);
	buf_printf(&b, ", scope=\"%s", needs);
	if (e == &oerr_insufficient_scope && rule->resource != NULL)
		for (; words_next(&had, &n); had += n)
			if (!words_have_n(needs, had, n))
				buf_printf(&b, " %.*s", (int)n, had);
	buf_char(&b, '"');
	return b.data;
}

/*
 * RFC 6750 section 3, RFC 9728 section 5.1.  is_bound: the scheme is DPoP (RFC 9449
 * section 7.1).  The issuer has no quote in it: the
 * configuration is checked for that.  had is the scope of the caller's token.
 */
static void
challenge(struct req *rq, const struct guard_rule *rule, const struct oerr *e,
    const char *had, int is_bound)
{
	const char *about = arena_printf(rq->a,
	    "%s realm=\"%s\", resource_metadata=\"%s\"",
	    is_bound ? "DPoP" : "Bearer",
	    rule->realm != NULL ? rule->realm : rq->conf->issuer,
	    discovery_resource_url(rq->conf, rq->a, rule->resource_no));
	const char *scope = arena_printf(rq->a, "%s%s%s%s",
	    scope_wanted(rq, rule, e, had), is_bound ? ", algs=\"" : "",
	    is_bound ? dpop_algs() : "", is_bound ? "\"" : "");

	/* Where no token was sent, nothing is wrong with it. */
	if (e == &oerr_no_token)
		resp_header(rq, "WWW-Authenticate", "%s%s", about, scope);
	else
		resp_header(rq, "WWW-Authenticate",
		    "%s, error=\"%s\", error_description=\"%s\"%s%s", about,
		    e->error, e->description, scope,
		    e == &oerr_insufficient_authentication
			? sign_in_wanted(rq, rule)
			: "");
}

/* A failure is logged; the caller's token is good all the same. */
static void
note_use(struct req *rq, void *id)
{
	(void)store_access_used(rq->st, id, rq->now);
}

/* The check may be part of a transaction: this is written when the request ends. */
static void
note_use_at_end(struct req *rq, const struct caller *who)
{
	struct id *id;

	if (who->is.name == NULL || who->is.last_used_at >= rq->now - USED_EVERY_S)
		return;
	id = arena_alloc(rq->a, sizeof(*id));
	*id = who->says.id;
	req_at_end(rq, note_use, id);
}

int
guard_has_proof(const struct req *rq)
{
	return bound_token(rq) != NULL;
}

static const char *
form_token(const struct req *rq)
{
	return rq->method == METHOD_POST ? rq->param[PARAM_ACCESS_TOKEN] : NULL;
}

const char *
guard_sent(const struct req *rq)
{
	const char *token = guard_token(rq);

	return token != NULL ? token : form_token(rq);
}

/* RFC 6750 section 2: from one place alone. */
static const struct oerr *
find_token(struct req *rq, const struct guard_rule *rule, const char **out)
{
	*out = rule->in_form ? guard_sent(rq) : guard_token(rq);
	if (rule->in_form && guard_token(rq) != NULL && form_token(rq) != NULL)
		return oerr_say(rq, &oerr_invalid_request,
		    "The token is sent in two ways at once.");
	return *out == NULL ? &oerr_no_token : NULL;
}

/* The origins that we answer for: the issuer's, the resource's, those of audiences. */
static size_t
find_uris(struct req *rq, const struct guard_rule *rule,
    const char *uris[static URIS_MAX])
{
	const char *target = req_var(rq, "REQUEST_URI"), *w = NULL, *origin;
	const char *path;
	size_t n_uris = 0, n;

	if (target == NULL || *target != '/')
		return 0;
	path = arena_dup(rq->a, target, strcspn(target, "?#"));
	if (rule->at_audiences)
		w = rq->conf->audiences;
	if ((origin = uri_origin(rq->a, rq->conf->issuer)) != NULL)
		uris[n_uris++] = arena_printf(rq->a, "%s%s", origin, path);
	if (rule->resource != NULL &&
	    (origin = uri_origin(rq->a, rule->resource)) != NULL)
		uris[n_uris++] = arena_printf(rq->a, "%s%s", origin, path);
	for (; w != NULL && n_uris < URIS_MAX && words_next(&w, &n); w += n)
		if ((origin = uri_origin(rq->a, arena_dup(rq->a, w, n))) != NULL)
			uris[n_uris++] =
			    arena_printf(rq->a, "%s%s", origin, path);
	return n_uris;
}

/*
 * RFC 9449 section 7: a token that is bound to a key comes by the scheme DPoP, with a
 * proof of that key, and no other token does.  A proof counts for the host that we are
 * known by, never for what Host says: else one for another server would count here.
 */
static const struct oerr *
check_scheme(struct req *rq, const char *token, const struct caller *who)
{
	const int is_bound = guard_is_by_key(who);

	if (is_bound == (token == bound_token(rq)))
		return NULL;
	return oerr_say(rq, &oerr_invalid_token,
	    is_bound ? "The token is bound to a key: send it by the scheme"
		       " DPoP, with a proof."
		     : "The token is bound to no key: send it as Bearer.");
}

/*
 * It is the last check, as it uses up the proof: nginx asks again to get the body of a
 * refusal, and is to get the same one.
 */
static const struct oerr *
check_proof(struct req *rq, const struct guard_rule *rule, const char *token,
    const struct caller *who)
{
	const char *uris[URIS_MAX];
	struct dpop_use use = { .uris = uris, .token = token,
		.jkt = who->says.jkt };

	if (*who->says.jkt == '\0')
		return NULL;
	if (who->says.by_cert)
		return client_tls_fits(rq, who->says.jkt)
		    ? NULL
		    : oerr_say(rq, &oerr_invalid_token,
			  "The token is bound to another certificate than that of"
			  " the connection.");
	use.n_uris = find_uris(rq, rule, uris);
	return dpop_check(rq, &use);
}

const struct oerr *
guard_check(
    struct req *rq, const struct guard_rule *rule, struct caller *out)
{
	const struct oerr *e;
	const char *token = NULL;

	memset(out, 0, sizeof(*out));
	if ((e = find_token(rq, rule, &token)) == NULL &&
	    (e = bearer_check(rq, token, out)) == NULL)
		e = check_scheme(rq, token, out);
	/*
	 * The caller is the user or client of this token. (A token that a
	 * client asks about, or revokes, may be somebody else's: the audit
	 * trail does not name its user as the caller.)
	 */
	rq->trail.client_id = out->is.client_id;
	rq->trail.user = store_access_label(&out->is);
	rq->trail.is_known = e == NULL;
	if (e == NULL)
		e = check_rule(rq, rule, out);
	if (e == NULL)
		e = check_proof(rq, rule, token, out);
	if (e == NULL)
		note_use_at_end(rq, out);
	else if (e->status == 401 || e->status == 403)
		challenge(rq, rule, e, out->is.scope,
		    guard_is_by_key(out) || bound_token(rq) != NULL);
	return e;
}

const struct oerr *
guard_check_again(struct req *rq, const struct caller *who)
{
	struct caller now = *who;

	return bearer_check_again(rq, &now);
}

const struct oerr *
guard_refuse(struct req *rq, const struct oerr *e)
{
	static const struct guard_rule any = { .caller = CALLER_ANY };

	if (e->status == 401)
		challenge(rq, &any, e, NULL, bound_token(rq) != NULL);
	return e;
}
