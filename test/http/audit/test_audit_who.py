"""The whole line of an event in the audit trail: what, who, the outcome, the reason, and
nothing else."""
import base64
import hashlib
import json

import pytest

from kit import jose
from kit.device import Device
from kit.people import App, Browser

USER = object()  # stands for the e-mail address of the row's user
CLIENT = object()  # stands for the id of the row's client


class Cast:
    """The people and clients of one row."""

    def __init__(self, site):
        self.site = site
        self.client = site.password_client
        self.user = site.user("*")
        self.browser = Browser(site, self.user)

    def pair(self):
        """Of the row's user and the password client."""
        return self.site.sign_in(user=self.user)

    def form(self, path, client=None, **params):
        """By a client; from now on it is the row's client."""
        if client:
            self.client = client
            params = {"client_id": client.id, "client_secret": client.secret, **params}
        return self.site.post("/oauth/" + path, data=params)

    def api(self, method, path="", token=None, **kw):
        return self.site.request(method, "/api/personal-tokens" + path, token=token, **kw)

    def make(self, token):
        return self.api("POST", token=token, json={"name": "Mine", "scopes": []})


def code_typed(c, code="BBBB-BBBB"):
    return c.browser.submit(c.browser.open("/oauth/device").form("continue"),
                            user_code=code)


def codes_typed(c, n):
    for _ in range(n):
        r = code_typed(c)
    return r


def decided(c, press):
    device = Device(c.site).begin()
    c.client = device.client
    return c.browser.submit(device.page(c.browser).form(press), press)


def revoked(c, which):
    return c.form("revoke", c.client, token=c.pair()[which])


def asked_for_anothers(c, path, which):
    return c.form(path, c.site.client("client_credentials"), token=c.pair()[which])


def wrong(client):
    return client._replace(secret="wrong-wrong-wrong")


def logout(c, **fields):
    csrf = c.browser.open("/account").form("sign-out").fields["csrf_token"]
    return c.browser.post("/oauth/logout", {"csrf_token": csrf, **fields})


def other_session(c):
    return Browser(c.site, c.user, "Other").cookie[1]


def digest_of(secret):
    return jose.b64u(hashlib.sha256(secret.encode()).digest())


def personal_id(c):
    return c.make(c.pair()["access_token"]).json()["id"]


def app_removed(c):
    app = App(c.site)
    c.client = app.client
    app.connect(c.browser)
    return c.browser.act("revoke_app", client_id=app.client.id)


def deleted(c, path=None):
    token = c.pair()["access_token"]
    return c.api("DELETE", path or "/" + c.make(token).json()["id"], token)


def made_by_an_app(c):
    """By another client than the first party's."""
    app = App(c.site)
    c.client = app.client
    return c.make(app.connect(c.browser)["access_token"])


OWN = dict(user=USER, client=CLIENT)
NO_TOKEN = "The parameter token is missing."

DONE = [
    # event, members, the request
    ("device", dict(OWN, detail="approve"), lambda c: decided(c, "approve")),
    ("device", dict(OWN, detail="deny"), lambda c: decided(c, "deny")),
    ("revoke", dict(OWN, detail="access_token"), lambda c: revoked(c, "access_token")),
    ("revoke", dict(OWN, detail="refresh_token"), lambda c: revoked(c, "refresh_token")),
    ("sign_out", dict(user=USER), logout),
    ("sign_out", dict(user=USER, detail="sign_out"), lambda c: c.browser.act("sign_out")),
    ("account", dict(user=USER, detail="sign_out_session"),
     lambda c: c.browser.act("sign_out_session", id=digest_of(other_session(c)))),
    ("account", dict(user=USER, detail="create_token"),
     lambda c: c.browser.act("create_token", name="Mine")),
    ("account", dict(user=USER, detail="revoke_token"),
     lambda c: c.browser.act("revoke_token", id=personal_id(c))),
    ("account", dict(OWN, detail="revoke_app"), app_removed),
    ("personal_token", dict(OWN, detail="make"), lambda c: c.make(c.pair()["access_token"])),
    ("revoke", dict(OWN, detail="personal_token"), deleted),
    ("revoke", dict(OWN, detail="current"), lambda c: deleted(c, "/current")),
]

REFUSED = [
    # event, outcome, reason, members, the request
    ("device", "invalid_request", "wrong user code", dict(user=USER), code_typed),
    ("device", "invalid_request", "wrong user code", dict(user=USER),
     lambda c: code_typed(c, "no code")),
    ("sign_out", "invalid_request", "wrong user code", dict(user=USER),
     lambda c: codes_typed(c, 10)),
    ("sign_out", "invalid_request", "foreign or missing csrf_token", dict(user=USER),
     lambda c: logout(c, csrf_token="x")),
    ("revoke", "invalid_client", "no client named", {}, lambda c: c.form("revoke", token="x")),
    ("revoke", "invalid_client", "unknown client", dict(client=CLIENT),
     lambda c: c.form("revoke", c.client._replace(id="nobody"), token="x")),
    ("revoke", "invalid_client", "no secret", dict(client=CLIENT),
     lambda c: c.form("revoke", client_id=c.client.id, token="x")),
    ("revoke", "invalid_client", "wrong secret", dict(client=CLIENT),
     lambda c: c.form("revoke", wrong(c.site.client("client_credentials")), token="x")),
    ("revoke", "invalid_request", NO_TOKEN, dict(client=CLIENT),
     lambda c: c.form("revoke", c.client)),
    ("revoke", "invalid_grant", "token of another client", dict(client=CLIENT),
     lambda c: asked_for_anothers(c, "revoke", "access_token")),
    ("revoke", "invalid_grant", "token of another client", dict(client=CLIENT),
     lambda c: asked_for_anothers(c, "revoke", "refresh_token")),
    ("introspect", "invalid_client", "no client named", {},
     lambda c: c.form("introspect", token="x")),
    ("introspect", "invalid_client", "unknown client", dict(client=CLIENT),
     lambda c: c.form("introspect", c.client._replace(id="nobody"), token="x")),
    ("introspect", "invalid_client", "no secret", dict(client=CLIENT),
     lambda c: c.form("introspect", client_id=c.client.id, token="x")),
    ("introspect", "invalid_client", "wrong secret", dict(client=CLIENT),
     lambda c: c.form("introspect", wrong(c.site.client("introspect")), token="x")),
    ("introspect", "invalid_client", "public client", dict(client=CLIENT),
     lambda c: c.form("introspect", App(c.site, public=True).client, token="x")),
    ("introspect", "invalid_request", NO_TOKEN, dict(client=CLIENT),
     lambda c: c.form("introspect", c.site.client("introspect"))),
    ("account", "invalid_request", "foreign or missing csrf_token", dict(user=USER),
     lambda c: c.browser.post("/account", {"action": "create_token", "name": "Mine"})),
    ("personal_token", "unauthorized", "This resource needs a bearer token.", {},
     lambda c: c.make(None)),
    ("personal_token", "invalid_token", "not three parts", {}, lambda c: c.make("no token")),
    ("personal_token", "insufficient_scope", "This is for the user's own sign-in; the token"
     " is an app's.", OWN, made_by_an_app),
]


def is_strangers(site, request):
    """Is its line in the file that strangers can fill?"""
    return any(request in f.read_text()
               for f in site.dir.glob("data/audit.log.strangers*"))


def check(site, act, event, members, known=False, **said):
    c = Cast(site)
    r = act(c)
    fits = {USER: c.user.email, CLIENT: c.client.id}
    wanted = {name: fits.get(v, v) for name, v in members.items()}
    request = r.headers["X-Request-Id"]
    line, = site.carnet("log", "--json", request).splitlines()
    assert is_strangers(site, request) == (said["outcome"] != "ok" and not known)
    found = json.loads(line)
    assert found.pop("at").endswith("Z")
    assert found == {"request": request, "event": event, "address": "127.0.0.1",
                     **said, **wanted}
    assert not [s for s in site.secrets | {"wrong-wrong-wrong"} if len(s) > 8 and s in line]


@pytest.mark.parametrize("event, members, act", DONE)
def test_what_is_done(site, event, members, act):
    check(site, act, event, members, outcome="ok")


@pytest.mark.parametrize("event, outcome, why, members, act", REFUSED)
def test_what_is_refused(site, event, outcome, why, members, act):
    """A refusal of somebody who is signed in or shows a token, of a client with its
    secret (for a revocation the client acts for itself), and of a stranger."""
    known = "user" in members or (event, members) == ("revoke", dict(client=CLIENT)) and (
        outcome != "invalid_client")
    check(site, act, event, members, known, outcome=outcome, why=why)


@pytest.mark.parametrize("name, shown", [
    ("a\u009b31m\u202eb", "a??31m???b"), (b"\xff\xfe", "??"), ("\u00e9" * 60, "?" * 80)])
def test_a_strangers_name_is_ascii(site, name, shown):
    """No control character reaches a terminal, and each line is JSON."""
    name = name if isinstance(name, bytes) else name.encode()
    basic = base64.b64encode(name + b":x").decode()
    r = site.post("/oauth/token", data={"grant_type": "client_credentials"},
                  headers={"Authorization": "Basic " + basic})
    line, = site.carnet("log", "--json", r.headers["X-Request-Id"]).splitlines()
    assert json.loads(line)["client"] == shown


def app_hands_on(c):
    """What a stranger sent."""
    app = App(c.site)
    c.client = app.client
    return app.redeem("no code")


def guessed(c):
    return c.site.grant("password", username=c.user.email, password="wrong-wrong-wrong")


def replayed(c):
    """A spent code or token is used again, which revokes everything."""
    token = c.pair()["refresh_token"]
    c.site.refresh(token)
    c.site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 1000"
               " WHERE digest = ?", hashlib.sha256(token.encode()).digest())
    return c.site.refresh(token)


def replayed_code(c, n):
    """A code of which nothing is left can be used without end."""
    app = App(c.site)
    c.client = app.client
    code = app.code(c.browser)
    for _ in range(n):
        r = app.redeem(code)
    return r


@pytest.mark.parametrize("act, known, event, outcome, why, members", [
    (app_hands_on, False, "token", "invalid_grant", "unknown code",
     dict(client=CLIENT, detail="authorization_code")),
    (guessed, False, "token", "invalid_grant", "wrong password",
     dict(OWN, detail="password")),
    (replayed, True, "replay", "invalid_grant", "refresh token used twice: family revoked",
     dict(OWN, detail="refresh_token")),
    (lambda c: replayed_code(c, 2), True, "replay", "invalid_grant",
     "code used twice: family revoked", dict(OWN, detail="authorization_code")),
    (lambda c: replayed_code(c, 3), False, "replay", "invalid_grant",
     "code used twice: family revoked", dict(OWN, detail="authorization_code"))])
def test_what_others_may_have_sent(site, act, known, event, outcome, why, members):
    check(site, act, event, members, known, outcome=outcome, why=why)


NOTHING = [
    # An unknown token is no refusal: the client has what it wants (RFC 7009 section 2.2).
    lambda c: c.form("revoke", c.client, token="x"),
    # This is an answer, and no refusal.  If it had a line for one of the two only, its time
    # would tell which token is another client's (RFC 7662 section 4).
    lambda c: c.form("introspect", c.site.client("introspect"), token="x"),
    lambda c: asked_for_anothers(c, "introspect", "access_token"),
    lambda c: asked_for_anothers(c, "introspect", "refresh_token"),
    # There was nothing to revoke, or it belonged to another.
    lambda c: c.browser.act("revoke_token", id=personal_id(Cast(c.site))),
    lambda c: c.browser.act("sign_out_session", id=digest_of("none")),
    lambda c: c.browser.act("sign_out_session", id=digest_of(other_session(Cast(c.site)))),
    lambda c: c.browser.act("revoke_app", client_id="nobody"),
]


@pytest.mark.parametrize("act", NOTHING)
def test_what_changes_nothing_leaves_no_line(site, act):
    r = act(Cast(site))
    assert r.status_code == 200
    assert site.carnet("log", r.headers["X-Request-Id"]) == ""
