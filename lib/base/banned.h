/* banned.h: calls that do not compile; the Makefile includes it everywhere. */
#ifndef CARNET_BANNED_H
#define CARNET_BANNED_H

/* Each has broken real servers: it checks no bound, reports no error, or is
 * predictable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef sprintf /* clang has macros of these names */
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat stpcpy strtok strtok_r
#pragma GCC poison sprintf vsprintf gets atoi atol atoll atof
#pragma GCC poison rand srand srandom drand48 rand_r
#pragma GCC poison system popen tmpnam mktemp

#endif
