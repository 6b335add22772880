/* process.h: configuration and database, taken up again when they change. */
#ifndef CARNET_PROCESS_H
#define CARNET_PROCESS_H

#include <stdint.h>

struct conf;
struct confined;
struct endpoint;
struct keys;
struct store;
struct verified;

/* What lives as long as the process. */
struct process {
	const struct endpoint *ep;
	int once;		/* ends with this request: plain CGI */
	int is_confined;	/* in its sandbox, or asked not to be: is_open */
	int is_open;
	int has_sockets;	/* local ones, for syslog */
	struct confined *confined; /* to these files; NULL: to none */
	struct conf *conf;	/* NULL: it cannot be read */
	uint64_t conf_generation; /* counts the readings */
	struct store *st;	/* NULL: not open */
	struct keys *keys;	/* that verify; NULL: not yet read; see keys.h */
	struct keys *signing;	/* and those that sign */
	void (*keys_free)(struct keys *);
	struct verified *verified; /* NULL: not yet; see verified.h */
	struct {		/* of the file that conf came from */
		int64_t mtime_s, mtime_ns, ctime_s, ctime_ns, size;
		uint64_t ino;
	} conf_seen;
	const char *conf_path;
	int porter;		/* who opens it: porter.h; -1: we do */
	int n_waiting;		/* requests that hold what is here */
	int64_t checked_at;	/* when the files were last looked at */
	int bcrypt_dearest;	/* of users' hashes; see user.c */
	int64_t bcrypt_seen_at;	/* when they were last looked at */
};

/*
 * process_begin(pr, conf_path, once):
 * It serves with the configuration at that path; once: a single request.  Before
 * the first, as there is no secret in its memory yet.
 */
void process_begin(struct process *pr, const char *conf_path, int once);

/*
 * process_check(pr, now):
 * Once a second at most, look whether the configuration changed or the database
 * was replaced, and take them up; open what is not open yet.  A broken
 * configuration is logged, once, and the old one kept.  The first that can be
 * read shuts the process into its sandbox.
 */
void process_check(struct process *pr, int64_t now);

/* process_end(pr): close and free what it holds. */
void process_end(struct process *pr);

#endif
