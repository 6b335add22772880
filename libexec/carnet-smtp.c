/*
 * carnet-smtp.c: hands mail to a mail server, for carnet courier alone.
 *
 * It is a program of its own, so that libcurl is in no other.  Standard input is a
 * socket that keeps packets apart: first "SMTP\0CA\0FROM\0SANDBOX", then "TO\0MESSAGE"
 * for each mail, which is answered by "+", "-why" or "!why", as carrier_send has it.
 * It has the network and no file of ours; it knows one mail at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curler.h"

#define CONNECT_S 20
#define WHOLE_S 50	/* the courier waits for a little longer */
#define PACKET_MAX (80 * 1024)
#define CA_SYSTEM "/etc/ssl/certs/ca-certificates.crt"

/* The contents of the first packet. */
struct way {
	const char *url, *ca, *from, *is_sandboxed;
};

/* A message that is being read, its lines as SMTP has them: CR LF. */
struct source {
	const char *p;
	int has_cr;	/* the CR before the LF at p was given */
};

static size_t
give(char *to, size_t size, size_t n, void *ctx)
{
	struct source *s = ctx;
	size_t len = 0;

	for (size *= n; len < size && *s->p != '\0';) {
		if (*s->p == '\n' && !s->has_cr) {
			to[len++] = '\r';
			s->has_cr = 1;
			continue;
		}
		to[len++] = *s->p++;
		s->has_cr = 0;
	}
	return len;
}

/* How far the dialogue with the server came. */
struct dialogue {
	char command[5];	/* the last one that was sent, but for QUIT */
	int code;		/* of the answer to it; 0: there is none */
	int is_over;		/* QUIT was sent */
};

/* libcurl tells of each line in either direction; a password is not kept. */
static int
listen_in(CURL *c, curl_infotype type, char *text, size_t len, void *ctx)
{
	struct dialogue *d = ctx;
	char line[5] = "";

	(void)c;
	if (d == NULL) /* no mail is under way: the connection is closed */
		return 0;
	memcpy(line, text, len < 4 ? len : 4);
	if (type == CURLINFO_HEADER_OUT && strcmp(line, "QUIT") == 0)
		d->is_over = 1;
	if (d->is_over)
		return 0;
	if (type == CURLINFO_HEADER_OUT) {
		memcpy(d->command, line, sizeof(line));
		d->code = 0;
	} else if (type == CURLINFO_HEADER_IN) {
		d->code = (int)strtol(line, NULL, 10);
	}
	return 0;
}

/*
 * RFC 5321 section 4.2.1: 5yz says that the same is refused again.  Before RCPT it
 * is the site that is refused, its name or its password, and not this mail: somebody
 * may mend that.
 */
static int
is_for_good(const struct dialogue *d)
{
	return d->code / 100 == 5 && (strcmp(d->command, "RCPT") == 0 ||
					 strcmp(d->command, "DATA") == 0);
}

/* As libcurl itself reads the URL: two readers could see two hosts in one. */
static int
is_this_machine(const char *url)
{
	static const char *const names[] = { "localhost", "127.0.0.1",
	    "[::1]" };
	CURLU *u = curl_url();
	char *host = NULL;
	int is = 0;

	if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		for (size_t i = 0; i < 3; i++)
			is |= strcmp(host, names[i]) == 0;
	curl_free(host);
	curl_url_cleanup(u);
	return is;
}

/*
 * To another machine mail goes encrypted, to a server that shows a certificate of
 * its name, or not at all.  On this machine smtp:// takes what there is; the server's
 * certificate is looked at where smtp_ca says by what.
 */
static long
encryption(const struct way *w)
{
	if (!is_this_machine(w->url))
		return CURLUSESSL_ALL;
	return *w->ca == '\0' && strncmp(w->url, "smtp:", 5) == 0
	    ? CURLUSESSL_NONE
	    : CURLUSESSL_TRY;
}

static void
set_up(CURL *c, const struct way *w)
{
	curl_easy_setopt(c, CURLOPT_URL, w->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_USE_SSL, encryption(w));
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CAINFO, *w->ca == '\0' ? CA_SYSTEM : w->ca);
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)WHOLE_S);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, w->from);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, listen_in);
}

/* Hand over one mail; put "+", "-why" or "!why" to answer. */
static void
hand_over(CURL *c, const char *to, const char *message, const char *error,
    char *answer, size_t size)
{
	struct curl_slist *rcpt = curl_slist_append(NULL, to);
	struct source source = { .p = message };
	struct dialogue d = { .code = 0 };
	CURLcode rc;

	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, rcpt);
	curl_easy_setopt(c, CURLOPT_READDATA, &source);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, &d);
	rc = curl_easy_perform(c);
	if (rc == CURLE_OK)
		snprintf(answer, size, "+");
	else
		snprintf(answer, size, "%c%s (the server's last answer: %d)",
		    is_for_good(&d) ? '!' : '-',
		    *error != '\0' ? error : curl_easy_strerror(rc), d.code);
	curl_easy_setopt(c, CURLOPT_DEBUGDATA, NULL);
	curl_slist_free_all(rcpt);
}

int
main(void)
{
	static char packet[PACKET_MAX + 2];
	char error[CURL_ERROR_SIZE] = "", answer[CURL_ERROR_SIZE + 64];
	const char *part[CURLER_PARTS];
	CURL *c = curler_begin(part, error);
	const struct way w = { part[0], part[1], part[2], part[3] };

	set_up(c, &w);
	if (*w.is_sandboxed != '\0')
		curler_confine(w.ca);
	while (curler_read(packet, sizeof(packet), part, 2)) {
		error[0] = '\0';
		hand_over(c, part[0], part[1], error, answer, sizeof(answer));
		if (!curler_answer(answer, strlen(answer)))
			break;
	}
	curl_easy_cleanup(c);
	return 0;
}
