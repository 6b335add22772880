/* mail.c: does mail go out? */
#include "carrier.h"
#include "doctor.h"
#include "store_outbox.h"

#define LONG_S 600 /* a mail that failed thrice, or nobody sends it */

void
check_mail(struct doctor *d)
{
	struct outbox o;

	if (store_outbox_look(d->st, &o) < 0) {
		bad(d, LEVEL_WRONG, "Run carnet install.",
		    "The outbox cannot be read.");
		return;
	}
	if (d->cf->smtp != NULL && carrier_find(d->a, "carnet-smtp") == NULL)
		bad(d, LEVEL_WRONG,
		    "Set mail_command instead, or build with libcurl"
		    " (libcurl4-gnutls-dev).",
		    "smtp is set, and there is no program carnet-smtp.");
	else if (o.oldest != 0 && o.oldest < d->c->now - LONG_S)
		bad(d, LEVEL_WARN,
		    "Have carnet courier --follow kept running, or carnet"
		    " courier run once a minute; it tells why a mail fails.",
		    "Mails wait to be sent, %lld of them, since %s.",
		    (long long)o.n, cmd_date(d->a, o.oldest));
	else if (d->cf->mail_command == NULL && d->cf->smtp == NULL)
		good(d, "none is set up");
	else
		good(d, "%lld wait to be sent", (long long)o.n);
}
