/* passport_report.c: what carnet import passport did, printed. */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "cmd_passport.h"
#include "json.h"

static const char *const kinds[PASSPORT_KINDS] = { "users", "clients",
	"personal_tokens", "access_tokens", "refresh_tokens" };
static const char *const ends[PASSPORT_ENDS] = { "stored", "there", "expired",
	"revoked", "left" };

/* The lines of im->told, one at a time, without their ends. */
static int
next_line(struct importing *im, char *line, int size)
{
	if (fgets(line, size, im->told) == NULL)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	return 1;
}

static void
write_unknown(const struct passport_sum *s, struct buf *b)
{
	json_open(b, "unknown_scopes", '{');
	for (int i = 0; i < s->n_unknown; i++)
		json_int(b, s->unknown[i].name, s->unknown[i].n);
	json_close(b, '}');
}

static void
write_checks(const struct importing *im, struct buf *b)
{
	json_open(b, "checked", '[');
	for (size_t i = 0; i < im->n_check; i++) {
		json_open(b, NULL, '{');
		json_str(b, "what", im->check[i].what);
		json_truth(b, "accepted", im->check[i].why == NULL);
		json_str(b, "why", im->check[i].why);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static int
report_json(struct importing *im, int is_stored)
{
	const struct passport_sum *s = &im->p.sum;
	char line[2048];
	struct buf b;

	buf_init(&b, im->c->a, 4096);
	json_open(&b, NULL, '{');
	json_truth(&b, "stored", is_stored);
	for (int k = 0; k < PASSPORT_KINDS; k++) {
		json_open(&b, kinds[k], '{');
		for (int e = 0; e < PASSPORT_ENDS; e++)
			json_int(&b, ends[e], s->n[k][e]);
		json_close(&b, '}');
	}
	json_int(&b, "consents", s->consents);
	json_int(&b, "numbered_clients", s->numbered);
	json_int(&b, "kept_subs", s->sub_kept);
	write_unknown(s, &b);
	json_open(&b, "told", '[');
	while (next_line(im, line, sizeof(line)))
		json_str(&b, NULL, line);
	json_close(&b, ']');
	write_checks(im, &b);
	json_str(&b, "advice", im->advice->data);
	json_close(&b, '}');
	return cmd_print(&b);
}

static void
sums(const struct passport_sum *s, struct buf *b)
{
	static const char *const names[PASSPORT_KINDS] = { "users", "clients",
		"personal tokens", "access tokens", "refresh tokens" };

	for (int k = 0; k < PASSPORT_KINDS; k++)
		buf_printf(b, "%-16s %lld come along, %lld were there; %lld had"
		    " expired, %lld were revoked, %lld are left behind\n",
		    names[k], (long long)s->n[k][PASSPORT_BROUGHT],
		    (long long)s->n[k][PASSPORT_THERE],
		    (long long)s->n[k][PASSPORT_EXPIRED],
		    (long long)s->n[k][PASSPORT_REVOKED],
		    (long long)s->n[k][PASSPORT_LEFT]);
	buf_printf(b, "%-16s %lld\n", "consents", (long long)s->consents);
	if (s->numbered > 0)
		buf_printf(b, "%lld clients have a number for an id: the sub of"
		    " their own tokens is client:ID (of %lld it is the"
		    " number)\n", (long long)(s->numbered - s->sub_kept),
		    (long long)s->sub_kept);
	for (int i = 0; i < s->n_unknown; i++)
		buf_printf(b, "The scope %s of %lld tokens is not in [scopes]:"
		    " add it there, or --map-scope %s=b, or %s= to leave it"
		    " out\n", s->unknown[i].name, (long long)s->unknown[i].n,
		    s->unknown[i].name, s->unknown[i].name);
}

int
passport_report(struct importing *im, int is_stored)
{
	char line[2048];
	struct buf b;

	rewind(im->told);
	if (im->c->json)
		return report_json(im, is_stored);
	while (next_line(im, line, sizeof(line)))
		if (printf("%s\n", line) < 0)
			return CMD_SYSTEM;
	buf_init(&b, im->c->a, 2048);
	sums(&im->p.sum, &b);
	for (size_t i = 0; i < im->n_check; i++)
		buf_printf(&b, "%s: %s\n", im->check[i].what,
		    im->check[i].why == NULL ? "accepted" : im->check[i].why);
	buf_str(&b, im->advice->data);
	buf_str(&b, is_stored ? "Stored."
		: im->dry_run ? "Nothing was stored: this was a dry run."
			      : "Nothing was stored: scopes are unknown.");
	return cmd_print(&b);
}
