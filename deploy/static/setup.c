/* setup.c: GET POST /oauth/setup: a first configuration and user without a shell.
 *
 * This page is only in carnet.cgi, for hosts to which one can only copy files.
 * It works for a user who knows the text of the file setup-token beside
 * carnet.conf: whoever can put a file there is the owner of the site.  It runs
 * the command's own verbs, and deletes that file. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "buf.h"
#include "conf.h"
#include "conn.h"
#include "crypto.h"
#include "input.h"
#include "req.h"
#include "resp.h"
#include "sandbox.h"
#include "tmpl.h"
#include "url.h"

#define TOKEN_FILE "setup-token"
#define WRONG_FILE "setup-token.wrong" /* a byte for each recent wrong guess */
#define TOKEN_MIN 20
#define TOKEN_MAX 200
#define WRONG_MAX 20 /* after so many, guesses are refused for WRONG_WAIT_S */
#define WRONG_WAIT_S 60
#define OUTPUT_MAX 4096
#define VERB_S 100 /* longer than any verb takes */

int setup_main(void);
int notfound_main(void);

extern char **environ;

/* The fields of the form; "" if one is not given. */
struct form {
	const char *token, *issuer, *data, *email, *password;
};

struct setup {
	struct req rq;
	struct form form;
	char dir[PATH_MAX];	/* where carnet.conf is */
	int dirfd, fd;		/* of dir; of the token's file, locked, or -1 */
};

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	return value == NULL ? "" : value;
}

static int
is_loopback_name(const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
	size_t len;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (strncmp(host, names[i], len) == 0 &&
		    (host[len] == '\0' || host[len] == ':'))
			return 1;
	}
	return 0;
}

static int
is_https(void)
{
	const char *https = env("HTTPS");

	return (*https != '\0' && strcasecmp(https, "off") != 0) ||
	    strcasecmp(env("REQUEST_SCHEME"), "https") == 0 ||
	    strcasecmp(env("HTTP_X_FORWARDED_PROTO"), "https") == 0;
}

/* Nobody on the way may read the form: https, or a loopback name and address.
 * A local proxy has a loopback address too, so the name must be one. */
static int
is_private(void)
{
	const char *from = env("REMOTE_ADDR");

	return is_https() ||
	    ((strncmp(from, "127.", 4) == 0 || strcmp(from, "::1") == 0) &&
		is_loopback_name(env("HTTP_HOST")));
}

/* The URL that this page was opened at, without /oauth/setup. */
static const char *
guess_issuer(struct arena *a)
{
	const char *uri = env("REQUEST_URI");
	const char *end = strstr(uri, "/oauth/setup");

	return arena_printf(a, "%s://%s%.*s", is_https() ? "https" : "http",
	    env("HTTP_HOST"), end == NULL ? 0 : (int)(end - uri), uri);
}

/* A folder beside the document root, which no URL leads to. */
static const char *
guess_data(struct arena *a)
{
	const char *root = env("DOCUMENT_ROOT");
	char *parent = arena_str(a, root), *slash;

	while ((slash = strrchr(parent, '/')) != NULL && slash[1] == '\0')
		*slash = '\0';
	if (slash == NULL || slash == parent)
		return "";
	*slash = '\0';
	return arena_printf(a, "%s/carnet", parent);
}

static int
answer(struct setup *s)
{
	const struct buf *b = resp_bytes(&s->rq);
	const char *p = b->data;
	ssize_t n;

	for (size_t left = b->len; left > 0; p += n, left -= (size_t)n)
		if ((n = write(STDOUT_FILENO, p, left)) < 0)
			return 0;
	return 0;
}

/* Send the page with the part "form", "done" or "", and an error or NULL. */
static int
page(struct setup *s, int status, const char *part, const char *error,
    const char *text)
{
	struct tmpl_data *d = tmpl_data_new(s->rq.a);

	tmpl_set(d, "title", "Set up carnet");
	tmpl_set(d, part, "yes");
	tmpl_set(d, "error", error);
	tmpl_set(d, "text", text);
	tmpl_set(d, "setup_issuer", *s->form.issuer != '\0'
	    ? s->form.issuer : guess_issuer(s->rq.a));
	tmpl_set(d, "data", *s->form.data != '\0'
	    ? s->form.data : guess_data(s->rq.a));
	tmpl_set(d, "email", s->form.email);
	tmpl_set(d, "file", TOKEN_FILE);
	if (resp_page(&s->rq, status, "setup.html", d) != NULL)
		errx(111, "setup.html");
	return answer(s);
}

/* The text of the file, without the newline that an editor adds. */
static const char *
read_token(struct setup *s)
{
	char *text = arena_alloc(s->rq.a, TOKEN_MAX + 2);
	ssize_t n = pread(s->fd, text, TOKEN_MAX + 1, 0);

	while (n > 0 && (unsigned char)text[n - 1] <= ' ')
		n--;
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* Count a wrong guess.  Return -1 on failure: then no guess may be tried. */
static int
count_wrong(struct setup *s)
{
	int fd = openat(s->dirfd, WRONG_FILE,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return -1;
	rc = write(fd, "x", 1) == 1 ? 0 : -1;
	close(fd);
	return rc;
}

/*
 * Return for how many more seconds guesses are refused; 0: not.  After the wait
 * the count begins again, so strangers can delay the owner only for a while.
 */
static int
seconds_to_wait(struct setup *s)
{
	const time_t now = time(NULL);
	struct stat sb;

	if (fstatat(s->dirfd, WRONG_FILE, &sb, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	/* A clock that was set back is no reason to wait longer. */
	if (now < sb.st_mtime || now >= sb.st_mtime + WRONG_WAIT_S) {
		(void)unlinkat(s->dirfd, WRONG_FILE, 0);
		return 0;
	}
	return sb.st_size < WRONG_MAX
	    ? 0
	    : (int)(sb.st_mtime + WRONG_WAIT_S - now);
}

/* Is what was sent the text of the file?  Digests compare in constant time. */
static int
token_fits(const char *sent, const char *token)
{
	struct digest a, b;

	digest_of(sent, strlen(sent), &a);
	digest_of(token, strlen(token), &b);
	return digest_equal(&a, &b);
}

/* In the child: run the command with input; its output goes to out. */
static void
become(char **argv, int input, int out)
{
	static char path[] = "PATH=/usr/bin:/bin";
	char *clean[] = { path, NULL };

	if (dup2(input, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2) {
		signal(SIGPIPE, SIG_DFL);
		alarm(VERB_S);
		execve("/proc/self/exe", argv, clean);
	}
	_exit(127);
}

/*
 * Run a verb of the command, with input on its standard input.  Put its output
 * to *said.  Return 1 if it succeeded.
 */
static int
run_verb(struct setup *s, char **argv, const char *input, const char **said)
{
	int in = memfd_create("setup", MFD_CLOEXEC), status = -1;
	int out = memfd_create("setup", MFD_CLOEXEC);
	char *text = arena_alloc(s->rq.a, OUTPUT_MAX + 1);
	ssize_t n = (ssize_t)strlen(input);
	pid_t pid;

	*said = text;
	text[0] = '\0';
	if (in < 0 || out < 0 || write(in, input, (size_t)n) != n ||
	    lseek(in, 0, SEEK_SET) < 0 || (pid = fork()) < 0) {
		*said = strerror(errno);
		return 0;
	}
	if (pid == 0)
		become(argv, in, out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	n = pread(out, text, OUTPUT_MAX, 0);
	text[n < 0 ? 0 : n] = '\0';
	close(in);
	close(out);
	if (*text == '\0' && status != 0)
		*said = "This host lets no program start another.";
	return status == 0;
}

static char *
word(const char *text)
{
	return (char *)(uintptr_t)text;
}

/*
 * Run carnet install and carnet user add.  Put the output of install, which has
 * a secret that is shown only here, to *made, and an error to *fault.  Both may
 * be run again: what exists stays.  Return 1 on success.
 */
static int
make_site(struct setup *s, const char **made, const char **fault)
{
	const struct form *f = &s->form;
	char *conf = arena_printf(s->rq.a, "%s/carnet.conf", s->dir);
	char *install[] = { word("carnet"), word("install"), word("--conf"), conf,
		word("--issuer"), word(f->issuer),
		*f->data == '\0' ? NULL : word("--data"), word(f->data), NULL };
	char *user[] = { word("carnet"), word("user"), word("add"),
		word("--conf"), conf, word("--password-stdin"), word("--"),
		word(f->email), NULL };
	const char *password = arena_printf(s->rq.a, "%s\n", f->password);

	*made = NULL;
	if (!run_verb(s, install, "", fault))
		return 0;
	*made = *fault;
	return run_verb(s, user, password, fault);
}

/* Read the fields of the body, which is a form of some hundred bytes. */
static void
read_form(struct setup *s)
{
	const struct {
		const char *name, **value;
	} fields[] = {
		{ "setup_token", &s->form.token }, { "issuer", &s->form.issuer },
		{ "data", &s->form.data }, { "email", &s->form.email },
		{ "password", &s->form.password },
	};
	struct conn c = { .fd = -1, .until_ms = conn_now_ms() + CONN_READ_MS };
	size_t len = input_length(&(struct req) { .env = environ }), got = 0;
	char *body;
	const char *at;
	struct url_pair pair;
	ssize_t n;

	if (len > BODY_MAX)
		len = BODY_MAX;
	at = body = arena_alloc(s->rq.a, len + 1);
	conn_expect(&c, input_length(&(struct req) { .env = environ }));
	while (got < len && (n = conn_read(&c, body + got, len - got)) > 0)
		got += (size_t)n;
	conn_drain(&c);
	while (url_form_next(s->rq.a, &at, &got, &pair) == 1)
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (strcmp(fields[i].name, pair.name) == 0)
				*fields[i].value = pair.value;
}

/* What is wrong with the form, or NULL.  The command checks the other rules. */
static const char *
find_fault(const struct form *f)
{
	if (*f->issuer == '\0' || *f->email == '\0' || *f->password == '\0')
		return "Give the address of the site, your e-mail and a password.";
	if (strpbrk(f->issuer, "\r\n") != NULL ||
	    strpbrk(f->data, "\r\n") != NULL ||
	    strpbrk(f->password, "\r\n") != NULL)
		return "A field has more than one line.";
	if (*f->data != '\0' && *f->data != '/')
		return "The folder must begin with a slash.";
	return NULL;
}

static int
set_up(struct setup *s, const char *token)
{
	const char *fault, *said = "";
	int wait_s;

	if ((wait_s = seconds_to_wait(s)) > 0) {
		resp_header(&s->rq, "Retry-After", "%d", wait_s);
		return page(s, 429, "form", "There were many wrong guesses: wait"
		    " a minute, then send this again.", NULL);
	}
	if (!token_fits(s->form.token, token)) {
		if (count_wrong(s) < 0)
			return page(s, 500, "form", "The folder of the file"
			    " cannot be written to.", NULL);
		return page(s, 403, "form", "That is not what stands in the"
		    " file.", NULL);
	}
	if ((fault = find_fault(&s->form)) != NULL)
		return page(s, 422, "form", fault, NULL);
	if (!make_site(s, &said, &fault))
		return page(s, 422, "form", fault, said);
	(void)unlinkat(s->dirfd, WRONG_FILE, 0);
	if (unlinkat(s->dirfd, TOKEN_FILE, 0) < 0 || fsync(s->dirfd) < 0)
		return page(s, 200, "done", "Delete the file " TOKEN_FILE
		    " now: this page cannot.", said);
	return page(s, 200, "done", NULL, said);
}

/* Open and lock the file of the token.  Return 0 if there is none. */
static int
open_token(struct setup *s)
{
	struct stat sb;

	s->fd = openat(s->dirfd, TOKEN_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return s->fd >= 0 && flock(s->fd, LOCK_EX) == 0 &&
	    fstat(s->fd, &sb) == 0 && S_ISREG(sb.st_mode) && sb.st_nlink > 0;
}

/*
 * The folder of carnet.conf is the parent of the one that this program is in.
 */
static int
find_dir(struct setup *s)
{
	char *slash;

	if (realpath("/proc/self/exe", s->dir) == NULL)
		return -1;
	for (int up = 0; up < 2; up++)
		if ((slash = strrchr(s->dir, '/')) != NULL)
			*slash = '\0';
	s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->dirfd < 0 ? -1 : 0;
}

static int
serve(struct setup *s)
{
	const char *token;

	if (!is_private())
		return page(s, 403, "", "Open this page by https: what you type"
		    " could be read on the way.", NULL);
	token = read_token(s);
	if (strlen(token) < TOKEN_MIN || strlen(token) > TOKEN_MAX)
		return page(s, 403, "", "The file " TOKEN_FILE " must hold one"
		    " line of 20 to 200 characters that nobody can guess.",
		    NULL);
	if (strcmp(env("REQUEST_METHOD"), "POST") != 0)
		return page(s, 200, "form", NULL, NULL);
	return set_up(s, token);
}

int
setup_main(void)
{
	static struct setup s;
	struct arena *a = arena_new();
	uint8_t random[12];
	struct buf headers;
	struct conf *cf;
	char error[1024];
	int rc;

	umask(077);
	sandbox_quiet();
	signal(SIGPIPE, SIG_IGN);
	s.rq.a = a;
	s.form = (struct form) { "", "", "", "", "" };
	/*
	 * Read also a body that is not used: else a server may lose the answer.
	 */
	read_form(&s);
	if (find_dir(&s) < 0 || !open_token(&s))
		return notfound_main();
	cf = conf_parse("issuer = http://127.0.0.1\n", "setup", error,
	    sizeof(error));
	if (cf == NULL)
		errx(111, "%s", error);
	buf_init(&headers, a, 1024);
	s.rq = (struct req) { .a = a, .env = environ, .conf = cf,
		.headers = &headers, .script = "", .path = "",
		.is_head = strcmp(env("REQUEST_METHOD"), "HEAD") == 0 };
	crypto_random(random, sizeof(random));
	b64url_encode(random, sizeof(random), s.rq.id);
	rc = serve(&s);
	conf_free(cf);
	arena_free(a);
	return rc;
}
