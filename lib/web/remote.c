/* remote.c: the address that a request came from. */
#include "remote.h"

#include <string.h>

#include "address.h"
#include "arena.h"
#include "conf.h"
#include "req.h"

/*
 * Read an element of X-Forwarded-For: an address, which may be in brackets and may
 * have a port.  Return 0, or -1.
 */
static int
read_element(struct arena *a, const char *s, size_t len, struct address *out)
{
	char *text, *end;

	while (len > 0 && strchr(" \t", *s) != NULL)
		s++, len--;
	while (len > 0 && strchr(" \t", s[len - 1]) != NULL)
		len--;
	text = arena_dup(a, s, len);
	if (*text == '[' && (end = strchr(text, ']')) != NULL) {
		*end = '\0';
		text++;
	} else if ((end = strchr(text, ':')) != NULL &&
	    strchr(end + 1, ':') == NULL) {
		*end = '\0'; /* IPv4 and a port */
	}
	return address_read(text, out);
}

/*
 * Each proxy adds the address that it saw at the right end of the list.  So we read
 * from the right, and take the first address that is no trusted proxy.  Whatever is
 * left of it, a stranger may have written.
 */
const char *
remote_address(struct req *rq)
{
	const char *peer = req_var(rq, "REMOTE_ADDR"), *list, *p;
	char *text = arena_alloc(rq->a, ADDRESS_TEXT_MAX);
	struct address ad, before;
	size_t len;

	if (peer == NULL)
		return "";
	if (*rq->conf->trusted_proxies == '\0' || address_read(peer, &ad) < 0)
		return peer;
	list = req_var(rq, "HTTP_X_FORWARDED_FOR");
	len = list == NULL ? 0 : strlen(list);
	while (len > 0 && address_in(&ad, rq->conf->trusted_proxies)) {
		for (p = list + len; p > list && p[-1] != ',';)
			p--;
		if (read_element(rq->a, p, (size_t)(list + len - p),
			&before) < 0)
			break;
		ad = before;
		len = p > list ? (size_t)(p - list) - 1 : 0;
	}
	address_write(&ad, text);
	return text;
}
