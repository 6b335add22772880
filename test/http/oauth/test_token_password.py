"""The password grant (RFC 6749 section 4.3), and its first-party proxy."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect, servers
from kit.site import PASSWORD_TOKEN

# bcrypt of Site.password, made elsewhere, at the least cost.
BCRYPT = "$2y$04$gztpOthUaB.tXpC/9qRC8uwxktVpxU2C0O0E8BvtSdfdDoJBi.jEK"


def refusals(site, try_one):
    """The answer for a wrong password, an unknown user and a disabled one."""
    victim, disabled = site.user(), site.user()
    site.carnet("user", "disable", disabled.email)
    return [try_one(victim.email, "wrong-horse"),
            try_one("nobody-here@example.org", site.password),
            try_one(disabled.email, site.password),
            try_one(disabled.email, "wrong-horse")]


def test_every_refusal_reads_alike(site):
    """doc/security.md, Promises: no answer tells who has an account."""
    answers = refusals(site, lambda email, password: site.grant(
        "password", username=email, password=password))
    for r in answers:
        expect.error(r, 400, "invalid_grant")
    assert len({r.content for r in answers}) == 1
    same = [{k: v for k, v in r.headers.items() if k not in ("Date", "X-Request-Id")}
            for r in answers]
    assert all(headers == same[0] for headers in same)


def test_every_refusal_of_the_proxy_reads_alike(site):
    """doc/protocol.md, The first-party proxy: same status as /oauth/token."""
    answers = refusals(site, lambda email, password: site.post(
        PASSWORD_TOKEN, json={"username": email, "password": password}))
    for r in answers:
        expect.error(r, 400, "invalid_grant")
    assert len({r.content for r in answers}) == 1


def test_an_enabled_user_is_back(site):
    """carnet(1): user enable."""
    user = site.user()
    site.carnet("user", "disable", user.email)
    site.carnet("user", "enable", user.email)
    site.sign_in(user=user)


def test_the_address_is_found_in_any_case(site):
    """doc/protocol.md, The first-party proxy: username is an e-mail address."""
    expect.tokens(site.grant("password", username=site.email.upper(),
                             password=site.password))


def test_a_new_password_replaces_the_old_one(site):
    """carnet(1): user passwd."""
    user = site.user()
    site.carnet("user", "passwd", user.email, "--password-stdin", input="néw pass\n")
    r = site.grant("password", username=user.email, password=user.password)
    expect.error(r, 400, "invalid_grant")
    expect.tokens(site.grant("password", username=user.email, password="néw pass"))


@pytest.mark.parametrize("prefix", ["$2y$", "$2b$"])
def test_a_brought_hash_works_and_is_renewed(site, prefix):
    """doc/users.md, Passwords: bcrypt is verified, then yescrypt stored."""
    user = site.user()
    site.sql("UPDATE users SET password = ? WHERE id = ?",
             BCRYPT.replace("$2y$", prefix), user.id)
    site.sign_in(user=user)
    (stored,), = site.sql("SELECT password FROM users WHERE id = ?", user.id)
    assert stored.startswith("$y$")
    site.sign_in(user=user)


def test_a_brought_client_secret_works(site):
    """doc/users.md, Passwords: an imported bcrypt hash keeps working."""
    client = site.client("client_credentials")
    site.sql("UPDATE oauth_clients SET secret = NULL, secret_hash = ?"
             " WHERE identifier = ?", BCRYPT, client.id)
    chosen = client._replace(secret=site.password)
    expect.tokens(site.grant("client_credentials", chosen))
    expect.error(site.grant("client_credentials", client), 401, "invalid_client")


def ask(site, **members):
    both = {"username": site.email, "password": site.password, **members}
    return site.post(PASSWORD_TOKEN, json=both)


@pytest.mark.parametrize("form", [False, True])
def test_the_proxy_answers_as_the_token_endpoint(site, form):
    """doc/protocol.md, The first-party proxy: form or JSON; the secret stays on the server."""
    both = {"username": site.email, "password": site.password, "scope": "read-posts"}
    r = site.post(PASSWORD_TOKEN, **({"data": both} if form else {"json": both}))
    body = expect.tokens(r)
    assert set(body) == {"token_type", "expires_in", "access_token",
                         "refresh_token", "scope"}
    assert site.is_live(body["access_token"])


def test_the_proxy_refreshes_what_it_gave(site):
    """What the playground's button Refresh does."""
    refresh = expect.tokens(ask(site))["refresh_token"]
    expect.tokens(site.post(PASSWORD_TOKEN, json={
        "grant_type": "refresh_token", "refresh_token": refresh}))


def test_the_proxy_does_no_other_grant(site):
    """A page must not get a token of the client itself."""
    r = site.post(PASSWORD_TOKEN, json={"grant_type": "client_credentials"})
    expect.unprocessable(r, "username", "password")


@pytest.mark.parametrize("members, fields", [
    ({"username": ""}, ["username"]),
    ({"username": None}, ["username"]),
    ({"username": "no address"}, ["username"]),
    ({"username": "@example.org"}, ["username"]),
    ({"username": "a@"}, ["username"]),
    ({"username": "a" * 250 + "@example.org"}, ["username"]),
    ({"username": "a\nb@example.org"}, ["username"]),
    ({"username": 5}, ["username"]),
    ({"password": ""}, ["password"]),
    ({"password": "x" * 512}, ["password"]),
    ({"password": ["x"]}, ["password"]),
    ({"username": "", "password": ""}, ["username", "password"]),
    ({"scope": '"'}, ["scope"]),
])
def test_failed_validation_is_422(site, members, fields):
    """doc/protocol.md, The first-party proxy: {"message", "errors": {field: [text]}}."""
    expect.unprocessable(ask(site, **members), *fields)


def test_an_empty_body_names_both_fields(site):
    """doc/protocol.md, The first-party proxy."""
    expect.unprocessable(site.post(PASSWORD_TOKEN), "username", "password")


@pytest.mark.parametrize("kw, status", [
    ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400),
    ({"data": "x", "headers": {"Content-Type": "text/plain"}}, 415),
    ({"data": {"username": "x" * 66_000}}, 413)])
def test_the_proxy_refuses_what_is_no_request(site, kw, status):
    """doc/protocol.md, The first-party proxy."""
    expect.error(site.post(PASSWORD_TOKEN, **kw), status, "invalid_request")


def test_the_proxy_passes_on_invalid_scope(site):
    """doc/protocol.md, The first-party proxy: same status."""
    expect.error(ask(site, scope="nothing"), 400, "invalid_scope")


def test_the_proxy_takes_the_configured_client(site):
    """doc/deploy.md, Configuration: [password_token]."""
    mine = site.client("password", scope="read-posts")
    section = "\n[password_token]\nclient_id = %s\nclient_secret = %s"
    other = site.variant()
    conf = other.conf.read_text()
    other.conf.write_text(conf + section % mine)
    expect.error(ask(other, scope="write-posts"), 400, "invalid_scope")
    assert expect.tokens(ask(other, scope="read-posts"))["scope"] == "read-posts"
    other.conf.write_text(conf + section % (mine.id, "x" * 43))
    expect.error(ask(other), 401, "invalid_client")


def test_a_brought_secret_of_the_proxy_is_checked_in_turn():
    """Each sign-in checks the configured secret: all are answered, and the secret is
    renewed."""
    with servers.lighttpd() as own, ThreadPoolExecutor(12) as pool:
        mine = own.client("password", scope="read-posts")._replace(secret=own.password)
        own.sql("UPDATE oauth_clients SET secret = NULL, secret_hash = ?"
                " WHERE identifier = ?", BCRYPT, mine.id)
        with own.conf.open("a") as f:
            f.write("\n[password_token]\nclient_id = %s\nclient_secret = %s\n" % mine[:2])
        answers = list(pool.map(lambda _: ask(own), range(36)))
        assert {r.status_code for r in answers} <= {200, 503}
        assert sum(r.status_code == 200 for r in answers) >= 1
        (secret_hash,), = own.sql("SELECT secret_hash FROM oauth_clients"
                                  " WHERE identifier = ?", mine.id)
        assert secret_hash is None
