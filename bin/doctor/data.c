/* data.c: checks of the database, its clients, the keys. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "crypto.h"
#include "keys.h"
#include "store_client.h"
#include "store_look.h"
#include "words.h"

#define BATCH 64
#define SKEW_S 5
#define TRIAL "carnet doctor"

static const char *
version_cure(const struct store_health *h)
{
	return h->version > h->wanted
	    ? "Copy command and programs of the newer version here, or go"
	      " back to a database that was saved before it."
	    : "Run carnet install: it brings the database up to date.";
}

void
check_database(struct doctor *d)
{
	const char *path = store_shown(d->cf->database, d->a);
	struct store_health h;

	if (d->cf->database_dir != NULL && access(path, R_OK) < 0) {
		bad(d, LEVEL_WRONG,
		    errno == ENOENT
			? "Run carnet install, or set database to where it is."
			: "Mend the access to it first (access, above).",
		    "%s: %s.", path, strerror(errno));
		return;
	}
	if ((d->st = store_look(d->cf->database, d->a, &h)) != NULL)
		d->has |= NEEDS_STORE;
	if (h.ledger == LEDGER_OVERWRITTEN)
		bad(d, LEVEL_WRONG, "carnet restore FILE, with a backup.",
		    "Another file was copied over %s while it was in use, and"
		    " the programs refuse it.",
		    path);
	else if (h.error != NULL)
		bad(d, LEVEL_WRONG,
		    d->cf->database_dir == NULL
			? "Start the server, and let this machine reach it."
			: "carnet restore FILE, with a backup; without one,"
			  " move it away and run carnet install.",
		    "%s cannot be read: %s.", path, h.error);
	else if (h.damage != NULL)
		bad(d, LEVEL_WRONG,
		    arena_printf(d->a, "carnet restore FILE, with a backup;"
				       " without one, %s", h.rescue),
		    "%s is damaged: %s.", path, h.damage);
	else if (h.version != h.wanted)
		bad(d, LEVEL_WRONG, version_cure(&h),
		    "%s has version %d, and this program needs %d.", path,
		    h.version, h.wanted);
	else if (h.setting != NULL)
		bad(d, LEVEL_WRONG,
		    d->cf->database_dir == NULL
			? "Set it in postgresql.conf."
			: "Run carnet install: it sets the mode.",
		    "%s %s.", path, h.setting);
	else if (h.ledger == LEDGER_OLD)
		bad(d, LEVEL_WRONG,
		    "carnet restore --accept: it revokes all tokens, and"
		    " everybody signs in again.",
		    "%s is a copy that was put back: what was revoked since it"
		    " was made is not known, and the programs refuse it.",
		    path);
	else if (h.has_orphans)
		bad(d, LEVEL_WARN, "carnet purge deletes them.",
		    "%s has rows that refer to rows which are not there.",
		    path);
	else
		good(d, "%s, version %d, sound", path, h.version);
	if (h.newest > d->c->now + SKEW_S)
		bad(d, LEVEL_WRONG,
		    "Set the clock of this machine (and keep"
		    " it by NTP).",
		    "The newest row of the database was made at %s, and here"
		    " it is %s.",
		    cmd_date(d->a, h.newest), cmd_date(d->a, d->c->now));
}

/* If files were made after "now", the clock is wrong. */
void
check_clock(struct doctor *d)
{
	const char *const files[] = { "/proc/self/exe", d->cf->path,
		d->cf->database, d->cf->keys };
	struct stat sb;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (stat(files[i], &sb) < 0 ||
		    sb.st_mtime <= d->c->now + SKEW_S)
			continue;
		bad(d, LEVEL_WRONG,
		    "Set the clock of this machine (and keep"
		    " it by NTP); if it is right, touch the file.",
		    "%s was written at %s, and here it is %s.",
		    i == 0 ? "This program" : files[i],
		    cmd_date(d->a, sb.st_mtime), cmd_date(d->a, d->c->now));
		return;
	}
	good(d, "%s", cmd_date(d->a, d->c->now));
}

static int
role_is_there(struct doctor *d, const char *role)
{
	struct client cl;

	if (store_client_by_role(d->st, d->a, role, &cl) == 1)
		return 1;
	bad(d, LEVEL_WRONG, "Run carnet install: it makes what is missing.",
	    "There is no %s client.", role);
	return 0;
}

/* Is the client of [password_token] registered, with that secret? */
static int
password_client_is_fine(struct doctor *d)
{
	const struct conf *cf = d->cf;
	struct client cl;
	struct digest given;
	const char *fault = NULL;

	if (cf->password_client_id == NULL)
		return 1;
	if (store_client_by_id(d->st, d->a, cf->password_client_id, &cl) != 1)
		fault = "is not registered";
	else if (cl.revoked_at != 0)
		fault = "was revoked";
	else if (!words_have(cl.grants, "password"))
		fault = "may not use the grant password";
	if (fault == NULL && cl.has_secret) {
		if (cf->password_client_secret != NULL)
			digest_of(cf->password_client_secret,
			    strlen(cf->password_client_secret), &given);
		if (cf->password_client_secret == NULL ||
		    !digest_equal(&given, &cl.secret))
			fault = "has another secret";
	}
	if (fault == NULL)
		return 1;
	bad(d, LEVEL_WRONG,
	    "Correct client_id and client_secret in"
	    " [password_token], or take them out: the client that carnet"
	    " install made is then used.",
	    "[password_token] names a client that %s.", fault);
	return 0;
}

/* A scope that [scopes] does not have is a typing error, or was removed. */
static int
client_is_fine(struct doctor *d, const struct client *cl)
{
	const char *words = cl->scope == NULL ? "" : cl->scope;
	int fine = 1, known;
	size_t n;

	if (cl->revoked_at != 0)
		return 1;
	for (; words_next(&words, &n); words += n) {
		known = n == 1 && *words == '*';
		for (size_t i = 0; i < d->cf->n_scopes; i++)
			known |= strlen(d->cf->scopes[i].name) == n &&
			    memcmp(d->cf->scopes[i].name, words, n) == 0;
		if (known)
			continue;
		fine = 0;
		bad(d, LEVEL_WARN,
		    "Name the scope in [scopes], or make the"
		    " client anew without it.",
		    "The client %s (%s) may have %.*s, which [scopes] does not"
		    " name.",
		    cl->client_id, cl->name, (int)n, words);
	}
	if (cl->alg != NULL && d->ks != NULL &&
	    keys_signer(d->ks, alg_find(cl->alg)) == NULL) {
		fine = 0;
		bad(d, LEVEL_WRONG,
		    arena_printf(
			d->a, "carnet keys generate --alg %s", cl->alg),
		    "The client %s (%s) needs %s, and no key signs with it.",
		    cl->client_id, cl->name, cl->alg);
	}
	return fine;
}

void
check_clients(struct doctor *d)
{
	struct client *cl = arena_alloc(d->a, BATCH * sizeof(*cl));
	int n, fine = role_is_there(d, "password");
	int64_t after = 0;

	fine = role_is_there(d, "personal") && fine;
	fine = password_client_is_fine(d) && fine;
	do {
		n = store_client_list(d->st, d->a, after, cl, BATCH);
		for (int i = 0; i < n; i++)
			fine = client_is_fine(d, &cl[i]) && fine;
		if (n > 0)
			after = cl[n - 1].id;
	} while (n == BATCH);
	if (fine)
		good(d, "password client and personal client are there");
}

/* Make a signature and verify it. */
static int
signs(const struct keys_entry *en)
{
	uint8_t sig[SIGNATURE_MAX];
	ssize_t n = key_sign(en->key, TRIAL, strlen(TRIAL), sig);

	return n > 0 &&
	    key_verify(en->key, TRIAL, strlen(TRIAL), sig, (size_t)n);
}

/* Do signatures verify, can refresh tokens be renewed, can programs verify tokens? */
static int
keys_work(struct doctor *d)
{
	const struct keys_entry *en;
	int fine = 1;
	size_t n;

	en = keys_all(d->ks, &n);
	for (size_t i = 0; i < n; i++) {
		if (!en[i].signs || signs(&en[i]))
			continue;
		fine = 0;
		bad(d, LEVEL_WRONG, "carnet keys rotate",
		    "%s makes signatures that do not verify.", en[i].file);
	}
	if (!keys_refresh_ok(d->cf->keys)) {
		fine = 0;
		bad(d, LEVEL_WRONG, "Run carnet install: it makes the key.",
		    "No refresh token can be renewed: %s.", d->log);
	}
	if (!keys_check_published(d->cf->keys)) {
		fine = 0;
		bad(d, LEVEL_WRONG, "Run carnet install: it mends them.",
		    "A file by which programs verify tokens is not as it should"
		    " be: %s.", d->log);
	}
	return fine;
}

/* The programs skip a key that they cannot read, and log it. */
void
check_keys(struct doctor *d)
{
	const struct keys_entry *en;
	int before = d->n_logged, fine, alg;
	size_t n;

	d->ks = keys_load(d->cf->keys);
	if (d->ks != NULL)
		(void)keys_all(d->ks, &n); /* this logs the bad ones */
	if (d->ks == NULL) {
		bad(d, LEVEL_WRONG,
		    "Run carnet install: it makes the keys"
		    " that are missing.",
		    "There is no key to sign with: %s.", d->log);
		return;
	}
	d->has |= NEEDS_KEYS;
	alg = keys_default_alg(d->cf->keys);
	fine = d->n_logged == before;
	if (!fine)
		bad(d, LEVEL_WRONG,
		    "Restore the file from a copy, or delete"
		    " it and run carnet install.",
		    "A file in the directory of keys cannot be used: %s.",
		    d->log);
	if (keys_signer(d->ks, -1) == NULL && alg >= 0) {
		bad(d, LEVEL_WRONG,
		    arena_printf(d->a, "carnet keys generate --alg %s",
			alg_name((enum alg)alg)),
		    "There is no private key that signs with %s, so there are"
		    " no tokens.",
		    alg_name((enum alg)alg));
		return;
	}
	if (!keys_work(d))
		fine = 0;
	en = keys_signer(d->ks, -1);
	(void)keys_all(d->ks, &n);
	if (fine)
		good(d, "%zu, %s signs (%u bits), a signature was verified", n,
		    alg_name(key_alg(en->key)), key_bits(en->key));
}

/*
 * Find old keys whose tokens have all expired.  A program looks for new keys
 * each second, and a key's file is made before it gets its name.  So some
 * seconds after the present key of an algorithm was made, no program signs with
 * an older one.  The old keys' tokens have expired when the last row of that
 * time has.
 */
void
check_old_keys(struct doctor *d)
{
	const struct keys_entry *en, *now;
	struct stat sb;
	int64_t last;
	size_t n, old = 0, due = 0;

	en = keys_all(d->ks, &n);
	for (size_t i = 0; i < n; i++) {
		now = keys_signer(d->ks, (int)key_alg(en[i].key));
		if (en[i].signs || en[i].waits)
			continue;
		old++;
		if (now == NULL ||
		    stat(arena_printf(d->a, "%s/%s", d->cf->keys, now->file),
			&sb) < 0)
			continue;
		if (now->from > sb.st_mtime) /* it signs since from */
			sb.st_mtime = now->from;
		if (store_last_expiry(d->st, sb.st_mtime + SKEW_S, &last) < 0 ||
		    last > d->c->now || sb.st_mtime > d->c->now - SKEW_S)
			continue;
		due++;
		bad(d, LEVEL_WARN,
		    arena_printf(d->a, "carnet keys retire -- %s", en[i].kid),
		    "The old key %s is still trusted, and every token that it"
		    " signed has expired.",
		    en[i].kid);
	}
	if (due == 0)
		good(d, "%zu, none due to be retired", old);
}
