/* agent.h: the name that people know a browser by. */
#ifndef CARNET_AGENT_H
#define CARNET_AGENT_H

struct arena;

/*
 * agent_name(a, text):
 * Return the browser that the User-Agent text names, such as "Firefox on Linux"; or
 * text itself if it names none that we know.  A client can send any text: use it
 * for display only.
 */
const char *agent_name(struct arena *a, const char *text);

#endif
