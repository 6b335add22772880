/* process.h: configuration and database, taken up again when they change. */
#ifndef CARNET_PROCESS_H
#define CARNET_PROCESS_H

#include <stdint.h>

struct conf;
struct confined;
struct endpoint;
struct store;

/*
 * What a module keeps for the life of the process: its address is the name that
 * process_state and process_keep know it by.
 */
struct process_kind {
	void (*free)(void *state);
	int of_conf; /* it is freed when another configuration is taken up */
};

#define PROCESS_STATES_MAX 8

/* What lives as long as the process. */
struct process {
	const struct endpoint *ep;
	int once;		/* ends with this request: plain CGI */
	int is_confined;	/* in its sandbox, or asked not to be: is_open */
	int is_open;
	int has_sockets;	/* local ones, for syslog */
	struct confined *confined; /* to these files; NULL: to none */
	struct conf *conf;	/* NULL: it cannot be read */
	struct store *st;	/* NULL: not open */
	struct process_entry {	/* by process_keep */
		const struct process_kind *kind;
		void *state;
	} state[PROCESS_STATES_MAX];
	struct {		/* of the file that conf came from */
		int64_t mtime_s, mtime_ns, ctime_s, ctime_ns, size;
		uint64_t ino;
	} conf_seen;
	const char *conf_path;
	int porter;		/* who opens it: porter.h; -1: we do */
	int n_waiting;		/* requests that wait, and use conf and st */
	int64_t checked_at;	/* when process_check last read the files' times */
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

/*
 * process_state(pr, kind):
 * Return what a module keeps under kind; NULL if there is none, or it was freed.
 *
 * process_keep(pr, kind, state):
 * Keep state under kind; the one before, if any, is freed.
 */
void *process_state(const struct process *pr, const struct process_kind *kind);
void process_keep(
    struct process *pr, const struct process_kind *kind, void *state);

/* process_drop(pr, all): free what is kept of the configuration, or all. */
void process_drop(struct process *pr, int all);

/* process_end(pr): close and free all that is here. */
void process_end(struct process *pr);

#endif
