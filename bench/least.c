/*
 * least.c: the least program that issues tokens: it signs a JWT with GnuTLS,
 * inserts one row in SQLite (WAL, FULL) and answers.  It has no routes, checks
 * no client and reads no configuration.  It is the floor of POST /oauth/token.
 *
 * Environment: ALG: ES256, EdDSA or RS256; KEY: the private key in PEM; DB: the file
 * of the database; VERIFY: a public key of P-256 in PEM: then the request has a
 * client_assertion, whose signature is checked first.
 */
#include <err.h>
#include <fcgiapp.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TTL_S 3600
#define ID_LEN 16
#define BUSY_MS 5000

#define SCHEMA \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" \
    "CREATE TABLE IF NOT EXISTS tokens (id BLOB PRIMARY KEY," \
    " expires_at INTEGER NOT NULL, revoked_at INTEGER) STRICT, WITHOUT ROWID"

static gnutls_privkey_t key;
static gnutls_pubkey_t client; /* or NULL */
static gnutls_sign_algorithm_t alg;
static sqlite3 *db;
static sqlite3_stmt *insert;

static void
must(int good, const char *what)
{
	if (!good)
		errx(111, "%s", what);
}

static char *
put_base64url(char *out, const unsigned char *in, size_t len)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned long bits = 0;
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | in[i];
		for (n += 8; n >= 6; n -= 6)
			*out++ = digit[bits >> (n - 6) & 63];
	}
	if (n > 0)
		*out++ = digit[bits << (6 - n) & 63];
	*out = '\0';
	return out;
}

static char *
put_text(char *out, const char *text)
{
	return put_base64url(out, (const unsigned char *)text, strlen(text));
}

/* The right-hand len bytes of a number, zeros before a shorter one. */
static void
pad(unsigned char *out, size_t len, gnutls_datum_t *number)
{
	size_t n = number->size < len ? number->size : len;

	memset(out, 0, len);
	memcpy(out + len - n, number->data + number->size - n, n);
	gnutls_free(number->data);
}

static char *
put_signature(char *out, const char *text, size_t len)
{
	unsigned char rs[64];
	gnutls_datum_t d = { NULL, 0 }, sig, r, s;
	char *copy = strndup(text, len);

	must(copy != NULL, "memory");
	d.data = (unsigned char *)copy;
	d.size = (unsigned)len;
	must(gnutls_privkey_sign_data2(key, alg, 0, &d, &sig) >= 0, "sign");
	free(copy);
	if (alg == GNUTLS_SIGN_ECDSA_SHA256) {
		must(gnutls_decode_rs_value(&sig, &r, &s) >= 0, "r and s");
		pad(rs, 32, &r);
		pad(rs + 32, 32, &s);
		out = put_base64url(out, rs, sizeof(rs));
	} else {
		out = put_base64url(out, sig.data, sig.size);
	}
	gnutls_free(sig.data);
	return out;
}

/* The bytes of a text in base64url; its end is the first character of another kind. */
static size_t
take_base64url(const char *text, unsigned char *out, size_t size)
{
	unsigned long bits = 0;
	size_t len = 0;
	int n = 0, c;

	for (; (c = (unsigned char)*text) != '\0' && len < size; text++) {
		c = c >= 'A' && c <= 'Z' ? c - 'A'
		    : c >= 'a' && c <= 'z' ? c - 'a' + 26
		    : c >= '0' && c <= '9' ? c - '0' + 52
		    : c == '-' ? 62
		    : c == '_' ? 63 : -1;
		if (c < 0)
			break;
		bits = bits << 6 | (unsigned)c;
		if ((n += 6) >= 8)
			out[len++] = (unsigned char)(bits >> (n -= 8));
	}
	return len;
}

/* The signature of the client_assertion in the body. */
static void
verify(char *body)
{
	static const char name[] = "client_assertion=";
	char *jwt = strstr(body, name), *dot;
	unsigned char rs[65];
	gnutls_datum_t data, sig, r = { rs, 32 }, s = { rs + 32, 32 };

	must(jwt != NULL, "no assertion");
	jwt += sizeof(name) - 1;
	must((dot = strrchr(jwt, '.')) != NULL, "no JWT");
	must(take_base64url(dot + 1, rs, sizeof(rs)) == 64, "no signature");
	data.data = (unsigned char *)jwt;
	data.size = (unsigned)(dot - jwt);
	must(gnutls_encode_rs_value(&sig, &r, &s) >= 0 &&
		gnutls_pubkey_verify_data2(client, GNUTLS_SIGN_ECDSA_SHA256, 0,
		    &data, &sig) >= 0, "bad signature");
	gnutls_free(sig.data);
}

static void
issue(FCGX_Request *rq)
{
	unsigned char id[ID_LEN];
	char jti[32], json[512], token[2048], *p;
	long long now = time(NULL);

	must(gnutls_rnd(GNUTLS_RND_RANDOM, id, sizeof(id)) >= 0, "random");
	put_base64url(jti, id, sizeof(id));
	snprintf(json, sizeof(json),
	    "{\"typ\":\"at+jwt\",\"alg\":\"%s\",\"kid\":\"1\"}", getenv("ALG"));
	p = put_text(token, json);
	*p++ = '.';
	snprintf(json, sizeof(json),
	    "{\"iss\":\"http://127.0.0.1\",\"sub\":\"client\",\"aud\":\"api\","
	    "\"client_id\":\"client\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,"
	    "\"jti\":\"%s\",\"scope\":\"read-posts\"}",
	    now, now, now + TTL_S, jti);
	p = put_text(p, json);
	put_signature(p + 1, token, (size_t)(p - token));
	*p = '.';

	sqlite3_bind_blob(insert, 1, id, sizeof(id), SQLITE_STATIC);
	sqlite3_bind_int64(insert, 2, now + TTL_S);
	must(sqlite3_step(insert) == SQLITE_DONE, "insert");
	sqlite3_reset(insert);
	FCGX_FPrintF(rq->out, "Content-Type: application/json\r\n"
	    "Cache-Control: no-store\r\n\r\n{\"token_type\":\"Bearer\","
	    "\"expires_in\":%d,\"access_token\":\"%s\"}", TTL_S, token);
}

static void
start(void)
{
	const char *name = getenv("ALG"), *pem = getenv("KEY");
	gnutls_datum_t d;

	must(name != NULL && pem != NULL && getenv("DB") != NULL,
	    "environment: ALG, KEY, DB");
	alg = strcmp(name, "ES256") == 0 ? GNUTLS_SIGN_ECDSA_SHA256
	    : strcmp(name, "EdDSA") == 0 ? GNUTLS_SIGN_EDDSA_ED25519
					 : GNUTLS_SIGN_RSA_SHA256;
	must(gnutls_load_file(pem, &d) >= 0 && gnutls_privkey_init(&key) >= 0 &&
		gnutls_privkey_import_x509_raw(
		    key, &d, GNUTLS_X509_FMT_PEM, NULL, 0) >= 0, pem);
	gnutls_free(d.data);
	if (getenv("VERIFY") != NULL) {
		must(gnutls_load_file(getenv("VERIFY"), &d) >= 0 &&
			gnutls_pubkey_init(&client) >= 0 &&
			gnutls_pubkey_import(
			    client, &d, GNUTLS_X509_FMT_PEM) >= 0, "VERIFY");
		gnutls_free(d.data);
	}
	must(sqlite3_open(getenv("DB"), &db) == SQLITE_OK, "open");
	sqlite3_busy_timeout(db, BUSY_MS);
	must(sqlite3_exec(db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(db, "INSERT INTO tokens (id, expires_at)"
		    " VALUES (?1, ?2)", -1, &insert, NULL) == SQLITE_OK,
	    "schema");
}

int
main(void)
{
	FCGX_Request rq;
	char body[4097], rest[4096];
	int n;

	start();
	if (FCGX_Init() != 0 || FCGX_InitRequest(&rq, 0, 0) != 0)
		return 111;
	while (FCGX_Accept_r(&rq) == 0) {
		n = FCGX_GetStr(body, sizeof(body) - 1, rq.in);
		body[n < 0 ? 0 : n] = '\0';
		while (FCGX_GetStr(rest, sizeof(rest), rq.in) > 0)
			continue;
		if (client != NULL)
			verify(body);
		issue(&rq);
		FCGX_Detach(&rq);
		FCGX_Finish_r(&rq);
	}
	return 0;
}
