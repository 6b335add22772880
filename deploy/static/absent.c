/* absent.c: what a statically linked program does without; see make static. */
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>

/*
 * Debian has no static p11-kit, which GnuTLS uses for keys on smart cards
 * alone.  Ours are files: none of its functions is ever called, and link.opts
 * gives all of them this one body.
 */
void pkcs11_absent(void);
void
pkcs11_absent(void)
{
	abort();
}

/*
 * glibc's own need shared libraries at run time.  SQLite would load extensions,
 * and GnuTLS look up a home directory for known TLS hosts: nothing that is done here, and each copes with this answer.
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
