"""Clients that register themselves (RFC 7591), and change that (RFC 7592)."""
import hashlib
import secrets
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from kit import expect, jose, people
from kit.people import App, Browser, Page
from kit.signer import ROCA, Signer, jwk_of
from kit.site import Client

AT = "/oauth/register"
URI = "https://app.example/cb"
GOOD = {"client_name": "Stranger", "redirect_uris": [URI],
        "token_endpoint_auth_method": "none"}
# What a client that registers itself may have: all that is not privileged.
ALL = "read-posts write-posts openid profile email groups offline_access"
HOUR = 3600
DAY = 86400


@pytest.fixture(scope="module")
def opened(cgi):
    return cgi.variant("registration = open")


@pytest.fixture(autouse=True)
def _nobody_was_here(cgi):
    """All tests come from one address."""
    cgi.sql("DELETE FROM throttle")
    cgi.sql("DELETE FROM strangers")


def ask(site, token=None, **changes):
    asked = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    return site.post(AT, json=asked, token=token)


def made(r, status=201):
    assert r.status_code == status, r.text
    assert r.headers["Content-Type"] == "application/json"
    assert (r.headers["Cache-Control"], r.headers["Pragma"]) == ("no-store", "no-cache")
    return r.json()


def refused(r, error="invalid_client_metadata"):
    return expect.error(r, 400, error)["error_description"]


class Stranger(App):
    """An app that registered itself."""

    def __init__(self, site, **changes):
        self.said = made(ask(site, **changes))
        self.site, self.uri = site, self.said["redirect_uris"][0]
        self.name = self.said["client_name"]
        self.client = Client(self.said["client_id"], self.said.get("client_secret"))
        self.token = self.said["registration_access_token"]
        self.verifier, self.state = secrets.token_urlsafe(32), "xyz"
        self.challenge = jose.b64u(hashlib.sha256(self.verifier.encode()).digest())
        site.secrets.update([self.client.secret or "", self.token])

    def manage(self, method, token=None, client_id=None, **kw):
        return self.site.request(method, "%s/%s" % (AT, client_id or self.client.id),
                                 token=token or self.token, **kw)

    def change(self, **changes):
        asked = {**GOOD, "client_id": self.client.id, **changes}
        return self.manage("PUT", json={k: v for k, v in asked.items() if v is not None})


@pytest.fixture
def someone(opened):
    return Browser(opened, opened.user("*"))


def is_waiting(app):
    return bool(app.site.sql("SELECT 1 FROM strangers WHERE identifier = ?", app.client.id))


# Registration

def test_a_public_client(opened, someone):
    """RFC 7591 section 3.2.1: what is registered is told, and it works as any client."""
    app = Stranger(opened)
    assert app.said == {
        **GOOD, "client_id": app.client.id, "client_id_issued_at": app.said["client_id_issued_at"],
        "registration_access_token": app.token,
        "registration_client_uri": opened.url + AT + "/" + app.client.id,
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "scope": ALL}
    assert abs(app.said["client_id_issued_at"] - time.time()) < 600
    got = app.connect(someone, scope="read-posts")
    assert got["scope"] == "read-posts" and opened.is_live(got["access_token"])
    expect.tokens(opened.refresh(got["refresh_token"], app.client))
    shown = opened.carnet_json("client", "show", app.client.id)
    assert (shown["origin"], shown["public"], shown["trusted"]) == ("registered", True, False)


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", None])
def test_a_client_with_a_secret(opened, someone, method):
    """RFC 7591 section 2: without a word it is client_secret_basic."""
    app = Stranger(opened, token_endpoint_auth_method=method)
    assert app.said["token_endpoint_auth_method"] == (method or "client_secret_basic")
    assert app.said["client_secret_expires_at"] == 0
    code = app.code(someone)
    expect.error(app.redeem(code, app.client._replace(secret="x")), 401, "invalid_client")
    expect.tokens(app.redeem(code))


def test_a_client_that_signs(opened, someone):
    """RFC 7523; no secret is given that is not wanted."""
    signer = Signer()
    app = Stranger(opened, token_endpoint_auth_method="private_key_jwt", jwks=signer.jwks())
    assert "client_secret" not in app.said and app.said["jwks"] == signer.jwks()
    code, signer.id = app.code(someone), app.client.id
    params = {"grant_type": "authorization_code", "code": code, "redirect_uri": URI,
              "code_verifier": app.verifier}
    expect.error(opened.post("/oauth/token", data={**params, "client_id": app.client.id}),
                 401, "invalid_client")
    expect.tokens(opened.post("/oauth/token", data={**params, **signer.proof(opened)}))


def test_keys_elsewhere_are_wanted_when_a_user_allows_it(opened, someone):
    """doc/clients.md: the courier fetches them; a stranger alone makes it fetch nothing."""
    url = "https://%s.example/keys" % secrets.token_hex(4)
    app = Stranger(opened, token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    opened.sql("DELETE FROM fetches")
    wanted = "SELECT count(*) FROM outbox WHERE kind = 'jwks' AND target = ?"
    assert opened.sql(wanted, url) == [(0,)]
    app.code(someone)
    assert opened.sql(wanted, url) == [(1,)]


@pytest.mark.parametrize("method", ["none", "client_secret_post", "private_key_jwt"])
def test_a_stranger_pushes_its_request(opened, someone, method):
    """RFC 9126; it becomes a client when a user allows it, as without."""
    signer = Signer()
    keys = {"jwks": signer.jwks()} if method == "private_key_jwt" else {}
    app = Stranger(opened, token_endpoint_auth_method=method, **keys)
    signer.id = app.client.id
    proof = signer.proof(opened) if keys else {}
    path = app.pushed(**proof)
    assert is_waiting(app)
    form = someone.open(path).form("approve")
    back = people.sent_back(someone.submit(form, "approve"), app)
    assert not is_waiting(app) and "code" in back
    assert someone.submit(form, "approve").status_code == 400
    expect.error(app.push(client_secret="x"), 401, "invalid_client")
    other = Stranger(opened, token_endpoint_auth_method="client_secret_post")
    expect.error(other.push(client_secret="x"), 401, "invalid_client")
    expect.error(app.push(client_id="nobody"), 401, "invalid_client")


def test_strangers_push_only_so_many(cgi):
    """doc/security.md, Under load: with a secret as well, as anybody gets one."""
    few = cgi.variant("registration = open")
    with few.conf.open("a") as f:
        f.write("[throttle]\npushed_requests = 2\n")
    app = Stranger(few, token_endpoint_auth_method="client_secret_post")
    assert [app.push().status_code for _ in range(3)] == [201, 201, 429]


def test_keys_elsewhere_are_not_fetched_for_a_request(opened):
    """A stranger makes the courier fetch nothing, signed as its request may be."""
    app = Stranger(opened, token_endpoint_auth_method="private_key_jwt",
                   jwks_uri="https://%s.example/keys" % secrets.token_hex(4))
    signer = Signer(id=app.client.id)
    opened.sql("DELETE FROM fetches")
    expect.error(app.push(**signer.proof(opened)), 401, "invalid_client")
    signed = jose.sign({"alg": "ES256", "typ": "oauth-authz-req+jwt"}, {
        **app.request(), "iss": app.client.id, "aud": opened.url, "exp": int(time.time()) + 60},
        signer.key, "ES256")
    r = opened.get("/oauth/authorize", params={"client_id": app.client.id, "request": signed})
    assert r.status_code == 400 and "Location" not in r.headers
    assert opened.sql("SELECT count(*) FROM fetches") == [(0,)]


def test_what_is_only_told_is_told_again(opened):
    """RFC 7591 section 2; members that nobody knows are left out."""
    told = {"client_uri": "https://app.example/", "logo_uri": "https://app.example/l.png",
            "tos_uri": "https://app.example/tos", "policy_uri": "https://app.example/p",
            "contacts": ["ada@app.example"], "software_id": "x-1", "software_version": "2 \u2713"}
    unknown = {"nonsense": {"a": 1}, "software_statement": "e30.e30.", "client_uri_de": "x", "application_type": "native"}
    app = Stranger(opened, **told, **unknown)
    assert told.items() <= app.said.items()
    assert not unknown.keys() & app.said.keys()
    assert made(app.manage("GET"), 200) == app.said


def test_more_than_may_be_had_is_left_out(opened):
    """RFC 7591 section 2: the server may register less; some editors ask for all they know."""
    app = Stranger(opened, scope="admin read-posts nonsense", grant_types=[
        "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
        "client_credentials", "password"], response_types=["code", "token"])
    assert app.said["grant_types"] == ["authorization_code", "refresh_token"]
    assert app.said["response_types"] == ["code"]
    assert app.said["scope"] == ALL


def test_it_may_have_what_the_setting_says(cgi):
    """carnet.conf(5), registration_scopes."""
    other = cgi.variant("registration = open\nregistration_scopes = read-posts admin")
    assert Stranger(other).said["scope"] == "read-posts admin"
    app = Stranger(other, scope="admin openid")
    assert app.said["scope"] == "read-posts admin"
    page = app.consent(Browser(other, other.user("*")), scope="read-posts write-posts")
    assert "write-posts" not in page.text.replace("read-posts write-posts", "")
    refused(ask(other, scope="write-posts"))


def test_a_tool_may_need_another_scope_later(opened, someone):
    """doc/protocol.md, Registration: some clients register the scope of the first challenge
    that they meet (RFC 6750 section 3.1), and ask for more at the next."""
    app = Stranger(opened, scope="read-posts")
    assert app.said["scope"] == ALL
    assert app.connect(someone, scope="read-posts")["scope"] == "read-posts"
    assert app.connect(someone, scope="read-posts write-posts")["scope"] == \
        "read-posts write-posts"


def test_a_name_is_made_where_there_is_none(opened):
    assert Stranger(opened, client_name=None).name == "app.example"


BAD = {
    "no body": "", "no JSON": "{", "no object": "[]", "twice": '{"scope":"a","scope":"a"}',
    "not UTF-8": b'{"client_name":"\xff"}',
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_no_metadata(opened, what):
    """RFC 7591 section 3.2.2."""
    refused(opened.post(AT, data=BAD[what], headers={"Content-Type": "application/json"}))


EC = Signer()
PRIVATE = {**EC.jwk(), "d": "AAAA"}
WRONG = {
    "a name that is a number": {"client_name": 7}, "a name of two lines": {"client_name": "a\nb"},
    "a long name": {"client_name": "x" * 241}, "another method": {"token_endpoint_auth_method": "tls"},
    "no code": {"grant_types": ["client_credentials"]}, "no grants": {"grant_types": []},
    "grants are a text": {"grant_types": "authorization_code"}, "no type": {"response_types": []},
    "another type": {"response_types": ["token"]}, "no scope": {"scope": "admin"},
    "a scope that is a list": {"scope": ["read-posts"]}, "keys missing": {
        "token_endpoint_auth_method": "private_key_jwt"},
    "both kinds of keys": {"token_endpoint_auth_method": "private_key_jwt",
                           "jwks": EC.jwks(), "jwks_uri": "https://app.example/k"},
    "a private key": {"jwks": {"keys": [PRIVATE]}},
    "a private key to sign with": {"token_endpoint_auth_method": "private_key_jwt",
                                   "jwks": {"keys": [PRIVATE]}},
    "a symmetric key": {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
    "a key of the kind ROCA": {"token_endpoint_auth_method": "private_key_jwt",
                               "jwks": {"keys": [EC.jwk(), ROCA]}},
    "a key of another curve": {"token_endpoint_auth_method": "private_key_jwt", "jwks": {
        "keys": [EC.jwk(), jwk_of(ec.generate_private_key(ec.SECP384R1()))]}},
    "21 keys": {"token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [EC.jwk()] * 21}},
    "much in all": {"redirect_uris": ["%s/%d/%s" % (URI, i, "x" * 1900) for i in range(20)]},
    "keys that are a list": {"jwks": []}, "no key": {
        "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
    "keys by http": {"token_endpoint_auth_method": "private_key_jwt",
                     "jwks_uri": "http://app.example/k"},
    "a page that is a script": {"client_uri": "javascript:alert(1)"},
    "contacts that are a text": {"contacts": "x"}, "33 contacts": {"contacts": ["x"] * 33},
    "an algorithm": {"id_token_signed_response_alg": "none"},
    "a subject type": {"subject_type": "other"},
    "two hosts of a pairwise client": {"subject_type": "pairwise", "redirect_uris": [
        URI, "https://b.example/cb"]},
    "a sector by http": {"sector_identifier_uri": "http://app.example/s"},
    "a place for logout tokens": {"backchannel_logout_uri": "http://app.example/out"},
    "a place after sign-out": {"post_logout_redirect_uris": ["javascript:x"]},
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_metadata(opened, what):
    """RFC 7591 section 3.2.2: invalid_client_metadata; nothing is stored."""
    refused(ask(opened, **WRONG[what]))
    assert opened.sql("SELECT count(*) FROM strangers") == [(0,)]


WRONG_URIS = {
    "none": None, "an empty list": [], "a text": URI, "a number in it": [1], "null in it": [None],
    "a fragment": [URI + "#x"], "http": ["http://app.example/cb"], "a script": ["javascript:x"],
    "data": ["data:text/html,x"], "a user": ["https://a@app.example/"], "two in one": [
        URI + " https://evil.example/"], "a line": [URI + "\n"], "no host": ["https:///cb"],
    "an empty one": [""], "a long one": [URI + "x" * 2048], "33": [URI] * 33,
    "one of two": [URI, "ftp://app.example/"],
}


@pytest.mark.parametrize("what", WRONG_URIS)
def test_a_wrong_redirect_uri(opened, what):
    """RFC 7591 section 3.2.2: invalid_redirect_uri."""
    refused(ask(opened, redirect_uris=WRONG_URIS[what]), "invalid_redirect_uri")


def test_much_metadata_is_not_read(opened):
    """doc/protocol.md, Errors: a megabyte; 10,000 redirect URIs."""
    for changes in {"client_name": "x" * 1000000}, {"redirect_uris": [URI] * 10000}:
        assert ask(opened, **changes).status_code == 413
    form = opened.post(AT, data=GOOD)
    assert form.status_code == 415


# Who may

def test_it_is_closed_at_first(cgi):
    """carnet.conf(5), registration: 404, and not in the metadata."""
    for method, path in ("POST", AT), ("GET", AT + "/x"), ("PUT", AT), ("GET", AT):
        assert cgi.request(method, path, json=GOOD).status_code == 404
    assert "registration_endpoint" not in metadata(cgi)
    p = cgi.command("client", "ticket")
    assert (p.returncode, p.stdout) == (1, "") and "closed" in p.stderr


def metadata(site):
    return site.get("/.well-known/oauth-authorization-server").json()


def test_the_metadata_names_it(cgi, opened):
    """RFC 8414 section 2."""
    for site in opened, cgi.variant("registration = ticket"):
        assert metadata(site)["registration_endpoint"] == site.url + AT


def test_a_ticket_lets_one_client_in(cgi):
    """RFC 7591 section 3; a refused registration does not spend it."""
    site = cgi.variant("registration = ticket")
    given = site.carnet_json("client", "ticket")
    assert set(given) == {"ticket", "expires_at"}
    assert abs(given["expires_at"] - time.time() - DAY) < 600
    site.secrets.add(given["ticket"])
    expect.unauthenticated(ask(site), None)
    expect.unauthenticated(ask(site, token=given["ticket"][:-1] + "*"))
    refused(ask(site, token=given["ticket"], scope="admin"))
    made(ask(site, token=given["ticket"]))
    expect.unauthenticated(ask(site, token=given["ticket"]))


def test_a_ticket_may_be_for_several_and_for_a_time(cgi):
    """carnet(1), client ticket."""
    site = cgi.variant("registration = ticket")
    ticket = site.carnet("client", "ticket", "--ttl", "2h", "--uses", "3").strip()
    site.secrets.add(ticket)
    made(ask(site, token=ticket))
    made(ask(site, token=ticket))
    site.sql("UPDATE registration_tickets SET expires_at = ? WHERE uses = 1", int(time.time()) - 1)
    expect.unauthenticated(ask(site, token=ticket))
    for bad in (["--uses", "0"], ["--uses", "x"], ["--uses", "10001"], ["--ttl", "400d"],
                ["--ttl", "x"]):
        assert site.command("client", "ticket", *bad).returncode == 1, bad
    assert site.command("client", "ticket", "x").returncode == 2


def test_how_many_from_one_address(opened):
    """carnet.conf(5), registrations: 30 in an hour."""
    for _ in range(30):
        made(ask(opened))
    r = ask(opened)
    assert r.status_code == 429 and 0 < int(r.headers["Retry-After"]) <= HOUR
    opened.sql("DELETE FROM throttle")
    made(ask(opened))


def pile_up(site, n, expires_at):
    site.sql("WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < ?)"
             " INSERT INTO strangers (identifier, origin, metadata, created_at, expires_at)"
             " SELECT 'pile-' || n, 'registered', '{}', 1, ? FROM i", n, expires_at)


@pytest.mark.files
def test_how_many_in_all(opened):
    """doc/protocol.md, Registration: 1,000 that no user knows; those that expired do not
    count, and go."""
    now = int(time.time())
    pile_up(opened, 1000, now + 1000)
    r = ask(opened)
    assert r.status_code == 429 and 0 < int(r.headers["Retry-After"]) <= 1000
    opened.sql("UPDATE strangers SET expires_at = ?", now - 1)
    made(ask(opened))
    assert opened.carnet_json("purge")["strangers"] >= 936


def test_who_is_not_used_goes(opened, someone):
    """doc/protocol.md, Registration: an hour without a user, or without a token."""
    app = Stranger(opened)
    opened.sql("UPDATE strangers SET expires_at = ?", int(time.time()) - 1)
    assert Page(app.ask(someone)).status == 400
    expect.unauthenticated(app.manage("GET"))
    idle = Stranger(opened)
    idle.code(someone)
    assert not is_waiting(idle) and idle_at(idle) - time.time() < HOUR + 600
    opened.sql("UPDATE oauth_clients SET idle_at = 1 WHERE identifier = ?", idle.client.id)
    assert opened.carnet_json("purge")["idle_clients"] == 1
    assert Page(idle.ask(someone)).status == 400


def idle_at(app):
    return app.site.sql("SELECT idle_at FROM oauth_clients WHERE identifier = ?",
                        app.client.id)[0][0]


def test_who_is_used_stays(opened, someone):
    """carnet.conf(5), registration_idle: 90 days from the last use; one that was not used
    goes when another one comes."""
    app, other = Stranger(opened), Stranger(opened)
    other.connect(someone)
    got = app.connect(someone)
    assert abs(idle_at(app) - time.time() - 90 * DAY) < 600
    opened.sql("UPDATE oauth_clients SET idle_at = ? WHERE identifier = ?",
               int(time.time()) + 80 * DAY, app.client.id)
    got = expect.tokens(opened.refresh(got["refresh_token"], app.client))
    assert abs(idle_at(app) - time.time() - 90 * DAY) < 600
    opened.sql("UPDATE oauth_clients SET idle_at = 1 WHERE identifier = ?", other.client.id)
    made(ask(opened))
    assert not opened.sql("SELECT 1 FROM oauth_clients WHERE identifier = ?", other.client.id)
    assert opened.is_live(got["access_token"])


# The consent page

@pytest.mark.parametrize("uri, warns", [(URI, False), ("http://127.0.0.1:7777/cb", True),
                                        ("com.example.app:/cb", False)])
def test_the_user_is_told_that_it_is_a_stranger(opened, someone, uri, warns):
    """doc/security.md: nobody has checked who this is; and where the browser goes."""
    page = Stranger(opened, redirect_uris=[uri]).consent(someone)
    assert "Nobody has checked who made it" in page.by_id["stranger"]
    assert people.urlsplit(uri).netloc in page.by_id["stranger"]
    assert page.by_id["unverified"] == "unverified"
    assert ("a", "/account#apps") in [(tag, a.get("href")) for tag, a in page.tags]
    assert ("this-machine" in page.by_id) == warns
    page = App(opened, public=True).consent(someone)
    assert "stranger" not in page.by_id and "Anyone could have made" in page.text
    assert "unverified" not in page.by_id


def test_the_account_page_shows_that_it_is_a_stranger(opened, someone):
    """doc/users.md, The account page: the host, that nobody checked it, and its end."""
    app, operators = Stranger(opened, client_name="By itself"), App(opened)
    got = app.connect(someone)
    operators.connect(someone)
    page = someone.open("/account")
    row = page.row("By itself")
    assert "unverified" in row.text and "app.example" in row.text
    assert "unverified" not in page.row(operators.name).text
    someone.submit(row.form)
    assert not opened.is_live(got["access_token"])


def test_two_pages_allow_one_client_once(opened, someone):
    """The second page finds the client that the first one made."""
    app = Stranger(opened)
    forms = [app.consent(someone).form("approve") for _ in range(2)]
    codes = [people.sent_back(someone.submit(form, "approve"), app)["code"] for form in forms]
    for code in codes:
        expect.tokens(app.redeem(code))


def test_a_denial_makes_no_client(opened, someone):
    app = Stranger(opened)
    assert people.sent_back(app.decide(someone, "deny"), app)["error"] == "access_denied"
    assert is_waiting(app)


# Management

def test_it_reads_changes_and_ends_its_registration(opened, someone):
    """RFC 7592 sections 2.1 to 2.3, before and after a user knows it."""
    for is_known in False, True:
        app = Stranger(opened)
        got = app.connect(someone) if is_known else None
        assert made(app.manage("GET"), 200) == app.said
        new = ["https://app.example/new"]
        said = made(app.change(redirect_uris=new, client_name="New", scope="read-posts"), 200)
        assert {**app.said, "redirect_uris": new, "client_name": "New"} == said
        assert made(app.manage("GET"), 200) == said
        assert Page(app.ask(someone)).status == 400
        page = Page(someone.get(app.path(redirect_uri=new[0], prompt="consent")))
        assert "New" in page.text
        r = app.manage("DELETE")
        assert (r.status_code, r.content) == (204, b"")
        for method in "GET", "DELETE", "PUT":
            expect.unauthenticated(app.manage(method, json={}))
        assert not is_known or not opened.is_live(got["access_token"])


def test_a_change_takes_back_what_was_allowed(opened, someone):
    """doc/security.md: what a user allowed the client that it was is not for another."""
    app = Stranger(opened, token_endpoint_auth_method="client_secret_post")
    app.connect(someone)
    assert "code" in people.sent_back(app.ask(someone), app)  # it is remembered
    made(app.change(token_endpoint_auth_method="client_secret_post"), 200)
    assert Page(app.ask(someone)).form("approve")


def test_a_secret_is_kept_or_made_or_ended(opened, someone):
    """RFC 7592 section 2.2: the client cannot choose one."""
    app = Stranger(opened, token_endpoint_auth_method="client_secret_basic")
    basic = {"token_endpoint_auth_method": "client_secret_basic"}
    assert "client_secret" not in made(app.change(**basic, client_secret=app.client.secret), 200)
    refused(app.change(**basic, client_secret="chosen-by-me"))
    expect.tokens(app.redeem(app.code(someone)))
    assert "client_secret" not in made(app.change(), 200)  # public
    expect.tokens(app.redeem(app.code(someone), Client(app.client.id, None)))
    secret = made(app.change(**basic), 200)["client_secret"]
    opened.secrets.add(secret)
    assert secret != app.client.secret
    code = app.code(someone)
    expect.error(app.redeem(code), 401, "invalid_client")
    expect.tokens(app.redeem(code, Client(app.client.id, secret)))


@pytest.mark.parametrize("changes", [
    {"client_id": "another"}, {"client_id": None}, {"registration_access_token": "x"},
    {"registration_client_uri": "x"}, {"client_secret_expires_at": 0},
    {"client_id_issued_at": 1}, {"redirect_uris": None}, {"scope": "admin"}])
def test_a_wrong_change(opened, changes):
    """RFC 7592 section 2.2; nothing changes."""
    app = Stranger(opened)
    refused(app.change(**changes), "invalid_redirect_uri" if "redirect_uris" in changes
            else "invalid_client_metadata")
    assert made(app.manage("GET"), 200) == app.said


def test_only_its_own_token_counts(opened, someone):
    """RFC 7592 section 2: an unknown client and a wrong token are told alike."""
    app, other = Stranger(opened), Stranger(opened)
    operators = App(opened)
    access = other.connect(someone)["access_token"]
    for method in "GET", "PUT", "DELETE":
        for client_id, token in ((app.client.id, other.token), ("nobody", app.token),
                                 (app.client.id, access), (operators.client.id, app.token),
                                 (app.client.id, "x"), ("a%2Fb", "x")):
            expect.unauthenticated(app.manage(method, token, client_id, json={}))
        expect.unauthenticated(opened.request(method, AT + "/" + app.client.id, json={}), None)
    for method in "POST", "PATCH":
        r = app.manage(method, json={})
        assert r.status_code == 405 and r.headers["Allow"] == "GET, HEAD, PUT, DELETE"
    r = opened.get(AT)
    assert r.status_code == 405 and r.headers["Allow"] == "POST"


def test_a_revoked_client_is_gone(opened, someone):
    """carnet(1), client revoke: nor does it come back by its registration."""
    app = Stranger(opened)
    app.connect(someone)
    opened.carnet("client", "revoke", app.client.id)
    expect.unauthenticated(app.manage("GET"))
    expect.unauthenticated(app.change())


def test_what_the_operator_took_stays_taken(opened, someone):
    """carnet(1), client edit."""
    app = Stranger(opened)
    app.connect(someone)
    opened.carnet("client", "edit", app.client.id, "--scope", "read-posts")
    assert made(app.change(scope="read-posts write-posts"), 200)["scope"] == "read-posts"


# Scripts

def test_scripts_of_every_origin_may(opened):
    """Fetch, section 3.2: without cookies."""
    app = Stranger(opened)
    for path, method in (AT, "POST"), (AT + "/" + app.client.id, "PUT"):
        r = opened.request("OPTIONS", path, headers={
            "Origin": "https://any.example", "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type"})
        assert (r.status_code, r.headers["Access-Control-Allow-Origin"]) == (204, "*")
        assert method in r.headers["Access-Control-Allow-Methods"].split(", ")
        assert "Access-Control-Allow-Credentials" not in r.headers
    for token in app.token, "x":
        r = app.manage("GET", token, headers={"Origin": "null"})
        assert r.headers["Access-Control-Allow-Origin"] == "*"
