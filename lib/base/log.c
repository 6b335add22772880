/* log.c: the log, a line for each event. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* One for the process: only one request runs at a time. */
static struct {
	void (*sink)(void *, const char *);
	void *ctx;
	const char *request;
} out;

void
log_to(void (*sink)(void *, const char *), void *ctx)
{
	out.sink = sink;
	out.ctx = ctx;
}

void
log_request(const char *id)
{
	out.request = id;
}

const char *
log_cure(int err)
{
	return err == EMFILE || err == ENFILE
	    ? "; raise the limit on open files"
	    : "";
}

void
log_event(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	n = out.request == NULL
	    ? snprintf(line, sizeof(line), "carnet: ")
	    : snprintf(line, sizeof(line), "carnet: request=%s ", out.request);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	for (char *p = line; *p != '\0'; p++)
		if (*p < 0x20 || *p >= 0x7f)
			*p = '?';
	if (out.sink != NULL)
		out.sink(out.ctx, line);
	else
		fprintf(stderr, "%s\n", line);
}
