/* notice.c: mail to a user whose account was changed. */
#include "notice.h"

#include <time.h>

#include "agent.h"
#include "arena.h"
#include "letter.h"
#include "remote.h"
#include "req.h"
#include "tmpl.h"

void
notice_make(struct req *rq, const struct user *u, const char *kind,
    const char *what, struct job *out)
{
	struct tmpl_data *d = tmpl_data_new(rq->a);
	const char *agent = req_var(rq, "HTTP_USER_AGENT");
	char at[32] = "";
	time_t now = (time_t)rq->now;
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(at, sizeof(at), "%Y-%m-%d %H:%M UTC", &tm);
	tmpl_set(d, kind, "1");
	tmpl_set(d, "what", what);
	tmpl_set(d, "at", arena_str(rq->a, at));
	tmpl_set(d, "agent",
	    agent == NULL ? "unknown" : agent_name(rq->a, agent));
	tmpl_set(d, "address", remote_address(rq));
	letter_make(rq, u, "mail-notice.txt", d, out);
}
