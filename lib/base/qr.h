/* qr.h: a QR code (ISO/IEC 18004) as a path of SVG, by libqrencode. */
#ifndef CARNET_QR_H
#define CARNET_QR_H

struct arena;

#define QR_QUIET 4 /* empty modules around it */

/*
 * qr_path(a, text, size):
 * Return the black modules of text's QR code as the d of an SVG path, a module being 1
 * by 1, and put to *size how wide the whole is, with the quiet zone.  NULL if text is
 * too long, and in a static program, which has no libqrencode.
 */
const char *qr_path(struct arena *a, const char *text, int *size);

#endif
