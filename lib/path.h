/* path.h: the path of a request, as web servers read it. */
#ifndef CARNET_PATH_H
#define CARNET_PATH_H

struct arena;

enum {
	PATH_FOLD = 1,       /* ASCII letters become small */
	PATH_KEEP_SLASH = 2, /* an encoded slash is none: it stays "%2F" */
};

/*
 * path_normal(a, target, flags):
 * Return the path of the request target (RFC 9112 section 3.2: a path, or a
 * whole URL), without its query: decoded once, "//", "/./" and "/../" resolved,
 * no slash at its end; the root is "/".  NULL if servers may differ on what it
 * names, or none should serve it: broken percent-coding, a control character, a
 * fragment, a step above the root, "..;", or ".." behind an empty segment.
 */
char *path_normal(struct arena *a, const char *target, unsigned flags);

#endif
