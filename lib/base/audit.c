/* audit.c: the audit trail: one line of JSON an event, in a file bounded in size. */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "log.h"

const char *const audit_members[AUDIT_MEMBERS] = { "at", "request", "event",
	"outcome", "detail", "user", "about", "client", "address", "why" };

const char *
audit_time(struct arena *a, int64_t s, int us)
{
	const time_t at = (time_t)s;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL)
		return "";
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	return arena_printf(a, "%s.%06dZ", text, us);
}

static void
write_line(struct arena *a, const struct audit *ev, struct buf *b)
{
	const char *value[AUDIT_MEMBERS] = { NULL, ev->request, ev->event,
		ev->outcome, ev->detail, ev->user, ev->about, ev->client,
		ev->address, ev->why };
	value[0] = audit_time(a, ev->at, ev->at_us);
	buf_init(b, a, 512);
	json_open(b, NULL, '{');
	for (int i = 0; i < AUDIT_MEMBERS; i++)
		if (value[i] != NULL)
			json_str(b, audit_members[i], value[i]);
	json_close(b, '}');
}

const char *
audit_part(struct arena *a, const char *path, int part)
{
	return part == AUDIT_KNOWN ? path
				   : arena_printf(a, "%s.strangers", path);
}

/* A part as it was opened last: a line costs no open where it is the same. */
static struct last {
	int fd;
	dev_t dev;
	ino_t ino;
} lasts[AUDIT_PARTS] = { { .fd = -1 }, { .fd = -1 } };

/* Make path's file the last one; its size, or -1. */
static off_t
open_last(struct last *l, const char *path)
{
	struct stat sb;

	if (l->fd >= 0 && stat(path, &sb) == 0 && sb.st_dev == l->dev &&
	    sb.st_ino == l->ino)
		return sb.st_size;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (l->fd < 0 || fstat(l->fd, &sb) < 0)
		return -1;
	l->dev = sb.st_dev;
	l->ino = sb.st_ino;
	return sb.st_size;
}

/*
 * The file, unless it holds half already: that is moved aside first.  Nothing is
 * locked for it, so of several at once each may add a line to one that is full.
 */
static int
open_with_room(struct arena *a, struct last *l, const char *path, int64_t half,
    size_t len)
{
	struct stat now;
	off_t size;

	for (int tries = 0; tries < 3; tries++) {
		size = open_last(l, path);
		if (size <= 0 || size + (int64_t)len <= half)
			return l->fd;
		/* Of several who see it full, the first moves it. */
		if (flock(l->fd, LOCK_EX) == 0 && stat(path, &now) == 0 &&
		    now.st_ino == l->ino && now.st_dev == l->dev &&
		    rename(path, arena_printf(a, "%s.1", path)) < 0) {
			(void)flock(l->fd, LOCK_UN);
			return l->fd;
		}
		close(l->fd); /* and so the lock */
		l->fd = -1;
	}
	(void)open_last(l, path);
	return l->fd;
}

void
audit_write(
    const char *path, int64_t size, int to_syslog, const struct audit *ev)
{
	const int part = ev->is_strangers ? AUDIT_STRANGERS : AUDIT_KNOWN;
	const int64_t theirs = size / 4;
	struct arena *a = arena_new();
	struct buf b;
	int fd;

	write_line(a, ev, &b);
	if (to_syslog)
		syslog(LOG_AUTHPRIV | LOG_INFO, "carnet: %s", b.data);
	buf_char(&b, '\n');
	if (size > 0) {
		path = audit_part(a, path, part);
		fd = open_with_room(a, &lasts[part], path,
		    (part == AUDIT_STRANGERS ? theirs : size - theirs) / 2,
		    b.len);
		if (fd < 0 || write(fd, b.data, b.len) != (ssize_t)b.len)
			log_event("%s: %s%s", path, strerror(errno),
			    log_cure(errno));
	}
	arena_free(a);
}
