/* process.c: what outlives a request: configuration, database, state of modules. */
#include "process.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "conf.h"
#include "confine.h"
#include "log.h"
#include "porter.h"
#include "req.h"
#include "sandbox.h"
#include "store.h"
#include "verifier.h"

/* The entry of that kind, or else the first free one. */
static struct process_entry *
find_entry(struct process *pr, const struct process_kind *kind)
{
	struct process_entry *en = pr->state;

	while (en->kind != kind && en->kind != NULL)
		if (++en == pr->state + PROCESS_STATES_MAX)
			errx(111, "more than %d kinds of state",
			    PROCESS_STATES_MAX);
	return en;
}

void *
process_state(const struct process *pr, const struct process_kind *kind)
{
	for (size_t i = 0; i < PROCESS_STATES_MAX; i++)
		if (pr->state[i].kind == kind)
			return pr->state[i].state;
	return NULL;
}

void
process_keep(
    struct process *pr, const struct process_kind *kind, void *state)
{
	struct process_entry *en = find_entry(pr, kind);

	if (en->state != NULL)
		kind->free(en->state);
	en->kind = kind;
	en->state = state;
}

void
process_drop(struct process *pr, int all)
{
	struct process_entry *en;

	for (size_t i = 0; i < PROCESS_STATES_MAX; i++) {
		en = &pr->state[i];
		if (en->state == NULL || !(all || en->kind->of_conf))
			continue;
		en->kind->free(en->state);
		en->state = NULL;
	}
}

/*
 * A plain CGI program uses its first pages of memory in any case.  Taken at once
 * they cost the kernel one call instead of a fault for each page.
 */
static void
take_memory(void)
{
	const uintptr_t page = 4096;
	const size_t len = 30 * page; /* more would not come from the heap */
	char *p = malloc(len);

	if (p != NULL)
		(void)madvise((void *)(((uintptr_t)p + page - 1) & -page),
		    len - page, MADV_POPULATE_WRITE);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 20); /* free keeps them */
	free(p);
}

/* Does cf name a verifier that this process did not begin with? */
static int
wants_verifier(const struct process *pr, const struct conf *cf)
{
	return pr->ep->uses & USES_PASSWORDS && cf->password_check != NULL &&
	    !verifier_is(
		pr->verifier, cf->password_check, cf->password_check_owner);
}

static void
take_verifier(struct process *pr, const struct conf *cf)
{
	if (!wants_verifier(pr, cf))
		return;
	verifier_free(pr->verifier);
	pr->verifier =
	    verifier_new(cf->password_check, cf->password_check_owner);
}

/*
 * login.key is among the private keys, which the program that uses it must not read:
 * a porter of its own opens it.
 */
static void
take_login_key(struct process *pr, const struct conf *cf)
{
	if (!(pr->ep->uses & USES_LOGIN_KEY) || !cf->sandbox ||
	    !sandbox_has_files())
		return;
	pr->login_key = strdup(cf->login_key);
	if (pr->login_key == NULL ||
	    (pr->key_porter = porter_start(pr->login_key)) < 0)
		log_event("%s: no process of its own opens it: %s",
		    cf->login_key, strerror(errno));
}

void
process_begin(struct process *pr, const char *conf_path, int serves_one)
{
	char error[1024];
	struct conf *cf;
	int has_sandbox;

	pr->conf_path = conf_path;
	pr->serves_one = serves_one;
	pr->porter = pr->key_porter = -1;
	if (serves_one)
		take_memory();
	/* A plain CGI program would start a porter for each request. */
	if (serves_one)
		return;
	/* A configuration that cannot be read now may need a porter later. */
	cf = conf_load(conf_path, error, sizeof(error));
	if (sandbox_has_files() &&
	    (cf == NULL || (cf->sandbox && confine_needs_porter(cf))) &&
	    (pr->porter = porter_start(conf_path)) < 0)
		log_event("%s: no process of its own opens it: %s; what is"
			  " beside it can be read", conf_path, strerror(errno));
	if (cf != NULL) {
		take_login_key(pr, cf);
		take_verifier(pr, cf);
	}
	has_sandbox = cf != NULL && cf->sandbox;
	conf_free(cf);
	if (pr->verifier != NULL && has_sandbox)
		verifier_begin(pr->verifier);
}

/*
 * If the porter was killed, a process without a sandbox opens the file itself.  One
 * within could not: the reason to tell is the porter's.
 */
static struct conf *
load(struct process *pr, char *error, size_t size)
{
	const int fd = pr->porter < 0 ? -1 : porter_open(pr->porter);

	return pr->porter < 0 || (fd < 0 && pr->confined == NULL)
	    ? conf_load(pr->conf_path, error, size)
	    : conf_read(fd, pr->conf_path, error, size);
}

int
process_open_login_key(struct process *pr)
{
	const int fd =
	    pr->key_porter < 0 ? -1 : porter_open(pr->key_porter);

	return pr->key_porter < 0 || (fd < 0 && pr->confined == NULL)
	    ? open(pr->conf->login_key, O_RDONLY | O_CLOEXEC)
	    : fd;
}

/* Does cf name another login key than this process began with? */
static int
wants_login_key(const struct process *pr, const struct conf *cf)
{
	return pr->confined != NULL && cf->login_url != NULL &&
	    pr->ep->uses & USES_LOGIN_KEY &&
	    (pr->login_key == NULL || strcmp(pr->login_key, cf->login_key) != 0);
}

/* Is this the file that was read last? */
static int
is_seen(const struct process *pr, const struct stat *sb)
{
	return pr->conf_seen.ino == sb->st_ino &&
	    pr->conf_seen.size == sb->st_size &&
	    pr->conf_seen.mtime_s == sb->st_mtim.tv_sec &&
	    pr->conf_seen.mtime_ns == sb->st_mtim.tv_nsec &&
	    pr->conf_seen.ctime_s == sb->st_ctim.tv_sec &&
	    pr->conf_seen.ctime_ns == sb->st_ctim.tv_nsec;
}

/* Would process_check put another configuration or database in place of one? */
static int
has_changed(const struct process *pr)
{
	struct stat sb;

	return (pr->st != NULL && store_is_gone(pr->st)) ||
	    (stat(pr->conf_path, &sb) == 0 && !is_seen(pr, &sb));
}

/* What cf needs that the sandbox has closed, or NULL. */
static const char *
outside_of(const struct process *pr, const struct conf *cf)
{
	if (pr->is_confined && !pr->is_open) {
		if (confine_sockets(cf, confine_uses(pr->ep, cf)) &
		    ~pr->sockets)
			return "a socket (syslog, database)";
		if (wants_verifier(pr, cf))
			return "another password_check";
	}
	if (wants_login_key(pr, cf))
		return cf->login_key;
	return confined_from(pr->confined, cf, confine_uses(pr->ep, cf));
}

/*
 * Load the configuration if its file changed.  An error in it is logged one time,
 * and the old configuration stays.
 */
static void
process_conf(struct process *pr)
{
	char error[1024];
	const char *outside;
	struct conf *cf;
	struct stat sb;

	if (stat(pr->conf_path, &sb) < 0) {
		if (pr->conf == NULL)
			log_event("%s: %s", pr->conf_path, strerror(errno));
		return;
	}
	if (is_seen(pr, &sb))
		return;
	pr->conf_seen.ino = sb.st_ino;
	pr->conf_seen.size = sb.st_size;
	pr->conf_seen.mtime_s = sb.st_mtim.tv_sec;
	pr->conf_seen.mtime_ns = sb.st_mtim.tv_nsec;
	pr->conf_seen.ctime_s = sb.st_ctim.tv_sec;
	pr->conf_seen.ctime_ns = sb.st_ctim.tv_nsec;
	errno = 0;
	if ((cf = load(pr, error, sizeof(error))) == NULL) {
		/* The machine lacks something, or time: try again next time. */
		if (*log_cure(errno) != '\0' || errno == EAGAIN)
			pr->conf_seen.ino = 0;
		log_event("%s%s", error,
		    pr->conf != NULL ? "; the old configuration stays" : "");
		return;
	}
	outside = outside_of(pr, cf);
	if (outside != NULL) {
		log_event("%s: it names %s, which a program that serves cannot"
		    " go to: restart the programs; the old configuration stays",
		    pr->conf_path, outside);
		conf_free(cf);
		return;
	}
	/* It may name another database and other keys: they are opened anew. */
	store_close(pr->st);
	pr->st = NULL;
	process_drop(pr, 0);
	conf_free(pr->conf);
	pr->conf = cf;
}

/*
 * The sandbox lets nobody connect: that is done by a porter.  A FastCGI program has
 * it already, if it could read the configuration when it began.  A plain CGI program
 * whose request is no POST is not sent a password.
 */
static void
begin_verifier(struct process *pr)
{
	const char *method = pr->serves_one ? getenv("REQUEST_METHOD") : NULL;

	if (!wants_verifier(pr, pr->conf) ||
	    (method != NULL && strcmp(method, "POST") != 0))
		return;
	take_verifier(pr, pr->conf);
	if (pr->conf->sandbox)
		verifier_begin(pr->verifier);
}

/* Enter the sandbox, as the first configuration says.  It is never undone. */
static void
process_confine(struct process *pr)
{
	if (pr->conf == NULL)
		return;
	if (!pr->is_confined || pr->is_open)
		begin_verifier(pr);
	if (!pr->is_confined) {
		pr->is_confined = 1;
		pr->is_open = !pr->conf->sandbox;
		pr->sockets =
		    confine_sockets(pr->conf, confine_uses(pr->ep, pr->conf));
		if (!pr->is_open)
			(void)sandbox_enter(pr->sockets);
	}
	if (!pr->is_open && !pr->serves_one && pr->confined == NULL)
		pr->confined = confine_files(pr->conf,
		    confine_uses(pr->ep, pr->conf), pr->porter >= 0);
}

static struct store *
open_store(const struct endpoint *ep, const struct conf *cf)
{
	const unsigned uses = confine_uses(ep, cf);

	return uses & USES_STORE
	    ? store_open(cf->database, cf->durability_full)
	    : uses & USES_LOOKUP ? store_open_to_read(cf->database)
				 : NULL;
}

void
process_check(struct process *pr, int64_t now)
{
	if (now == pr->checked_at)
		return;
	/* Requests that wait use this configuration and this database. */
	if (pr->n_waiting > 0 && has_changed(pr))
		return;
	pr->checked_at = now;
	process_conf(pr);
	if (pr->st != NULL && store_is_gone(pr->st)) {
		log_event("database %s: opened anew",
		    store_shown(pr->conf->database, pr->conf->a));
		store_close(pr->st);
		pr->st = NULL;
	}
	if (pr->conf != NULL && pr->st == NULL)
		pr->st = open_store(pr->ep, pr->conf);
	if (pr->st != NULL) {
		store_set_now(pr->st, now);
		store_set_outbox_max(pr->st, pr->conf->outbox_max);
	}
	if (pr->st != NULL && pr->serves_one)
		store_serve_one(pr->st);
	process_confine(pr);
}

void
process_end(struct process *pr)
{
	process_drop(pr, 1);
	store_close(pr->st);
	conf_free(pr->conf);
	confined_free(pr->confined);
	verifier_free(pr->verifier);
	porter_end(pr->porter);
	porter_end(pr->key_porter);
	free(pr->login_key);
}
