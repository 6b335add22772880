/* password.c: does the program answer that checks passwords (password_check)? */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"
#include "doctor.h"
#include "record.h"
#include "verifier.h"

#define STRANGER "carnet-doctor"

/* The user of the programs: of those that run, else the owner of the state. */
static uid_t
user_of(struct doctor *d)
{
	struct stat sb;

	if (d->has_runner)
		return d->runner;
	return stat(d->cf->state, &sb) == 0 ? sb.st_uid : geteuid();
}

/* Is the socket one that the programs trust and can reach? */
static int
is_sound(struct doctor *d, const struct verifier *v, const char *path)
{
	const char *cause;
	struct stat sb;

	if (lstat(path, &sb) < 0)
		bad(d, LEVEL_WRONG,
		    "Start the program that listens there (systemctl status"
		    " saslauthd), or correct password_check.",
		    "%s: %s.", path, strerror(errno));
	else if (!S_ISSOCK(sb.st_mode))
		bad(d, LEVEL_WRONG,
		    "Let password_check name the socket itself.",
		    "%s is no socket%s.", path,
		    S_ISLNK(sb.st_mode) ? ", but a symbolic link" : "");
	else if (!verifier_is_trusted(v, sb.st_uid))
		bad(d, LEVEL_WRONG,
		    arena_printf(d->a, "If that user runs the program, set"
			    " password_check_owner = %s.",
			user_name(d->a, sb.st_uid)),
		    "%s is owned by %s, whom carnet does not trust.", path,
		    user_name(d->a, sb.st_uid));
	else if ((cause = obstacle(d, path, W_OK)) != NULL)
		bad(d, LEVEL_WRONG,
		    "Give the socket the group of that user and mode 0660"
		    " (SocketGroup= and SocketMode= of systemd), or make the"
		    " user a member of its group (adduser USER sasl).",
		    "%s: user %s cannot connect because of %s.", path,
		    user_name(d->a, v->self), cause);
	else
		return 1;
	return 0;
}

/* Ask about a stranger, whose password nobody can know. */
static void
ask(struct doctor *d, const struct verifier *v)
{
	struct record *said = arena_alloc(d->a, sizeof(*said));
	char password[SECRET_TEXT_LEN + 1];
	struct digest unused;
	int rc;

	secret_make(password, &unused);
	d->log = "no answer";
	rc = verifier_ask(v, d->a, STRANGER, password, said);
	if (rc < 0)
		bad(d, LEVEL_WRONG,
		    "See what that program logs, and start it anew: until it"
		    " answers, sign-ins get 503, but for those whose hash is"
		    " stored.",
		    "%s.", d->log);
	else if (rc > 0)
		bad(d, LEVEL_WRONG,
		    "Repair that program: it lets everybody in.",
		    "%s says that a password that nobody has is right.",
		    v->address);
	else
		good(d, "%s answers", v->address);
}

void
check_password(struct doctor *d)
{
	const struct conf *cf = d->cf;
	struct verifier v = { .self = user_of(d), .porter = -1 };

	if (cf->password_check == NULL) {
		good(d, "passwords are checked here");
		return;
	}
	v.address = arena_str(d->a, cf->password_check);
	if (verifier_owner(cf->password_check_owner, &v.owner) < 0) {
		bad(d, LEVEL_WRONG,
		    "Set it to a name of /etc/passwd, or to a number.",
		    "password_check_owner is %s, who is no user here.",
		    cf->password_check_owner);
		return;
	}
	if (is_sound(d, &v, verifier_path(v.address)))
		ask(d, &v);
}
