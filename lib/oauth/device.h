/* device.h: user codes: what a person reads off a device and types. */
#ifndef CARNET_DEVICE_H
#define CARNET_DEVICE_H

#include "store_device.h"

/* device_make_user_code(out): 8 consonants, 34 bits (RFC 8628 section 6.1). */
void device_make_user_code(char out[static USER_CODE_LEN + 1]);

/*
 * device_read_user_code(text, out):
 * Read a code as people type it: any case, with or without dash and spaces.
 * Return 1; 0 if it cannot be one.
 */
int device_read_user_code(
    const char *text, char out[static USER_CODE_LEN + 1]);

#endif
