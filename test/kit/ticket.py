"""The tickets of a site that signs its people in (doc/users.md, Signed in by your site)."""
import secrets
import time

from kit import jose


def share_key(site):
    if not (site.dir / "keys/login.key").exists():
        site.carnet("keys", "login")


def key_of(site):
    """The keys that it shares with carnet, the newest first."""
    return [jose.unb64u(line) for line in
            (site.dir / "keys/login.key").read_text().split()]


def ticket(site, sub, state, key=None, header=None, alg="HS256", **claims):
    now = int(time.time())
    said = {"aud": site.url, "sub": sub, "state": state, "iat": now, "exp": now + 60,
            "jti": secrets.token_hex(16), **claims}
    made = jose.sign(header or {"alg": "HS256"},
                     {k: v for k, v in said.items() if v is not None},
                     key_of(site)[0] if key is None else key, alg)
    site.secrets.add(made)
    return made
