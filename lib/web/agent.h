/* agent.h: a browser by the name that its user knows it by. */
#ifndef CARNET_AGENT_H
#define CARNET_AGENT_H

struct arena;

/*
 * agent_name(a, text):
 * Return what the User-Agent text says in the words of its user, "Firefox on
 * Linux"; text itself where it is no browser that we know, a program's name
 * say.  Any client may say anything there: it is for show.
 */
const char *agent_name(struct arena *a, const char *text);

#endif
