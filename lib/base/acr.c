/* acr.c: how well a user proved who they are: acr (RFC 9068 section 2.2.1). */
#include "acr.h"

#include <string.h>

#include "words.h"

static const char *const names[ACR_COUNT] = {
	[ACR_PWD] = "pwd", [ACR_MFA] = "mfa", [ACR_PHR] = "phr",
};

const char *
acr_name(enum acr acr)
{
	return names[acr];
}

enum acr
acr_find(const char *name, size_t len)
{
	for (int i = ACR_NONE + 1; i < ACR_COUNT; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (enum acr)i;
	return ACR_NONE;
}

enum acr
acr_least(const char *words)
{
	enum acr least = ACR_NONE, acr;
	size_t n;

	for (; words_next(&words, &n); words += n) {
		acr = acr_find(words, n);
		if (acr != ACR_NONE && (least == ACR_NONE || acr < least))
			least = acr;
	}
	return least;
}
