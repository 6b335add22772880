/* known.c: what a worker of nginx remembers of the guard's answers. */
#include "known.h"

const ngx_str_t known_headers[KNOWN_NAMES] = {
	ngx_string("X-Carnet-User-Id"), ngx_string("X-Carnet-User-Email"),
	ngx_string("X-Carnet-Client-Id"), ngx_string("X-Carnet-Scope"),
	ngx_string("X-Carnet-Token-Id"), ngx_string("X-Carnet-Remote-User"),
};

/* With a NUL behind it; NULL: there is no memory. */
static const char *
text_of(ngx_pool_t *pool, const ngx_str_t *s)
{
	u_char *text = ngx_pnalloc(pool, s->len + 1);

	if (text == NULL)
		return NULL;
	*ngx_cpymem(text, s->data, s->len) = '\0';
	return (const char *)text;
}

/* What the guard is told, and so what its answer may depend on.  0: no memory. */
static int
ask_the_same(struct known *k, struct memory *m, ngx_http_request_t *r)
{
	const char *target = text_of(r->pool, &r->unparsed_uri);
	const char *method = text_of(r->pool, &r->method_name);
	const char *address = text_of(r->pool, &r->connection->addr_text);
	const char *protocol = text_of(r->pool, &r->http_protocol);
	ngx_list_part_t *part = &r->headers_in.headers.part;
	ngx_table_elt_t *h;

	if (target == NULL || method == NULL || address == NULL ||
	    protocol == NULL)
		return 0;
	asked_begin(&k->asked, m, target);
	asked_add(&k->asked, "method", method);
	asked_add(&k->asked, "protocol", protocol);
	asked_add(&k->asked, "address", address);
	/* nginx ends names and values with a NUL. */
	for (; part != NULL; part = part->next)
		for (ngx_uint_t i = 0; i < part->nelts; i++) {
			h = (ngx_table_elt_t *)part->elts + i;
			asked_add(&k->asked, (const char *)h->key.data,
			    (const char *)h->value.data);
		}
	return 1;
}

int
known_find(struct known *k, struct memory *m, ngx_http_request_t *r,
    struct known_caller *out)
{
	char data[MEMORY_LEN_MAX];
	u_char *at;
	size_t len;

	k->has_moment = memory_now(m, &k->now) && ask_the_same(k, m, r);
	if (!k->has_moment ||
	    (len = asked_find(&k->asked, &k->now, data)) == 0 ||
	    (at = ngx_pnalloc(r->pool, len)) == NULL)
		return 0;
	ngx_memcpy(at, data, len);
	for (int i = 0; i < KNOWN_NAMES; i++) {
		out->value[i].data = at;
		out->value[i].len = strlen((const char *)at);
		at += out->value[i].len + 1;
	}
	return 1;
}

/* The header of the guard's answer; empty: it has none. */
static ngx_str_t
find_header(ngx_http_request_t *answer, const ngx_str_t *name)
{
	static const ngx_str_t none = ngx_string("");
	ngx_list_part_t *part;
	ngx_table_elt_t *h;

	if (answer->upstream == NULL)
		return none;
	part = &answer->upstream->headers_in.headers.part;
	for (; part != NULL; part = part->next)
		for (ngx_uint_t i = 0; i < part->nelts; i++) {
			h = (ngx_table_elt_t *)part->elts + i;
			if (h->hash != 0 && h->key.len == name->len &&
			    ngx_strncasecmp(h->key.data, name->data,
				name->len) == 0)
				return h->value;
		}
	return none;
}

int
known_add(struct known *k, ngx_http_request_t *answer,
    struct known_caller *out)
{
	static const ngx_str_t remember = ngx_string("Remember");
	const ngx_str_t says = find_header(answer, &remember);
	char data[MEMORY_LEN_MAX];
	const char *text;
	size_t len = 0;

	for (int i = 0; i < KNOWN_NAMES; i++)
		out->value[i] = find_header(answer, &known_headers[i]);
	if (says.len == 0 || !k->has_moment)
		return says.len != 0;
	for (int i = 0; i < KNOWN_NAMES; i++) {
		if (out->value[i].len + 1 > sizeof(data) - len)
			return 1;
		ngx_memcpy(data + len, out->value[i].data, out->value[i].len);
		len += out->value[i].len;
		data[len++] = '\0';
	}
	if ((text = text_of(answer->pool, &says)) != NULL)
		asked_put(&k->asked, &k->now, text, data, len);
	return 1;
}
