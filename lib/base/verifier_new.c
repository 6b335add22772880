/* verifier_new.c: a verifier as the settings name it. */
#include "verifier.h"

#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "porter.h"

/* fgetpwent, as getpwnam may load libraries and ask the network. */
int
verifier_owner(const char *name, uid_t *out)
{
	const struct passwd *pw;
	int found = 0;
	FILE *f;

	*out = 0;
	if (name == NULL)
		return 0;
	if (*name != '\0' && strspn(name, "0123456789") == strlen(name)) {
		errno = 0;
		*out = (uid_t)strtoul(name, NULL, 10);
		return errno == 0 ? 0 : -1;
	}
	if ((f = fopen("/etc/passwd", "re")) == NULL)
		return -1;
	while (!found && (pw = fgetpwent(f)) != NULL)
		if ((found = strcmp(pw->pw_name, name) == 0))
			*out = pw->pw_uid;
	fclose(f);
	return found ? 0 : -1;
}

static char *
copy(const char *s)
{
	char *c = s == NULL ? NULL : strdup(s);

	if (s != NULL && c == NULL)
		err(111, "verifier");
	return c;
}

struct verifier *
verifier_new(const char *address, const char *owner_name)
{
	struct verifier *v = calloc(1, sizeof(*v));

	if (v == NULL)
		err(111, "verifier");
	v->address = copy(address);
	v->owner_name = copy(owner_name);
	v->self = geteuid();
	v->porter = -1;
	if (verifier_owner(owner_name, &v->owner) < 0)
		log_event("password_check_owner: %s is no user of /etc/passwd",
		    owner_name);
	return v;
}

void
verifier_begin(struct verifier *v)
{
	v->porter = porter_start_peer(verifier_path(v->address));
	if (v->porter < 0)
		log_event("password_check %s: no process of its own connects to"
			  " it: %s", v->address, strerror(errno));
}

void
verifier_free(struct verifier *v)
{
	if (v == NULL)
		return;
	porter_end(v->porter);
	free(v->address);
	free(v->owner_name);
	free(v);
}

int
verifier_is(const struct verifier *v, const char *address,
    const char *owner_name)
{
	if (v == NULL || strcmp(v->address, address) != 0)
		return 0;
	return v->owner_name == NULL || owner_name == NULL
	    ? v->owner_name == owner_name
	    : strcmp(v->owner_name, owner_name) == 0;
}
