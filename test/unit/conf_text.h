/* conf_text.h: texts of carnet.conf that are taken, or refused. */
#ifndef CARNET_CONF_TEXT_H
#define CARNET_CONF_TEXT_H

#include "fixture.h"

#define ISSUER "issuer = https://auth.example\n"
#define DAY 86400

static inline struct conf *
parse(const char *text)
{
	char error[512] = "";

	conf_free(fx.cf);
	fx.cf =
	    conf_parse(text, "/etc/carnet/carnet.conf", error, sizeof(error));
	if (fx.cf == NULL)
		fail_msg("%s: %s", text, error);
	return fx.cf;
}

/*
 * Fail unless text is refused: the error names that line (0: no line) and has
 * words in it.
 */
static inline void
assert_refused(const char *text, int line, const char *words)
{
	char error[512] = "";
	const char *place = line == 0
	    ? "/a/c.conf: "
	    : arena_printf(fx.a, "/a/c.conf:%d: ", line);

	if (conf_parse(text, "/a/c.conf", error, sizeof(error)) != NULL)
		fail_msg("taken: %s", text);
	if (strncmp(error, place, strlen(place)) != 0 ||
	    strstr(error, words) == NULL)
		fail_msg("%s: %s", text, error);
	assert_null(strchr(error, '\n'));
}

#define TEST(name) TEST_IN(name, fixture_dir)

#endif
