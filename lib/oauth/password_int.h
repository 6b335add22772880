/* password_int.h: the list of common passwords, for password.c alone. */
#ifndef CARNET_PASSWORD_INT_H
#define CARNET_PASSWORD_INT_H

/* Rows of words, and a NULL. */
extern const char *const password_common[];

#endif
