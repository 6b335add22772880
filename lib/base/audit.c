/* audit.c: the audit trail: a line of JSON for each event, bounded in size. */
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

/* The open file of each part.  It stays open until another takes its name. */
static struct part_file {
	int fd;
	dev_t dev;
	ino_t ino;
} part_files[AUDIT_PARTS] = { { .fd = -1 }, { .fd = -1 } };

/* Open path, unless pf is that file already.  Return its size, or -1. */
static off_t
open_part(struct part_file *pf, const char *path)
{
	struct stat sb;

	if (pf->fd >= 0 && stat(path, &sb) == 0 && sb.st_dev == pf->dev &&
	    sb.st_ino == pf->ino)
		return sb.st_size;
	if (pf->fd >= 0)
		close(pf->fd);
	pf->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (pf->fd < 0 || fstat(pf->fd, &sb) < 0)
		return -1;
	pf->dev = sb.st_dev;
	pf->ino = sb.st_ino;
	return sb.st_size;
}

/*
 * Open the file that len more bytes fit in.  One that would pass half of its
 * part's size is renamed first.  Lines are added without a lock: several
 * processes at the same time may each add one line to a full file.
 */
static int
open_with_room(struct arena *a, struct part_file *pf, const char *path,
    int64_t half, size_t len)
{
	struct stat now;
	off_t size;

	for (int tries = 0; tries < 3; tries++) {
		size = open_part(pf, path);
		if (size <= 0 || size + (int64_t)len <= half)
			return pf->fd;
		/* If several processes see it full, the first renames it. */
		if (flock(pf->fd, LOCK_EX) == 0 && stat(path, &now) == 0 &&
		    now.st_ino == pf->ino && now.st_dev == pf->dev &&
		    rename(path, arena_printf(a, "%s.1", path)) < 0) {
			(void)flock(pf->fd, LOCK_UN);
			return pf->fd;
		}
		close(pf->fd); /* this also unlocks it */
		pf->fd = -1;
	}
	(void)open_part(pf, path);
	return pf->fd;
}

void
audit_write(
    const char *path, int64_t size, int to_syslog, const struct audit *ev)
{
	const int part = ev->is_strangers ? AUDIT_STRANGERS : AUDIT_KNOWN;
	const int64_t quarter = size / 4;
	struct arena *a = arena_new();
	struct buf b;
	int fd;

	write_line(a, ev, &b);
	if (to_syslog)
		syslog(LOG_AUTHPRIV | LOG_INFO, "carnet: %s", b.data);
	buf_char(&b, '\n');
	if (size > 0) {
		path = audit_part(a, path, part);
		fd = open_with_room(a, &part_files[part], path,
		    (part == AUDIT_STRANGERS ? quarter : size - quarter) / 2,
		    b.len);
		if (fd < 0 || write(fd, b.data, b.len) != (ssize_t)b.len)
			log_event("%s: %s%s", path, strerror(errno),
			    log_cure(errno));
	}
	arena_free(a);
}
