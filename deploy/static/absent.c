/* absent.c: functions that a static program replaces; see make static. */
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <qrencode.h>
#include <stdlib.h>

/*
 * Debian has no static p11-kit, which GnuTLS uses only for keys on smart cards.
 * carnet's keys are files, so these functions are never called; link.opts gives
 * all of them this one body.
 */
void pkcs11_absent(void);
void
pkcs11_absent(void)
{
	abort();
}

/*
 * Debian has no static libqrencode.  Without a QR code the page shows the text of the
 * secret alone (qr.h).
 */
QRcode *
QRcode_encodeString8bit(const char *string, int version, QRecLevel level)
{
	(void)string;
	(void)version;
	(void)level;
	return NULL;
}

void
QRcode_free(QRcode *q)
{
	(void)q;
}

/*
 * glibc's functions need shared libraries at run time.  SQLite uses them to
 * load extensions, GnuTLS to find a home directory with known TLS hosts.
 * carnet needs neither, and both libraries accept these answers.
 */
void *__wrap_dlopen(const char *path, int flags);
void *
__wrap_dlopen(const char *path, int flags)
{
	(void)path;
	(void)flags;
	return NULL;
}

struct hostent *__wrap_gethostbyname(const char *name);
struct hostent *
__wrap_gethostbyname(const char *name)
{
	(void)name;
	return NULL;
}

int __wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size,
    struct passwd **out);
int
__wrap_getpwuid_r(uid_t uid, struct passwd *pw, char *buf, size_t size,
    struct passwd **out)
{
	(void)uid;
	(void)pw;
	(void)buf;
	(void)size;
	*out = NULL;
	return ENOENT;
}
