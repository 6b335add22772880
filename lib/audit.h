/* audit.h: the audit trail: one line of JSON an event, in a file bounded in size. */
#ifndef CARNET_AUDIT_H
#define CARNET_AUDIT_H

#include <stdint.h>

struct arena;

/* What happened.  No member is a secret; one that is NULL is left out. */
struct audit {
	int64_t at;		/* Unix seconds */
	const char *request;	/* its id */
	const char *event;	/* "token", "sign_in", ... */
	const char *outcome;	/* "ok", or the error's code */
	const char *detail;	/* the grant, the verb, ... */
	const char *user;	/* e-mail */
	const char *client;	/* client_id */
	const char *address;
	const char *why;	/* the private reason of a refusal */
};

/* The members on file, in their order, and their names. */
enum { AUDIT_AT, AUDIT_REQUEST, AUDIT_EVENT, AUDIT_OUTCOME, AUDIT_DETAIL,
	AUDIT_USER, AUDIT_CLIENT, AUDIT_ADDRESS, AUDIT_WHY, AUDIT_MEMBERS };
extern const char *const audit_members[];

/*
 * audit_write(path, size, to_syslog, ev):
 * Add ev to the file at path in one write, so that lines of several processes
 * never mix.  A file that holds half of size bytes becomes path.1, in place of
 * the one before: both together stay within size.  size 0: no file.  With
 * to_syslog the line goes there too.  A failure is logged: what happened has
 * happened.
 */
void audit_write(const char *path, int64_t size, int to_syslog,
    const struct audit *ev);

#endif
