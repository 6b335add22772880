/* curler.h: what carnet-fetch and carnet-smtp share: packets, libcurl, the sandbox. */
#ifndef CARNET_CURLER_H
#define CARNET_CURLER_H

#include <curl/curl.h>

#define CURLER_PARTS 4

/*
 * curler_begin(part, error):
 * Read the first packet of standard input, which has CURLER_PARTS strings, and begin
 * with libcurl, which puts to error why a transfer failed (CURL_ERROR_SIZE bytes).  The
 * program ends if it was not carnet courier that started it, and without a word if the
 * courier has ended and asked for nothing.
 */
CURL *curler_begin(const char *part[static CURLER_PARTS], char *error);

/*
 * curler_confine(ca):
 * From here on the program has the network, and the files that names and certificates
 * are looked up in: the system's, and the file ca ("": none).
 */
void curler_confine(const char *ca);

/*
 * curler_read(packet, size, part, n):
 * Read the next packet, of at most size - 2 bytes, and cut it into n strings.  Return
 * 1; 0 if there is none, or it has fewer.
 */
int curler_read(char *packet, size_t size, const char **part, size_t n);

/* curler_answer(data, len): answer it; return 0 if nobody waits for that. */
int curler_answer(const char *data, size_t len);

#endif
