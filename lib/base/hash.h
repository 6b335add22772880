/* hash.h: the hashes of passwords, ours and those of other systems. */
#ifndef CARNET_HASH_H
#define CARNET_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The longest hash, and the longest password in bytes, that is looked at. */
#define HASH_MAX 511
#define HASH_SETTING_MAX 64
#define HASH_CLASS_MAX (HASH_SETTING_MAX + 24)

struct hash_kind;

/* The cost of checking one hash. */
struct hash_cost {
	const struct hash_kind *kind;
	int64_t n;	/* rounds; where kind has none, KiB of memory */
	char setting[HASH_SETTING_MAX]; /* where kind has no rounds: all of it */
};

/*
 * hash_read(hash, out):
 * Recognise a hash by its form, and put its kind and cost to out.  Return 1; 0 if
 * no kind has that form.
 */
int hash_read(const char *hash, struct hash_cost *out);

/* hash_kind_name(k): as import and doctor print it: "bcrypt". */
const char *hash_kind_name(const struct hash_kind *k);

/*
 * hash_fits(password, hash):
 * Return 1 if hash was made from password, 0 if not, after the whole work; -1, at
 * once, if it is no hash.
 */
int hash_fits(const char *password, const char *hash);

/*
 * hash_crypt(password, setting, out):
 * crypt(3).  Put the hash to out, of HASH_MAX + 1 bytes; return 1, or 0 if setting
 * is malformed or password too long.  A lack of memory ends the process: it must
 * not look like a wrong password.
 */
int hash_crypt(const char *password, const char *setting, char *out);

/*
 * hash_class(hash, buf):
 * Return, in buf, the kind and cost of a hash in a word or two, "bcrypt 12"; NULL
 * for a hash that costs what ours cost, and for what is no hash.
 */
const char *hash_class(const char *hash, char buf[static HASH_CLASS_MAX]);

/* The costs of all classes of hashes in a database. */
#define HASH_LOAD_MAX 64
struct hash_load {
	int n;
	struct hash_cost cost[HASH_LOAD_MAX];
};

/*
 * hash_load_add(load, class):
 * Add a class.  Of kinds with rounds only the highest number is kept, and none
 * above the limit of import.  What is no class is left out.
 */
void hash_load_add(struct hash_load *load, const char *class);

/*
 * hash_load_run(load, hash, password):
 * Do the work of each class of load, less what checking hash (NULL: none) did.
 */
void hash_load_run(const struct hash_load *load, const char *hash,
    const char *password);

#endif
