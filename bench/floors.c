/*
 * floors.c: the rates of one core of this machine: sign, verify, commit, look up.
 * floors DIR SECONDS: prints a line "NAME PER-SECOND" for each; the database is made
 * in DIR.
 */
#include <err.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROWS 100000

static double seconds;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
must(int good, const char *what)
{
	if (!good)
		errx(111, "%s", what);
}

static void
report(const char *name, long n, double since)
{
	printf("%s\t%.0f\n", name, (double)n / (now() - since));
}

static void
signatures(const char *name, gnutls_pk_algorithm_t pk, unsigned bits,
    gnutls_sign_algorithm_t alg)
{
	unsigned char text[300] = "a header and its claims";
	gnutls_datum_t data = { text, sizeof(text) }, sig;
	gnutls_privkey_t key;
	gnutls_pubkey_t pub;
	char title[64];
	double since;
	long n;

	must(gnutls_privkey_init(&key) >= 0 && gnutls_pubkey_init(&pub) >= 0 &&
		gnutls_privkey_generate(key, pk, bits, 0) >= 0 &&
		gnutls_pubkey_import_privkey(pub, key, 0, 0) >= 0, name);
	for (n = 0, since = now(); now() - since < seconds; n++) {
		must(gnutls_privkey_sign_data2(key, alg, 0, &data, &sig) >= 0,
		    "sign");
		gnutls_free(sig.data);
	}
	snprintf(title, sizeof(title), "sign %s", name);
	report(title, n, since);
	must(gnutls_privkey_sign_data2(key, alg, 0, &data, &sig) >= 0, "sign");
	for (n = 0, since = now(); now() - since < seconds; n++)
		must(gnutls_pubkey_verify_data2(pub, alg, 0, &data, &sig) >= 0,
		    "verify");
	snprintf(title, sizeof(title), "verify %s", name);
	report(title, n, since);
	gnutls_free(sig.data);
	gnutls_pubkey_deinit(pub);
	gnutls_privkey_deinit(key);
}

static void
storage(const char *dir)
{
	char path[512];
	sqlite3_stmt *add, *find;
	sqlite3 *db;
	double since;
	long n;

	snprintf(path, sizeof(path), "%s/floors.db", dir);
	must(sqlite3_open(path, &db) == SQLITE_OK &&
		sqlite3_exec(db, "PRAGMA journal_mode = WAL;"
		    " PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER"
		    " PRIMARY KEY, x BLOB) STRICT", NULL, NULL, NULL) ==
		    SQLITE_OK &&
		sqlite3_prepare_v2(db, "INSERT INTO t (x) VALUES"
		    " (randomblob(48))", -1, &add, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(db, "SELECT x FROM t WHERE id = ?1", -1,
		    &find, NULL) == SQLITE_OK, "database");
	for (n = 0, since = now(); now() - since < seconds; n++) {
		must(sqlite3_step(add) == SQLITE_DONE, "insert");
		sqlite3_reset(add);
	}
	report("commit of one row, FULL", n, since);
	must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK, "begin");
	for (int i = 0; i < ROWS; i++) {
		must(sqlite3_step(add) == SQLITE_DONE, "insert");
		sqlite3_reset(add);
	}
	must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit");
	for (n = 0, since = now(); now() - since < seconds; n++) {
		sqlite3_bind_int64(find, 1, 1 + random() % ROWS);
		must(sqlite3_step(find) == SQLITE_ROW, "select");
		sqlite3_reset(find);
	}
	report("point SELECT", n, since);
	sqlite3_finalize(add);
	sqlite3_finalize(find);
	sqlite3_close(db);
	unlink(path);
}

int
main(int argc, char **argv)
{
	must(argc == 3, "usage: floors DIR SECONDS");
	seconds = atof(argv[2]);
	signatures("RS256 2048", GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_SHA256);
	signatures("ES256", GNUTLS_PK_ECDSA,
	    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
	    GNUTLS_SIGN_ECDSA_SHA256);
	signatures("EdDSA", GNUTLS_PK_EDDSA_ED25519, 0,
	    GNUTLS_SIGN_EDDSA_ED25519);
	storage(argv[1]);
	return 0;
}
