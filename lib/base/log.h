/* log.h: the log, a line for each event. */
#ifndef CARNET_LOG_H
#define CARNET_LOG_H

/*
 * log_to(sink, ctx):
 * Send each later line, without a newline, to sink(ctx, line).  sink NULL: to
 * standard error, which is the default.
 */
void log_to(void (*sink)(void *ctx, const char *line), void *ctx);

/*
 * log_request(id):
 * Put id, the id of a request, into each later line; NULL: no id.  id is not
 * copied.
 */
void log_request(const char *id);

/*
 * log_cure(err):
 * Return advice on the errno err, to be put at the end of a line.  There is one
 * for a lack of file descriptors, whatever the call was; else it is "".
 */
const char *log_cure(int err);

/*
 * log_event(fmt, ...):
 * Write one line: "carnet: ", the request id if there is one, and the text.
 * A byte that is not printable ASCII becomes '?': it could forge a line, or
 * steer the terminal that shows it (U+009B, U+202E).  A secret is never an
 * argument.
 */
void log_event(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
