/* log.h: one line an event. */
#ifndef CARNET_LOG_H
#define CARNET_LOG_H

/*
 * log_to(sink, ctx):
 * Send finished lines (no newline) to sink(ctx, line) from here on; NULL: to
 * standard error, which is the default.
 */
void log_to(void (*sink)(void *ctx, const char *line), void *ctx);

/*
 * log_request(id):
 * Name the request that the next lines belong to; NULL for none.  id is not
 * copied.
 */
void log_request(const char *id);

/*
 * log_cure(err):
 * Return what to do about the error of a system call, as the end of a line, where
 * that does not depend on what was called: of a lack of descriptors; else "".
 */
const char *log_cure(int err);

/*
 * log_event(fmt, ...):
 * Write one line: "carnet: ", the request id if there is one, and the text.
 * What is not printable ASCII becomes '?': it could forge a line of its own, or
 * steer the terminal that shows it (U+009B, U+202E).  A secret is never an
 * argument.
 */
void log_event(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
