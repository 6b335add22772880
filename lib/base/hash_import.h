/* hash_import.h: a hash of another system becomes one that is stored here. */
#ifndef CARNET_HASH_IMPORT_H
#define CARNET_HASH_IMPORT_H

struct arena;
struct hash_kind;

/* Flags of hash_import: take weak hashes; hash nothing (--dry-run). */
enum { HASH_WEAK = 1, HASH_DRY = 2 };

/*
 * hash_import(a, text, flags, out, why):
 * Take a hash as another system has it.  Put what is to be stored to *out: the
 * same text, without the prefixes of some systems; or, for a plain MD5 or SHA-1,
 * that digest wrapped in a yescrypt of ours, which takes as long as a sign-in.
 * Return its kind; NULL, and the reason to *why, if nothing verifies it, if it is
 * dearer than a sign-in may be, or if it is weak (DES, NT) without HASH_WEAK.
 * With HASH_DRY nothing is wrapped: *out is not to be stored.
 */
const struct hash_kind *hash_import(struct arena *a, const char *text,
    unsigned flags, const char **out, const char **why);

#endif
