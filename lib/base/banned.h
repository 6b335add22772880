/* banned.h: calls that do not compile here; the Makefile includes it first. */
#ifndef CARNET_BANNED_H
#define CARNET_BANNED_H

/* Each of these has lost somebody a server: no bound, no error, or no entropy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef sprintf /* macros, in clang */
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat stpcpy strtok strtok_r
#pragma GCC poison sprintf vsprintf gets atoi atol atoll atof
#pragma GCC poison rand srand srandom drand48 rand_r
#pragma GCC poison system popen tmpnam mktemp

#endif
