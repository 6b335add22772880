/* port.c: how does Apache ask the guard, and who listens on the port for that? */
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <unistd.h>

#include "doctor.h"

#define LISTENS 0x0a /* TCP_LISTEN in /proc/net/tcp */

/* Apache's files, which may name the port, and load mod_carnet. */
static const char *const files[] = { "/etc/apache2/apache2.conf",
	"/etc/apache2/mods-enabled/*", "/etc/apache2/sites-enabled/*",
	"/etc/apache2/conf-enabled/*",
	"/etc/httpd/conf/httpd.conf", "/etc/httpd/conf.d/*.conf" };

/* The port of HOST:PORT, which "fcgi://" may precede; 0: there is none. */
static unsigned
port_of(const char *text)
{
	const char *colon = strrchr(text, ':');
	char *end;
	unsigned long n;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return 0;
	n = strtoul(colon + 1, &end, 10);
	return n > 65535 || strchr("/\"' \t\r\n", *end) == NULL ? 0
								 : (unsigned)n;
}

/* The port that a line names; an Include of guard.conf means its default. */
static unsigned
port_in_line(const char *line)
{
	static const char define[] = "Define CARNET_GUARD ",
			  provider[] = "AuthnzFcgiDefineProvider ",
			  shipped[] = "/apache/guard.conf";

	line += strspn(line, " \t");
	if (strncasecmp(line, define, strlen(define)) == 0)
		return port_of(line + strlen(define));
	if (strncasecmp(line, provider, strlen(provider)) == 0 &&
	    strstr(line, " carnet ") != NULL)
		return port_of(line);
	return strncasecmp(line, "Include", 7) == 0 &&
		strstr(line, shipped) != NULL
	    ? DOCTOR_GUARD_PORT
	    : 0;
}

/* 1 if a line loads mod_carnet.  guard.conf then needs no port. */
static unsigned
loads_module(const char *line)
{
	static const char load[] = "LoadModule carnet_module ";

	line += strspn(line, " \t");
	return strncasecmp(line, load, strlen(load)) == 0;
}

static unsigned
look_in_file(const char *path, unsigned (*look)(const char *line))
{
	FILE *f = fopen(path, "re");
	unsigned found = 0;
	char line[1024];

	while (f != NULL && found == 0 && fgets(line, sizeof(line), f) != NULL)
		found = look(line);
	if (f != NULL)
		fclose(f);
	return found;
}

/* The first that look finds in a line of Apache's files; 0: nothing. */
static unsigned
look_in_files(unsigned (*look)(const char *line))
{
	unsigned found = 0;
	glob_t g;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && found == 0;
	     i++) {
		if (glob(files[i], 0, NULL, &g) != 0)
			continue;
		for (size_t j = 0; j < g.gl_pathc && found == 0; j++)
			found = look_in_file(g.gl_pathv[j], look);
		globfree(&g);
	}
	return found;
}

/* The port from $CARNET_GUARD (spawn.sh) or Apache's files; 0: none is used. */
static unsigned
find_port(void)
{
	const char *told = getenv("CARNET_GUARD");
	const unsigned port = told == NULL ? 0 : port_of(told);

	return port != 0 ? port : look_in_files(port_in_line);
}

/* Put the owner of the socket that listens on port to *uid: 1, or 0 if none. */
static int
listener_of(unsigned port, uid_t *uid)
{
	static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };
	unsigned local, state, owner;
	char line[512];
	int found = 0;
	FILE *f;

	for (size_t i = 0; i < 2 && !found; i++) {
		if ((f = fopen(tables[i], "re")) == NULL)
			continue;
		while (!found && fgets(line, sizeof(line), f) != NULL)
			if (sscanf(line,
				" %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x"
				" %*x:%*x %*x:%*x %*x %u",
				&local, &state, &owner) == 3 &&
			    local == port && state == LISTENS) {
				*uid = (uid_t)owner;
				found = 1;
			}
		fclose(f);
	}
	return found;
}

/* The first port that any user may listen on. */
static unsigned
first_free_port(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
	unsigned port = 1024;

	if (f != NULL && fscanf(f, "%u", &port) != 1)
		port = 1024;
	if (f != NULL)
		fclose(f);
	return port;
}

/*
 * mod_authnz_fcgi can only use a TCP port.  The process that listens there sees
 * each bearer token, and answers for the guard.
 */
void
check_guard_port(struct doctor *d)
{
	const unsigned port = find_port(), first = first_free_port();
	const uid_t runner = d->has_runner ? d->runner : geteuid();
	uid_t uid = 0;

	if (look_in_files(loads_module)) {
		good(d, "Apache asks the guard by mod_carnet, on a socket");
		return;
	}
	if (port == 0)
		return;
	if (!listener_of(port, &uid))
		bad(d, port >= first ? LEVEL_WRONG : LEVEL_WARN,
		    "Start the guard: by systemd (guard-port.conf), which keeps"
		    " the port when the guard ends, or by spawn.sh; or load"
		    " mod_carnet, which needs no port.",
		    "Nobody listens on port %u, where Apache asks the guard%s.",
		    port,
		    port >= first ? ": any user of this machine may take it,"
				    " see the tokens and let requests in"
				  : "");
	else if (uid != 0 && uid != runner)
		bad(d, LEVEL_WRONG,
		    "End that process, start the guard, and revoke the tokens"
		    " of that time.",
		    "User %s listens on port %u, where Apache asks the guard,"
		    " and sees the tokens.",
		    user_name(d->a, uid), port);
	else if (port >= first)
		bad(d, LEVEL_WARN,
		    arena_printf(d->a,
			"Let root start the guard on a port below %u, such as"
			" %u, and name it in Apache's configuration (Define"
			" CARNET_GUARD); or load mod_carnet, which needs no"
			" port.",
			first, DOCTOR_GUARD_PORT),
		    "Any user of this machine may listen on port %u, where"
		    " Apache asks the guard, whenever the guard is down.",
		    port);
	else
		good(d,
		    "port %u, for root alone; mod_carnet would ask faster, and"
		    " on a socket",
		    port);
}
