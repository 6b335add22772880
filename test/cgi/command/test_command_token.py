"""carnet token: tokens are listed and revoked (carnet(1))."""
import base64
import time

import pytest

from kit import expect, jose
from kit.people import App, Browser, Page

NOTHING = {"access_tokens": 0, "refresh_tokens": 0, "codes": 0, "sessions": 0}


class Granted:
    """A user, with one token of each kind, a code and a session."""

    def __init__(self, site):
        self.site, self.user = site, site.user("*")
        self.browser = Browser(site, self.user)
        self.app = App(site, grant="authorization_code,device_code")
        self.pair = self.app.connect(self.browser)
        self.code = self.app.code(self.browser)
        page = Page(self.browser.act("create_token", name="A name"))
        self.personal = page.by_id["new-token"]
        site.secrets.add(self.personal)
        self.secret = {"client_id": self.app.client.id,
                       "client_secret": self.app.client.secret}
        self.device = site.post("/oauth/device/code", data=self.secret).json()

    def tokens(self):
        return [self.pair["access_token"], self.personal]

    def live(self):
        """Which of the two tokens live."""
        return [self.site.is_live(token) for token in self.tokens()]

    def refreshes(self):
        return self.site.refresh(self.pair["refresh_token"], self.app.client)

    def polls(self):
        return self.site.grant("urn:ietf:params:oauth:grant-type:device_code",
                               self.app.client, device_code=self.device["device_code"])


@pytest.fixture
def given(cgi):
    return Granted(cgi)


def jti(token):
    return jose.claims_of(token)["jti"]


def listed(site, *args):
    return {t["id"]: t for t in site.carnet_json("token", "list", *args)}


def test_the_list_tells_of_each_kind(cgi, given):
    """carnet(1): the user, the scopes and the expiry; never the token itself."""
    now = int(time.time())
    app, personal = (listed(cgi, "--user", given.user.email)[jti(t)]
                     for t in given.tokens())
    assert 0 <= now - app["created_at"] < 600
    assert app == {
        "id": jti(given.pair["access_token"]), "kind": "refreshable", "name": None,
        "client_id": given.app.client.id, "client_name": given.app.name,
        "email": given.user.email, "scope": "read-posts",
        "created_at": app["created_at"], "expires_at": app["created_at"] + 3600,
        "revoked_at": None}
    assert (personal["kind"], personal["name"], personal["client_name"]) == (
        "personal", "A name", "Personal tokens")
    client, token = cgi.machine()
    own, = listed(cgi, "--client", client.id).values()
    assert (own["kind"], own["email"], own["scope"], own["id"]) == (
        "client", None, jose.claims_of(token)["scope"], jti(token))


def test_the_list_is_of_those_asked_for(cgi, given):
    """carnet(1): --user, --client, or both."""
    other = Granted(cgi)
    ids = {jti(t) for t in given.tokens()}
    assert set(listed(cgi, "--user", given.user.email.upper())) == ids
    assert set(listed(cgi, "--client", given.app.client.id)) == {
        jti(given.pair["access_token"])}
    assert not listed(cgi, "--client", other.app.client.id,
                      "--user", given.user.email)
    assert set(listed(cgi)) >= ids | {jti(t) for t in other.tokens()}


def test_the_list_without_json_has_a_line_a_token(cgi, given):
    """carnet(1)."""
    lines = [line.split("\t") for line in
             cgi.carnet("token", "list", "--user", given.user.email).splitlines()]
    assert [line[:5] for line in lines if line[1] == "refreshable"] == [[
        jti(given.pair["access_token"]), "refreshable", given.app.name,
        given.user.email, "read-posts"]]
    assert [len(line) for line in lines] == [8, 8]
    nobody = cgi.user()
    assert cgi.carnet("token", "list", "--user", nobody.email) == ""
    assert cgi.carnet_json("token", "list", "--user", nobody.email) == []


def test_the_list_shows_nothing_that_opens_a_door(cgi, given):
    """doc/protocol.md, Tokens."""
    text = cgi.carnet("token", "list", "--json") + cgi.carnet("token", "list")
    for secret in [*given.tokens(), given.pair["refresh_token"], given.code]:
        assert secret not in text and secret.split(".")[-1] not in text


def test_a_refresh_token_is_listed_though_its_access_token_is_gone(cgi, given):
    """A thief would have this token: it lives for 30 days."""
    id = jti(given.pair["access_token"])
    cgi.sql("DELETE FROM oauth_access_tokens WHERE family IS NOT NULL AND user_id = ?",
            given.user.id)
    t = listed(cgi, "--user", given.user.email)[id]
    assert (t["kind"], t["client_id"]) == ("refresh", given.app.client.id)
    assert t["expires_at"] - t["created_at"] == 30 * 86400
    done = cgi.carnet_json("token", "revoke", id)
    assert done == {**NOTHING, "refresh_tokens": 1}
    expect.error(given.refreshes(), 400, "invalid_grant")
    assert id not in listed(cgi, "--user", given.user.email)


def test_the_list_goes_beyond_one_page(fresh):
    """bin/cmd_token.c reads 256 at a time, of both tables."""
    fresh.sql("WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < 600)"
              " INSERT INTO oauth_access_tokens (id, client_id, scope, created_at, expires_at)"
              " SELECT randomblob(16), 1, '', 1, 2 FROM i")
    fresh.sql("WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < 512)"
              " INSERT INTO oauth_refresh_tokens (digest, family, access_token, client_id,"
              " user_id, scope, expires_at) SELECT randomblob(32), randomblob(16),"
              " randomblob(16), 1, 1, '', 1 << 40 FROM i")
    tokens = fresh.carnet_json("token", "list")
    assert len({t["id"] for t in tokens}) == len(tokens) == 1112
    assert len(fresh.carnet("token", "list").splitlines()) == 1112
    assert fresh.carnet_json("token", "revoke", "--all") == {
        **NOTHING, "refresh_tokens": 512}
    assert all(t["revoked_at"] is None and t["kind"] == "client"
               for t in fresh.carnet_json("token", "list"))


def test_a_user_loses_all_at_once(cgi, given):
    """carnet(1): tokens, codes and sessions of the user; others keep theirs."""
    other, client = Granted(cgi), cgi.machine()[1]
    done = cgi.carnet_json("token", "revoke", "--user", given.user.email)
    assert done == {"access_tokens": 2, "refresh_tokens": 1, "codes": 1, "sessions": 1}
    assert given.live() == [False, False]
    expect.error(given.refreshes(), 400, "invalid_grant")
    expect.error(given.app.redeem(given.code), 400, "invalid_grant")
    assert not given.browser.is_signed_in()
    assert all(t["revoked_at"] for t in listed(cgi, "--user", given.user.email).values())
    assert other.live() == [True, True] and other.browser.is_signed_in()
    assert cgi.get("/api/status", token=client).status_code == 200
    assert other.refreshes().status_code == 200
    expect.tokens(other.app.redeem(other.code))
    again = cgi.carnet_json("token", "revoke", "--user", given.user.email)
    assert again == NOTHING
    assert Browser(cgi, given.user).is_signed_in()


def test_a_client_loses_all_that_is_its_own(cgi, given):
    """carnet(1): the client may get new ones."""
    done = cgi.carnet_json("token", "revoke", "--client", given.app.client.id)
    assert done == {"access_tokens": 1, "refresh_tokens": 1, "codes": 2, "sessions": 0}
    assert given.live() == [False, True]
    expect.error(given.refreshes(), 400, "invalid_grant")
    expect.error(given.app.redeem(given.code), 400, "invalid_grant")
    expect.error(given.polls(), 400, "access_denied")
    assert given.browser.is_signed_in()
    given.app.connect(given.browser)


def test_an_approved_device_gets_nothing(cgi, given):
    """carnet(1): its code is not spent yet."""
    form = given.browser.open("/oauth/device?user_code=" +
                             given.device["user_code"]).form("approve")
    assert given.browser.submit(form, "approve").status_code in (200, 303)
    assert cgi.carnet_json("token", "revoke", "--user", given.user.email)["codes"] == 2
    expect.error(given.polls(), 400, "invalid_grant")


def test_a_user_and_a_client_are_both_meant(cgi, given):
    """carnet(1): the tokens of that client for that user."""
    other = given.app.connect(Browser(cgi, cgi.user("*")))
    done = cgi.carnet_json("token", "revoke", "--client", given.app.client.id,
                           "--user", given.user.email)
    assert done == {**NOTHING, "access_tokens": 1, "refresh_tokens": 1, "codes": 1}
    assert given.live() == [False, True] and cgi.is_live(other["access_token"])
    assert given.browser.is_signed_in()


def test_one_is_revoked_by_its_id_with_its_family(cgi, given):
    """RFC 7009 section 2.1; a personal token has no family."""
    app, personal = (jti(t) for t in given.tokens())
    assert cgi.carnet_json("token", "revoke", personal) == {
        **NOTHING, "access_tokens": 1}
    assert given.live() == [True, False]
    text = cgi.carnet("token", "revoke", app)
    assert text == ("revoked access tokens: 1, refresh tokens: 1, codes: 0,"
                    " sessions: 0\n")
    assert given.live() == [False, False]
    expect.error(given.refreshes(), 400, "invalid_grant")


def test_ids_are_all_revoked_or_none(cgi, given):
    """carnet(1): an id that is not there, or not that user's, is an error."""
    app, personal = (jti(t) for t in given.tokens())
    for args in ([app, "A" * 22], [app, personal, "x"],
                 ["--user", cgi.user().email, app],
                 ["--client", given.app.client.id, app, personal]):
        p = cgi.command("token", "revoke", *args)
        assert p.returncode == 1 and "nothing was revoked" in p.stderr, args
        assert given.live() == [True, True]
    cgi.carnet("token", "revoke", "--user", given.user.email, app, personal)
    assert given.live() == [False, False]


def test_a_token_in_place_of_its_id_is_not_repeated(cgi, given):
    """A message must not have a token or a secret in it."""
    for token in [*given.tokens(), given.pair["refresh_token"]]:
        p = cgi.command("token", "revoke", "--", token)
        assert p.returncode == 1 and token not in p.stderr
        assert "no id of a token" in p.stderr
    assert given.live() == [True, True]


@pytest.mark.parametrize("first", [0xf8, 0xfb])
def test_an_id_may_begin_with_dashes(cgi, given, first):
    """Ids are random base64url, and may begin with "-"."""
    id = bytes([first, 0xef, *range(14)])
    own = base64.urlsafe_b64decode(jti(given.personal) + "==")
    cgi.sql("UPDATE oauth_access_tokens SET id = ? WHERE id = ?", id, own)
    text = base64.urlsafe_b64encode(id).decode().rstrip("=")
    assert text.startswith("-")
    assert cgi.carnet("token", "revoke", text).startswith("revoked access tokens: 1,")


def test_nobody_is_not_everybody(cgi, given):
    """carnet(1): without a filter it needs --all."""
    p = cgi.command("token", "revoke")
    assert p.returncode == 1 and "--all" in p.stderr
    for args in (["--user", "no@where.example"], ["--client", "nobody"]):
        for verb in ("list", "revoke"):
            p = cgi.command("token", verb, *args)
            assert p.returncode == 1 and "there is no" in p.stderr
    for args in (["--all", "x"], ["--all", "--user", given.user.email], ["--nothing"]):
        assert cgi.command("token", "revoke", *args).returncode == 2
    assert cgi.command("token", "list", "x").returncode == 2
    assert given.live() == [True, True]


def test_all_is_all(fresh):
    """carnet(1)."""
    given, other = Granted(fresh), Granted(fresh)
    _, machine = fresh.machine()
    done = fresh.carnet_json("token", "revoke", "--all")
    assert done == {"access_tokens": 5, "refresh_tokens": 2, "codes": 4, "sessions": 2}
    assert given.live() + other.live() == [False] * 4
    assert fresh.get("/api/status", token=machine).status_code == 401
    assert not other.browser.is_signed_in()
