/*
 * doctor.c: carnet doctor: the table of checks, and the printing of findings.
 */
#include "doctor.h"

#include <stdarg.h>

#include "as.h"
#include "json.h"
#include "keys.h"
#include "log.h"
#include "store.h"

/* The checks, in the order in which they run: what others need comes first. */
static const struct check {
	const char *name;
	unsigned needs;
	void (*run)(struct doctor *);
} checks[] = {
	{ "configuration", 0, check_configuration },
	{ "issuer", NEEDS_ISSUER, check_issuer },
	{ "scopes", NEEDS_CONF, check_scopes },
	{ "templates", NEEDS_CONF, check_templates },
	{ "programs", 0, check_programs },
	{ "processes", 0, check_processes },
	{ "guard-port", 0, check_guard_port },
	{ "layout", NEEDS_CONF, check_layout },
	{ "modes", NEEDS_CONF, check_modes },
	{ "access", NEEDS_CONF, check_access },
	{ "web-root", NEEDS_CONF, check_web_root },
	{ "disk", NEEDS_CONF, check_disk },
	{ "database", NEEDS_CONF, check_database },
	{ "keys", NEEDS_CONF, check_keys },
	{ "clients", NEEDS_STORE, check_clients },
	{ "users", NEEDS_STORE, check_users },
	{ "password-check", NEEDS_CONF, check_password },
	{ "mail", NEEDS_STORE, check_mail },
	{ "hand-off", NEEDS_CONF, check_handoff },
	{ "clock", NEEDS_CONF, check_clock },
	{ "old-keys", NEEDS_KEYS | NEEDS_STORE, check_old_keys },
	{ "site", NEEDS_URL, check_site },
	{ "interface", NEEDS_SITE, check_interface },
	{ "https", NEEDS_SITE, check_https },
	{ "certificate", NEEDS_SITE, check_certificate },
	{ "time", NEEDS_SITE, check_time },
	{ "paths", NEEDS_SITE, check_paths },
	{ "authorization", NEEDS_PROGRAMS, check_authorization },
	{ "guard", NEEDS_SITE | NEEDS_CONF, check_guard },
	{ "metadata", NEEDS_SITE, check_metadata },
	{ "jwks", NEEDS_PROGRAMS, check_jwks },
	{ "caching", NEEDS_PROGRAMS, check_caching },
	{ "cors", NEEDS_PROGRAMS, check_cors },
	{ "page-headers", NEEDS_PROGRAMS, check_page_headers },
	{ "exposure", NEEDS_SITE | NEEDS_CONF, check_exposure },
	{ "login-page", NEEDS_SITE | NEEDS_CONF, check_login_page },
};

/* Add one finding to the report. */
static void
put(struct doctor *d, enum level level, const char *what, const char *cure)
{
	static const char *const names[] = { "ok", "warn", "wrong" };
	struct buf *b = &d->out;

	d->n[level]++;
	if (!d->c->json) {
		buf_printf(b, "%-6s %-14s %s\n", names[level], d->check, what);
		if (cure != NULL)
			buf_printf(b, "%-6s %-14s cure: %s\n", "", "", cure);
		return;
	}
	json_open(b, NULL, '{');
	json_str(b, "check", d->check);
	json_str(b, "level", names[level]);
	json_str(b, "what", what);
	json_str(b, "cure", cure);
	json_close(b, '}');
}

static char *format(struct doctor *d, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Text from a site may be in it, so control characters are replaced. */
static char *
format(struct doctor *d, const char *fmt, va_list ap)
{
	char text[2048];

	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return arena_str(d->a, text);
}

void
good(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(d, LEVEL_OK, format(d, fmt, ap), NULL);
	va_end(ap);
}

void
bad(struct doctor *d, enum level level, const char *cure, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(d, level, format(d, fmt, ap), cure);
	va_end(ap);
}

/* Remember the library's last log line, as a reason for a finding. */
static void
keep_line(void *ctx, const char *line)
{
	struct doctor *d = ctx;

	d->n_logged++;
	d->log = arena_str(
	    d->a, strncmp(line, "carnet: ", 8) == 0 ? line + 8 : line);
}

/* Check the URL: http or https, no user, query or fragment.  NULL if not. */
static const char *
read_base(struct doctor *d, const char *text)
{
	size_t n = strlen(text);

	if ((strncmp(text, "http://", 7) != 0 &&
		strncmp(text, "https://", 8) != 0) ||
	    strcspn(text, "?#@\\\"<> ") != n)
		return NULL;
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return NULL;
	while (n > 0 && text[n - 1] == '/')
		n--;
	return n <= 8 ? NULL : arena_dup(d->a, text, n);
}

const char *
url_of(struct doctor *d, enum site s)
{
	const struct conf at = { .issuer = d->base };

	return site_url(&at, d->a, s);
}

const char *
url_path(const char *url)
{
	return strchrnul(strstr(url, "://") + 3, '/');
}

const char *
url_host(struct arena *a, const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return arena_dup(a, host, (size_t)(url_path(url) - host));
}

int
is_loopback(const char *url)
{
	static const char *const hosts[] = { "127.", "localhost", "[::1]" };
	const char *host = strstr(url, "://") + 3;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncasecmp(host, hosts[i], strlen(hosts[i])) == 0)
			return i == 0 ||
			    strchr(":/", host[strlen(hosts[i])]) != NULL;
	return 0;
}

static int
print(struct doctor *d)
{
	if (d->c->json)
		json_close(&d->out, ']');
	else
		buf_printf(&d->out, "%d wrong, %d warned of, %d ok",
		    d->n[LEVEL_WRONG], d->n[LEVEL_WARN], d->n[LEVEL_OK]);
	return cmd_print(&d->out);
}

static void
run_checks(struct doctor *d)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		d->check = checks[i].name;
		if ((checks[i].needs & ~d->has) == 0)
			checks[i].run(d);
	}
}

int
cmd_doctor(struct cmd *c)
{
	struct doctor d = { .c = c, .a = c->a, .server = "" };
	const char *as = NULL, *client_id = NULL, *redirect_uri = NULL;
	const struct cmd_opt opts[] = {
		{ .name = "as", .value = &as },
		{ .name = "client-id", .value = &client_id },
		{ .name = "redirect-uri", .value = &redirect_uri },
	};
	char **operand;
	int n, rc;

	if ((n = cmd_options(c, opts, 3, &operand)) < 0 || n > 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if (as == NULL ? client_id != NULL || redirect_uri != NULL : n == 0)
		return cmd_usage(c);
	if (n == 1) {
		if ((d.base = read_base(&d, operand[0])) == NULL)
			return cmd_usage(c);
		d.has |= NEEDS_URL;
	}
	buf_init(&d.out, c->a, 8192);
	if (c->json)
		json_open(&d.out, NULL, '[');
	log_to(keep_line, &d);
	if (as == NULL)
		run_checks(&d);
	else if (as_play(&d, as, d.base, client_id, redirect_uri) < 0)
		return cmd_usage(c);
	log_to(NULL, NULL);
	rc = print(&d);
	store_close(d.st);
	keys_free(d.ks);
	conf_free(d.cf);
	return rc == CMD_OK && d.n[LEVEL_WRONG] > 0 ? CMD_REFUSED : rc;
}
