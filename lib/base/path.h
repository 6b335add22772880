/* path.h: the path of a request, as web servers read it. */
#ifndef CARNET_PATH_H
#define CARNET_PATH_H

struct arena;

#define PATH_DEEPEST 4

enum {
	PATH_FOLD = 1,       /* ASCII letters become lower case */
	/* Servers differ in these; PATH_READINGS is all of them: */
	PATH_KEEP_SLASH = 2, /* "%2F" stays "%2F" and does not become '/' */
	PATH_CUT_PARAM = 4,  /* a segment ends before its ';', as in Tomcat */
	PATH_WINDOWS = 8,    /* '\' is '/'; a segment ends before dots, spaces */
	PATH_TWICE = 16,     /* decoded again, as by a program behind a proxy */
	PATH_READINGS = 2 | 4 | 8 | 16,
};

/*
 * path_normal(a, target, flags):
 * Return the path of the request target (RFC 9112 section 3.2: a path, or a
 * whole URL) without its query: percent-decoded, with "//", "/./" and "/../"
 * resolved and no slash at its end.  The root is "/".  Return NULL if servers
 * may differ on what the path names, or none should serve it: broken
 * percent-coding, a control character, a fragment, a step above the root,
 * "..;", or ".." behind an empty segment.  Under PATH_WINDOWS, NULL also for a
 * segment of only dots and spaces that is not "." or "..".  Under PATH_TWICE,
 * NULL also if a later decoding makes "." or ".." or a control character, or if
 * the path is encoded more than PATH_DEEPEST times.
 */
char *path_normal(struct arena *a, const char *target, unsigned flags);

/*
 * path_has_one_reading(target):
 * Return 1 if path_normal of target is the same under each of PATH_READINGS; 0
 * if it may differ.
 */
int path_has_one_reading(const char *target);

#endif
