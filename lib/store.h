/* store.h: all that others see of the database: no engine shows here. */
#ifndef CARNET_STORE_H
#define CARNET_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

struct arena;
struct store; /* one connection, with its prepared statements */

#define ID_LEN 16
#define ID_TEXT_LEN 22 /* the same in base64url */

/* The id of a token or family: time first, then random. */
struct id {
	uint8_t byte[ID_LEN];
};

/* A primary key of a table of tokens, an id or a digest; len 0: before all. */
struct rowkey {
	uint8_t byte[DIGEST_LEN];
	int len;
};

/*
 * Results are alike everywhere: 1 for found or done, 0 for there is none, -1 for
 * a database error, which is logged.  Strings that come out live in the arena.
 */

/*
 * store_open(path, full):
 * Open the database at path, each commit synced to disk if full is set, else
 * at checkpoints alone (a power cut may then take the last answers with it).
 * Return it; NULL, logged, if it is not there, is no database of ours, has
 * another version of the schema than this program, or cannot be in WAL mode.
 */
struct store *store_open(const char *path, int full);

/*
 * store_once(st):
 * The connection serves one request, as plain CGI does.  Its close leaves the
 * write-ahead log to the next, where SQLite would copy it to the database and
 * sync that too; a short log is copied by the next who rests.  What was
 * committed is on disk all the same: in the log.
 */
void store_once(struct store *st);

/*
 * store_rest(st):
 * The answer is out, and nobody waits: copy a log that has grown long to the
 * database.
 */
void store_rest(struct store *st);

/*
 * store_install(path):
 * Create the database at path, mode 0600, or bring an older one up to date.
 * Return 1 if anything was done, 0 if it was up to date, -1 logged: a newer one
 * is refused.
 */
int store_install(const char *path);

/* What carnet doctor asks of a database, sound or not. */
struct store_health {
	const char *error;	/* why it cannot be read, or NULL */
	int version, wanted;	/* of the schema: its own, this program's */
	int is_wal;
	const char *damage;	/* the first that the engine found, or NULL */
	int has_orphans;	/* rows that refer to rows that are not there */
	int64_t newest;		/* when its newest row was made; 0: no rows */
};

/*
 * store_look(path, a, out):
 * Open the database for reading alone, changing no file beside it either, and
 * look it over.  Return it, for the other reads, if it is sound and its version
 * ours; else NULL.  The strings of out are in a.
 */
struct store *store_look(
    const char *path, struct arena *a, struct store_health *out);

/*
 * store_last_expiry(st, before, out):
 * When will the last access token that was made up to then have expired, to
 * *out; 0: there is none.  Return 0, or -1.
 */
int store_last_expiry(struct store *st, int64_t before, int64_t *out);

/* store_close(st): NULL is fine. */
void store_close(struct store *st);

/*
 * store_is_gone(st):
 * Return 1 if the file was deleted or replaced since, or failed in a way that a
 * new connection may mend.
 */
int store_is_gone(const struct store *st);

/*
 * store_begin(st), store_commit(st), store_rollback(st):
 * A write transaction: begun with the write lock (or -1 when that was not to be
 * had within 5 seconds), done at commit, on disk when commit returns 0, and so is
 * all that it saw.
 */
int store_begin(struct store *st);
int store_commit(struct store *st);
void store_rollback(struct store *st);

/*
 * store_read(st), store_read_end(st):
 * What is read in between is of one moment.  No write may be.  0, or -1.
 */
int store_read(struct store *st);
void store_read_end(struct store *st);

/*
 * store_is_busy(st), store_forget_failure(st):
 * Was a -1 since the last forgetting one that may pass: a lock, a full disk?
 */
int store_is_busy(const struct store *st);
void store_forget_failure(struct store *st);

/* Users. */
struct user {
	int64_t id;
	const char *email, *name;
	const char *password;	/* its hash */
	const char *scope;	/* words, "*", or NULL */
	int64_t created_at, disabled_at; /* 0: not */
};

int store_user_by_email(
    struct store *st, struct arena *a, const char *email, struct user *out);
int store_user_by_id(
    struct store *st, struct arena *a, int64_t id, struct user *out);
/* Puts the new id to u->id; 0 if the e-mail is taken. */
int store_user_add(struct store *st, struct user *u);
/* old: only if that is the hash still, else 0; NULL: whatever it is. */
int store_user_set_password(
    struct store *st, int64_t id, const char *old, const char *hash);
/*
 * store_user_stands(st, id, password):
 * Within a write transaction: is there such a user, not disabled, and is
 * password (NULL: any) the hash still?  1, 0, or -1.
 */
int store_user_stands(struct store *st, int64_t id, const char *password);
/* at: Unix seconds, or 0 to enable the user again. */
int store_user_set_disabled(struct store *st, int64_t id, int64_t at);
/*
 * store_user_dearest(st, out):
 * Put the highest cost of the bcrypt hashes that users brought along to *out, 0
 * if there are none.  It looks at all users.
 */
int store_user_dearest(struct store *st, int *out);
/* The users behind the id after, in order, n at most: returns how many. */
int store_user_list(struct store *st, struct arena *a, int64_t after,
    struct user *out, size_t n);

/* Clients. */
struct client {
	int64_t id;
	const char *client_id, *name;
	struct digest secret;
	int has_secret;
	const char *secret_hash; /* or NULL */
	const char *grants, *redirect_uris; /* words */
	const char *scope;	/* words, "*", or NULL */
	const char *alg;	/* or NULL */
	int64_t access_ttl, refresh_ttl; /* 0: the setting's */
	const char *role;	/* "password", "personal" or NULL */
	int64_t created_at, revoked_at; /* 0: not */
};

int store_client_by_id(struct store *st, struct arena *a,
    const char *client_id, struct client *out);
int store_client_by_number(
    struct store *st, struct arena *a, int64_t id, struct client *out);
int store_client_by_role(struct store *st, struct arena *a, const char *role,
    struct client *out);
/* Puts the new id to cl->id. */
int store_client_add(struct store *st, struct client *cl);
int store_client_set_secret(
    struct store *st, int64_t id, const struct digest *secret);
int store_client_revoke(struct store *st, int64_t id, int64_t now);
/* The clients without a secret: for the origins of their redirect URIs. */
int store_client_list_public(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n);
int store_client_list(struct store *st, struct arena *a, int64_t after,
    struct client *out, size_t n);

/* Tokens. */
struct access_token {
	struct id id;
	int64_t client;
	int64_t user;		/* 0: the client itself */
	struct id family;
	int has_family;
	const char *name;	/* of a personal token, else NULL */
	const char *scope;
	int64_t created_at, expires_at;
	int64_t last_used_at;	/* of a personal token; 0: never */
	struct digest seal;	/* of its text: keys_seal */
	int has_seal;
};

struct refresh_token {
	struct digest digest;
	struct id family, access_token;
	int64_t client, user;
	const char *scope;
	const char *resource;	/* that its family is bound to, or NULL */
	int64_t expires_at, spent_at, revoked_at; /* 0: not */
};

/* What the guard wants to know of who calls. */
struct holder {
	int64_t client, user;	/* user 0: the client itself */
	const char *client_id, *client_grants, *email, *user_name;
	const char *scope;
	struct id family;
	int has_family;
	int64_t created_at, expires_at;
	int is_personal;
	int64_t last_used_at;
	int token_revoked, client_revoked, user_disabled;
	struct digest seal;	/* of the token's text */
	int has_seal;
};

/*
 * store_access_holder(st, a, id, out):
 * Find the access token id, its client and its user.
 */
int store_access_holder(struct store *st, struct arena *a, const struct id *id,
    struct holder *out);

/* Within a write transaction: */
int store_access_add(struct store *st, const struct access_token *t);
int store_access_revoke(struct store *st, const struct id *id, int64_t now);
int store_refresh_add(struct store *st, const struct refresh_token *t);

int store_refresh_find(struct store *st, struct arena *a,
    const struct digest *d, struct refresh_token *out);

/*
 * store_refresh_spend(st, d, now, grace_s):
 * Within a write transaction, spend the refresh token with digest d at now and
 * revoke the access token of its pair.  One that was spent at most grace_s
 * seconds from now is a retry after a lost answer: it spends, in its place, the
 * pair of the family that is live, as of when it was spent itself.  Return 1 if
 * there now is no live pair and the caller may store a new one; 0 if the token
 * is unknown, expired, revoked or spent at another time: a replay, and the
 * caller revokes the family.
 */
int store_refresh_spend(struct store *st, const struct digest *d, int64_t now,
    int64_t grace_s);

/*
 * store_family_revoke(st, family, now):
 * Within a write transaction, revoke all refresh tokens of the family and the
 * access tokens of their pairs.  Return the number of refresh tokens.
 */
int store_family_revoke(struct store *st, const struct id *family, int64_t now);

/* Personal tokens that have neither expired nor been revoked, newest first. */
int store_personal_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct access_token *out, size_t n);
/* Revokes the user's personal token id; 0 if it is not the user's, or dead. */
int store_personal_revoke(
    struct store *st, int64_t user, const struct id *id, int64_t now);

/*
 * store_purge(st, now, n):
 * Within a write transaction, delete at most n of the tokens, codes and sessions
 * of each kind that expired before now (codes: a day before).  Return how many went.
 */
int store_purge(struct store *st, int64_t now, int n);

/*
 * store_purge_turn(st, now):
 * The same by each request that adds rows, so that no cron is needed; of one kind,
 * the next one each time, and more than such requests add meanwhile.
 */
int store_purge_turn(struct store *st, int64_t now);

/* A purge of all that is over: where it is, all zero at first. */
#define STORE_PURGE_TABLES 6
struct purge {
	int64_t gone[STORE_PURGE_TABLES]; /* rows so far */
	size_t table;
	int revoked;		/* at what was revoked: */
	struct rowkey after;	/* behind this one */
};

/*
 * store_purge_batch(st, now, p):
 * In a transaction of its own, delete a few hundred of the rows that store_purge
 * would delete, or of the tokens that were revoked more than a day before now.
 * Return 1 if there may be more, 0 if not, -1 on error.  Who calls again waits
 * in between, so that other writers get their turn.
 */
int store_purge_batch(struct store *st, int64_t now, struct purge *p);

/* store_purge_table(i): the name of the table that gone[i] counts. */
const char *store_purge_table(size_t i);

/* What users and clients hold. */
struct held {
	struct id id;		/* of the access token */
	const char *kind;	/* "personal", "client", "user", ... */
	const char *client_id, *client_name;
	const char *email;	/* or NULL */
	const char *name;	/* of a personal token, or NULL */
	const char *scope;
	int64_t created_at;	/* 0: not known */
	int64_t expires_at, revoked_at;
};

/* Whose, 0: anyone's; and where a list of it is, zero at first. */
struct holding {
	int64_t user, client;
	int step;
	struct rowkey after;
	int64_t access, refresh, codes, sessions; /* revoked so far */
};

/*
 * store_held_list(st, a, h, now, out, n):
 * Put the next tokens of h to out, n at most: all access tokens there are, then
 * the live refresh tokens whose access token is there no more (kind "refresh";
 * they go by its id).  Return how many; 0 at the end.
 */
int store_held_list(struct store *st, struct arena *a, struct holding *h,
    int64_t now, struct held *out, size_t n);

/*
 * store_held_revoke(st, h, now):
 * In a transaction of its own, revoke some of what h holds: codes first, then
 * families, whole, then what access tokens are left, so that nothing dead gives
 * a new token behind our back.  Sessions end too, if h names no client.  Return
 * 1 if there may be more, 0 if not, -1 on error.
 */
int store_held_revoke(struct store *st, struct holding *h, int64_t now);

/*
 * store_held_family(st, id, out):
 * Find the refresh token that came with the access token id, which may be gone:
 * its family, client and user.  It looks at all refresh tokens.
 */
int store_held_family(
    struct store *st, const struct id *id, struct refresh_token *out);

/* store_access_used(st, id, now): note that a personal token was used. */
int store_access_used(struct store *st, const struct id *id, int64_t now);

/* Authorization codes. */
struct auth_code {
	struct digest digest;
	struct id family;
	int64_t client, user;
	const char *redirect_uri, *challenge, *scope;
	const char *resource;	/* or NULL */
	int64_t expires_at, spent_at; /* spent_at 0: not */
};

int store_code_add(struct store *st, const struct auth_code *c);
int store_code_find(struct store *st, struct arena *a, const struct digest *d,
    struct auth_code *out);
/*
 * store_code_spend(st, d, now):
 * Within a write transaction: of any number of callers, one gets 1; 0 if the
 * code is unknown, expired or spent.
 */
int store_code_spend(struct store *st, const struct digest *d, int64_t now);

/* Device codes. */
#define USER_CODE_LEN 8

struct device_code {
	struct digest digest;
	const char *user_code;
	struct id family;
	int64_t client, user;
	const char *scope;
	const char *resource;	/* or NULL */
	int64_t interval_s, polled_at, approved_at, denied_at, spent_at;
	int64_t expires_at;
};

/* 0 if the user code is taken: try another. */
int store_device_add(struct store *st, const struct device_code *c);
int store_device_find(struct store *st, struct arena *a,
    const struct digest *d, struct device_code *out);
/* Only one that nobody has decided on, and that has not expired. */
int store_device_by_user_code(struct store *st, struct arena *a,
    const char *user_code, int64_t now, struct device_code *out);
/* Notes the poll and the interval that holds from now on. */
int store_device_polled(struct store *st, const struct digest *d, int64_t now,
    int64_t interval_s);
/* The user's decision; 0 if somebody decided before, or it expired. */
int store_device_decide(struct store *st, const char *user_code, int64_t user,
    const char *scope, int approve, int64_t now);
int store_device_spend(struct store *st, const struct digest *d, int64_t now);

/* Consents. */
struct consent {
	int64_t client;
	const char *client_id, *client_name;
	const char *resource;	/* of one that is put */
	const char *scope;
	int64_t granted_at, last_used_at;
};

/*
 * store_consent_find(st, a, user, client, resource, scope):
 * Put the words of what the user granted the client before, for that resource or
 * for none in particular, to *scope; resource NULL: for none in particular.
 */
int store_consent_find(struct store *st, struct arena *a, int64_t user,
    int64_t client, const char *resource, const char **scope);
/* Of c: client, resource (NULL: none in particular), scope, granted_at. */
int store_consent_put(
    struct store *st, int64_t user, const struct consent *c);
int store_consent_used(
    struct store *st, int64_t user, int64_t client, int64_t now);
/* One of each client, for whatever resources; words may stand twice in scope. */
int store_consent_list(struct store *st, struct arena *a, int64_t user,
    struct consent *out, size_t n);
/*
 * store_app_revoke(st, user, client, now):
 * Within a write transaction: forget the consent, spend all codes, and revoke
 * all tokens that the client (0: any client) holds for the user, personal ones
 * aside.
 */
int store_app_revoke(
    struct store *st, int64_t user, int64_t client, int64_t now);

/* Sessions. */
struct session {
	struct digest digest;
	int64_t user;
	const char *agent, *address;
	int64_t created_at, seen_at, expires_at;
};

int store_session_add(struct store *st, const struct session *s);
int store_session_find(struct store *st, struct arena *a,
    const struct digest *d, int64_t now, struct session *out);
int store_session_seen(struct store *st, const struct digest *d, int64_t now);
int store_session_delete(struct store *st, const struct digest *d);
/* All of the user's but keep (NULL: all). */
int store_session_delete_others(
    struct store *st, int64_t user, const struct digest *keep);
int store_session_list(struct store *st, struct arena *a, int64_t user,
    int64_t now, struct session *out, size_t n);

/* Failures are counted under digests of what failed: throttle.h. */
struct count {
	int64_t failures;	/* within the window; 0: none */
	int64_t until;		/* when they are forgotten */
};

/*
 * What fills up is bounded apart, so that a flood of one kind pushes out none of
 * another: the kind is in the first bits of a key.
 */
enum throttle_kind {
	THROTTLE_HASHED,	/* failures that cost a hash each */
	THROTTLE_QUICK,		/* failures that cost nothing */
	THROTTLE_KNOWN,		/* where an account was signed in from */
};
#define STORE_THROTTLE_MAX 100000 /* counts of a kind, when trimmed */
#define STORE_THROTTLE_WHO 16 /* bytes of a known place's key: whose it is */
#define STORE_THROTTLE_PLACES 32 /* of an account */

/* store_throttle_key(kind, d): the key of that kind that is made of d. */
struct digest store_throttle_key(
    enum throttle_kind kind, const struct digest *d);

/*
 * store_throttle_find(st, key, now, window_s, out):
 * Put the count of key to *out.  One that ends later than a window from now was
 * made before the clock was set back, and does not count.
 */
int store_throttle_find(struct store *st, const struct digest *key,
    int64_t now, int64_t window_s, struct count *out);
/* Counts one more: the first begins a window.  How many to *n. */
int store_throttle_add(struct store *st, const struct digest *key, int64_t now,
    int64_t window_s, int64_t *n);
/*
 * store_throttle_know(st, key, until):
 * Keep a row without failures: a place that is known until then.  Of too many of
 * an account those that were known longest ago go.
 */
int store_throttle_know(
    struct store *st, const struct digest *key, int64_t until);
int store_throttle_forget(struct store *st, const struct digest *key);
/*
 * store_throttle_trim(st, now, window_s):
 * Of too many counts of a kind those with the fewest failures go, of as many
 * failures those that end first.
 */
int store_throttle_trim(struct store *st, int64_t now, int64_t window_s);

/* Posts. */
struct post {
	int64_t id, user;	/* user 0: posted by a client */
	const char *title, *body;
	int64_t created_at;
};

/* The posts before the id (0: from the newest), newest first: returns how many. */
int store_post_list(struct store *st, struct arena *a, int64_t before,
    struct post *out, size_t n);
int store_post_by_id(
    struct store *st, struct arena *a, int64_t id, struct post *out);
int store_post_add(struct store *st, struct post *p);
int store_post_delete(struct store *st, int64_t id);

#endif
