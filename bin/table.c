/* table.c: printing lists, with a heading on a terminal. */
#include <string.h>
#include <unistd.h>
#include <uniwidth.h>

#include "arena.h"
#include "buf.h"
#include "cmd.h"
#include "json.h"

#define COLUMNS_MAX 12
#define GAP 2

int
cmd_is_terminal(const struct cmd *c)
{
	return !c->json && isatty(STDOUT_FILENO);
}

/* The width of the len bytes at s on a terminal. */
static size_t
width_of(struct arena *a, const char *s, size_t len)
{
	const char *text = arena_dup(a, s, len);
	int n = u8_strwidth((const uint8_t *)text, "UTF-8");

	return n < 0 ? len : (size_t)n;
}

/* Raise each width[] to that of the widest field in its column of text. */
static void
measure(struct arena *a, const char *text, size_t width[static COLUMNS_MAX])
{
	size_t len, n, i = 0;

	for (; *text != '\0'; text += len + (text[len] != '\0')) {
		len = strcspn(text, "\t\n");
		n = width_of(a, text, len);
		if (i < COLUMNS_MAX && n > width[i])
			width[i] = n;
		i = text[len] == '\t' ? i + 1 : 0;
	}
}

/*
 * Add the rows of text, each field but the last padded to its column's width.
 */
static void
align(struct arena *a, const char *text,
    const size_t width[static COLUMNS_MAX], struct buf *out)
{
	size_t len, n, i = 0;

	for (; *text != '\0'; text += len + (text[len] != '\0')) {
		len = strcspn(text, "\t\n");
		buf_add(out, text, len);
		if (text[len] == '\t') {
			n = width_of(a, text, len);
			buf_printf(out, "%*s",
			    (int)(width[i < COLUMNS_MAX ? i : 0] - n + GAP),
			    "");
			i++;
			continue;
		}
		while (out->len > 0 && out->data[out->len - 1] == ' ')
			out->len--;
		buf_char(out, '\n');
		i = 0;
	}
}

int
cmd_print_rows(struct cmd *c, const char *heading, const struct buf *b)
{
	size_t width[COLUMNS_MAX] = { 0 };
	struct buf out;

	if (!cmd_is_terminal(c))
		return cmd_print(b);
	heading = heading == NULL ? "" : arena_printf(c->a, "%s\n", heading);
	measure(c->a, heading, width);
	measure(c->a, b->data, width);
	buf_init(&out, c->a, 2 * b->len + 256);
	align(c->a, heading, width, &out);
	align(c->a, b->data, width, &out);
	while (out.len > 0 && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	return cmd_print(&out);
}

int
cmd_print_list(struct cmd *c, const char *heading,
    int (*page)(struct cmd *c, struct buf *b, int64_t *after))
{
	int64_t after = 0;
	struct buf b;
	char **operand;
	int n;

	if ((n = cmd_options(c, NULL, 0, &operand)) != 0)
		return n < 0 ? CMD_USAGE : cmd_usage(c);
	buf_init(&b, c->a, 4096);
	if (c->json)
		json_open(&b, NULL, '[');
	while ((n = page(c, &b, &after)) == 1)
		continue;
	if (n < 0)
		return CMD_SYSTEM;
	if (c->json)
		json_close(&b, ']');
	return cmd_print_rows(c, heading, &b);
}
