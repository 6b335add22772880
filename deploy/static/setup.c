/* setup.c: GET POST /oauth/setup: a first configuration and user without a shell.
 *
 * This page is only in carnet.cgi, for hosts to which one can only copy files.
 * It works for a user who knows the text of the file setup-token beside
 * carnet.conf.  setup_token.c reads that file, setup_site.c makes the site. */
#include "setup.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "b64.h"
#include "body.h"
#include "buf.h"
#include "conf.h"
#include "conn.h"
#include "crypto.h"
#include "resp.h"
#include "sandbox.h"
#include "tmpl.h"
#include "url.h"

#define TOKEN_MIN 20

int setup_main(void);
int notfound_main(void);

extern char **environ;

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
	size_t len = body_length(&(struct req) { .env = environ }), got = 0;
	char *body;
	const char *at;
	struct url_pair pair;
	ssize_t n;

	if (len > BODY_MAX)
		len = BODY_MAX;
	at = body = arena_alloc(s->rq.a, len + 1);
	conn_expect(&c, body_length(&(struct req) { .env = environ }));
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
	int fits, wait_s;

	if ((wait_s = setup_token_wait(s)) > 0) {
		resp_header(&s->rq, "Retry-After", "%d", wait_s);
		return page(s, 429, "form", "There were many wrong guesses: wait"
		    " a minute, then send this again.", NULL);
	}
	if ((fits = setup_token_try(s, token)) < 0)
		return page(s, 500, "form", "The folder of the file cannot be"
		    " written to.", NULL);
	if (!fits)
		return page(s, 403, "form", "That is not the text of the file.",
		    NULL);
	if ((fault = find_fault(&s->form)) != NULL)
		return page(s, 422, "form", fault, NULL);
	if (!setup_make_site(s, &said, &fault))
		return page(s, 422, "form", fault, said);
	if (setup_token_end(s) < 0)
		return page(s, 200, "done", "Delete the file " TOKEN_FILE
		    " now: this page cannot.", said);
	return page(s, 200, "done", NULL, said);
}

static int
serve(struct setup *s)
{
	const char *token;

	if (!is_private())
		return page(s, 403, "", "Open this page by https: what you type"
		    " could be read on the way.", NULL);
	token = setup_token_read(s);
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
	if (!setup_token_open(&s))
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
