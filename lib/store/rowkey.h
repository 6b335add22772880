/* rowkey.h: the primary key of a row, whichever kind it is. */
#ifndef CARNET_ROWKEY_H
#define CARNET_ROWKEY_H

#include <stdint.h>

#include "crypto.h"

/* A primary key of a table of tokens, an id or a digest; len 0: before all. */
struct rowkey {
	uint8_t byte[DIGEST_LEN];
	int len;
};

#endif
