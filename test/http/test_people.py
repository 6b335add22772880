"""Sessions, account, devices, revocation, introspection, metadata, CORS, keys."""
import time

import pytest
import requests

from kit import jose
from kit.people import cookie_name
from kit.person import App, Person, fields, text

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def user(site):
    return site.user("read-posts write-posts")


@pytest.fixture
def person(site, user):
    p = Person(site)
    assert p.sign_in(user).status_code == 303
    return p


# Sign-in

@pytest.mark.parametrize("to", [
    "//evil.example", "/\\evil.example", "https://evil.example", "/%2f%2fevil",
    "/%5cevil", "/\t/evil", "javascript:alert(1)", "/oauth/authorize@evil",
    "/accountx", "/account#x", "/account\r\nSet-Cookie: a=b", "", "account",
    "/oauth/authorize/../../evil", "/\u2028/evil"])
def test_after_sign_in_only_our_own_pages_follow(site, to):
    """doc/security.md, Promises: no open redirect."""
    r = Person(site).sign_in(return_to=to)
    assert r.status_code in (303, 400)
    assert r.headers.get("Location", "/account") == "/account"


def test_sign_in_gives_a_new_session_id(site):
    """A planted cookie is worth nothing (session fixation)."""
    p = Person(site)
    p.get("/oauth/login")
    planted = p.session.cookies[cookie_name(site.url)]
    p.sign_in()
    assert p.session.cookies[cookie_name(site.url)] != planted
    thief = Person(site)
    thief.session.cookies.set(cookie_name(site.url), planted)
    assert thief.get("/account").status_code == 303


def test_the_session_cookie_is_kept_from_scripts(site):
    """doc/users.md, Sessions; the database holds its digest alone."""
    p = Person(site)
    r = p.sign_in()
    cookie = r.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    value = p.session.cookies[cookie_name(site.url)].encode()
    assert all(value != row[0] for row in site.sql("SELECT digest FROM sessions"))


def test_on_https_the_cookie_is_bound_to_the_host(site):
    """RFC 6265bis: Secure and the __Host- prefix."""
    r = site.variant("issuer = https://x.example").get("/oauth/login")
    assert r.headers["Set-Cookie"].startswith("__Host-carnet-")
    assert "Secure" in r.headers["Set-Cookie"]


def test_unknown_and_wrong_read_alike(site, user):
    """doc/security.md, Promises."""
    wrong = Person(site).sign_in(user, password="x")
    nobody = Person(site).sign_in(user, password="x", email="nobody@x.example")
    assert wrong.status_code == nobody.status_code == 422
    assert text(wrong.text) == text(nobody.text)


def test_a_disabled_user_is_signed_out_at_once(site, user, person):
    """doc/guard.md, What is checked."""
    site.carnet("user", "disable", user.email)
    assert person.get("/account").status_code == 303


def test_every_post_needs_the_csrf_token(person):
    """RFC 6749 section 10.12."""
    assert person.post("/account", {"action": "sign_out"}).status_code == 400
    assert person.post("/oauth/logout", {}).status_code == 400
    assert person.post("/oauth/device", {"user_code": "x"}).status_code == 400
    assert person.get("/account").status_code == 200


def test_signing_out_ends_the_session(site, person):
    """The cookie kept by a thief opens nothing."""
    kept = person.session.cookies[cookie_name(site.url)]
    person.post("/oauth/logout", {"csrf_token": person.csrf()})
    person.session.cookies.set(cookie_name(site.url), kept)
    assert person.get("/account").status_code == 303


def test_pages_have_their_guards(person):
    """doc/security.md, Pages."""
    h = person.get("/account").headers
    csp = h["Content-Security-Policy"]
    assert "default-src 'none'" in csp and "frame-ancestors 'none'" in csp
    assert "unsafe" not in csp and h["Referrer-Policy"] == "no-referrer"
    assert h["X-Content-Type-Options"] == "nosniff"
    assert h["Cache-Control"] == "no-store"


# The account page

def test_an_app_revoked_loses_all_tokens_at_once(site, person):
    """The list names the app; revoking kills access and refresh token."""
    app = App(site, "--name", "My calendar")
    tokens = app.redeem(app.code(person)).json()
    assert "My calendar" in text(person.get("/account").text)
    person.act("revoke_app", client_id=app.client.id)
    assert not site.is_live(tokens["access_token"])
    r = site.refresh(tokens["refresh_token"], app.client)
    assert r.json()["error"] == "invalid_grant"
    assert "My calendar" not in text(person.get("/account").text)


def test_a_personal_token_is_made_shown_once_and_revoked(site, person):
    """doc/users.md, The account page: at most the scopes of the user."""
    page = person.act("create_token", name="backup",
                      scopes=["read-posts", "admin"]).text
    token = page.split('id="new-token"')[1].split(">")[1].split("<")[0].strip()
    assert jose.claims_of(token)["scopes"] == ["read-posts"]
    assert site.is_live(token)
    page = person.get("/account").text
    assert token not in page and "backup" in page
    person.act("revoke_token", id=jose.claims_of(token)["jti"])
    assert not site.is_live(token)


@pytest.mark.parametrize("name", ["", "x" * 61])
def test_a_token_without_a_fit_name_is_refused(person, name):
    """doc/users.md, The account page: 1 to 60 characters."""
    assert person.act("create_token", name=name).status_code == 422


def test_other_sessions_are_signed_out(site, user, person):
    """doc/users.md, The account page: sign out everywhere."""
    other = Person(site)
    other.sign_in(user)
    person.act("sign_out_elsewhere")
    assert other.get("/account").status_code == 303
    assert person.get("/account").status_code == 200


def test_sessions_and_tokens_of_others_are_out_of_reach(site, person):
    """Ids of another user do nothing."""
    other_user = site.user("read-posts")
    other = Person(site)
    other.sign_in(other_user)
    page = other.act("create_token", name="mine", scopes="read-posts").text
    token = page.split('id="new-token"')[1].split(">")[1].split("<")[0].strip()
    person.act("revoke_token", id=jose.claims_of(token)["jti"])
    assert site.is_live(token)
    session = site.sql("SELECT digest FROM sessions WHERE user = ?",
                       other_user.id)[0][0]
    person.act("sign_out_session", id=jose.b64u(session))
    assert other.get("/account").status_code == 200


def test_a_new_password_ends_what_the_old_one_opened(site, user, person):
    """Other sessions and apps' tokens die; a wrong current one does nothing."""
    app = App(site)
    tokens = app.redeem(app.code(person)).json()
    other = Person(site)
    other.sign_in(user)
    r = person.act("change_password", current_password="x", new_password="another one")
    assert r.status_code == 422 and site.is_live(tokens["access_token"])
    person.act("change_password", current_password=site.password,
               new_password="another one")
    assert not site.is_live(tokens["access_token"])
    assert other.get("/account").status_code == 303
    assert person.get("/account").status_code == 200
    assert Person(site).sign_in(user, password="another one").status_code == 303


# Devices, RFC 8628

class Device:
    def __init__(self, site):
        self.site = site
        self.client = site.client("device_code", "--public", scope=None)
        r = site.post("/oauth/device/code", data={
            "client_id": self.client.id, "scope": "read-posts"})
        assert r.status_code == 200, r.text
        self.codes = r.json()

    def poll(self):
        return self.site.grant(DEVICE, self.client,
                               device_code=self.codes["device_code"])

    def decide(self, person, decision):
        page = person.get("/oauth/device?user_code=" + self.codes["user_code"])
        form = fields(page.text)
        return person.post("/oauth/device", {
            **form, "user_code": self.codes["user_code"], "decision": decision})


def test_a_device_gets_tokens_when_its_user_agrees(site, person):
    """RFC 8628 section 3; a second use of the code is refused."""
    d = Device(site)
    assert set(d.codes["user_code"]) <= set("BCDFGHJKLMNPQRSTVWXZ-")
    assert d.poll().json()["error"] == "authorization_pending"
    assert d.poll().json()["error"] == "slow_down"
    assert site.sql("SELECT poll_interval FROM oauth_device_codes WHERE"
                    " user_code = ?", d.codes["user_code"].replace("-", "")) == [(10,)]
    assert d.decide(person, "approve").status_code == 200
    r = d.poll()
    assert r.status_code == 200 and site.is_live(r.json()["access_token"])
    assert d.poll().json()["error"] == "invalid_grant"


def test_a_code_may_be_typed_carelessly(site, person):
    """RFC 8628 section 6.1."""
    d = Device(site)
    typed = d.codes["user_code"].lower().replace("-", " ")
    page = person.post("/oauth/device", {"csrf_token": person.csrf(),
                                         "user_code": typed})
    assert page.status_code == 200 and d.codes["user_code"] in page.text


def test_a_denial_and_an_expiry_are_told(site, person):
    """RFC 8628 section 3.5."""
    d = Device(site)
    d.decide(person, "deny")
    assert d.poll().json()["error"] == "access_denied"
    d = Device(site)
    site.sql("UPDATE oauth_device_codes SET expires_at = 1 WHERE user_code = ?",
             d.codes["user_code"].replace("-", ""))
    assert d.poll().json()["error"] == "expired_token"


def test_guesses_end_the_session(site, person):
    """RFC 8628 section 5.1."""
    token = person.csrf()
    for _ in range(9):
        r = person.post("/oauth/device", {"csrf_token": token,
                                          "user_code": "BBBBBBBB"})
        assert r.status_code == 422
    person.post("/oauth/device", {"csrf_token": token, "user_code": "BBBBBBBB"})
    assert person.get("/account").status_code == 303


# Revocation and introspection, RFC 7009 and RFC 7662

def ask(site, path, token, client=None):
    client = client or site.password_client
    return site.post(path, data={"token": token, "client_id": client.id,
                                 "client_secret": client.secret})


@pytest.mark.parametrize("member", ["access_token", "refresh_token"])
def test_revoking_either_token_kills_both(site, member):
    """RFC 7009 section 2.1."""
    t = site.sign_in("read-posts")
    assert ask(site, "/oauth/revoke", t[member]).status_code == 200
    assert not site.is_live(t["access_token"])
    assert site.refresh(t["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_a_spent_refresh_token_kills_the_family(site):
    """RFC 7009 section 2.1."""
    old = site.sign_in("read-posts")
    new = site.refresh(old["refresh_token"]).json()
    ask(site, "/oauth/revoke", old["refresh_token"])
    assert not site.is_live(new["access_token"])


def test_an_unknown_token_is_revoked_already(site):
    """RFC 7009 section 2.2."""
    assert ask(site, "/oauth/revoke", "x").status_code == 200


def test_another_clients_token_stays(site):
    """RFC 7009 section 2.1."""
    t, (other, _) = site.sign_in("read-posts"), site.machine()
    assert ask(site, "/oauth/revoke", t["access_token"], other).status_code == 400
    assert site.is_live(t["access_token"])


def test_introspection_tells_of_own_tokens(site):
    """RFC 7662 section 2.2."""
    t = site.sign_in("read-posts")
    got = ask(site, "/oauth/introspect", t["access_token"]).json()
    claims = jose.claims_of(t["access_token"])
    assert got["active"] is True
    for name in ("scope", "client_id", "exp", "iat", "sub", "iss", "jti"):
        assert got[name] == claims[name]
    assert ask(site, "/oauth/introspect", t["refresh_token"]).json()["active"]


def test_introspection_of_others_needs_the_right(site):
    """RFC 7662 section 4."""
    token = site.token("read-posts")
    (plain, _) = site.machine()
    api = site.client("client_credentials,introspect")
    assert ask(site, "/oauth/introspect", token, plain).json() == {"active": False}
    assert ask(site, "/oauth/introspect", token, api).json()["active"] is True


def test_a_dead_token_is_only_inactive(site):
    """RFC 7662 section 2.2."""
    t = site.sign_in("read-posts")
    ask(site, "/oauth/revoke", t["access_token"])
    for token in (t["access_token"], t["refresh_token"], "x"):
        assert ask(site, "/oauth/introspect", token).json() == {"active": False}


def test_introspection_is_not_for_public_clients(site):
    """RFC 7662 section 2.1."""
    app = App(site, "--public")
    r = site.post("/oauth/introspect", data={"client_id": app.client.id,
                                             "token": "x"})
    assert (r.status_code, r.json()["error"]) == (401, "invalid_client")


# Metadata, CORS, keys

def test_metadata_tells_what_the_server_does(site):
    """RFC 8414 section 2: endpoints answer, grants are known."""
    m = site.get("/.well-known/oauth-authorization-server").json()
    assert m["issuer"] == site.url
    for name, url in m.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert requests.get(url, allow_redirects=False).status_code != 404
    for grant in m["grant_types_supported"]:
        r = site.post("/oauth/token", data={"grant_type": grant})
        assert r.json()["error"] == "invalid_client", grant
    r = site.post("/oauth/token", data={"grant_type": "implicit"})
    assert r.json()["error"] == "unsupported_grant_type"
    assert m["code_challenge_methods_supported"] == ["S256"]
    assert site.get("/.well-known/openid-configuration").status_code == 404


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/jwks",
                                  "/.well-known/oauth-authorization-server",
                                  "/api/posts", "/api/user"])
def test_scripts_of_public_clients_may_call(site, path):
    """doc/protocol.md, Other origins: the origins of their redirect URIs, no others."""
    App(site, "--public", uri="https://spa.example/cb")
    ask = {"Access-Control-Request-Method": "POST"}
    r = site.request("OPTIONS", path, headers={"Origin": "https://spa.example", **ask})
    assert r.status_code == 204
    assert r.headers["Access-Control-Allow-Origin"] == "https://spa.example"
    assert "Authorization" in r.headers["Access-Control-Allow-Headers"]
    r = site.get(path, headers={"Origin": "https://spa.example"})
    assert r.headers["Access-Control-Allow-Origin"] == "https://spa.example"
    assert "Access-Control-Allow-Credentials" not in r.headers
    r = site.get(path, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in r.headers


def test_configured_origins_stand_alone(site):
    """doc/deploy.md, Configuration."""
    other = site.variant("cors_origins = https://a.example https://b.example")
    for origin, allowed in (("https://b.example", True), ("https://app.example", False)):
        r = other.get("/oauth/jwks", headers={"Origin": origin})
        assert ("Access-Control-Allow-Origin" in r.headers) == allowed


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_each_algorithm_signs_for_who_asks(site, alg):
    """doc/deploy.md, Keys."""
    if alg in ("PS256", "EdDSA"):
        site.command("keys", "generate", "--alg", alg)
    client = site.client("client_credentials", "--alg", alg)
    deadline = time.monotonic() + 10
    while True:
        r = site.grant("client_credentials", client)
        if r.status_code == 200 or time.monotonic() > deadline:
            break
    token = r.json()["access_token"]
    assert jose.header_of(token)["alg"] == alg
    assert site.get("/api/status", token=token).status_code == 200


def test_running_programs_take_up_a_rotation(site):
    """doc/deploy.md, Keys: the old key verifies until it is retired."""
    old = site.token("read-posts")
    kid = jose.header_of(old)["kid"]
    site.carnet("keys", "rotate", "--now")
    deadline = time.monotonic() + 10
    while True:
        new = site.token("read-posts")
        if jose.header_of(new)["kid"] != kid or time.monotonic() > deadline:
            break
    assert jose.header_of(new)["kid"] != kid
    assert site.is_live(old) and site.is_live(new)
    kids = {k["kid"] for k in site.get("/oauth/jwks").json()["keys"]}
    assert {kid, jose.header_of(new)["kid"]} <= kids
    p = site.command("keys", "retire", "--", jose.header_of(new)["kid"])
    assert p.returncode == 1
    site.carnet("keys", "retire", "--force", "--", kid)
    deadline = time.monotonic() + 10
    while site.is_live(old) and time.monotonic() < deadline:
        pass
    assert not site.is_live(old) and site.is_live(new)
