/* device.c: user codes: what a person reads off a device and types. */
#include "device.h"

#include <stdint.h>
#include <string.h>

/* RFC 8628 section 6.1: no vowels, so no words, and nothing read as a digit. */
static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";
#define N_LETTERS (sizeof(letters) - 1)

void
device_make_user_code(char out[static USER_CODE_LEN + 1])
{
	uint8_t byte;

	for (int n = 0; n < USER_CODE_LEN;) {
		crypto_random(&byte, 1);
		if (byte < 256 / N_LETTERS * N_LETTERS) /* each as likely */
			out[n++] = letters[byte % N_LETTERS];
	}
	out[USER_CODE_LEN] = '\0';
}

int
device_read_user_code(
    const char *text, char out[static USER_CODE_LEN + 1])
{
	int n = 0;
	char c;

	for (; *text != '\0'; text++) {
		c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A')
						 : *text;
		if (c == '-' || c == ' ')
			continue;
		if (strchr(letters, c) == NULL || n == USER_CODE_LEN)
			return 0;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == USER_CODE_LEN;
}
