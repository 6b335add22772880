/* passkey.c: passkeys are made, and used (WebAuthn Level 2, section 7). */
#include "passkey.h"

#include <json-c/json.h>
#include <string.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "json.h"
#include "letter.h"
#include "notice.h"
#include "oerr.h"
#include "passkey_int.h"
#include "passkey_site.h"
#include "req.h"
#include "session.h"
#include "store.h"
#include "store_used.h"
#include "store_user.h"
#include "uri.h"
#include "utf8.h"
#include "webauthn.h"

#define TRANSPORTS_MAX 8

const struct oerr passkey_copied = { 400, "invalid_grant",
	"The passkey's counter did not rise.", NULL };

const char *
passkey_told(const struct oerr *e)
{
	if (e == &oerr_stale_form)
		return "This page was open for too long, so no passkey was taken."
		       " Press the button once more.";
	return e == &passkey_copied
	    ? "This passkey was refused: its counter did not rise, so there may"
	      " be a copy of it. Its owner is told by mail."
	    : "This passkey was not taken: it is not one of this account, or"
	      " did not make sure that it is you.";
}

/* What a browser sent: PublicKeyCredential as JSON (Level 3 section 5.1). */
struct answer {
	const char *id;		/* in base64url */
	struct octets client;
	struct octets object;	/* of a new passkey */
	struct octets data, sig, handle; /* of a use; handle may be missing */
	const char *transports;	/* words, or NULL */
};

static int
read_octets(struct arena *a, struct json_object *o, const char *name,
    struct octets *out)
{
	const char *text = json_get_str(o, name);
	const size_t len = text == NULL ? 0 : strlen(text);
	uint8_t *data = arena_alloc(a, len + 1);
	const ssize_t n = text == NULL ? -1 : b64url_decode(text, len, data);

	*out = (struct octets) { data, n < 0 ? 0 : (size_t)n };
	return n >= 0;
}

/* Words of the browser, which go back to it: section 5.8.4. */
static const char *
read_transports(struct arena *a, struct json_object *response)
{
	struct json_object *list, *word;
	const char *text;
	struct buf b;

	buf_init(&b, a, 64);
	if (!json_object_object_get_ex(response, "transports", &list) ||
	    !json_object_is_type(list, json_type_array))
		return NULL;
	for (size_t i = 0;
	     i < json_object_array_length(list) && i < TRANSPORTS_MAX; i++) {
		word = json_object_array_get_idx(list, i);
		if (!json_object_is_type(word, json_type_string))
			continue;
		text = json_object_get_string(word);
		if (strlen(text) < 32 &&
		    text[strspn(text, "abcdefghijklmnopqrstuvwxyz-")] == '\0')
			buf_printf(&b, "%s%s", b.len > 0 ? " " : "", text);
	}
	return b.len > 0 ? b.data : NULL;
}

/* Section 7.1 step 3, section 7.2 steps 3 and 8. */
static int
read_answer(struct req *rq, int is_new, struct answer *out)
{
	const char *text = rq->param[PARAM_CREDENTIAL];
	struct json_object *o, *r;
	struct octets id;

	memset(out, 0, sizeof(*out));
	if (text == NULL ||
	    (o = json_parse(rq->a, text, strlen(text))) == NULL ||
	    !json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "response", &r) ||
	    !read_octets(rq->a, o, "id", &id) || id.len == 0 ||
	    !read_octets(rq->a, r, "clientDataJSON", &out->client))
		return 0;
	out->id = json_get_str(o, "id");
	if (is_new) {
		out->transports = read_transports(rq->a, r);
		return read_octets(rq->a, r, "attestationObject", &out->object);
	}
	read_octets(rq->a, r, "userHandle", &out->handle);
	return read_octets(rq->a, r, "authenticatorData", &out->data) &&
	    read_octets(rq->a, r, "signature", &out->sig);
}

static const char *
encode(struct arena *a, const struct octets *o)
{
	char *text = arena_alloc(a, B64_LEN(o->len) + 1);

	b64url_encode(o->data, o->len, text);
	return text;
}

/* Put the expected values to want, and the values that were sent to an. */
static const struct oerr *
begin(struct req *rq, const struct visitor *v, int is_new,
    struct webauthn_want *want, struct answer *an)
{
	const struct oerr *e = passkey_challenge_check(rq, v);

	if (e != NULL)
		return e;
	*want = (struct webauthn_want) {
		.challenge = rq->param[PARAM_CHALLENGE],
		.origin = uri_origin(rq->a, rq->conf->issuer),
		.rp_id = passkey_rp_id(rq->conf, rq->a),
	};
	if (!passkey_may_be(rq->conf))
		return oerr_why(
		    rq, &oerr_invalid_request, "there are no passkeys here");
	if (!read_answer(rq, is_new, an))
		return oerr_why(
		    rq, &oerr_invalid_request, "the credential is malformed");
	return NULL;
}

const struct oerr *
passkey_make(struct req *rq, const struct visitor *v, struct passkey *out)
{
	struct webauthn_want want;
	struct webauthn_data d;
	const struct oerr *e;
	struct answer an;
	const char *why;

	if ((e = begin(rq, v, 1, &want, &an)) != NULL)
		return e;
	why = webauthn_register(rq->a, &want, &an.client, &an.object, &d);
	if (why != NULL)
		return oerr_why(rq, &oerr_invalid_request, "passkey: %s", why);
	*out = (struct passkey) {
		.user = v->user.id,
		.credential = encode(rq->a, &d.id),
		.key = encode(rq->a, &d.key),
		.transports = an.transports,
		.count = d.count,
		.created_at = rq->now,
		.may_sync = (d.flags & WEBAUTHN_MAY_SYNC) != 0,
		.is_synced = (d.flags & WEBAUTHN_SYNCED) != 0,
	};
	return NULL;
}

/*
 * Section 7.2 step 6: find the owner of the passkey.  If the user is known already,
 * they must be the owner; else the user handle must name the owner.
 */
static const struct oerr *
find_owner(struct req *rq, const struct answer *an, const struct passkey *p,
    int is_known, struct user *u)
{
	const char *handle = passkey_handle(rq->a, p->user);
	const int has_handle = an->handle.len > 0;
	int found;

	if (is_known && u->id != p->user)
		return oerr_why(
		    rq, &oerr_invalid_grant, "another user's passkey");
	if ((has_handle && (an->handle.len != strlen(handle) ||
		memcmp(an->handle.data, handle, an->handle.len) != 0)) ||
	    (!has_handle && !is_known))
		return oerr_why(rq, &oerr_invalid_grant,
		    "the user handle is not that of the passkey's owner");
	if (is_known)
		return NULL;
	if ((found = store_user_by_id(rq->st, rq->a, p->user, u)) < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(rq, &oerr_invalid_grant, "unknown user");
	rq->trail.user = store_user_label(u);
	return u->disabled_at == 0
	    ? NULL
	    : oerr_why(rq, &oerr_invalid_grant, "disabled user");
}

/* One use, to be stored. */
struct use {
	struct req *rq;
	const struct user *user;
	const struct passkey *p;
	struct digest challenge;
	struct job letter;	/* to tell of a counter that did not rise */
	int is_spent;		/* the challenge was used before */
	int is_gone;		/* the passkey was deleted meanwhile */
	int is_copied;
};

/*
 * The challenge works one time.  Only who holds a passkey of ours comes this far, so
 * the rows are no stranger's.  A use that is refused for its counter is stored too:
 * sent again, it makes no second mail.
 */
static int
use_step(struct store *st, void *ctx)
{
	struct use *use = ctx;
	int n = store_used_add(
	    st, &use->challenge, use->rq->now + PASSKEY_TTL_S);

	use->is_spent = n == 0;
	use->is_gone = use->is_copied = 0;
	if (n <= 0 || (n = store_passkey_used(st, use->p)) != 0)
		return n;
	n = store_passkey_find(
	    st, use->rq->a, use->p->credential, &(struct passkey) { 0 });
	use->is_gone = n == 0;
	if ((use->is_copied = n == 1) == 0)
		return n;
	notice_make(use->rq, use->user, "passkey_copied", use->p->name,
	    &use->letter);
	return letter_add(use->rq, &use->letter);
}

static const struct oerr *
store_use(struct req *rq, const struct user *u, const struct passkey *p)
{
	struct use use = { .rq = rq, .user = u, .p = p };

	digest_of(rq->param[PARAM_CHALLENGE],
	    strlen(rq->param[PARAM_CHALLENGE]), &use.challenge);
	if (store_write(rq->st, use_step, &use) < 0)
		return oerr_machine(rq);
	if (use.is_spent)
		return oerr_why(
		    rq, &oerr_stale_form, "the challenge was used before");
	if (use.is_gone)
		return oerr_why(rq, &oerr_invalid_grant, "unknown passkey");
	return use.is_copied
	    ? oerr_why(rq, &passkey_copied,
		  "passkey %lld: its counter did not rise, to %lld",
		  (long long)p->id, (long long)p->count)
	    : NULL;
}

/* RFC 8176 section 2.  Whether the key is in hardware is not known. */
static struct proof
proof_of(const struct req *rq, const struct webauthn_data *d)
{
	const int verified = (d->flags & WEBAUTHN_VERIFIED) != 0;

	return (struct proof) {
		.at = rq->now,
		.amr = "pop user mfa",
		.acr = verified ? ACR_PHR : ACR_MFA,
	};
}

const struct oerr *
passkey_use(struct req *rq, const struct visitor *v, enum passkey_ask ask,
    struct user *u, struct proof *proof)
{
	struct webauthn_want want;
	struct webauthn_data d;
	const struct oerr *e;
	struct octets key;
	struct answer an;
	struct passkey p;
	const char *why;
	int found;

	if ((e = begin(rq, v, 0, &want, &an)) != NULL)
		return e;
	want.verified = ask != PASSKEY_SECOND;
	if ((found = store_passkey_find(rq->st, rq->a, an.id, &p)) < 0)
		return oerr_machine(rq);
	if (found == 0)
		return oerr_why(rq, &oerr_invalid_grant, "unknown passkey");
	if ((e = find_owner(rq, &an, &p, ask != PASSKEY_ALONE, u)) != NULL)
		return e;
	key = passkey_key(rq->a, &p);
	why = webauthn_assert(
	    rq->a, &want, &key, &an.client, &an.data, &an.sig, &d);
	if (why != NULL)
		return oerr_why(rq, &oerr_invalid_grant, "passkey: %s", why);
	p.count = d.count;
	p.is_synced = (d.flags & WEBAUTHN_SYNCED) != 0;
	p.last_used_at = rq->now;
	*proof = proof_of(rq, &d);
	return store_use(rq, u, &p);
}
