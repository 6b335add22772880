/*
 * carnet-fetch.c: asks strangers' web servers, for carnet courier alone.
 *
 * It is a program of its own, so that libcurl is in no other.  Standard input is a
 * socket that keeps packets apart: first "FETCH\0HOSTS\0CA\0SANDBOX", then for each
 * request "GET\0URL\0MAX\0", or "POST\0URL\0MAX\0FORM", with a form as its body; MAX is
 * how many bytes the answer's body may have.  It is answered by
 * "+STATUS\0MAX-AGE\0BODY" (MAX-AGE: seconds of Cache-Control, or "-"; the body of a GET
 * is JSON), or by "-why".  public.h says whom it connects to.  It has the network and
 * no file of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "curler.h"
#include "public.h"

#define PACKET_MAX (64 * 1024)
#define BODY_MAX (32 * 1024)
#define HEADERS_MAX (16 * 1024)

/* What came of one answer. */
struct answer {
	char body[BODY_MAX];
	size_t len, max;	/* bytes of it; how many it may have */
	size_t headers;		/* bytes */
	long max_age;		/* seconds; -1: not said */
	const char *why;	/* it is refused; NULL: not so far */
};

static size_t
take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct answer *an = ctx;

	n *= size;
	if (n > an->max - an->len) {
		an->why = "the answer is too long";
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(an->body + an->len, data, n);
	an->len += n;
	return n;
}

/* What stands behind the name in the line of a header; NULL: it is another. */
static const char *
value_of(const char *line, const char *name)
{
	const size_t n = strlen(name);

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

/* The seconds of Cache-Control (RFC 9111 section 5.2.2). */
static long
read_max_age(const char *value)
{
	const char *at;

	if (strcasestr(value, "no-store") != NULL ||
	    strcasestr(value, "no-cache") != NULL)
		return 0;
	if ((at = strcasestr(value, "max-age=")) == NULL ||
	    strspn(at + 8, "0123456789") == 0)
		return -1;
	return strspn(at + 8, "0123456789") > 8 ? 99999999L
						: strtol(at + 8, NULL, 10);
}

static size_t
take_header(char *data, size_t size, size_t n, void *ctx)
{
	struct answer *an = ctx;
	char line[512];
	const char *value;

	n *= size;
	if ((an->headers += n) > HEADERS_MAX) {
		an->why = "the header of the answer is too long";
		return CURL_WRITEFUNC_ERROR;
	}
	snprintf(line, sizeof(line), "%.*s",
	    (int)(n < sizeof(line) ? n : sizeof(line) - 1), data);
	line[strcspn(line, "\r\n")] = '\0';
	if ((value = value_of(line, "content-encoding")) != NULL &&
	    strcasecmp(value, "identity") != 0) {
		an->why = "the answer is compressed";
		return CURL_WRITEFUNC_ERROR;
	}
	if ((value = value_of(line, "cache-control")) != NULL)
		an->max_age = read_max_age(value);
	return n;
}

/* application/json, or application/SOMETHING+json (RFC 6839 section 3.1). */
static int
is_json(const char *type)
{
	size_t n;

	if (type == NULL || strncasecmp(type, "application/", 12) != 0)
		return 0;
	n = strcspn(type, "; \t");
	return (n == 16 && strncasecmp(type + 12, "json", 4) == 0) ||
	    (n > 17 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

static CURLcode
ask(CURL *c, const char *method, const char *form, struct answer *an)
{
	const int posts = strcmp(method, "POST") == 0;
	struct curl_slist *headers = curl_slist_append(
	    NULL, posts ? "Accept: */*" : "Accept: application/json");
	CURLcode rc;

	if (posts) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(form));
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, form);
	} else {
		curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, an);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, an);
	rc = curl_easy_perform(c);
	curl_slist_free_all(headers);
	return rc;
}

/* Do one request, and write the answer's packet to out; return its length. */
static size_t
fetch(CURL *c, struct public *p, const char *const *part,
    const char *error, char *out, size_t size)
{
	static struct answer an;
	const int posts = strcmp(part[0], "POST") == 0;
	const char *type = NULL;
	long status = 0;
	CURLcode rc;
	int n;

	an = (struct answer) { .max_age = -1 };
	an.max = strtoul(part[2], NULL, 10);
	if (an.max > BODY_MAX)
		an.max = BODY_MAX;
	if (!public_take(c, p, part[1]))
		return (size_t)snprintf(out, size, "-it is no https URL");
	rc = ask(c, part[0], part[3], &an);
	if (rc != CURLE_OK)
		return (size_t)snprintf(out, size, "-%s",
		    p->is_refused	     ? "its address is not on the Internet"
			: an.why != NULL     ? an.why
			: posts && *error != '\0' ? error
					     : curl_easy_strerror(rc));
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c, CURLINFO_CONTENT_TYPE, &type);
	if (!posts && status != 200)
		return (size_t)snprintf(out, size,
		    "-the server answered %ld, not 200", status);
	if (!posts && !is_json(type))
		return (size_t)snprintf(
		    out, size, "-the answer is not application/json");
	n = an.max_age < 0
	    ? snprintf(out, size, "+%ld%c-%c", status, 0, 0)
	    : snprintf(out, size, "+%ld%c%ld%c", status, 0, an.max_age, 0);
	memcpy(out + n, an.body, an.len);
	return (size_t)n + an.len;
}

int
main(void)
{
	static char packet[PACKET_MAX + 2], out[BODY_MAX + 256];
	char error[CURL_ERROR_SIZE] = "";
	const char *part[CURLER_PARTS];
	CURL *c = curler_begin(part, error);
	struct public p = { .hosts = part[1], .ca = part[2] };
	size_t len;

	public_set_up(c, &p);
	if (*part[3] != '\0')
		curler_confine(p.ca);
	while (curler_read(packet, sizeof(packet), part, 4)) {
		error[0] = '\0';
		len = fetch(c, &p, part, error, out, sizeof(out));
		if (!curler_answer(out, len))
			break;
	}
	curl_easy_cleanup(c);
	return 0;
}
