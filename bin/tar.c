/* tar.c: a tar archive that has only plain files. */
#include "tar.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512
#define PIECE (64 * 1024)

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12],
	    checksum[8], type, link[100], magic[6], version[2], owner[32],
	    group[32], major[8], minor[8], prefix[155], pad[12];
};

/* The sum of the header's bytes; the bytes of the checksum count as spaces. */
static unsigned
checksum_of(const struct header *h)
{
	struct header copy = *h;
	const unsigned char *byte = (const unsigned char *)&copy;
	unsigned sum = 0;

	memset(copy.checksum, ' ', sizeof(copy.checksum));
	for (size_t i = 0; i < sizeof(copy); i++)
		sum += byte[i];
	return sum;
}

static int
write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) < 0) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

/*
 * Read exactly len bytes; return 1; 0 at the end of the file; -1 if cut short.
 */
static int
read_all(int fd, void *out, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(fd, (char *)out + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? 0 : errno;
			return n == 0 && got == 0 ? 0 : -1;
		}
		got += (size_t)n;
	}
	return 1;
}

/*
 * Write the size as eleven octal digits; from 8 GiB on as a binary number with
 * the highest bit set, as GNU tar does.
 */
static void
put_size(char out[static 12], int64_t size)
{
	if (size < (int64_t)1 << 33) {
		snprintf(out, 12, "%011llo", (unsigned long long)size);
		return;
	}
	memset(out, 0, 12);
	out[0] = (char)0x80;
	for (int i = 0; i < 8; i++)
		out[11 - i] = (char)(size >> (8 * i));
}

/* Return the size, or -1 if it is malformed. */
static int64_t
get_size(const char in[static 12])
{
	int64_t size = 0;
	int i = 0;

	if ((unsigned char)in[0] == 0x80) {
		for (i = 4; i < 12; i++)
			size = (int64_t)((uint64_t)size << 8 |
			    (unsigned char)in[i]);
		return size;
	}
	for (; i < 12 && in[i] >= '0' && in[i] <= '7'; i++)
		size = size * 8 + (in[i] - '0');
	return i > 0 && (i == 12 || in[i] == '\0' || in[i] == ' ') ? size : -1;
}

static size_t
padding_of(int64_t size)
{
	return (size_t)((BLOCK - size % BLOCK) % BLOCK);
}

static int
write_header(int out, const char *name, const struct stat *sb)
{
	struct header h;

	memset(&h, 0, sizeof(h));
	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.mode, sizeof(h.mode), "%07o", (unsigned)sb->st_mode & 0777);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0U);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0U);
	put_size(h.size, sb->st_size);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo",
	    (unsigned long long)sb->st_mtime);
	h.type = '0';
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	snprintf(h.checksum, sizeof(h.checksum), "%06o", checksum_of(&h));
	h.checksum[7] = ' ';
	return write_all(out, &h, sizeof(h));
}

/* Copy exactly size bytes from in to out (-1: nowhere). */
static int
copy(int in, int out, int64_t size, struct digest *d)
{
	static char piece[PIECE];
	struct sha256_ctx ctx;
	size_t n;

	sha256_init(&ctx);
	for (; size > 0; size -= (int64_t)n) {
		n = size < PIECE ? (size_t)size : PIECE;
		errno = 0;
		if (read_all(in, piece, n) != 1 ||
		    (out >= 0 && write_all(out, piece, n) < 0))
			return -1;
		sha256_update(&ctx, n, (const uint8_t *)piece);
	}
	sha256_digest(&ctx, DIGEST_LEN, d->byte);
	explicit_bzero(piece, sizeof(piece)); /* it may have had a key */
	return 0;
}

int
tar_add(int out, const char *name, int in, struct digest *d)
{
	static const char zeros[BLOCK];
	struct stat sb;

	if (strlen(name) >= TAR_NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return fstat(in, &sb) < 0 || write_header(out, name, &sb) < 0 ||
		copy(in, out, sb.st_size, d) < 0 ||
		write_all(out, zeros, padding_of(sb.st_size)) < 0
	    ? -1
	    : 0;
}

int
tar_end(int out)
{
	static const char zeros[2 * BLOCK];

	return write_all(out, zeros, sizeof(zeros));
}

int
tar_next(int in, struct tar_member *m)
{
	static const struct header none;
	struct header h;

	errno = 0;
	if (read_all(in, &h, sizeof(h)) != 1)
		return -1;
	if (memcmp(&h, &none, sizeof(h)) == 0)
		return 0;
	if (memcmp(h.magic, "ustar", 5) != 0 ||
	    strtoul(h.checksum, NULL, 8) != checksum_of(&h) ||
	    memchr(h.name, '\0', sizeof(h.name)) == NULL || h.type != '0' ||
	    *h.prefix != '\0' || (m->size = get_size(h.size)) < 0)
		return -1;
	snprintf(m->name, sizeof(m->name), "%s", h.name);
	m->mode = (mode_t)strtoul(h.mode, NULL, 8) & 0777;
	return 1;
}

int
tar_take(int in, const struct tar_member *m, int out, struct digest *d)
{
	static const char zeros[BLOCK];
	char pad[BLOCK];
	const size_t padding = padding_of(m->size);

	return copy(in, out, m->size, d) < 0 ||
		(padding > 0 && (read_all(in, pad, padding) != 1 ||
				    memcmp(pad, zeros, padding) != 0))
	    ? -1
	    : 0;
}
