/*
 * test_agent.c: the account page calls a browser by the name that its user
 * knows.
 */
#include "unit.h"

#include "agent.h"
#include "arena.h"

#define MAC "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
#define KIT " AppleWebKit/605.1.15 (KHTML, like Gecko)"
#define CHROME " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"

static void
a_browser_is_told_from_those_it_descends_from(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"
		  " Firefox/140.0",
		    "Firefox on Linux" },
		{ MAC KIT " Version/18.0 Safari/605.1.15", "Safari on macOS" },
		{ "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" CHROME
		  " Safari/537.36 Edg/140.0.0.0",
		    "Edge on Windows" },
		{ "Mozilla/5.0 (Linux; Android 14; Pixel 8)" CHROME
		  " Mobile Safari/537.36",
		    "Chrome on Android" },
		{ "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36"
		  " SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
		    "Samsung Internet on Android" },
		{ "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)" KIT
		  " CriOS/140.0 Mobile/15E148 Safari/604.1",
		    "Chrome on iPhone" },
		{ "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X)" KIT
		  " FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
		    "Firefox on iPad" },
		{ "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)" CHROME
		  " Safari/537.36 OPR/122.0",
		    "Opera on ChromeOS" },
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(agent_name(a, rows[i].text), rows[i].name);
	arena_free(a);
}

static void
what_is_no_browser_we_know_is_shown_as_it_is(void **state)
{
	static const char *const texts[] = { "", "curl/7.88.1", "Mozilla/5.0 (",
		"Mozilla/5.0 (compatible; Robot/1.0)", MAC KIT,
		"My app on Linux Firefox/1", "<b>Firefox/1</b> Linux" };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_ptr_equal(agent_name(a, texts[i]), texts[i]);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_browser_is_told_from_those_it_descends_from),
		cmocka_unit_test(what_is_no_browser_we_know_is_shown_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
