/* known.c: what a process remembers of the guard's answers. */
#include "known.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "decision.h"

/* What the guard is told, and so what its answer may depend on. */
static void
ask_the_same(struct known *k, request_rec *r)
{
	const apr_array_header_t *a = apr_table_elts(r->headers_in);
	const apr_table_entry_t *e = (const apr_table_entry_t *)(void *)a->elts;

	asked_begin(&k->asked, k->m, r->unparsed_uri);
	asked_add(&k->asked, "method", r->method);
	asked_add(&k->asked, "protocol", r->protocol == NULL ? "" : r->protocol);
	asked_add(&k->asked, "address", r->useragent_ip);
	for (int i = 0; i < a->nelts; i++)
		asked_add(&k->asked, e[i].key, e[i].val);
}

/* The values of all variables, each with its NUL, in the order of their table. */
static void
read_caller(apr_pool_t *p, const char *data, size_t len, struct caller *out)
{
	const char *at = apr_pmemdup(p, data, len);

	for (int i = 0; i < DECISION_NAMES; i++, at += strlen(at) + 1)
		out->value[i] = at;
}

int
known_find(struct known *k, struct memory *m, request_rec *r, struct caller *out)
{
	char data[MEMORY_LEN_MAX];
	size_t len;

	k->m = m;
	k->has_moment = m != NULL && memory_now(m, &k->now);
	if (!k->has_moment)
		return 0;
	ask_the_same(k, r);
	len = asked_find(&k->asked, &k->now, data);
	if (len > 0)
		read_caller(r->pool, data, len, out);
	return len > 0;
}

void
known_params(struct known *k, apr_table_t *params)
{
	char name[MEMORY_FILE_MAX];

	if (k->m == NULL)
		return;
	memory_file(k->m, name);
	apr_table_set(params, "CARNET_REMEMBERS", name);
}

void
known_take(struct known *k, int fd)
{
	if (k->m != NULL)
		memory_take(k->m, fd);
	else
		close(fd);
}

void
known_add(struct known *k, const struct caller *caller, const char *remember)
{
	char data[MEMORY_LEN_MAX];
	size_t len = 0, n;

	if (!k->has_moment || remember == NULL)
		return;
	for (int i = 0; i < DECISION_NAMES; i++, len += n) {
		n = strlen(caller->value[i]) + 1;
		if (n > sizeof(data) - len)
			return;
		memcpy(data + len, caller->value[i], n);
	}
	asked_put(&k->asked, &k->now, remember, data, len);
}
