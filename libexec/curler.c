/* curler.c: the packets of carnet courier, libcurl's start, and the sandbox. */
#include "curler.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox.h"

/* Cut the packet into n strings; 0, or -1 if it has fewer. */
static int
cut(const char *packet, size_t len, const char **part, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (at >= len)
			return -1;
		part[i] = packet + at;
		at += strlen(packet + at) + 1;
	}
	return 0;
}

CURL *
curler_begin(const char *part[static CURLER_PARTS], char *error)
{
	static char first[8193];
	ssize_t n;
	CURL *c;

	sandbox_quiet();
	n = recv(0, first, sizeof(first) - 1, 0);
	if (n == 0)
		exit(0); /* the courier has ended, and nothing was asked */
	if (n < 0 ||
	    cut(first, (size_t)n, part, CURLER_PARTS) < 0)
		errx(2, "carnet courier runs this program");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (c = curl_easy_init()) == NULL)
		errx(111, "libcurl");
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, error);
	return c;
}

void
curler_confine(const char *ca)
{
	const struct sandbox_place all[] = {
		{ .path = "/etc/resolv.conf" }, { .path = "/etc/hosts" },
		{ .path = "/etc/nsswitch.conf" }, { .path = "/etc/host.conf" },
		{ .path = "/etc/gai.conf" }, { .path = "/etc/services" },
		{ .path = "/etc/ssl" }, { .path = "/usr/share/ca-certificates" },
		{ .path = ca },
	};
	struct sandbox_place here[sizeof(all) / sizeof(all[0])];
	size_t n = 0;
	FILE *f;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if ((f = fopen(all[i].path, "re")) != NULL) {
			fclose(f);
			here[n++] = all[i];
		}
	(void)sandbox_files_and_network(here, n);
	(void)sandbox_enter(SANDBOX_NETWORK);
}

int
curler_read(char *packet, size_t size, const char **part, size_t n)
{
	const ssize_t len = recv(0, packet, size - 2, 0);

	if (len <= 0)
		return 0;
	packet[len] = packet[len + 1] = '\0';
	return cut(packet, (size_t)len + 1, part, n) == 0;
}

int
curler_answer(const char *data, size_t len)
{
	return send(0, data, len, MSG_NOSIGNAL) >= 0;
}
