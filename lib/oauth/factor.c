/* factor.c: second factors: the kinds, a row each, and how each is checked. */
#include "factor.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "enrol_secret.h"
#include "log.h"
#include "oerr.h"
#include "passkey_site.h"
#include "recovery.h"
#include "req.h"
#include "store_factor.h"
#include "store_user.h"
#include "store_write.h"
#include "throttle_count.h"
#include "totp.h"

/*
 * The attacks, and what stops each:
 *
 * A code is seen (over a shoulder, on a false page) and used again: its step is
 * stored, and a statement of which one caller wins takes no step twice.
 *
 * Codes are guessed by somebody who knows the password: failures are counted in the
 * transaction that checks the code, so that tries at the same time are counted too.
 *
 * The database is stolen: the secrets are encrypted by a key that is in a file, and
 * recovery codes are digests of 80 random bits.
 */

static int
verify_totp(struct req *rq, const struct user *u, const char *sent)
{
	struct totp *t = arena_alloc(rq->a, TOTPS_MAX * sizeof(*t));
	const int n = store_totp_list(rq->st, rq->a, u->id, t, TOTPS_MAX);
	struct totp_secret s;
	int64_t step;
	int rc = n < 0 ? -1 : 0;

	for (int i = 0; i < n && rc == 0; i++) {
		if ((rc = enrol_secret_open(rq, &t[i], &s)) <= 0)
			continue;
		step = totp_find(&s, sent, rq->now, t[i].last_step);
		rc = step == 0
		    ? 0
		    : store_totp_use(rq->st, &t[i].id, step, rq->now);
	}
	explicit_bzero(&s, sizeof(s));
	return rc;
}

static int
verify_recovery(struct req *rq, const struct user *u, const char *sent)
{
	struct digest d;

	return recovery_digest(sent, &d)
	    ? store_recovery_use(rq->st, u->id, &d)
	    : 0;
}

static const struct factor factors[] = {
	{
		.name = "totp", .field = PARAM_OTP,
		.amr = "otp", .acr = ACR_MFA,
		.verify = verify_totp,
	},
	{
		.name = "recovery_code", .field = PARAM_RECOVERY_CODE,
		.amr = "otp", .acr = ACR_MFA,
		.verify = verify_recovery,
	},
};

int
factor_is_needed(
    const struct conf *cf, const struct user *u, const struct proof *p)
{
	return cf->second_factor != FACTOR_OFF && u->factors > 0 &&
	    p->acr < ACR_MFA;
}

int
factor_is_missing(
    const struct conf *cf, const struct user *u, const struct proof *p)
{
	return cf->second_factor == FACTOR_REQUIRED && u->factors == 0 &&
	    p->acr < ACR_MFA;
}

enum acr
factor_best(const struct conf *cf)
{
	if (cf->second_factor != FACTOR_OFF)
		return passkey_may_be(cf) ? ACR_PHR : ACR_MFA;
	/* The site that signs people in may say mfa: handoff.c. */
	return cf->login_url != NULL ? ACR_MFA : ACR_PWD;
}

const struct factor *
factor_sent(const struct req *rq)
{
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
		if (rq->param[factors[i].field] != NULL)
			return &factors[i];
	return NULL;
}

/* A code to be checked, and what came of it. */
struct trial {
	struct req *rq;
	const struct user *u;
	const struct factor *f;
	int is_late;		/* too many failures: wait_s seconds are left */
	int64_t wait_s;
};

static int
trial_step(struct store *st, void *ctx)
{
	struct trial *t = ctx;
	struct req *rq = t->rq;
	const int64_t user = t->u->id;
	int n;

	(void)st;
	t->is_late = 0;
	if ((n = throttle_factor(rq, user, &t->wait_s)) <= 0) {
		t->is_late = n == 0;
		return n;
	}
	n = t->f->verify(rq, t->u, rq->param[t->f->field]);
	return n < 0 || throttle_factor_end(rq, user, n == 1) < 0 ? -1 : n;
}

static void
add_proof(struct req *rq, const struct factor *f, struct proof *p)
{
	p->amr = arena_printf(rq->a, "%s%s%s mfa", p->amr == NULL ? "" : p->amr,
	    p->amr == NULL ? "" : " ", f->amr);
	if (p->acr < f->acr)
		p->acr = f->acr;
}

const struct oerr *
factor_check(struct req *rq, const struct user *u, struct proof *p)
{
	struct trial t = { .rq = rq, .u = u, .f = factor_sent(rq) };
	int n;

	if (t.f == NULL)
		return oerr_why(rq, &oerr_invalid_grant, "no second factor");
	if ((n = store_write(rq->st, trial_step, &t)) < 0)
		return oerr_machine(rq);
	if (t.is_late)
		return throttle_put_off(
		    rq, "this user's second factor", t.wait_s);
	if (n == 0)
		return oerr_why(rq, &oerr_invalid_grant, "wrong %s", t.f->name);
	if (t.f->field == PARAM_RECOVERY_CODE)
		log_event("user %lld: a recovery code was used",
		    (long long)u->id);
	add_proof(rq, t.f, p);
	return NULL;
}
