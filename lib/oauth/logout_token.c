/* logout_token.c: a session ended: OpenID Connect Back-Channel Logout section 2.4. */
#include "logout_token.h"

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "id.h"
#include "json.h"
#include "jwt.h"
#include "keys.h"
#include "letter.h"
#include "store_client.h"
#include "store_user.h"
#include "subject.h"

#define TTL_S 120 /* it is made for one try */
#define EVENT "http://schemas.openid.net/event/backchannel-logout"

static void
write_claims(const struct writer *w, const struct client *cl,
    const char *sub, const char *sid, struct buf *b)
{
	struct id jti;

	id_make(w->now, &jti);
	json_open(b, NULL, '{');
	json_str(b, "iss", w->conf->issuer);
	if (sub != NULL)
		json_str(b, "sub", sub);
	json_str(b, "aud", cl->client_id);
	json_int(b, "iat", w->now);
	json_int(b, "exp", w->now + TTL_S);
	json_str(b, "jti", id_text(w->a, &jti));
	json_str(b, "sid", sid);
	json_open(b, "events", '{');
	json_open(b, EVENT, '{');
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, '}');
}

int
logout_token_make(const struct writer *w, struct store *st,
    const struct client *cl, int64_t user, const char *sid,
    const char **out)
{
	const int alg = cl->id_token_alg == NULL ? (int)ALG_RS256
						 : alg_find(cl->id_token_alg);
	struct keys *ks = keys_load(w->conf->keys);
	const struct keys_entry *en = ks == NULL ? NULL : keys_signer(ks, alg);
	const char *sub = NULL;
	struct buf claims;
	struct user u;
	int found;

	*out = "there is no key to sign the logout token with";
	found = store_user_by_id(st, w->a, user, &u);
	if (found == 1)
		found = subject_for(
		    st, w->a, cl->sector, u.id, u.subject, &sub);
	if (found >= 0 && en != NULL) {
		buf_init(&claims, w->a, 512);
		write_claims(w, cl, sub, sid, &claims);
		*out = jwt_sign(w->a, en->key, en->kid, "logout+jwt",
		    claims.data, claims.len);
	}
	keys_free(ks);
	return found < 0 ? -1 : en != NULL && *out != NULL;
}
