/* verifier.c: a program of the site's says whether a password is right. */
#include "verifier.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "await.h"
#include "buf.h"
#include "json.h"
#include "log.h"
#include "porter.h"
#include "record.h"

#define ANSWER_MAX (32 * 1024)
#define RETRY_MS 10 /* to connect, if too many wait there to be accepted */
#define SERVICE "carnet" /* of PAM: /etc/pam.d/carnet */

/* One question and its answer. */
struct talk {
	const struct verifier *v;
	struct arena *a;
	int fd;
	int64_t until_ms;
	struct buf question, answer;
	struct record *said;
};

/* A form of address.  Each function returns as verifier_ask does, or 1. */
struct protocol {
	const char *prefix;
	int (*write)(struct talk *t, const char *login, const char *password);
	/* Return 1 if the answer is whole. */
	int (*is_whole)(const struct talk *t);
	int (*read)(struct talk *t);
};

/* Log why there is no answer. */
static int none(const struct talk *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
none(const struct talk *t, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	log_event("password_check %s: %s", t->v->address, why);
	return -1;
}

/* ---- unix: a line of JSON each way ---- */

static int
write_line(struct talk *t, const char *login, const char *password)
{
	json_open(&t->question, NULL, '{');
	json_str(&t->question, "login", login);
	json_str(&t->question, "password", password);
	json_close(&t->question, '}');
	buf_char(&t->question, '\n');
	return 1;
}

static int
has_line(const struct talk *t)
{
	return memchr(t->answer.data, '\n', t->answer.len) != NULL;
}

static int
read_line(struct talk *t)
{
	const char *end = memchr(t->answer.data, '\n', t->answer.len);
	const size_t len = end == NULL ? t->answer.len
				       : (size_t)(end - t->answer.data);
	const char *why = record_json(t->a, t->answer.data, len, t->said), *ok;

	if (why != NULL)
		return none(t, "its answer is %s", why);
	ok = record_get(t->said, "ok");
	if (ok == NULL || (strcmp(ok, "true") != 0 && strcmp(ok, "false") != 0))
		return none(t, "its answer has no \"ok\" that is true or false");
	return strcmp(ok, "true") == 0;
}

/* ---- saslauthd: counted strings, saslauthd(8) ---- */

static int
count_string(struct talk *t, const char *s, size_t len)
{
	const unsigned char n[2] = { (unsigned char)(len >> 8),
		(unsigned char)(len & 0xff) };

	buf_add(&t->question, n, sizeof(n));
	buf_add(&t->question, s, len);
	return len <= 1024;
}

/*
 * The realm is empty.  Cyrus's own clients send what follows an '@' as the realm, and
 * saslauthd forgets that unless it was started with -r: ada@example.org would then be
 * whoever is ada.
 */
static int
write_strings(struct talk *t, const char *login, const char *password)
{
	return count_string(t, login, strlen(login)) &&
	    count_string(t, password, strlen(password)) &&
	    count_string(t, SERVICE, strlen(SERVICE)) &&
	    count_string(t, "", 0);
}

static size_t
counted(const struct buf *b)
{
	const unsigned char *n = (const unsigned char *)b->data;

	return (size_t)n[0] << 8 | n[1];
}

static int
has_string(const struct talk *t)
{
	return t->answer.len >= 2 && t->answer.len >= 2 + counted(&t->answer);
}

/* "OK" or "NO", and perhaps a text. */
static int
read_string(struct talk *t)
{
	const char *s = t->answer.data + 2;
	const size_t len = has_string(t) ? counted(&t->answer) : 0;

	if (len >= 2 && (len == 2 || s[2] == ' ' || s[2] == '\0')) {
		if (memcmp(s, "OK", 2) == 0)
			return 1;
		if (memcmp(s, "NO", 2) == 0)
			return 0;
	}
	return none(t, "its answer is neither OK nor NO");
}

static const struct protocol protocols[] = {
	{ "unix:", write_line, has_line, read_line },
	{ "saslauthd:", write_strings, has_string, read_string },
};

static const struct protocol *
find(const char *address)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (strncmp(address, protocols[i].prefix,
			strlen(protocols[i].prefix)) == 0)
			return &protocols[i];
	return NULL;
}

/* ---- The socket ---- */

const char *
verifier_path(const char *address)
{
	const struct protocol *p = find(address);
	const char *path = p == NULL ? NULL : address + strlen(p->prefix);

	return path != NULL && *path == '/' &&
		strlen(path) < sizeof(((struct sockaddr_un *)0)->sun_path)
	    ? path
	    : NULL;
}

int
verifier_is_trusted(const struct verifier *v, uid_t uid)
{
	return uid == 0 || uid == v->self || uid == v->owner;
}

/*
 * An attacker who puts a socket of their own in this place would learn passwords and
 * decide who is let in.  So the owner of the file is checked.  The file may be
 * replaced after that check, so the kernel is asked for the user who listens, too.
 */
static int
is_theirs(struct talk *t, const char *path)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct stat sb;

	if (lstat(path, &sb) < 0)
		return none(t, "%s", strerror(errno)), 0;
	if (!S_ISSOCK(sb.st_mode))
		return none(t, "it is no socket%s", S_ISLNK(sb.st_mode)
			? ", but a symbolic link" : ""), 0;
	if (!verifier_is_trusted(t->v, sb.st_uid))
		return none(t, "it is owned by user %u, who is neither root, nor"
			" this program's user, nor password_check_owner",
			(unsigned)sb.st_uid), 0;
	if (t->fd < 0)
		return 1;
	if (getsockopt(t->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return none(t, "who listens there: %s", strerror(errno)), 0;
	if (!verifier_is_trusted(t->v, peer.uid))
		return none(t, "user %u listens there, who is neither root, nor"
			" this program's user, nor password_check_owner",
			(unsigned)peer.uid), 0;
	return 1;
}

/* Return 1, or -1. */
static int
open_talk(struct talk *t)
{
	const char *path = verifier_path(t->v->address);

	for (;;) {
		if (!is_theirs(t, path))
			return -1;
		t->fd = t->v->porter < 0 ? porter_connect(path)
					 : porter_open(t->v->porter);
		if (t->fd >= 0)
			return is_theirs(t, path) ? 1 : -1;
		if (errno != EAGAIN)
			return none(t, "connect: %s%s", strerror(errno),
			    errno == EPIPE ? "; carnet-porter has ended:"
					     " restart the programs"
					   : log_cure(errno));
		if (await_now_ms() >= t->until_ms)
			return none(t, "it accepts no connection");
		await(-1, 0, await_now_ms() + RETRY_MS);
	}
}

static int
send_all(struct talk *t)
{
	const struct buf *q = &t->question;
	size_t sent = 0;
	ssize_t n;

	while (sent < q->len) {
		n = send(t->fd, q->data + sent, q->len - sent, MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return none(t, "send: %s", strerror(errno));
		else if (errno == EAGAIN &&
		    !await(t->fd, POLLOUT, t->until_ms))
			return none(t, "it reads no question");
	}
	return 1;
}

static int
receive(struct talk *t, const struct protocol *p)
{
	struct buf *b = &t->answer;
	ssize_t n;

	while (!p->is_whole(t)) {
		if (b->len >= ANSWER_MAX)
			return none(t, "its answer is longer than %d bytes",
			    ANSWER_MAX);
		n = recv(t->fd, buf_room(b, 4096), 4096, 0);
		if (n == 0)
			break; /* what came is read; it may be whole */
		if (n > 0) {
			b->len += (size_t)n;
			b->data[b->len] = '\0';
		} else if (errno != EAGAIN && errno != EINTR) {
			return none(t, "receive: %s", strerror(errno));
		} else if (errno == EAGAIN &&
		    !await(t->fd, POLLIN, t->until_ms)) {
			return none(t, "no answer in %d s", VERIFIER_S);
		}
	}
	return b->len == 0 ? none(t, "it closed without an answer") : 1;
}

int
verifier_ask(const struct verifier *v, struct arena *a, const char *login,
    const char *password, struct record *out)
{
	const struct protocol *p = find(v->address);
	struct talk t = { .v = v, .a = a, .fd = -1, .said = out,
		.until_ms = await_now_ms() + VERIFIER_S * 1000 };
	int rc;

	out->n = 0;
	buf_init(&t.question, a, 2048);
	buf_init(&t.answer, a, 4096);
	if (!p->write(&t, login, password))
		return 0; /* longer than any that it knows */
	if ((rc = open_talk(&t)) == 1 && (rc = send_all(&t)) == 1 &&
	    (rc = receive(&t, p)) == 1)
		rc = p->read(&t);
	if (t.fd >= 0)
		close(t.fd);
	if (rc != 1)
		out->n = 0;
	return rc;
}
