/* agent.c: the name that people know a browser by. */
#include "agent.h"

#include <string.h>

#include "arena.h"

/* A browser also names its ancestors, so the first row that fits counts. */
static const struct {
	const char *mark, *name;
} browsers[] = {
	{ " Edg", "Edge" }, /* Edg/, EdgA/, EdgiOS/ */
	{ " OPR/", "Opera" },
	{ " SamsungBrowser/", "Samsung Internet" },
	{ " Firefox/", "Firefox" },
	{ " FxiOS/", "Firefox" },
	{ " CriOS/", "Chrome" },
	{ "Chrome/", "Chrome" },
	{ " Safari/", "Safari" },
}, systems[] = {
	{ "iPhone", "iPhone" }, /* "like Mac OS X" */
	{ "iPad", "iPad" },
	{ "Android", "Android" }, /* and Linux */
	{ "Windows", "Windows" },
	{ "Mac OS X", "macOS" },
	{ "CrOS", "ChromeOS" },
	{ "Linux", "Linux" },
};

const char *
agent_name(struct arena *a, const char *text)
{
	const char *browser = NULL, *on = NULL;

	if (strncmp(text, "Mozilla/5.0 (", 13) != 0)
		return text;
	for (size_t i = 0; i < sizeof(browsers) / sizeof(browsers[0]); i++)
		if (browser == NULL && strstr(text, browsers[i].mark) != NULL)
			browser = browsers[i].name;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if (on == NULL && strstr(text, systems[i].mark) != NULL)
			on = systems[i].name;
	if (browser == NULL || on == NULL)
		return text;
	return arena_printf(a, "%s on %s", browser, on);
}
