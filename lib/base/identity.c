/* identity.c: the name of a user: an e-mail address or a user name. */
#include "identity.h"

#include <err.h>
#include <idn2.h>
#include <string.h>

#include "arena.h"
#include "precis.h"
#include "utf8.h"

#define EMAIL_MAX 254 /* RFC 5321 section 4.5.3.1.3, less the brackets */
#define LOGIN_MAX 64  /* characters */

/* RFC 5890 section 2.3.1: the ASCII of a label is letters, digits, hyphens. */
static int
is_host(const char *label)
{
	char *text = NULL;
	int good;

	if (idn2_to_unicode_8z8z(label, &text, 0) != IDN2_OK)
		return 0;
	good = 1;
	for (const char *p = text; *p != '\0'; p++)
		good = good && ((unsigned char)*p > 0x7f || *p == '.' ||
				   *p == '-' || (*p >= '0' && *p <= '9') ||
				   (*p >= 'a' && *p <= 'z'));
	idn2_free(text);
	return good;
}

/*
 * A browser sends the domain of an input of type=email as an A-label already.
 */
static char *
domain_form(struct arena *a, const char *text)
{
	uint8_t *label = NULL;
	char *form;
	int rc;

	if (precis_is_ascii(text, strlen(text))) {
		form = arena_str(a, text);
		for (char *p = form; *p != '\0'; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
		return form;
	}
	rc = idn2_lookup_u8((const uint8_t *)text, &label,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_MALLOC)
		errx(111, "idn2_lookup_u8: no memory");
	if (rc != IDN2_OK)
		return NULL;
	form = is_host((const char *)label)
	    ? arena_str(a, (const char *)label)
	    : NULL;
	idn2_free(label);
	return form;
}

char *
identity_email(struct arena *a, const char *text)
{
	const char *at = strchr(text, '@');
	char *local, *domain;
	size_t len;

	if (at == NULL || strchr(at + 1, '@') != NULL ||
	    utf8_count(text, strlen(text)) < 0 ||
	    (domain = domain_form(a, at + 1)) == NULL ||
	    (local = precis_username(a, text, (size_t)(at - text))) == NULL ||
	    strchr(local, '@') != NULL)
		return NULL;
	len = strlen(domain);
	if (len == 0 || domain[0] == '.' || domain[len - 1] == '.' ||
	    strstr(domain, "..") != NULL ||
	    strlen(local) + 1 + len > EMAIL_MAX)
		return NULL;
	for (const char *p = domain; *p != '\0'; p++)
		if (*p <= ' ' || *p == 0x7f)
			return NULL;
	return arena_printf(a, "%s@%s", local, domain);
}

char *
identity_login(struct arena *a, const char *text)
{
	char *form = precis_username(a, text, strlen(text));

	return form != NULL && strchr(form, '@') == NULL &&
		utf8_count(form, strlen(form)) <= LOGIN_MAX
	    ? form
	    : NULL;
}

char *
identity_any(struct arena *a, const char *text)
{
	return strchr(text, '@') != NULL ? identity_email(a, text)
					 : identity_login(a, text);
}
