/* path.h: the path of a request, as web servers read it. */
#ifndef CARNET_PATH_H
#define CARNET_PATH_H

struct arena;

#define PATH_DEEPEST 4

enum {
	PATH_FOLD = 1,       /* ASCII letters become small */
	/* Readings that servers differ on, PATH_READINGS all of them: */
	PATH_KEEP_SLASH = 2, /* an encoded slash is none: it stays "%2F" */
	PATH_CUT_PARAM = 4,  /* a segment ends before its ';', as in Tomcat */
	PATH_WINDOWS = 8,    /* '\' is '/', and before it no dot or space counts */
	PATH_TWICE = 16,    /* decoded again, as by a program behind a proxy */
	PATH_READINGS = 2 | 4 | 8 | 16,
};

/*
 * path_normal(a, target, flags):
 * Return the path of the request target (RFC 9112 section 3.2: a path, or a
 * whole URL), without its query: decoded once, "//", "/./" and "/../" resolved,
 * no slash at its end; the root is "/".  NULL if servers may differ on what it
 * names, or none should serve it: broken percent-coding, a control character, a
 * fragment, a step above the root, "..;", or ".." behind an empty segment; under
 * PATH_WINDOWS also a segment of dots and spaces alone, but "." and "..".  Under
 * PATH_TWICE also what decodes to "." or "..", or to a control character, the second
 * time or later, and what is encoded more than PATH_DEEPEST times.
 */
char *path_normal(struct arena *a, const char *target, unsigned flags);

/*
 * path_has_one_reading(target):
 * Return 1 if the path of the target holds nothing that the readings differ on, so
 * that path_normal is the same under any of them; 0 if it may.
 */
int path_has_one_reading(const char *target);

#endif
