/* fuzz_store.h: a real database and real keys, for targets that use them. */
#ifndef CARNET_FUZZ_STORE_H
#define CARNET_FUZZ_STORE_H

#include <ftw.h>
#include <sys/stat.h>

#include "../unit/pem.h"
#include "fuzz.h"
#include "keys.h"
#include "store.h"
#include "store_client.h"
#include "store_session.h"
#include "store_token.h"
#include "store_user.h"

#define SECRET "s+e c%r:t"

/* A cookie value, a token's id: base64url of zero bytes. */
#define COOKIE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define JTI "AAAAAAAAAAAAAAAAAAAAAA"

static char fuzz_dir[64];

static inline int
fuzz_remove(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
fuzz_clean(void)
{
	nftw(fuzz_dir, fuzz_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void
fuzz_write_key(const char *name, const char *pem)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/keys/%s", fuzz_dir, name);
	assert((f = fopen(path, "w")) != NULL);
	assert(fputs(pem, f) >= 0 && fclose(f) == 0);
}

/* Two clients, c1 with a secret and p1 without, a user, a session, a token. */
static inline void
fuzz_fill(struct store *st)
{
	struct client c1 = { .client_id = "c1",
		.name = "c",
		.has_secret = 1,
		.grants = "password",
		.redirect_uris = "",
		.created_at = NOW };
	struct client p1 = { .client_id = "p1",
		.name = "p",
		.grants = "",
		.redirect_uris = "",
		.created_at = NOW };
	struct user u = { .email = "a@b.example",
		.name = "A",
		.password = "x",
		.created_at = NOW };
	struct session s = { .agent = "",
		.address = "",
		.created_at = NOW,
		.seen_at = NOW,
		.expires_at = NOW + 90,
		.proof = { .at = NOW, .amr = "pwd", .acr = ACR_PWD } };
	struct access_token t = {
		.scope = "read-posts", .created_at = NOW, .expires_at = NOW + 90
	};

	digest_of(SECRET, strlen(SECRET), &c1.secret);
	digest_of(COOKIE, strlen(COOKIE), &s.digest);
	assert(
	    store_client_add(st, &c1) == 1 && store_client_add(st, &p1) == 1);
	assert(store_user_add(st, &u) == 1);
	s.user = t.user = u.id;
	t.client = c1.id;
	assert(store_session_add(st, &s) == 1);
	assert(store_access_add(st, &t) == 1);
}

/* Make all of it in a directory that is deleted when the program ends. */
static inline void
fuzz_store(struct fuzz_site *site)
{
	const char *tmp = getenv("TMPDIR");
	char conf[256], db[128], keys[128];

	if (site->pr.st != NULL)
		return;
	snprintf(fuzz_dir, sizeof(fuzz_dir), "%s/carnet-fuzz-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	assert(mkdtemp(fuzz_dir) != NULL);
	atexit(fuzz_clean);
	snprintf(keys, sizeof(keys), "%s/keys", fuzz_dir);
	assert(mkdir(keys, 0700) == 0);
	fuzz_write_key("ES256.pem", PEM_EC_PKCS8);
	fuzz_write_key("EdDSA.pem", PEM_ED25519);
	assert(keys_publish(keys) == 0);
	snprintf(db, sizeof(db), "%s/db", fuzz_dir);
	snprintf(
	    conf, sizeof(conf), "keys = %s\ndatabase = %s\n" CONF, keys, db);
	assert((site->pr.conf = fuzz_conf(conf)) != NULL);
	assert(store_install(db) == 1);
	assert((site->pr.st = store_open(db, 0)) != NULL);
	fuzz_fill(site->pr.st);
}

#endif
