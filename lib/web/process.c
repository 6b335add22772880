/* process.c: configuration and database, taken up again when they change. */
#include "process.h"

#include <errno.h>
#include <sys/stat.h>

#include "conf.h"
#include "confine.h"
#include "log.h"
#include "porter.h"
#include "process.h"
#include "req.h"
#include "sandbox.h"
#include "store.h"

static void
drop_keys(struct process *pr)
{
	if (pr->keys != NULL)
		pr->keys_free(pr->keys);
	if (pr->signing != NULL)
		pr->keys_free(pr->signing);
	pr->keys = pr->signing = NULL;
}

void
process_begin(struct process *pr, const char *conf_path, int once)
{
	char error[1024];
	struct conf *cf;

	pr->conf_path = conf_path;
	pr->once = once;
	pr->porter = -1;
	/* A plain CGI program would pay for it with each request. */
	if (once || !sandbox_has_files())
		return;
	/* One that cannot be read yet may need it. */
	cf = conf_load(conf_path, error, sizeof(error));
	if ((cf == NULL ||
		(cf->sandbox &&
		    confine_needs_porter(cf, confine_uses(pr->ep, cf)))) &&
	    (pr->porter = porter_start(conf_path)) < 0)
		log_event("%s: no process of its own opens it: %s; what is"
			  " beside it can be read", conf_path, strerror(errno));
	conf_free(cf);
}

/* A porter that was killed is missed only by who is shut in. */
static struct conf *
load(struct process *pr, char *error, size_t size)
{
	const int fd = pr->porter < 0 ? -1 : porter_open(pr->porter);

	return fd < 0 ? conf_load(pr->conf_path, error, size)
		      : conf_read(fd, pr->conf_path, error, size);
}

/*
 * Take up a configuration that changed; a broken one is logged, once, and the
 * old one kept.
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
	if (pr->conf_seen.ino == sb.st_ino &&
	    pr->conf_seen.size == sb.st_size &&
	    pr->conf_seen.mtime_s == sb.st_mtim.tv_sec &&
	    pr->conf_seen.mtime_ns == sb.st_mtim.tv_nsec &&
	    pr->conf_seen.ctime_s == sb.st_ctim.tv_sec &&
	    pr->conf_seen.ctime_ns == sb.st_ctim.tv_nsec)
		return;
	pr->conf_seen.ino = sb.st_ino;
	pr->conf_seen.size = sb.st_size;
	pr->conf_seen.mtime_s = sb.st_mtim.tv_sec;
	pr->conf_seen.mtime_ns = sb.st_mtim.tv_nsec;
	pr->conf_seen.ctime_s = sb.st_ctim.tv_sec;
	pr->conf_seen.ctime_ns = sb.st_ctim.tv_nsec;
	errno = 0;
	if ((cf = load(pr, error, sizeof(error))) == NULL) {
		/* No fault of the file: it is read when it can be opened. */
		if (*log_cure(errno) != '\0')
			pr->conf_seen.ino = 0;
		log_event("%s%s", error,
		    pr->conf != NULL ? "; the old configuration stays" : "");
		return;
	}
	outside = pr->is_confined && !pr->is_open && !pr->has_sockets &&
		cf->syslog
	    ? "syslog"
	    : confined_from(
		pr->confined, cf, confine_uses(pr->ep, cf));
	if (outside != NULL) {
		log_event("%s: it names %s, which a program that serves cannot"
		    " go to: restart the programs; the old configuration stays",
		    pr->conf_path, outside);
		conf_free(cf);
		return;
	}
	/* Both may have moved: they are opened again when next needed. */
	store_close(pr->st);
	pr->st = NULL;
	drop_keys(pr);
	conf_free(pr->conf);
	pr->conf = cf;
	pr->conf_generation++;
}

/* Once the configuration tells whether to and where; never undone. */
static void
process_confine(struct process *pr)
{
	if (pr->conf == NULL)
		return;
	if (!pr->is_confined) {
		pr->is_confined = 1;
		pr->is_open = !pr->conf->sandbox;
		pr->has_sockets = pr->conf->syslog;
		if (!pr->is_open)
			(void)sandbox_enter(pr->conf->syslog);
	}
	if (!pr->is_open && !pr->once && pr->confined == NULL)
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
	/* Others wait, and hold the configuration and the database. */
	if (now == pr->checked_at || pr->n_waiting > 0)
		return;
	pr->checked_at = now;
	process_conf(pr);
	if (pr->st != NULL && store_is_gone(pr->st)) {
		log_event("database %s: opened anew", pr->conf->database);
		store_close(pr->st);
		pr->st = NULL;
	}
	if (pr->conf != NULL && pr->st == NULL)
		pr->st = open_store(pr->ep, pr->conf);
	if (pr->st != NULL)
		store_set_now(pr->st, now);
	if (pr->st != NULL && pr->once)
		store_once(pr->st);
	process_confine(pr);
}

void
process_end(struct process *pr)
{
	drop_keys(pr);
	free(pr->verified);
	store_close(pr->st);
	conf_free(pr->conf);
	confined_free(pr->confined);
	porter_end(pr->porter);
}
