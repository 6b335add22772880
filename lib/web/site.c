/* site.c: the URL of each program. */
#include "site.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "conf.h"
#include "url.h"

static const char *const paths[SITE_COUNT] = {
	[SITE_TOKEN] = "/oauth/token",
	[SITE_AUTHORIZE] = "/oauth/authorize",
	[SITE_LOGIN] = "/oauth/login",
	[SITE_LOGOUT] = "/oauth/logout",
	[SITE_DEVICE_CODE] = "/oauth/device/code",
	[SITE_DEVICE] = "/oauth/device",
	[SITE_REVOKE] = "/oauth/revoke",
	[SITE_INTROSPECT] = "/oauth/introspect",
	[SITE_JWKS] = "/oauth/jwks",
	[SITE_ACCOUNT] = "/account",
	[SITE_PASSWORD_TOKEN] = "/api/oauth/password/token",
	[SITE_PERSONAL_TOKENS] = "/api/personal-tokens",
	[SITE_POSTS] = "/api/posts",
	[SITE_USER] = "/api/user",
	[SITE_STATUS] = "/api/status",
	[SITE_ICON] = "/oauth/icon.svg",
	[SITE_SIGNUP] = "/oauth/signup",
	[SITE_RECOVER] = "/oauth/recover",
	[SITE_CONFIRM] = "/oauth/confirm",
	[SITE_USERINFO] = "/oauth/userinfo",
	[SITE_END_SESSION] = "/oauth/end-session",
	[SITE_REGISTER] = "/oauth/register",
	[SITE_PAR] = "/oauth/par",
};

const char *
site_url(const struct conf *cf, struct arena *a, enum site s)
{
	return arena_printf(a, "%s%s", cf->issuer, paths[s]);
}

/* The path of the issuer; "" if it has none. */
static const char *
path_of(const struct conf *cf)
{
	return strchrnul(strstr(cf->issuer, "://") + 3, '/');
}

const char *
site_path(const struct conf *cf, struct arena *a, enum site s)
{
	return arena_printf(a, "%s%s", path_of(cf), paths[s]);
}

const char *
site_root(const struct conf *cf, struct arena *a)
{
	const char *path = path_of(cf), *plain;
	size_t n;

	plain = url_decode(a, path, strlen(path), 0, &n);
	return plain == NULL || strlen(plain) != n ? path : plain;
}

const char *
site_well_known(const struct conf *cf, struct arena *a, const char *name)
{
	const char *path = path_of(cf);

	return arena_printf(a, "%.*s/.well-known/%s%s",
	    (int)(path - cf->issuer), cf->issuer, name, path);
}

const char *
site_well_known_of(const struct conf *cf, struct arena *a, const char *name,
    const char *path)
{
	struct buf b;

	buf_init(&b, a, 128);
	buf_add(&b, cf->issuer, (size_t)(path_of(cf) - cf->issuer));
	buf_printf(&b, "/.well-known/%s", name);
	url_encode_path(&b, path);
	return b.data;
}

const char *
site_after_sign_out(const struct conf *cf, struct arena *a)
{
	const char *login = site_path(cf, a, SITE_LOGIN);

	return cf->logout_url != NULL ? cf->logout_url
	    : cf->password_sign_in   ? login
				     : arena_printf(a, "%s?action=out", login);
}

int
site_return_is_safe(const struct conf *cf, struct arena *a, const char *s)
{
	static const enum site allowed[] = { SITE_AUTHORIZE, SITE_DEVICE,
		SITE_ACCOUNT };
	const char *path;
	size_t n;

	if (strchr(s, '\\') != NULL || strchr(s, '#') != NULL)
		return 0;
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return 0;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		path = site_path(cf, a, allowed[i]);
		n = strlen(path);
		if (strncmp(s, path, n) == 0 && (s[n] == '\0' || s[n] == '?'))
			return 1;
	}
	return 0;
}
