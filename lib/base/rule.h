/* rule.h: what a resource demands of its caller; the rules of [guard]. */
#ifndef CARNET_RULE_H
#define CARNET_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "acr.h"

struct arena;

/* How many resources the rules may name: each has a bit of a token's is_for. */
#define RESOURCES_MAX 62

enum caller_kind {
	CALLER_ANY,
	CALLER_USER,
	CALLER_CLIENT,
	/*
	 * A user's token whose client may use the password grant, or a token
	 * that the user made by hand; not that of an app which the user
	 * authorized.
	 */
	CALLER_FIRST_PARTY,
};

/* What a resource demands of its caller. */
struct guard_rule {
	enum caller_kind caller; /* a user's token, a client's own, or either */
	const char *all;    /* words: all of these scopes; or NULL */
	const char *any;    /* words: at least one of these; or NULL */
	const char *realm;  /* of the challenge; NULL: the issuer */
	int at_audiences;   /* tokens for the setting audiences are fine too */
	/*
	 * Its tokens must be for this URI alone (RFC 8707), and not for the
	 * issuer or an audience; or NULL.
	 */
	const char *resource;
	unsigned resource_no; /* among those of the configuration, from 1 */
	enum acr acr;       /* the least that its user must have signed in with */
	int64_t max_age;    /* of that sign-in, seconds; 0: any */
	int wants_fresh;    /* the setting fresh_ttl is its max_age */
	int in_form;        /* the token may be in a form (RFC 6750 section 2.2) */
};

/* A line of [guard]: "[METHOD,...] /prefix = what it needs". */
struct rule {
	struct rule *next;        /* its prefix is no longer than this one's */
	const char *name, *value; /* as written, */
	int line;                 /* on this line */
	const char *prefix;       /* in normal form: path.h */
	const char *methods;      /* words; NULL: every method */
	int is_public;            /* it needs no token */
	struct guard_rule needs;
};

/* Settings that the rules depend on; they are read first. */
struct rule_context {
	struct arena *a;
	const char *scopes; /* words: the names that a rule may use */
	const char *realm;  /* of rules without one, or NULL */
	int fold_case;      /* paths that differ in case are the same */
	int (*time)(const char *text, int64_t *out); /* conf_time */
	const char *origin; /* of the issuer: a resource begins with it */
	int (*is_url)(const char *text); /* may it be a resource? */
	/* The first rule of each resource. */
	const struct rule **resources;
	size_t *n_resources;
};

/*
 * rule_add(rules, ru, cx):
 * Read the name and value of ru, and insert ru into rules, longest prefix
 * first.  If its resource is new, ru is the first rule of that resource.  Return
 * NULL; or what is wrong, for the writer of the file, in cx->a.
 */
const char *rule_add(
    struct rule **rules, struct rule *ru, const struct rule_context *cx);

/*
 * rule_find(rules, path, method, out):
 * Find the rules with the longest prefix of path, which is in normal form; a
 * prefix covers whole segments.  Put the one for method to *out, or NULL if
 * none is.  A rule for GET is for HEAD too.  Return the first rule with that
 * prefix; NULL if there is none.
 */
const struct rule *rule_find(const struct rule *rules, const char *path,
    const char *method, const struct rule **out);

/*
 * rule_is_last(rules, ru):
 * Return 1 if no rule has a longer prefix below ru's.
 */
int rule_is_last(const struct rule *rules, const struct rule *ru);

/*
 * rule_methods(a, first):
 * Return the methods of all rules with first's prefix, for the header Allow.
 */
const char *rule_methods(struct arena *a, const struct rule *first);

#endif
