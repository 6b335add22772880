/* qr.c: a QR code (ISO/IEC 18004) as a path of SVG, by libqrencode. */
#include "qr.h"

#include <qrencode.h>

#include "buf.h"

/* A row's runs of black modules, each a rectangle. */
static void
add_row(struct buf *b, const unsigned char *row, int width, int y)
{
	for (int x = 0, n; x < width; x += n) {
		for (n = 1; x + n < width && !((row[x] ^ row[x + n]) & 1);)
			n++;
		if (row[x] & 1)
			buf_printf(b, "M%d %dh%dv1h-%dz", x + QR_QUIET,
			    y + QR_QUIET, n, n);
	}
}

const char *
qr_path(struct arena *a, const char *text, int *size)
{
	QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	struct buf b;

	if (q == NULL)
		return NULL;
	buf_init(&b, a, 8192);
	for (int y = 0; y < q->width; y++)
		add_row(&b, q->data + y * q->width, q->width, y);
	*size = q->width + 2 * QR_QUIET;
	QRcode_free(q);
	return b.data;
}
