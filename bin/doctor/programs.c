/* programs.c: checks of the programs in cgi-bin/ beside the command. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "embed.h"

#define TRIAL_S 10

/* One for each file of cgi-bin/; a test compares them. */
static const char *const names[] = { "account", "authorize", "confirm",
	"device", "end-session", "guard", "introspect", "jwks", "login", "metadata",
	"notfound", "par", "passport", "password-token", "personal-tokens",
	"playground", "posts", "recover", "register", "resource-metadata",
	"revoke", "signup", "status", "token", "user", "userinfo", "verify" };
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* One program instead, which has all of them: deploy/static/one.c. */
#define ALL_IN_ONE "carnet.cgi"

/* The directory cgi-bin/ beside the directory of the command. */
static const char *
find_programs(struct arena *a)
{
	char dir[PATH_MAX];
	char *slash;

	if (realpath("/proc/self/exe", dir) == NULL)
		return NULL;
	for (int up = 0; up < 2; up++)
		if ((slash = strrchr(dir, '/')) != NULL)
			*slash = '\0';
	return arena_printf(a, "%s/cgi-bin", dir);
}

/* Was the program built with the command's own templates and schema? */
static int
has_mark(const char *path)
{
	struct stat sb;
	void *map = MAP_FAILED;
	int fd, has;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 1; /* not readable, so not known */
	if (fstat(fd, &sb) == 0 && sb.st_size > 0)
		map = mmap(
		    NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return 1;
	has = memmem(map, (size_t)sb.st_size, embed_mark, strlen(embed_mark)) !=
	    NULL;
	munmap(map, (size_t)sb.st_size);
	return has;
}

/* In the child: make a plain CGI request, without a configuration. */
static void
become(const char *path, int out)
{
	static char method[] = "REQUEST_METHOD=GET",
		    interface[] = "GATEWAY_INTERFACE=CGI/1.1",
		    conf[] = "CARNET_CONF=/dev/null/none";
	char *env[] = { method, interface, conf, NULL };
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	int null = open("/dev/null", O_RDWR);

	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 &&
	    dup2(out, 2) == 2) {
		alarm(TRIAL_S);
		execve(path, argv, env);
		dprintf(2, "%s\n", strerror(errno));
	}
	_exit(127);
}

/*
 * Run the program without configuration and database.  A program that works
 * answers 500.  Return NULL, or what it printed instead.
 */
static const char *
try_program(struct arena *a, const char *path)
{
	int out = memfd_create("doctor", MFD_CLOEXEC), status;
	char *text = arena_alloc(a, 1024), *line;
	pid_t pid;
	ssize_t n;

	if (out < 0 || (pid = fork()) < 0)
		return strerror(errno);
	if (pid == 0)
		become(path, out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	n = pread(out, text, 1023, 0);
	close(out);
	text[n < 0 ? 0 : n] = '\0';
	if (strstr(text, "Status: 500") != NULL)
		return NULL;
	/* The loader's own line: "path: error while loading ..." */
	line =
	    text + (strncmp(text, path, strlen(path)) == 0 ? strlen(path) : 0);
	line += strspn(line, ": ");
	line[strcspn(line, "\n")] = '\0';
	return *line == '\0' ? "it says nothing" : line;
}

/* Return 1 if the program exists, runs, and is of this version. */
static int
program_is_fine(struct doctor *d, const char *name)
{
	const char *path = arena_printf(d->a, "%s/%s", d->programs, name);
	const char *said;

	if (access(path, F_OK) < 0)
		bad(d, LEVEL_WRONG,
		    "Copy it there from the same build as the"
		    " command.",
		    "%s is missing.", path);
	else if (access(path, X_OK) < 0)
		bad(d, LEVEL_WRONG, arena_printf(d->a, "chmod 0755 %s", path),
		    "%s may not be run.", path);
	else if ((said = try_program(d->a, path)) != NULL)
		bad(d, LEVEL_WRONG,
		    "Install the library that it names, or"
		    " copy a program that was built for this machine.",
		    "%s does not run: %s.", path, said);
	else if (!has_mark(path))
		bad(d, LEVEL_WRONG,
		    "Copy command and programs from one"
		    " build.",
		    "%s is of another version than this command.", path);
	else
		return 1;
	return 0;
}

void
check_programs(struct doctor *d)
{
	int fine = 1;

	d->programs = find_programs(d->a);
	if (d->programs == NULL || access(d->programs, F_OK) < 0) {
		d->programs = NULL;
		good(d, "none beside the command");
		return;
	}
	if (access(arena_printf(d->a, "%s/" ALL_IN_ONE, d->programs), F_OK) == 0) {
		if (program_is_fine(d, ALL_IN_ONE))
			good(d, "all in %s/" ALL_IN_ONE, d->programs);
		return;
	}
	for (size_t i = 0; i < N_NAMES; i++)
		fine = program_is_fine(d, names[i]) && fine;
	if (fine)
		good(d, "%zu in %s", N_NAMES, d->programs);
}

/* Read at most size - 1 bytes of /proc/PID/FILE; return the length, or -1. */
static ssize_t
read_proc(const char *pid, const char *file, char *out, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -1;
	n = read(fd, out, size - 1);
	close(fd);
	out[n < 0 ? 0 : n] = '\0';
	return n;
}

/*
 * Put the file that the process runs to out.  The exe link of another user's
 * process cannot be read: then take the first word of its command line.
 */
static int
executable_of(const char *pid, char out[static PATH_MAX])
{
	char path[64], word[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	if ((n = readlink(path, out, PATH_MAX - 1)) >= 0) {
		out[n] = '\0';
		return 0;
	}
	return read_proc(pid, "cmdline", word, sizeof(word)) > 0 &&
		realpath(word, out) != NULL
	    ? 0
	    : -1;
}

/* Another site may run the same programs; its CARNET_CONF differs. */
static int
has_our_conf(struct doctor *d, const char *pid)
{
	static const char name[] = "CARNET_CONF=";
	const size_t size = 128 * 1024;
	char *env = arena_alloc(d->a, size), theirs[PATH_MAX], ours[PATH_MAX];
	ssize_t n = read_proc(pid, "environ", env, size);

	for (char *p = env; n > 0 && p < env + n; p += strlen(p) + 1)
		if (strncmp(p, name, strlen(name)) == 0)
			return realpath(p + strlen(name), theirs) == NULL ||
			    realpath(d->c->conf_path, ours) == NULL ||
			    strcmp(theirs, ours) == 0;
	return 1;
}

/* The name of our program that serves FastCGI as the process pid, or NULL. */
static const char *
name_of(struct doctor *d, const char *pid)
{
	const size_t len = strlen(d->programs);
	char exe[PATH_MAX];

	if (executable_of(pid, exe) < 0 ||
	    strncmp(exe, d->programs, len) != 0 || exe[len] != '/')
		return NULL;
	for (size_t i = 0; i < N_NAMES; i++)
		if (strcmp(exe + len + 1, names[i]) == 0)
			return has_our_conf(d, pid) ? names[i] : NULL;
	return NULL;
}

/*
 * fgetpwent, as getpwuid needs shared libraries, and a static command has none.
 */
const char *
user_name(struct arena *a, uid_t uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	const char *name = NULL;
	const struct passwd *pw;

	while (f != NULL && name == NULL && (pw = fgetpwent(f)) != NULL)
		if (pw->pw_uid == uid)
			name = arena_str(a, pw->pw_name);
	if (f != NULL)
		fclose(f);
	return name != NULL ? name : arena_printf(a, "%u", (unsigned)uid);
}

/* Read the groups of the process, its own first. */
static void
read_groups(struct doctor *d, const char *pid, gid_t own)
{
	const int max = sizeof(d->groups) / sizeof(d->groups[0]);
	char status[8192], *p, *end;
	unsigned long gid;

	d->groups[0] = own;
	d->n_groups = 1;
	if (read_proc(pid, "status", status, sizeof(status)) <= 0 ||
	    (p = strstr(status, "\nGroups:")) == NULL)
		return;
	for (p += strlen("\nGroups:"); d->n_groups < max; p = end) {
		p += strspn(p, " \t");
		gid = strtoul(p, &end, 10);
		if (end == p)
			return;
		d->groups[d->n_groups++] = (gid_t)gid;
	}
}

void
count_running(struct doctor *d)
{
	struct dirent *de;
	const char *name;
	struct stat sb;
	DIR *proc;

	d->n_running = 0;
	if (d->programs == NULL || (proc = opendir("/proc")) == NULL)
		return;
	while ((de = readdir(proc)) != NULL) {
		if (de->d_name[0] < '1' || de->d_name[0] > '9' ||
		    (name = name_of(d, de->d_name)) == NULL ||
		    fstatat(dirfd(proc), de->d_name, &sb, 0) < 0)
			continue;
		/* The guard is FastCGI even if the others are not. */
		d->n_running += strcmp(name, "guard") != 0;
		d->has_runner = 1;
		d->runner = sb.st_uid;
		read_groups(d, de->d_name, sb.st_gid);
	}
	closedir(proc);
}

/* The programs that keep running show which user serves. */
void
check_processes(struct doctor *d)
{
	count_running(d);
	if (d->programs == NULL)
		return;
	if (d->n_running == 0)
		good(d, "none of %s keeps running%s%s", d->programs,
		    d->has_runner ? " but the guard, as user " : "",
		    d->has_runner ? user_name(d->a, d->runner) : "");
	else
		good(d, "%d run as user %s (FastCGI)", d->n_running,
		    user_name(d->a, d->runner));
}
