/*
 * cmd_courier.c: carnet courier: the one program that goes out.  With --follow a
 * courier is started anew whenever it ended.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "courier.h"
#include "json.h"
#include "letter.h"
#include "sandbox.h"
#include "store.h"
#include "store_client.h"

#define REST_S 1	/* before one that ended is started anew; it doubles, to */
#define REST_MAX_S 60	/* where it cannot start */

static volatile sig_atomic_t is_over;
static volatile pid_t followed; /* whom to tell, or 0 */

static void
be_over(int sig)
{
	(void)sig;
	is_over = 1;
	if (followed != 0)
		kill(followed, SIGTERM);
}

/* SIGTERM and SIGINT: what is under way is ended first. */
static void
catch_signals(void)
{
	struct sigaction act = { .sa_handler = be_over };

	sigemptyset(&act.sa_mask);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
}

/* Does a client have its keys elsewhere, or want logout tokens? */
static int
has_clients_elsewhere(const struct conf *cf)
{
	struct store *st = store_open_to_read(cf->database);
	const int n = st == NULL ? 0
	    : store_client_has_keys_at(st) == 1 ||
		store_client_wants_logout(st) == 1;

	store_close(st);
	return n;
}

static int
has_work(const struct conf *cf, const char *path)
{
	if (letter_is_set_up(cf) || cf->client_documents != DOCUMENTS_OFF ||
	    cf->registration != REGISTRATION_CLOSED ||
	    has_clients_elsewhere(cf))
		return 1;
	cmd_refuse("there is nothing to do: no client has a jwks_uri or a"
		   " backchannel_logout_uri, client_documents is off,"
		   " registration is closed, and no mail is set up (mail_from,"
		   " and mail_command or smtp, in %s)",
	    path);
	return 0;
}

/* A configuration that is broken is told once, and the one before it stays. */
static void
read_again(struct cmd *c, struct timespec *read_at)
{
	const struct timespec at = courier_conf_at(c);
	struct conf *cf;
	char error[1024];

	if (at.tv_sec == read_at->tv_sec && at.tv_nsec == read_at->tv_nsec)
		return;
	*read_at = at;
	if ((cf = conf_load(c->conf_path, error, sizeof(error))) == NULL ||
	    !has_work(cf, c->conf_path)) {
		if (cf == NULL)
			cmd_refuse("%s", error);
		conf_free(cf);
		return;
	}
	conf_free(c->conf);
	c->conf = cf;
}

/* Start one, and wait for its end; how it exited, or -1 if it was killed. */
static int
run_one(struct cmd *c)
{
	struct courier co = { .c = c, .is_over = &is_over };
	const pid_t parent = getpid();
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -1;
	if ((followed = pid) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		is_over = getppid() != parent;
		_exit(courier_go_on(&co));
	}
	if (is_over) /* it may have been so before we knew whom to tell */
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0)
		continue;
	followed = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
follow(struct cmd *c)
{
	struct timespec rest = { .tv_sec = REST_S };
	struct timespec read_at = courier_conf_at(c);

	while (!is_over) {
		if (run_one(c) == COURIER_AGAIN)
			rest.tv_sec = REST_S;
		else if (rest.tv_sec < REST_MAX_S)
			rest.tv_sec *= 2;
		if (!is_over)
			nanosleep(&rest, NULL);
		read_again(c, &read_at);
	}
	return CMD_OK;
}

static int
report(struct cmd *c, const struct courier *co)
{
	struct buf b;

	buf_init(&b, c->a, 128);
	if (c->json) {
		json_open(&b, NULL, '{');
		json_int(&b, "sent", co->sent);
		json_int(&b, "failed", co->failed);
		json_int(&b, "given_up", co->given_up);
		json_close(&b, '}');
	} else {
		buf_printf(&b, "sent %d, failed %d, given up %d", co->sent,
		    co->failed, co->given_up);
	}
	return cmd_print(&b);
}

int
cmd_courier(struct cmd *c)
{
	struct courier co = { .c = c, .is_over = &is_over };
	int is_once = 0, follows = 0, n, rc;
	const struct cmd_opt opts[] = {
		{ .name = "once", .flag = &is_once },
		{ .name = "follow", .flag = &follows },
	};
	char **operand;

	if ((n = cmd_options(c, opts, 2, &operand)) != 0 ||
	    (is_once && follows))
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = cmd_read_conf(c)) != CMD_OK ||
	    (rc = cmd_become_owner(c)) != CMD_OK)
		return rc;
	if (!has_work(c->conf, c->conf_path))
		return CMD_REFUSED;
	sandbox_quiet();
	catch_signals();
	if (follows)
		return follow(c);
	rc = courier_once(&co);
	/* Cron mails what a program prints. */
	return rc == CMD_OK && (c->json || cmd_is_terminal(c))
	    ? report(c, &co)
	    : rc;
}
