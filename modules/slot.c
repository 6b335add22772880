/*
 * slot.c: room for one answer, which threads read without a lock.
 *
 * The reader looks at the turn before and after.  If it is the same, and even,
 * nobody has written meanwhile, and what was read belongs together.
 */
#include "slot.h"

#include <stdlib.h>
#include <string.h>

#define WORD sizeof(unsigned long)

_Static_assert(MEMORY_LEN_MAX % WORD == 0, "whole words");
_Static_assert(sizeof(struct slot_head) % WORD == 0, "whole words");

/* A reader may still be in the smaller one, so it is kept until slot_free. */
struct slot_data {
	struct slot_data *smaller;
	size_t room; /* in words */
	_Atomic unsigned long word[];
};

static void
load(void *out, _Atomic unsigned long *from, size_t words)
{
	unsigned long word;

	for (size_t i = 0; i < words; i++) {
		word = atomic_load_explicit(&from[i], memory_order_relaxed);
		memcpy((char *)out + i * WORD, &word, WORD);
	}
}

static void
store(_Atomic unsigned long *to, const void *from, size_t len)
{
	unsigned long word;

	for (size_t at = 0; at < len; at += WORD) {
		word = 0;
		memcpy(&word, (const char *)from + at,
		    len - at < WORD ? len - at : WORD);
		atomic_store_explicit(to++, word, memory_order_relaxed);
	}
}

int
slot_find(struct slot *s, const struct digest128 *key, struct slot_head *head,
    char out[static MEMORY_LEN_MAX])
{
	const unsigned turn =
	    atomic_load_explicit(&s->turn, memory_order_acquire);
	struct slot_data *d;
	size_t words;

	if (turn % 2 != 0)
		return 0;
	load(head, s->head, SLOT_HEAD_WORDS);
	if (head->len == 0 || head->key.half[0] != key->half[0] ||
	    head->key.half[1] != key->half[1])
		return 0;
	d = atomic_load_explicit(&s->data, memory_order_acquire);
	words = (head->len + WORD - 1) / WORD;
	if (d == NULL || words > d->room)
		return 0; /* the length is another answer's */
	load(out, d->word, words);
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&s->turn, memory_order_relaxed) == turn;
}

void
slot_head(struct slot *s, struct slot_head *out)
{
	load(out, s->head, SLOT_HEAD_WORDS);
}

/* Room for so many bytes; NULL: there is no memory. */
static struct slot_data *
room_for(struct slot *s, size_t len)
{
	struct slot_data *d = s->data, *more;
	size_t room = d == NULL ? 16 : d->room;

	if (d != NULL && room * WORD >= len)
		return d;
	while (room * WORD < len)
		room *= 2;
	if ((more = calloc(1, sizeof(*more) + room * WORD)) == NULL)
		return NULL;
	more->smaller = d;
	more->room = room;
	s->data = more;
	return more;
}

void
slot_put(struct slot *s, const struct slot_head *head, const char *data)
{
	const unsigned turn = s->turn;
	struct slot_data *d = room_for(s, head->len);

	if (d == NULL)
		return;
	atomic_store_explicit(&s->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	store(s->head, head, sizeof(*head));
	store(d->word, data, head->len);
	atomic_store_explicit(&s->turn, turn + 2, memory_order_release);
}

void
slot_free(struct slot *s)
{
	struct slot_data *d = s->data, *smaller;

	for (; d != NULL; d = smaller) {
		smaller = d->smaller;
		free(d);
	}
	s->data = NULL;
}
