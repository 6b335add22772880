/* rule.h: what a resource asks of who calls it; the rules of [guard]. */
#ifndef CARNET_RULE_H
#define CARNET_RULE_H

struct arena;

enum caller_kind {
	CALLER_ANY,
	CALLER_USER,
	CALLER_CLIENT,
	/*
	 * A user's token of a client that holds the password grant, or one that
	 * the user made by hand; not an app's that the user once said yes to.
	 */
	CALLER_FIRST_PARTY,
};

/* What a resource asks of who calls it. */
struct guard_rule {
	enum caller_kind caller; /* a user's token, a client's own, or either */
	const char *all;    /* words: all of these scopes; or NULL */
	const char *any;    /* words: one of these at least; or NULL */
	const char *realm;  /* of the challenge; NULL: the issuer */
	int at_audiences;   /* what the setting audiences names, too */
};

/* A line of [guard]: "[METHOD,...] /prefix = what it needs". */
struct rule {
	struct rule *next;        /* one with a prefix no longer than this */
	const char *name, *value; /* as written, */
	int line;                 /* on this line */
	const char *prefix;       /* in normal form: path.h */
	const char *methods;      /* words; NULL: every method */
	int is_public;            /* asks for nothing */
	struct guard_rule needs;
};

/* What is read before the rules are. */
struct rule_context {
	struct arena *a;
	const char *scopes; /* words: the names that a rule may use */
	const char *realm;  /* of rules without one, or NULL */
	int fold_case;      /* paths that differ in case are the same */
};

/*
 * rule_add(rules, ru, cx):
 * Read name and value of ru and put it among rules, longest prefix first.  Return
 * NULL; or what is wrong with it, for who wrote the file, in cx->a.
 */
const char *rule_add(
    struct rule **rules, struct rule *ru, const struct rule_context *cx);

/*
 * rule_find(rules, path, method, out):
 * Find the rules with the longest prefix of path, a path in normal form, whole
 * segments counted; put the one of them that names method to *out, NULL if none
 * does.  GET is HEAD too.  Return the first of the rules with that prefix; NULL
 * if there is none.
 */
const struct rule *rule_find(const struct rule *rules, const char *path,
    const char *method, const struct rule **out);

/*
 * rule_methods(a, first):
 * Return the methods that the rules with first's prefix name, for Allow.
 */
const char *rule_methods(struct arena *a, const struct rule *first);

#endif
