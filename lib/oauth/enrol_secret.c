/* enrol_secret.c: the secret of a TOTP, encrypted: in its row, and in a form. */
#include "enrol_secret.h"

#include <string.h>

#include "arena.h"
#include "keys.h"
#include "log.h"
#include "req.h"
#include "store_user.h"
#include "totp.h"

/* The row, and whose it is: another's secret put into it cannot be opened. */
static const char *
about_row(struct req *rq, const struct totp *t)
{
	return arena_printf(rq->a, "totp %s %lld", id_text(rq->a, &t->id),
	    (long long)t->user);
}

/* One that is offered is for this user, until they have another factor. */
static const char *
about_offer(struct req *rq, const struct user *u)
{
	return arena_printf(rq->a, "new totp %lld %lld", (long long)u->id,
	    (long long)u->credential);
}

int
enrol_secret_open(struct req *rq, const struct totp *t, struct totp_secret *out)
{
	const int n = keys_factor_open(rq->conf, about_row(rq, t), t->sealed,
	    sizeof(t->sealed), out->byte);

	if (n == 0)
		log_event("user %lld: the secret of a factor cannot be"
			  " decrypted: factor.key is another",
		    (long long)t->user);
	return n;
}

int
enrol_secret_close(struct req *rq, const struct totp_secret *s, struct totp *t)
{
	return keys_factor_close(rq->conf, about_row(rq, t), s->byte,
	    sizeof(s->byte), t->sealed);
}

int
enrol_secret_offer(struct req *rq, const struct user *u, struct totp_secret *s,
    char text[static ENROL_SECRET_TEXT_LEN + 1])
{
	uint8_t box[TOTP_SEALED_LEN];

	crypto_random(s->byte, sizeof(s->byte));
	if (keys_factor_close(rq->conf, about_offer(rq, u), s->byte,
		sizeof(s->byte), box) < 0)
		return -1;
	b64url_encode(box, sizeof(box), text);
	return 0;
}

int
enrol_secret_offered(struct req *rq, const struct user *u, const char *text,
    struct totp_secret *out)
{
	uint8_t box[TOTP_SEALED_LEN];

	if (text == NULL || strlen(text) != ENROL_SECRET_TEXT_LEN ||
	    b64url_decode(text, strlen(text), box) != TOTP_SEALED_LEN)
		return 0;
	return keys_factor_open(
	    rq->conf, about_offer(rq, u), box, sizeof(box), out->byte);
}
