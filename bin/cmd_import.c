/*
 * cmd_import.c: carnet user import: people whom another system has.
 *
 * The file is read once.  What is to be stored is written to a file without a name,
 * with all hashes made.  Then the transaction reads that file, as often as it has
 * to run: it waits for no input and makes no hash.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "conf.h"
#include "hash.h"
#include "hash_import.h"
#include "import.h"
#include "json.h"
#include "record.h"
#include "seen.h"
#include "spool.h"
#include "store.h"
#include "store_user.h"

#define BATCH 1000 /* lines in one transaction, with --partial */
#define TOLD_MAX 1000 /* refused lines that are named */
#define KINDS_MAX 32

struct tally {
	int64_t n[IMPORT_REFUSED + 1];
	struct {
		const char *kind;
		int64_t n;
	} hashes[KINDS_MAX];
	size_t told_len;	/* of what is in struct import's told */
	int64_t told;
};

struct import {
	struct cmd *c;
	int update, partial, dry_run, allow_weak, is_csv;
	FILE *spool;
	struct buf told;	/* lines that were refused, as they are printed */
	struct tally sum;
	struct seen seen;	/* the users that a line was about */
	struct arena *a;	/* for one line */
	int is_over;		/* the spool was read to its end */
	int undone;		/* nothing was to be stored in the end */
};

static void
refuse(struct import *im, long line, const char *why)
{
	struct buf *b = &im->told;

	im->sum.n[IMPORT_REFUSED]++;
	if (im->sum.told++ >= TOLD_MAX)
		return;
	if (im->c->json) {
		json_open(b, NULL, '{');
		json_int(b, "line", line);
		json_str(b, "why", why);
		json_close(b, '}');
	} else {
		buf_printf(b, "line %ld: %s\n", line, why);
	}
	im->sum.told_len = b->len;
}

static void
count_hash(struct tally *t, const char *hash)
{
	struct hash_cost c;
	const char *kind;

	if (!hash_read(hash, &c))
		return;
	kind = hash_kind_name(c.kind);
	for (size_t i = 0; i < KINDS_MAX; i++) {
		if (t->hashes[i].kind != NULL &&
		    strcmp(t->hashes[i].kind, kind) != 0)
			continue;
		t->hashes[i].kind = kind;
		t->hashes[i].n++;
		return;
	}
}

/* Read and check each line, and write those that are good to the spool. */
static int
read_lines(struct import *im, FILE *in)
{
	const unsigned flags = (im->allow_weak ? HASH_WEAK : 0) |
	    (im->dry_run ? HASH_DRY : 0);
	struct spooled sp;
	struct records rs;
	struct record r;
	const char *why;
	int rc;

	records_begin(&rs, in, im->is_csv ? RECORD_CSV : RECORD_JSONL);
	while ((rc = records_next(&rs, im->a, &r, &why)) == 1) {
		sp.line = r.line;
		if (why == NULL)
			why = import_user(im->c->conf, im->a, &r, flags,
			    im->c->now, &sp.user, &sp.has);
		if (why != NULL)
			refuse(im, r.line, why);
		else if (spool_write(im->spool, &sp) < 0)
			break;
		arena_clear(im->a);
	}
	if (rc < 0)
		cmd_refuse("cannot read: %s", strerror(errno));
	else if (rc == 1 || fflush(im->spool) != 0)
		cmd_refuse("cannot write a temporary file: %s",
		    strerror(errno));
	records_end(&rs);
	return rc != 0 || ferror(im->spool) ? CMD_SYSTEM : CMD_OK;
}

static int
is_first(void *ctx, int64_t id)
{
	struct import *im = ctx;

	return seen_add(&im->seen, id);
}

/* Store one line; -1 on a database error. */
static int
store_line(struct import *im, struct store *st, struct spooled *sp)
{
	const struct import_rules rules = { .update = im->update,
		.now = im->c->now, .is_first = is_first, .ctx = im };
	const char *why = NULL;
	const int end =
	    import_store(st, im->a, &sp->user, sp->has, &rules, &why);

	if (end < 0)
		return -1;
	if (end == IMPORT_REFUSED) {
		refuse(im, sp->line, why);
		return 0;
	}
	im->sum.n[end]++;
	count_hash(&im->sum, sp->user.password);
	return 0;
}

/* The step: one batch, or all.  Less than 0: what it wrote is undone. */
static int
store_lines(struct store *st, void *ctx)
{
	struct import *im = ctx;
	int n = 0, rc = 1;

	for (; !im->partial || im->dry_run || n < BATCH; n++) {
		struct spooled sp;

		arena_clear(im->a);
		if ((rc = spool_read(im->spool, im->a, &sp)) != 1)
			break;
		if (store_line(im, st, &sp) < 0)
			return -1;
	}
	if (rc < 0)
		return -1;
	im->is_over = rc == 0;
	im->undone = im->dry_run ||
	    (!im->partial && im->sum.n[IMPORT_REFUSED] > 0);
	return im->undone ? -1 : 0;
}

/* A transaction that may run twice: from the same place, with the same sums. */
struct batch {
	struct import *im;
	struct tally before;
	off_t at;
	size_t seen_n;
};

static int
store_batch(struct store *st, void *ctx)
{
	struct batch *b = ctx;
	struct import *im = b->im;

	im->sum = b->before;
	im->is_over = im->undone = 0;
	buf_cut(&im->told, b->before.told_len);
	seen_cut(&im->seen, b->seen_n);
	return fseeko(im->spool, b->at, SEEK_SET) < 0 ? -1
						       : store_lines(st, im);
}

static int
store_all(struct import *im)
{
	struct timespec since;
	struct batch b = { .im = im };

	for (im->is_over = 0; !im->is_over; cmd_pause(&since)) {
		clock_gettime(CLOCK_MONOTONIC, &since);
		b.before = im->sum;
		b.seen_n = im->seen.n;
		b.at = ftello(im->spool);
		if (store_write(im->c->st, store_batch, &b) < 0 &&
		    !im->undone)
			return CMD_SYSTEM;
	}
	return CMD_OK;
}

static int
report(struct import *im)
{
	static const char *const names[] = { "added", "changed", "same",
		"refused" };
	const struct tally *t = &im->sum;
	struct buf b;
	size_t i;

	buf_init(&b, im->c->a, 1024);
	if (im->c->json) {
		json_open(&b, NULL, '{');
		for (i = 0; i < IMPORT_REFUSED; i++)
			json_int(&b, names[i], t->n[i]);
		json_open(&b, "refused", '[');
		buf_add(&b, im->told.data, im->told.len);
		json_close(&b, ']');
		json_int(&b, "refused_lines", t->n[IMPORT_REFUSED]);
		json_truth(&b, "stored", !im->undone);
		json_open(&b, "hashes", '{');
		for (i = 0; i < KINDS_MAX && t->hashes[i].kind != NULL; i++)
			json_int(&b, t->hashes[i].kind, t->hashes[i].n);
		json_close(&b, '}');
		json_close(&b, '}');
		return cmd_print(&b);
	}
	buf_add(&b, im->told.data, im->told.len);
	if (t->told > TOLD_MAX)
		buf_printf(&b, "and %lld lines more\n",
		    (long long)t->told - TOLD_MAX);
	for (i = 0; i <= IMPORT_REFUSED; i++)
		buf_printf(&b, "%s%s %lld", i > 0 ? ", " : "", names[i],
		    (long long)t->n[i]);
	for (i = 0; i < KINDS_MAX && t->hashes[i].kind != NULL; i++)
		buf_printf(&b, "%s%s %lld", i > 0 ? ", " : "\nhashes: ",
		    t->hashes[i].kind, (long long)t->hashes[i].n);
	if (im->undone)
		buf_printf(&b, "\nNothing was stored%s",
		    im->dry_run ? ": this was a dry run."
				: ": a line was refused (--partial stores the"
				  " others).");
	return cmd_print(&b);
}

static int
import(struct import *im, FILE *in)
{
	int rc;

	im->a = arena_new();
	buf_init(&im->told, im->c->a, 256);
	if ((im->spool = spool_open(im->c->conf->state)) == NULL) {
		rc = cmd_refuse("cannot make a temporary file: %s",
		    strerror(errno));
		rc = CMD_SYSTEM;
	} else {
		rc = read_lines(im, in);
		rewind(im->spool);
	}
	if (rc == CMD_OK)
		rc = store_all(im);
	if (rc == CMD_OK && (rc = report(im)) == CMD_OK &&
	    im->sum.n[IMPORT_REFUSED] > 0)
		rc = CMD_REFUSED;
	if (im->spool != NULL)
		fclose(im->spool);
	seen_free(&im->seen);
	arena_free(im->a);
	return rc;
}

/* What --format says, or the name of the file. */
static int
take_format(struct import *im, const char *format, const char *path)
{
	const size_t len = strlen(path);

	if (format == NULL)
		im->is_csv = len > 4 && strcasecmp(path + len - 4, ".csv") == 0;
	else if (strcmp(format, "csv") == 0)
		im->is_csv = 1;
	else if (strcmp(format, "jsonl") != 0)
		return cmd_refuse("--format takes jsonl or csv");
	return CMD_OK;
}

int
cmd_user_import(struct cmd *c)
{
	struct import im = { .c = c };
	const char *format = NULL;
	const struct cmd_opt opts[] = {
		{ .name = "format", .value = &format },
		{ .name = "dry-run", .flag = &im.dry_run },
		{ .name = "update", .flag = &im.update },
		{ .name = "partial", .flag = &im.partial },
		{ .name = "allow-weak", .flag = &im.allow_weak },
	};
	char **operand;
	int n, rc;
	FILE *in;

	n = cmd_options(c, opts, sizeof(opts) / sizeof(opts[0]), &operand);
	if (n != 1)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	if ((rc = take_format(&im, format, operand[0])) != CMD_OK)
		return rc;
	if (strcmp(operand[0], "-") == 0)
		return import(&im, stdin);
	if ((in = fopen(operand[0], "re")) == NULL)
		return cmd_refuse("%s: %s", operand[0], strerror(errno));
	rc = import(&im, in);
	fclose(in);
	return rc;
}
