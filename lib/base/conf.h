/*
 * conf.h: carnet.conf: settings as a table: name, type, offset, default, range.
 */
#ifndef CARNET_CONF_H
#define CARNET_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "rule.h"

/* The scopes of OpenID Connect, which every configuration has. */
enum scope_built_in {
	SCOPE_OPENID, SCOPE_PROFILE, SCOPE_EMAIL, SCOPE_GROUPS, SCOPE_OFFLINE,
	SCOPE_BUILT_IN_COUNT
};

/*
 * A set of scopes is a word of bits, one a row of [scopes], then those of OpenID
 * Connect that [scopes] does not name; the last is '*'.
 */
#define SCOPES_MAX 63
#define SCOPES_OWN_MAX (SCOPES_MAX - SCOPE_BUILT_IN_COUNT)
#define SCOPE_STAR (UINT64_C(1) << 63)

/* The directory, in that of the keys, of what programs that verify read. */
#define KEYS_PUBLIC "verify"
/* The same of what encrypts the secrets of second factors. */
#define KEYS_FACTORS "factors"

struct conf_scope {
	const char *name, *description;
	int privileged; /* user_scopes does not have it by default */
};

/* How an account begins, beside the operator's command. */
enum { SIGN_UP_CLOSED, SIGN_UP_INVITE, SIGN_UP_OPEN };

/* Who may register a client over HTTP (RFC 7591). */
enum { REGISTRATION_CLOSED, REGISTRATION_TICKET, REGISTRATION_OPEN };

/* Which clients may have a document in place of a registration. */
enum { DOCUMENTS_OFF, DOCUMENTS_PINNED, DOCUMENTS_OPEN };

/* Who has a second factor: nobody, who likes to, everybody. */
enum second_factor { FACTOR_OFF, FACTOR_OPTIONAL, FACTOR_REQUIRED };

struct conf {
	const char *path;	/* the file that this came from */
	const char *issuer;	/* no slash at its end */
	const char *database, *keys;
	const char *database_dir; /* NULL: the database is on a server */
	const char *state;	/* the directory of locks and counters */
	int is_old_layout;	/* the database is beside this file by default */
	const char *templates;	/* a directory, or NULL */
	const char *site_name, *site_colour;
	const char *site_logo;	/* a path on this host, or NULL */
	const char *help_url;	/* for users who cannot sign in, or NULL */
	const char *playground_client; /* a client_id, or NULL */
	const char *mail_from;	/* an address, or NULL */
	const char *mail_command; /* words, or NULL; or: */
	const char *smtp;	/* a URL, or NULL; it may have a password */
	const char *smtp_ca;	/* a file, or NULL: the system's */
	int64_t outbox_max;	/* jobs */
	const char *courier_hosts; /* words: it may fetch there, wherever that is */
	const char *courier_ca;	/* a file, or NULL: the system's */
	int64_t password_min;	/* characters of a new password */
	int sign_up;		/* SIGN_UP_... */
	int64_t link_ttl;	/* of a link in a mail */
	const char *login_url;	/* of the site that signs people in, or NULL */
	const char *login_key;	/* the file of the key that it signs with */
	const char *logout_url;	/* where a sign-out leads to, or NULL */
	int password_sign_in;	/* the sign-in page has its form */
	/* Who is vouched for by another system: vouched.h. */
	int login_create;	/* an unknown person becomes a user */
	int login_match_email;	/* a verified address says who it is */
	const char *password_check; /* an address of verifier.h, or NULL */
	const char *password_check_owner; /* a user's name or number, or NULL */
	int password_check_keep; /* what was found right is hashed and stored */
	const char *auth_header; /* another header with the bearer token */
	const char *audiences;	/* words */
	const char *cors_origins; /* words */
	const char *default_scopes; /* words */
	const char *user_scopes; /* words, or NULL: all but the privileged */
	int registration;	/* REGISTRATION_... */
	const char *registration_scopes; /* words, or NULL: as user_scopes */
	int64_t registration_idle; /* after so long without use they are deleted */
	int client_documents;	/* DOCUMENTS_... */
	const char *client_documents_hosts; /* words, or NULL: any host */
	int64_t access_ttl, refresh_ttl, refresh_grace, personal_ttl;
	int64_t refresh_max;	/* of a family, from its sign-in; 0: any time */
	int64_t fresh_ttl;	/* a sign-in is new for so long */
	enum second_factor second_factor;
	int64_t code_ttl, device_code_ttl, device_interval, session_ttl;
	int dpop_nonce;		/* a proof needs a nonce of ours (RFC 9449) */
	int client_certificates; /* the web server asks for them (RFC 8705) */
	int pushed_requests;	/* /authorize takes no others (RFC 9126) */
	int durability_full;	/* a commit is synced */
	const char *audit_log;
	int64_t audit_size;	/* MiB; 0: no audit trail */
	int syslog;		/* the audit trail goes to syslog too */
	int sandbox;		/* sandbox.h */
	int passport_compat;
	int64_t throttle_window; /* failures are counted for so long */
	/* How many failures are allowed; 0: any number. */
	int64_t throttle_account_address, throttle_account, throttle_address;
	int64_t throttle_client;
	int64_t device_codes;	/* for one address in an hour; 0: any number */
	int64_t pushed_place;	/* the same of requests that public clients push */
	int64_t mails, mails_to; /* asked from one address, to one, in an hour */
	int64_t registrations;	/* from one address in an hour; 0: any number */
	int64_t hashes;		/* of passwords at once; 0: one a core */
	int64_t hash_queue;	/* how many requests hash or wait for a turn */
	int64_t hash_wait;	/* seconds that a request waits for a turn */
	const char *trusted_proxies; /* networks: words */
	const char *password_client_id, *password_client_secret;
	int password_user_names; /* the first-party proxy takes user names */
	struct conf_scope scopes[SCOPES_MAX];
	size_t n_scopes;
	uint64_t built_in[SCOPE_BUILT_IN_COUNT]; /* the bit of each */
	uint64_t all_built_in;	/* those that [scopes] does not name */
	const char *guard_realm; /* of rules without one, or NULL: the issuer */
	int guard_fold_case;	 /* paths that differ in case are the same */
	struct rule *rules;	 /* of [guard]: rule.h */
	const struct rule *resources[RESOURCES_MAX]; /* the first rule of each */
	size_t n_resources;
	struct arena *a;	/* owns the strings */
};

/*
 * conf_find(argument, program):
 * Return the path of the configuration, static: the argument if not NULL, else
 * $CARNET_CONF, else carnet.conf in the parent of the program's directory, else
 * /etc/carnet/carnet.conf.
 */
const char *conf_find(const char *argument, const char *program);

/*
 * conf_place(program):
 * Return where a new configuration belongs, static: /etc/carnet, if there is
 * such a directory, else the parent of program's directory.
 */
const char *conf_place(const char *program);

/*
 * conf_load(path, error, size):
 * Read and check the file.  Return the configuration, which the caller frees;
 * NULL with one sentence in error: file, line, what is wrong, what is allowed.
 * Paths in it are relative to the file's directory.
 */
struct conf *conf_load(const char *path, char *error, size_t size);

/*
 * conf_read(fd, path, error, size):
 * The same of the file at path that is open already, and closed here; fd is -1,
 * with errno, if it could not be opened.
 */
struct conf *conf_read(int fd, const char *path, char *error, size_t size);

/*
 * conf_parse(text, path, error, size):
 * The same for text in memory, as if it were the file at path.
 */
struct conf *conf_parse(
    const char *text, const char *path, char *error, size_t size);

/*
 * conf_time(text, out):
 * Read a time as the configuration has it: seconds, or with a unit, such as
 * 30s, 10m, 2h or 30d.  Return 0, or -1 if it is none.
 */
int conf_time(const char *text, int64_t *out);

/* conf_free(cf): wipe and free.  NULL is fine. */
void conf_free(struct conf *cf);

#endif
