/* crypt_spy.h: counts the calls of crypt(3), which is what a sign-in costs. */
#ifndef CARNET_CRYPT_SPY_H
#define CARNET_CRYPT_SPY_H

#include <crypt.h>

static struct {
	int calls;
	void (*at_call)(int n); /* called during each hash, or NULL */
	int yescrypts;
	/* The work of the other hashes, in units of bcrypt's cost of 0. */
	long bcrypt_work;
	char setting[CRYPT_OUTPUT_SIZE]; /* of the last call */
} crypt_spy;

/* Takes the place of libcrypt's: it does the same, and notes the settings. */
char *
crypt_ra(const char *phrase, const char *setting, void **data, int *size)
{
	if (crypt_spy.at_call != NULL)
		crypt_spy.at_call(crypt_spy.calls + 1);
	crypt_spy.calls++;
	if (strncmp(setting, "$y$j9T$", 7) == 0)
		crypt_spy.yescrypts++;
	if (strncmp(setting, "$2", 2) == 0)
		crypt_spy.bcrypt_work += 1L << strtol(setting + 4, NULL, 10);
	snprintf(crypt_spy.setting, sizeof(crypt_spy.setting), "%s", setting);
	*size = (int)sizeof(struct crypt_data);
	if ((*data = calloc(1, sizeof(struct crypt_data))) == NULL)
		return NULL;
	return crypt_rn(phrase, setting, *data, *size);
}

static inline void
crypt_spy_begin(void)
{
	crypt_spy.calls = crypt_spy.yescrypts = 0;
	crypt_spy.bcrypt_work = 0;
}

#endif
