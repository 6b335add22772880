/* account_view.c: one showing of the account page. */
#include "account_view.h"

#include <time.h>

#include "arena.h"
#include "tmpl.h"

void
account_set_time(struct arena *a, struct tmpl_data *d, const char *name, int64_t t)
{
	char text[32];
	time_t when = (time_t)t;
	struct tm tm;

	if (t == 0 || gmtime_r(&when, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	tmpl_set(d, name, arena_str(a, text));
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	tmpl_set(d, arena_printf(a, "%s_iso", name), arena_str(a, text));
}
