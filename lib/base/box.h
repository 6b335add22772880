/* box.h: a secret that is stored encrypted: AES-256-GCM (NIST SP 800-38D). */
#ifndef CARNET_BOX_H
#define CARNET_BOX_H

#include <stddef.h>
#include <stdint.h>

struct digest;

#define BOX_EXTRA 28 /* bytes that a box is longer than what is in it */

/*
 * box_close(key, about, data, len, out):
 * Encrypt the len bytes of data to out, which has BOX_EXTRA bytes more.  about says
 * whose it is: the box cannot be opened as somebody else's.
 *
 * box_open(key, about, box, len, out):
 * Decrypt the len bytes of box to out, which has BOX_EXTRA bytes less.  Return 1; 0 if
 * the key or about is another, or a byte was changed.
 */
void box_close(const struct digest *key, const char *about, const void *data,
    size_t len, uint8_t *out);
int box_open(const struct digest *key, const char *about, const uint8_t *box,
    size_t len, void *out);

#endif
