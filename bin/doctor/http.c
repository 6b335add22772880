/*
 * http.c: one HTTP request, by the command curl.
 *
 * The command is used, not libcurl: the binary is copied to hosts with other
 * libraries, and must start there.  These hosts have curl, set up with their
 * certificate authorities and proxies, and only carnet doctor needs it.  The
 * request goes to curl's standard input, so that ps shows nothing of it.
 */
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "doctor.h"

#define ANSWER_MAX (2 << 20)

/* Append a line of curl's configuration: option = "value" */
static void
put_option(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "%s = \"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_char(b, '\\');
		buf_char(b, *value == '\n' ? ' ' : *value);
	}
	buf_str(b, "\"\n");
}

static void
write_request(struct buf *b, const struct http_request *rq)
{
	buf_str(b,
	    "silent\nshow-error\ninclude\ngloboff\npath-as-is\n"
	    "connect-timeout = 10\nmax-time = 20\n"
	    "suppress-connect-headers\nproto = \"=http,https\"\n"
	    "user-agent = \"carnet-doctor\"\n");
	if (is_loopback(rq->url))
		put_option(b, "noproxy", "*");
	put_option(b, "url", rq->url);
	for (size_t i = 0; i < sizeof(rq->header) / sizeof(rq->header[0]); i++)
		if (rq->header[i] != NULL)
			put_option(b, "header", rq->header[i]);
	if (rq->body != NULL)
		put_option(b, "data-raw", rq->body);
	if (rq->method != NULL)
		put_option(b, "request", rq->method);
	if (rq->certificates)
		put_option(b, "write-out", "%{certs}");
}

/* Run curl in the child.  -q: the user's .curlrc is not read. */
static void
become_curl(int in, int out, int err)
{
	static char name[] = "curl", quiet[] = "-q", config[] = "-K",
		    standard_input[] = "-";
	char *argv[] = { name, quiet, config, standard_input, NULL };
	const struct rlimit most = { ANSWER_MAX, ANSWER_MAX };

	setrlimit(RLIMIT_FSIZE, &most); /* against an endless answer */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2)
		execvp("curl", argv);
	dprintf(2, "the command curl cannot be run: %s", strerror(errno));
	_exit(127);
}

static char *
read_all(struct arena *a, int fd, size_t *len)
{
	struct stat sb;
	char *text;
	ssize_t n;

	if (fstat(fd, &sb) < 0)
		sb.st_size = 0;
	text = arena_alloc(a, (size_t)sb.st_size + 1);
	n = pread(fd, text, (size_t)sb.st_size, 0);
	*len = n < 0 ? 0 : (size_t)n;
	return text;
}

/* Files in memory are used, not pipes, which somebody must read meanwhile. */
static char *
run_curl(struct arena *a, const struct buf *config, size_t *len, char **said)
{
	int fd[3], status = -1;
	pid_t pid;
	size_t n;
	char *text;

	for (int i = 0; i < 3; i++)
		fd[i] = memfd_create("curl", MFD_CLOEXEC);
	*said = NULL;
	text = NULL;
	if (fd[2] >= 0 &&
	    pwrite(fd[0], config->data, config->len, 0) ==
		(ssize_t)config->len &&
	    (pid = fork()) >= 0) {
		if (pid == 0)
			become_curl(fd[0], fd[1], fd[2]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
		text = read_all(a, fd[1], len);
		*said = read_all(a, fd[2], &n);
	}
	for (int i = 0; i < 3; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	return text;
}

/* Split what curl printed into status, header lines and body. */
static int
parse(struct arena *a, char *text, size_t len, struct http_answer *out)
{
	char *end, *space;

	do { /* skip "100 Continue" and other interim answers */
		if (strncmp(text, "HTTP/", 5) != 0 ||
		    (end = strstr(text, "\r\n\r\n")) == NULL ||
		    (space = strchr(text, ' ')) == NULL)
			return -1;
		out->status = (int)strtol(space, NULL, 10);
		out->head = arena_dup(a, text, (size_t)(end + 2 - text));
		len -= (size_t)(end + 4 - text);
		text = end + 4;
	} while (out->status / 100 == 1);
	out->body = text;
	out->body_len = len;
	return 0;
}

int
http_send(
    struct arena *a, const struct http_request *rq, struct http_answer *out)
{
	struct buf config;
	char *text, *said;
	size_t len;

	*out = (struct http_answer){ .head = "", .body = "" };
	buf_init(&config, a, 1024);
	write_request(&config, rq);
	text = run_curl(a, &config, &len, &said);
	if (text != NULL && parse(a, text, len, out) == 0)
		return 0;
	out->error = said == NULL || *said == '\0' ? "no HTTP answer" : said;
	if (said != NULL)
		said[strcspn(said, "\n")] = '\0';
	return -1;
}

int
http_get(struct arena *a, const char *url, struct http_answer *out)
{
	return http_send(a, &(struct http_request){ .url = url }, out);
}

const char *
http_header(
    struct arena *a, const struct http_answer *an, const char *name, int *n)
{
	const char *line = an->head, *value = NULL;
	const size_t len = strlen(name);

	if (n != NULL)
		*n = 0;
	while ((line = strchr(line, '\n')) != NULL) {
		line++;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		if (n != NULL)
			++*n;
		if (value == NULL) {
			value = line + len + 1;
			value += strspn(value, " \t");
			value = arena_dup(a, value, strcspn(value, "\r\n"));
		}
	}
	return value;
}

int
http_media_is(struct arena *a, const struct http_answer *an, const char *type)
{
	const char *value = http_header(a, an, "Content-Type", NULL);
	const size_t n = strlen(type);

	return value != NULL && strncasecmp(value, type, n) == 0 &&
	    (value[n] == '\0' || value[n] == ';' || value[n] == ' ');
}

const char *
http_path(struct arena *a, const char *path)
{
	struct buf b;

	buf_init(&b, a, 256);
	for (; *path != '\0'; path++)
		if (*path > ' ' && *path < 0x7f &&
		    strchr("%?#\"\\", *path) == NULL)
			buf_char(&b, *path);
		else
			buf_printf(&b, "%%%02X", (unsigned char)*path);
	return b.data;
}
