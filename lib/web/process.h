/* process.h: what outlives a request: configuration, database, state of modules. */
#ifndef CARNET_PROCESS_H
#define CARNET_PROCESS_H

#include <stdint.h>

struct conf;
struct confined;
struct endpoint;
struct store;
struct verifier;

/*
 * A kind of state that a module keeps between requests.  process_state and
 * process_keep find the state by the address of its kind.
 */
struct process_kind {
	void (*free)(void *state);
	int of_conf; /* it is freed when the configuration changes */
};

#define PROCESS_STATES_MAX 8

/* What lives as long as the process. */
struct process {
	const struct endpoint *ep;
	int serves_one;		/* a plain CGI program: one request */
	int is_confined;	/* the sandbox was entered, or is_open */
	int is_open;		/* the configuration wants no sandbox */
	int sockets;		/* that the sandbox allows: enum sandbox_sockets */
	struct confined *confined; /* the files it may open; NULL: any file */
	struct conf *conf;	/* NULL: it cannot be read */
	struct store *st;	/* NULL: not open */
	struct process_entry {	/* stored by process_keep */
		const struct process_kind *kind;
		void *state;
	} state[PROCESS_STATES_MAX];
	struct {		/* the file of conf when it was read */
		int64_t mtime_s, mtime_ns, ctime_s, ctime_ns, size;
		uint64_t ino;
	} conf_seen;
	const char *conf_path;
	int key_porter;		/* it opens login_key; -1: none */
	char *login_key;	/* as it was called then, or NULL */
	int porter;		/* it opens the file (porter.h); -1: none */
	struct verifier *verifier; /* of password_check; NULL: none */
	int n_waiting;		/* requests that wait; they use conf and st */
	int64_t checked_at;	/* when process_check last read the files' times */
};

/*
 * process_begin(pr, conf_path, serves_one):
 * Set *pr up for the configuration at that path; serves_one: the process serves a
 * single request.  Call it before anything else is read: it may start a porter,
 * which must not get a copy of a secret.
 */
void process_begin(struct process *pr, const char *conf_path, int serves_one);

/*
 * process_check(pr, now):
 * At most once a second, load the configuration if it changed, and open the
 * database if it is not open or was replaced.  An error in the configuration is
 * logged one time, and the old configuration stays.  When the first configuration
 * is loaded, the process enters its sandbox.
 */
void process_check(struct process *pr, int64_t now);

/*
 * process_open_login_key(pr):
 * Open the file of the setting login_key, for an endpoint that USES_LOGIN_KEY.  It
 * is the file that has the name now.  Return a descriptor, which the caller closes;
 * -1 with errno.
 */
int process_open_login_key(struct process *pr);

/*
 * process_state(pr, kind):
 * Return the state of that kind; NULL if there is none, or it was freed.
 *
 * process_keep(pr, kind, state):
 * Store the state of that kind; the one before it, if any, is freed.
 */
void *process_state(const struct process *pr, const struct process_kind *kind);
void process_keep(
    struct process *pr, const struct process_kind *kind, void *state);

/* process_drop(pr, all): free the states that are of_conf, or all of them. */
void process_drop(struct process *pr, int all);

/* process_end(pr): close and free all that is here. */
void process_end(struct process *pr);

#endif
