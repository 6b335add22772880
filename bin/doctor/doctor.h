/* doctor.h: what the checks of carnet doctor share. */
#ifndef CARNET_DOCTOR_H
#define CARNET_DOCTOR_H

#include <sys/types.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "site.h"

struct keys;

/* The port of the guard in deploy/apache/guard.conf. */
#define DOCTOR_GUARD_PORT 924

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_WRONG };

/* What a check needs.  A check whose needs are not met is left out. */
enum {
	NEEDS_CONF = 1, /* a configuration, or the readable part of it */
	NEEDS_STORE = 2,
	NEEDS_KEYS = 4,
	NEEDS_URL = 8,
	NEEDS_SITE = 16,     /* the URL answers */
	NEEDS_ISSUER = 32,   /* the configuration names the issuer */
	NEEDS_PROGRAMS = 64, /* some paths of the URL lead to programs */
};

struct doctor {
	struct cmd *c;
	struct arena *a;
	const char *check; /* the name of the running check */
	unsigned has;      /* NEEDS_... that are met */
	struct conf *cf;
	struct store *st;
	struct keys *ks;
	const char *log; /* the last line that the library logged */
	int n_logged;
	const char *programs; /* the directory cgi-bin/ beside the command */
	int n_running;        /* programs of it that run now, as FastCGI */
	int has_runner;       /* the user that they run as is known */
	uid_t runner;         /* that user */
	gid_t groups[32];     /* the runner's groups */
	int n_groups;
	const char *base;       /* the URL, without a slash at its end */
	const char *server;     /* what the site's Server header says, or "" */
	const char *via;        /* the Via header, or NULL */
	struct buf out;         /* the findings, as they are printed */
	int n[LEVEL_WRONG + 1]; /* how many of each */
};

/* good(d, fmt, ...): report that the running check found no fault. */
void good(struct doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * bad(d, level, cure, fmt, ...):
 * Report a fault, in one sentence, and its cure.
 */
void bad(struct doctor *d, enum level level, const char *cure, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* url_of(d, s): return the program's URL, below the URL that was given. */
const char *url_of(struct doctor *d, enum site s);

/* is_loopback(url): return 1 if the host of url is this machine. */
int is_loopback(const char *url);

/* url_host(a, url): return the host and port of url. */
const char *url_host(struct arena *a, const char *url);

/* url_path(url): return the path of url; "" if it has none. */
const char *url_path(const char *url);

/* What the answer to a made-up token shows (RFC 6750 section 3). */
enum arrival {
	ARRIVED,    /* error="invalid_token": the program got the token */
	REMOVED,    /* no error: the program got no token */
	BASIC,      /* the web server itself asks for a password */
	NO_PROGRAM, /* another answer */
};

/* try_header(d, url, name): GET url with a made-up token in that header. */
enum arrival try_header(struct doctor *d, const char *url, const char *name);

/*
 * web_root_of(a, path):
 * Return the web server's directory above path, or NULL.
 */
const char *web_root_of(struct arena *a, const char *path);

/* cure_of_silence(error): the cure for an error of curl. */
const char *cure_of_silence(const char *error);

/*
 * clock_off(d, url, off):
 * RFC 9110 section 6.6.1: put to *off how many seconds the clock of the server of
 * url is ahead of ours.  Return 1; 0 if it does not tell, which is reported.
 */
int clock_off(struct doctor *d, const char *url, long long *off);

/* user_name(a, uid): return the name in /etc/passwd, else the number. */
const char *user_name(struct arena *a, uid_t uid);

/*
 * obstacle(d, path, want):
 * Return the first part of path that the programs' user may not use (R_OK, W_OK,
 * X_OK), or NULL.
 */
const char *obstacle(struct doctor *d, const char *path, int want);

/* count_running(d): find the running programs of d->programs and their user. */
void count_running(struct doctor *d);

/* The checks, in their own files. */
void check_configuration(struct doctor *d);
void check_issuer(struct doctor *d);
void check_scopes(struct doctor *d);
void check_templates(struct doctor *d);
void check_programs(struct doctor *d);
void check_processes(struct doctor *d);
void check_layout(struct doctor *d);
void check_guard_port(struct doctor *d);
void check_modes(struct doctor *d);
void check_access(struct doctor *d);
void check_web_root(struct doctor *d);
void check_disk(struct doctor *d);
void check_database(struct doctor *d);
void check_clients(struct doctor *d);
void check_users(struct doctor *d);
void check_password(struct doctor *d);
void check_mail(struct doctor *d);
void check_handoff(struct doctor *d);
void check_clock(struct doctor *d);
void check_keys(struct doctor *d);
void check_old_keys(struct doctor *d);
void check_site(struct doctor *d);
void check_interface(struct doctor *d);
void check_https(struct doctor *d);
void check_certificate(struct doctor *d);
void check_time(struct doctor *d);
void check_paths(struct doctor *d);
void check_page_headers(struct doctor *d);
void check_metadata(struct doctor *d);
void check_jwks(struct doctor *d);
void check_caching(struct doctor *d);
void check_cors(struct doctor *d);
void check_authorization(struct doctor *d);
void check_guard(struct doctor *d);
void check_exposure(struct doctor *d);
void check_login_page(struct doctor *d);

#endif
