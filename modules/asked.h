/* asked.h: what a guard is asked about a request, as keys of its answer. */
#ifndef CARNET_MODULES_ASKED_H
#define CARNET_MODULES_ASKED_H

#include "digest.h"
#include "memory.h"

/* All but the target. */
struct asked {
	struct memory *m;
	struct digesting d;
	const char *target;
	int is_plain;	/* plain.h */
};

/*
 * asked_begin(q, m, target): a question about that target; target must outlive q.
 * asked_add(q, name, value): it has this, too: the method, the address of the client,
 * all headers.  Headers that the guard never looks at are left out here.
 */
void asked_begin(struct asked *q, struct memory *m, const char *target);
void asked_add(struct asked *q, const char *name, const char *value);

/*
 * asked_find(q, now, out):
 * Find the answer to the same question, or to one whose answer counts for this one
 * too.  The result is that of memory_find.
 *
 * asked_put(q, asked, remember, data, len):
 * Remember an answer.  remember is the value of the guard's header Remember
 * (lib/oauth/remember.h).
 */
size_t asked_find(const struct asked *q, const struct moment *now,
    char out[static MEMORY_LEN_MAX]);
void asked_put(const struct asked *q, const struct moment *asked,
    const char *remember, const char *data, size_t len);

#endif
