/* audit.h: the audit trail: a line of JSON for each event, bounded in size. */
#ifndef CARNET_AUDIT_H
#define CARNET_AUDIT_H

#include <stdint.h>

struct arena;

/*
 * An event of the audit trail.  No member is a secret; a NULL member is not
 * written.
 */
struct audit {
	int64_t at;		/* Unix seconds, and */
	int at_us;		/* microseconds: the order of lines */
	const char *request;	/* its id */
	const char *event;	/* "token", "sign_in", ... */
	const char *outcome;	/* "ok", or the error's code */
	const char *detail;	/* the grant, the verb, ... */
	const char *user;	/* e-mail; of a command, the user who ran it */
	const char *about;	/* of a command: e-mails of users it changed */
	const char *client;	/* client_id */
	const char *address;
	const char *why;	/* the private reason of a refusal */
	int is_strangers;	/* the caller proved nothing and was refused;
				   not a member of the line */
};

/* The members of a line, in their order, and their names. */
enum { AUDIT_AT, AUDIT_REQUEST, AUDIT_EVENT, AUDIT_OUTCOME, AUDIT_DETAIL,
	AUDIT_USER, AUDIT_ABOUT, AUDIT_CLIENT, AUDIT_ADDRESS, AUDIT_WHY,
	AUDIT_MEMBERS };
extern const char *const audit_members[];

/* audit_time(a, s, us): a time as a line has it; times compare as text. */
const char *audit_time(struct arena *a, int64_t s, int us);

/*
 * The trail is two files and the file before each.  What strangers are refused
 * goes to a part of its own, so that their requests, however many, push out no
 * other line.
 */
enum { AUDIT_KNOWN, AUDIT_STRANGERS, AUDIT_PARTS };

/* audit_part(a, path, part): the file of that part of the trail at path. */
const char *audit_part(struct arena *a, const char *path, int part);

/*
 * audit_write(path, size, to_syslog, ev):
 * Add ev to its part of the trail at path in one write, so that lines of
 * several processes never mix.  A file that has grown to half of its part's
 * size is renamed to FILE.1, over the one before.  All files together stay
 * within size bytes; a quarter of that is for strangers.  size 0: no file.
 * With to_syslog the line goes to syslog too.  A failure is logged and changes
 * nothing else: the event has happened already.
 */
void audit_write(const char *path, int64_t size, int to_syslog,
    const struct audit *ev);

#endif
