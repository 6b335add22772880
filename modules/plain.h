/* plain.h: a target that every program reads in the same way. */
#ifndef CARNET_MODULES_PLAIN_H
#define CARNET_MODULES_PLAIN_H

/*
 * plain_is(target):
 * Return 1 for a target (RFC 9112 section 3.2.1) whose path stands for itself: it has
 * no escape, no ';' or '\', no empty segment and none that ends with a dot; and whose
 * query does not name a method.  So it is below a prefix if it begins with its bytes.
 * 0 means that it may be otherwise.
 */
int plain_is(const char *target);

#endif
