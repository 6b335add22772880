/*
 * fuzz_cgi.c: a whole plain CGI request, environment and body, through serve.
 * For any input the answer is well-formed (RFC 3875 section 6).
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "json.h"
#include "resp.h"
#include "serve.h"
#include "tmpl.h"

#define TOKEN_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
#define VARIABLES_MAX 32

extern char **environ;

static int in, out, conf_fd;
static char conf_path[64];

/*
 * Echo everything that was read; or answer with a page or a redirect, as state
 * asks.
 */
static const struct oerr *
echo(struct req *rq)
{
	const char *way = rq->param[PARAM_STATE];
	struct buf *b = arena_alloc(rq->a, sizeof(*b));
	struct tmpl_data *d = tmpl_data_new(rq->a);
	const char *auth = req_authorization(rq);

	if (way != NULL && strcmp(way, "page") == 0) {
		tmpl_set(d, "text", rq->param[PARAM_NAME]);
		tmpl_set(d, "request_id", rq->script);
		return resp_page(rq, 200, "error.html", d);
	}
	if (way != NULL && strcmp(way, "redirect") == 0)
		return resp_redirect(rq, rq->path);
	resp_header(rq, "X-Echo", "%s", auth == NULL ? "" : auth);
	buf_init(b, rq->a, 64);
	json_open(b, NULL, '{');
	for (int p = 0; p < PARAM_COUNT; p++)
		if (rq->param[p] != NULL)
			json_str(b, param_name((enum param)p), rq->param[p]);
	json_close(b, '}');
	return resp_json(rq, 200, b);
}

static const struct endpoint endpoints[] = {
	{ .name = "form",
	    .methods = METHOD_GET | METHOD_POST,
	    .bodies = BODY_FORM,
	    .query_get = 1,
	    .any_path = 1,
	    .run = echo,
	    .fail = resp_error_page },
	{ .name = "json",
	    .methods = METHOD_POST | METHOD_DELETE,
	    .bodies = BODY_FORM | BODY_JSON,
	    .body_max = 64,
	    .run = echo,
	    .fail = resp_error_json },
	{ .name = "lenient",
	    .methods = METHOD_GET,
	    .query = 1,
	    .lenient = 1,
	    .run = echo,
	    .fail = resp_error_json },
};
#define N_ENDPOINTS (sizeof(endpoints) / sizeof(endpoints[0]))

/*
 * The files for standard input and output; libFuzzer writes to standard error.
 */
static void
set_up(void)
{
	static const char text[] = "auth_header = X-Token\n" CONF;

	in = memfd_create("in", 0);
	out = memfd_create("out", 0);
	conf_fd = memfd_create("conf", 0);
	assert(in >= 0 && out >= 0 && conf_fd >= 0);
	assert(write(conf_fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(conf_path, sizeof(conf_path), "CARNET_CONF=/proc/self/fd/%d",
	    conf_fd);
	assert(dup2(in, STDIN_FILENO) == 0);
}

/* One line "Name: value"; returns the next, or NULL after the last. */
static const char *
check_header(const char *line, size_t *length)
{
	const char *end = strstr(line, "\r\n");
	size_t n = strspn(line, TOKEN_CHARS);

	assert(end != NULL && n > 0 && strncmp(line + n, ": ", 2) == 0);
	for (const char *p = line + n + 2; p < end; p++)
		assert((unsigned char)*p >= ' ' && *p != 0x7f);
	if (strncmp(line, "Content-Length: ", 16) == 0)
		*length = strtoul(line + 16, NULL, 10);
	return end + 2;
}

/* As getenv has it: the first of that name counts; "" if there is none. */
static const char *
value_of(char *const vars[], const char *name)
{
	const size_t n = strlen(name);

	for (; *vars != NULL; vars++)
		if (strncmp(*vars, name, n) == 0 && (*vars)[n] == '=')
			return *vars + n + 1;
	return "";
}

static void
check_answer(struct arena *a, const char *s, size_t len, char *const vars[])
{
	/* A role that is not ours is the web server's fault. */
	const char *allowed = getenv("FCGI_ROLE") != NULL
	    ? "200 303 400 404 405 413 415 500 "
	    : "200 303 400 404 405 413 415 ";
	const int is_head = strcmp(value_of(vars, "REQUEST_METHOD"), "HEAD") == 0;
	const char *status = arena_dup(a, s + 8, 4), *p = s, *body;
	size_t length = SIZE_MAX;

	assert(len > 12 && strncmp(s, "Status: ", 8) == 0);
	assert(strstr(allowed, status) != NULL);
	while (strncmp(p, "\r\n", 2) != 0)
		p = check_header(p, &length);
	body = p + 2;
	assert(strstr(s, "\r\nX-Request-Id: ") != NULL);
	assert(strstr(s, "\r\nCache-Control: no-store\r\n") != NULL);
	assert((size_t)(s + len - body) == (is_head ? 0 : length));
	if (!is_head && strstr(s, "\r\nContent-Type: application/json") != NULL)
		assert(json_parse(a, body, length) != NULL);
}

/* The endpoint's digit, lines "NAME=value", an empty line, the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *vars[VARIABLES_MAX + 2], **keep = environ, *text;
	const struct endpoint *ep =
	    &endpoints[size == 0 ? 0 : data[0] % N_ENDPOINTS];
	struct arena *a = arena_new();
	int n = 0;
	ssize_t len;

	if (in == 0)
		set_up();
	log_to(fuzz_no_log, NULL);
	fuzz_split(a, &data, &size, '\n');
	vars[n++] = conf_path;
	while (n <= VARIABLES_MAX && size > 0) {
		vars[n] = fuzz_split(a, &data, &size, '\n');
		if (*vars[n] == '\0')
			break;
		n++;
	}
	vars[n] = NULL;
	assert(pwrite(in, data, size, 0) == (ssize_t)size);
	assert(ftruncate(in, (off_t)size) == 0 && ftruncate(out, 0) == 0);
	assert(lseek(in, 0, SEEK_SET) == 0 && lseek(out, 0, SEEK_SET) == 0);
	assert(dup2(out, STDOUT_FILENO) == 1); /* serve closes it */
	environ = vars;
	assert(serve(ep) == 0);
	len = lseek(out, 0, SEEK_END);
	text = arena_alloc(a, (size_t)len + 1);
	assert(pread(out, text, (size_t)len, 0) == len);
	check_answer(a, text, (size_t)len, vars);
	environ = keep;
	arena_free(a);
	return 0;
}
