/* password_int.h: the list of common passwords, for password.c alone. */
#ifndef CARNET_PASSWORD_INT_H
#define CARNET_PASSWORD_INT_H

#include <stddef.h>

/* Sorted words with a space between, in rows of this length, with their NUL. */
#define PASSWORD_ROW 67
extern const char password_common[][PASSWORD_ROW];
extern const size_t password_common_rows;

#endif
