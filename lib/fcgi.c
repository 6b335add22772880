/* fcgi.c: a FastCGI request's end. */
#include "fcgi.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MOST (64 * 1024) /* a record, and so a buffer, holds no more */

/* How a stream's state begins in every libfcgi, which keeps it private. */
struct stream {
	unsigned char *buffer;
	int size;
};

/* The pointers that are public tell whether that is still so. */
static void
wipe_stream(FCGX_Stream *s)
{
	const struct stream *known = s->data;
	const unsigned char *at = s->isReader ? s->rdNext : s->stop;

	if (known->size > 0 && known->size <= SIZE_MOST &&
	    at >= known->buffer && at <= known->buffer + known->size)
		explicit_bzero(known->buffer, (size_t)known->size);
}

void
fcgi_end(FCGX_Request *fcgi)
{
	/* Not to wait for the server's close of its end. */
	FCGX_Detach(fcgi);
	/* In the order of FCGX_Finish_r, which finds nothing to do. */
	FCGX_FClose(fcgi->err);
	FCGX_FClose(fcgi->out);
	wipe_stream(fcgi->in);
	wipe_stream(fcgi->out);
	for (char **p = fcgi->envp; *p != NULL; p++)
		explicit_bzero(*p, strlen(*p));
	FCGX_Finish_r(fcgi);
}
