/* trail.c: the line of a request in the audit trail. */
#include "trail.h"

#include "arena.h"
#include "audit.h"
#include "conf.h"
#include "oerr.h"
#include "remote.h"
#include "req.h"

void
trail_note(struct req *rq, const char *event)
{
	rq->trail.event = event;
}

/* Refusals that are not worth a line: mistakes, and polling by design. */
static int
is_noise(const struct oerr *e)
{
	return e == &oerr_authorization_pending || e == &oerr_not_found ||
	    e->status == 405 || e->status == 415 ||
	    e->status == 413 || e->status == 422;
}

void
trail_end(struct req *rq)
{
	const struct oerr *e = rq->trail.error;
	struct audit ev = {
		.at = rq->now,
		.at_us = rq->now_us,
		.request = rq->id,
		.event = rq->trail.event,
		.outcome = "ok",
		.detail = rq->trail.detail,
		.user = rq->trail.user,
	};

	if (rq->conf == NULL || (ev.event == NULL && e == NULL))
		return;
	if (e != NULL) {
		if (ev.event == NULL)
			ev.event = rq->trail.refusal != NULL ? rq->trail.refusal
						       : rq->ep->audit;
		if (ev.event == NULL || is_noise(e))
			return;
		ev.is_strangers = !rq->trail.is_known;
		ev.outcome = e->error;
		ev.why = rq->trail.why == NULL ? e->description : rq->trail.why;
	}
	if (rq->trail.client_id != NULL)
		ev.client = oerr_shown(rq->a, rq->trail.client_id);
	ev.address = remote_address(rq);
	audit_write(rq->conf->audit_log, rq->conf->audit_size << 20,
	    rq->conf->syslog, &ev);
}
