/* one.c: carnet.cgi: all programs and the command in one file; make bundle. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The main functions of cgi-bin/ and bin/, each with a name of its own. */
#define PROGRAM(name, run) int run(void);
#include "programs.h"
#undef PROGRAM
int carnet_main(int argc, char **argv);
int setup_main(void); /* setup.c, which is only in this file */

static const struct program {
	const char *name;
	int (*run)(void);
} programs[] = {
#define PROGRAM(name, run) { name, run },
#include "programs.h"
#undef PROGRAM
	{ "logout", login_main },
	{ "setup", setup_main },
};

/* The program of each URL.  The longest path that fits counts. */
static const struct route {
	const char *path, *name;
} routes[] = {
	{ "/oauth", "notfound" },
	{ "/oauth/token", "token" },
	{ "/oauth/authorize", "authorize" },
	{ "/oauth/login", "login" },
	{ "/oauth/logout", "logout" },
	{ "/oauth/signup", "signup" },
	{ "/oauth/recover", "recover" },
	{ "/oauth/confirm", "confirm" },
	{ "/oauth/device", "verify" },
	{ "/oauth/device/code", "device" },
	{ "/oauth/revoke", "revoke" },
	{ "/oauth/introspect", "introspect" },
	{ "/oauth/userinfo", "userinfo" },
	{ "/oauth/end-session", "end-session" },
	{ "/oauth/register", "register" },
	{ "/oauth/par", "par" },
	{ "/oauth/tokens", "passport" },
	{ "/oauth/clients", "passport" },
	{ "/oauth/scopes", "passport" },
	{ "/oauth/personal-access-tokens", "passport" },
	{ "/oauth/jwks", "jwks" },
	{ "/oauth/playground", "playground" },
	{ "/oauth/setup", "setup" },
	{ "/api", "notfound" },
	{ "/api/oauth/password/token", "password-token" },
	{ "/api/personal-tokens", "personal-tokens" },
	{ "/api/posts", "posts" },
	{ "/api/user", "user" },
	{ "/api/status", "status" },
	{ "/.well-known/oauth-authorization-server", "metadata" },
	{ "/.well-known/openid-configuration", "metadata" },
	{ "/.well-known/oauth-protected-resource", "resource-metadata" },
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct program *
find(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT(programs); i++)
		if (strncmp(programs[i].name, name, len) == 0 &&
		    programs[i].name[len] == '\0')
			return &programs[i];
	return NULL;
}

/* The program that the last segment of path names, or NULL. */
static const struct program *
named_by(const char *path)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	if (slash != NULL)
		path = slash + 1;
	return path == NULL ? NULL : find(path, strlen(path));
}

/*
 * Move the first len bytes of path, which is PATH_INFO, to SCRIPT_NAME's end.
 */
static void
mount(char *path, size_t len)
{
	const char *script = getenv("SCRIPT_NAME");
	char *mounted;

	if (asprintf(&mounted, "%s%.*s", script == NULL ? "" : script, (int)len,
	    path) < 0 || setenv("SCRIPT_NAME", mounted, 1) < 0)
		err(111, "SCRIPT_NAME");
	free(mounted);
	memmove(path, path + len, strlen(path + len) + 1);
}

/*
 * The program that PATH_INFO names: by its name, /token, as from .htaccess, or
 * by its URL, /oauth/token, on a host without rewrite rules.
 */
static const struct program *
routed(char *path)
{
	const struct program *p = find("notfound", 8);
	size_t len, best = 0;

	if (path == NULL || *path != '/')
		return p;
	len = strcspn(path + 1, "/");
	if (find(path + 1, len) != NULL) {
		p = find(path + 1, len);
		best = len + 1;
	}
	for (size_t i = 0; i < COUNT(routes); i++) {
		len = strlen(routes[i].path);
		if (len > best && strncmp(path, routes[i].path, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0')) {
			p = find(routes[i].name, strlen(routes[i].name));
			best = len;
		}
	}
	mount(path, best);
	return p;
}

/*
 * Did a shell start this, not a web server?  A server passes a query without
 * "=" as words of the command line (RFC 3875 section 4.4); they must not be
 * verbs.
 */
static int
is_shell(void)
{
	socklen_t size = sizeof(int);
	int is_listening = 0;

	if (getenv("GATEWAY_INTERFACE") != NULL ||
	    getenv("REQUEST_METHOD") != NULL || getenv("SCRIPT_NAME") != NULL)
		return 0;
	return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN,
		   &is_listening, &size) != 0 ||
	    !is_listening;
}

/*
 * A link or a copy is the program whose name it has.  A file of one line,
 * #!/path/carnet.cgi, is the program of its URL.
 */
int
main(int argc, char **argv)
{
	const struct program *p = named_by(argc > 0 ? argv[0] : NULL);

	if (p == NULL && is_shell())
		return carnet_main(argc, argv);
	if (p == NULL)
		p = named_by(getenv("SCRIPT_NAME"));
	if (p == NULL)
		p = routed(getenv("PATH_INFO"));
	return p->run();
}
