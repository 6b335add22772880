/* rowkey.h: the primary key of a row of any table of tokens. */
#ifndef CARNET_ROWKEY_H
#define CARNET_ROWKEY_H

#include <stdint.h>

#include "crypto.h"

/* An id or a digest; with len 0 it sorts before all others. */
struct rowkey {
	uint8_t byte[DIGEST_LEN];
	int len;
};

#endif
