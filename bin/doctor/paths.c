/* paths.c: does each path lead to its program? */
#include <libgen.h>
#include <unistd.h>

#include "doctor.h"
#include "http.h"

/*
 * Each program, and the status of its answer to a request without a token (0:
 * any).  Doctor stores nothing: where a GET would leave a line in the audit
 * trail, it sends a POST of a wrong media type, which leaves none.
 */
static const struct {
	enum site site;
	int status;
	int is_post;
} paths[] = {
	{ SITE_TOKEN, 405, 0 },
	{ SITE_AUTHORIZE, 415, 1 },
	{ SITE_LOGIN, 0, 0 },
	{ SITE_LOGOUT, 0, 0 },
	{ SITE_DEVICE_CODE, 405, 0 },
	{ SITE_DEVICE, 0, 0 },
	{ SITE_REVOKE, 405, 0 },
	{ SITE_INTROSPECT, 405, 0 },
	{ SITE_JWKS, 200, 0 },
	{ SITE_ACCOUNT, 0, 0 },
	{ SITE_PASSWORD_TOKEN, 405, 0 },
	{ SITE_PERSONAL_TOKENS, 415, 1 },
	{ SITE_POSTS, 401, 0 },
	{ SITE_USER, 401, 0 },
	{ SITE_STATUS, 401, 0 },
};

#define N_PATHS (sizeof(paths) / sizeof(paths[0]))

/* What is wrong with an answer ("": nothing), and the cure. */
struct fault {
	const char *what, *cure;
};

/* A request id in an answer of 500 or above shows that the program runs. */
static const char *
cure_of_500(struct doctor *d, const struct http_answer *an)
{
	return http_header(d->a, an, "X-Request-Id", NULL) != NULL
	    ? "Look into the web server's error log for the reason; the"
	      " findings above may name it."
	    : "See that the program is there, mode 0755, it and its directory"
	      " not writable by the group, that it is started where the web"
	      " server does not start it, and that Apache allows each line"
	      " of .htaccess; the server's error log has the reason.";
}

/* Debian's own map of /cgi-bin/ comes before the .htaccess of a site. */
static const char debian_map[] = "/etc/apache2/conf-enabled/serve-cgi-bin.conf";

/*
 * If the programs are below Apache's document root, .htaccess leads to them.
 * Return the cure if it is missing or without effect; NULL if no fault is seen.
 */
static const char *
cure_of_htaccess(struct doctor *d)
{
	const char *home, *file;

	if (d->programs == NULL)
		return NULL;
	home = dirname(arena_str(d->a, d->programs));
	file = arena_printf(d->a, "%s/.htaccess", home);
	if (web_root_of(d->a, d->programs) == NULL &&
	    access(file, F_OK) < 0)
		return NULL;
	if (access(file, F_OK) < 0)
		return arena_printf(d->a, "%s is missing: copy"
		    " deploy/apache/htaccess there, under that name.", file);
	if (access(debian_map, R_OK) == 0)
		return arena_printf(d->a, "Debian's %s leads /cgi-bin/ to"
		    " /usr/lib/cgi-bin: as root a2disconf serve-cgi-bin, and"
		    " reload Apache.", debian_map);
	return NULL;
}

static const char *
cure_of_map(struct doctor *d)
{
	const char *seen = strncasecmp(d->server, "Apache", 6) == 0
	    ? cure_of_htaccess(d)
	    : NULL;

	if (seen != NULL)
		return seen;
	return strncasecmp(d->server, "Apache", 6) == 0
	    ? "Map the path to its program, the longer paths first, as the"
	      " files of deploy/ do; on a shared host see that .htaccess and"
	      " the program exist, and that Apache reads it (mod_rewrite,"
	      " AllowOverride FileInfo)."
	    : "Map the path to its program in the web server's configuration,"
	      " the longer paths first; deploy/ has examples.";
}

/* Ask url; report an answer that its program would not give. */
static struct fault
try_path(struct doctor *d, const char *url, int is_post, int status)
{
	const struct http_request rq = {
		.url = url,
		.header = { is_post ? "Content-Type: text/plain" : NULL },
		.body = is_post ? "-" : NULL,
	};
	struct fault f = { "", NULL };
	struct http_answer an;

	if (http_send(d->a, &rq, &an) < 0) {
		f.what = arena_printf(d->a, "does not answer: %s", an.error);
		f.cure = "See the web server's error log.";
	} else if (an.body_len > 4 && memcmp(an.body, "\177ELF", 4) == 0) {
		f.what = "sends the program itself, as a file";
		f.cure = "Let the web server run the programs of that"
			 " directory (ScriptAlias, cgi.assign).";
	} else if (an.status >= 500) {
		f.what = arena_printf(d->a, "answers %d", an.status);
		f.cure = cure_of_500(d, &an);
	} else if (http_header(d->a, &an, "X-Request-Id", NULL) == NULL) {
		f.what = arena_printf(
		    d->a, "is answered %d, by no program of carnet", an.status);
		f.cure = cure_of_map(d);
	} else if (an.status == 404 || (status != 0 && an.status != status)) {
		f.what = arena_printf(d->a,
		    "is answered %d, by another program than its own",
		    an.status);
		f.cure = cure_of_map(d);
	}
	return f;
}

/*
 * Report path i and all later paths with the same fault; return their number.
 */
static size_t
report_fault(struct doctor *d, struct fault f[static N_PATHS], size_t i)
{
	const struct fault first = f[i];
	struct buf others;
	size_t n = 1;

	buf_init(&others, d->a, 256);
	for (size_t j = i + 1; j < N_PATHS; j++) {
		if (strcmp(f[j].what, first.what) != 0 ||
		    f[j].cure != first.cure)
			continue;
		buf_printf(&others, "%s%s", n++ == 1 ? "" : ", ",
		    url_path(url_of(d, paths[j].site)));
		f[j].what = "";
	}
	if (n == N_PATHS)
		bad(d, LEVEL_WRONG, first.cure,
		    "%s %s; the same is true of all %zu paths.",
		    url_of(d, paths[i].site), first.what, n);
	else
		bad(d, LEVEL_WRONG, first.cure, "%s %s%s%s.",
		    url_of(d, paths[i].site), first.what,
		    n == 1 ? "" : "; the same is true of ", others.data);
	return n;
}

void
check_paths(struct doctor *d)
{
	struct fault f[N_PATHS];
	size_t n = 0;

	for (size_t i = 0; i < N_PATHS; i++)
		f[i] = try_path(d, url_of(d, paths[i].site), paths[i].is_post,
		    paths[i].status);
	for (size_t i = 0; i < N_PATHS; i++)
		if (*f[i].what != '\0')
			n += report_fault(d, f, i);
	if (n < N_PATHS)
		d->has |= NEEDS_PROGRAMS;
	if (n == 0)
		good(d, "%zu lead to their programs", N_PATHS);
}
