/* store_fold.h: addresses of an older database in the form that is compared now. */
#ifndef CARNET_STORE_FOLD_H
#define CARNET_STORE_FOLD_H


struct store;

/*
 * store_fold(st): within the transaction of an upgrade.
 * Put each e-mail address into the form that identity.h gives.  An address that
 * has no form, or whose form belongs to another user already, does not change and
 * is logged: nobody can sign in with it until an operator changes it.  Return 0,
 * or -1, logged.
 */
int store_fold(struct store *st);

#endif
