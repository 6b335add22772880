/* detour.h: a sign-in that is made elsewhere: its state, and the way back. */
#ifndef CARNET_DETOUR_H
#define CARNET_DETOUR_H

#include <stdint.h>

struct req;

/* A sign-in that is under way. */
struct detour {
	const char *to;		/* where the browser goes then: a page of ours */
	int64_t since;		/* it must be made since then; 0: at any time */
	int64_t begun;		/* the detour, not the sign-in; detour_end has it */
};

/*
 * detour_begin(rq, dt):
 * Return the state of this detour, which the browser carries to the other place and
 * back.  The browser gets a cookie with a secret, by which the state is made, and
 * with the ways back of its last detours.  Nobody else can make a state of this
 * browser, and so nobody can sign a browser in as somebody else (RFC 9700 section
 * 4.7).  NULL: the way back is too long for a cookie.
 *
 * detour_end(rq, state, out):
 * Return 1 if state is one that this browser got within the last hour, and fill out;
 * the way back is forgotten then.  If the browser does not have it any more, out->to
 * is the account page.  Return 0 if it is another browser's, too old, or made up.
 *
 * detour_is_possible(rq): return 1 if the browser has sent such a cookie.
 */
const char *detour_begin(struct req *rq, const struct detour *dt);
int detour_end(struct req *rq, const char *state, struct detour *out);
int detour_is_possible(struct req *rq);

#endif
