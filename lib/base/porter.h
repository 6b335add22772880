/*
 * porter.h: a helper process that opens one file or socket for a sandboxed process.
 *
 * A Landlock rule for a directory allows all that is below it.  A rule for a
 * file ends when another file takes its name, and that is how carnet.conf
 * changes.  In the default layout the private keys, the database and the
 * programs are below the directory of carnet.conf.  A process therefore starts
 * a porter: a small process without that Landlock rule, which can only open this
 * one file for reading and hand it over.
 *
 * No filter of system calls can tell to which Unix socket a process connects.  So a
 * process that asks a program of the site's has no right to open a socket.  It has a
 * porter of another kind, which can only connect to this one and hand the connection
 * over, and which can open no file.
 */
#ifndef CARNET_PORTER_H
#define CARNET_PORTER_H

/*
 * porter_start(path):
 * Start a porter for the file at path, before the process has a thread, a
 * secret or a sandbox.  The porter has no other file open.  It ends when this
 * process ends, or at porter_end.  Return its socket, for the other functions;
 * -1 with errno.
 */
int porter_start(const char *path);

/*
 * porter_start_peer(path):
 * The same for the Unix socket at path.  This porter has no input but the numbers of
 * questions, so it may be started when its process has secrets.
 */
int porter_start_peer(const char *path);

/*
 * porter_connect(path):
 * What that porter does: return a connection to the Unix socket at path that does not
 * block; -1 with errno, EAGAIN if too many wait there to be accepted.
 */
int porter_connect(const char *path);

/*
 * porter_open(porter):
 * Return a descriptor of the file that has the name now, open for reading, or of a
 * new connection; the caller closes it.  Return -1 with errno.
 */
int porter_open(int porter);

/* porter_end(porter): end the porter, and wait until it has.  -1 is fine. */
void porter_end(int porter);

#endif
