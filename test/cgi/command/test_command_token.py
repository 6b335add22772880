"""carnet token: what is held, listed and revoked (carnet(1))."""
import base64
import time

import pytest

from kit import expect, jose
from kit.people import App, Browser, Page

NOTHING = {"access_tokens": 0, "refresh_tokens": 0, "codes": 0, "sessions": 0}


class Held:
    """A user, and all kinds of what may be held in their name."""

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
        """Which of the two are."""
        return [self.site.is_live(token) for token in self.tokens()]

    def refreshes(self):
        return self.site.refresh(self.pair["refresh_token"], self.app.client)

    def polls(self):
        return self.site.grant("urn:ietf:params:oauth:grant-type:device_code",
                               self.app.client, device_code=self.device["device_code"])


@pytest.fixture
def held(cgi):
    return Held(cgi)


def jti(token):
    return jose.claims_of(token)["jti"]


def listed(site, *args):
    return {t["id"]: t for t in site.carnet_json("token", "list", *args)}


def test_the_list_tells_of_each_kind(cgi, held):
    """carnet(1): whose, what for, how long; never the token."""
    now = int(time.time())
    app, personal = (listed(cgi, "--user", held.user.email)[jti(t)]
                     for t in held.tokens())
    assert 0 <= now - app["created_at"] < 600
    assert app == {
        "id": jti(held.pair["access_token"]), "kind": "refreshable", "name": None,
        "client_id": held.app.client.id, "client_name": held.app.name,
        "email": held.user.email, "scope": "read-posts",
        "created_at": app["created_at"], "expires_at": app["created_at"] + 3600,
        "revoked_at": None}
    assert (personal["kind"], personal["name"], personal["client_name"]) == (
        "personal", "A name", "Personal tokens")
    client, token = cgi.machine()
    own, = listed(cgi, "--client", client.id).values()
    assert (own["kind"], own["email"], own["scope"], own["id"]) == (
        "client", None, jose.claims_of(token)["scope"], jti(token))


def test_the_list_is_of_those_asked_for(cgi, held):
    """carnet(1): --user, --client, or both."""
    other = Held(cgi)
    ids = {jti(t) for t in held.tokens()}
    assert set(listed(cgi, "--user", held.user.email.upper())) == ids
    assert set(listed(cgi, "--client", held.app.client.id)) == {
        jti(held.pair["access_token"])}
    assert not listed(cgi, "--client", other.app.client.id,
                      "--user", held.user.email)
    assert set(listed(cgi)) >= ids | {jti(t) for t in other.tokens()}


def test_the_list_without_json_has_a_line_a_token(cgi, held):
    """carnet(1)."""
    lines = [line.split("\t") for line in
             cgi.carnet("token", "list", "--user", held.user.email).splitlines()]
    assert [line[:5] for line in lines if line[1] == "refreshable"] == [[
        jti(held.pair["access_token"]), "refreshable", held.app.name,
        held.user.email, "read-posts"]]
    assert [len(line) for line in lines] == [8, 8]
    nobody = cgi.user()
    assert cgi.carnet("token", "list", "--user", nobody.email) == ""
    assert cgi.carnet_json("token", "list", "--user", nobody.email) == []


def test_the_list_shows_nothing_that_opens_a_door(cgi, held):
    """doc/protocol.md, Tokens."""
    text = cgi.carnet("token", "list", "--json") + cgi.carnet("token", "list")
    for secret in [*held.tokens(), held.pair["refresh_token"], held.code]:
        assert secret not in text and secret.split(".")[-1] not in text


def test_a_refresh_token_is_listed_though_its_access_token_is_gone(cgi, held):
    """It is what a thief would have: it lives for 30 days."""
    id = jti(held.pair["access_token"])
    cgi.sql("DELETE FROM oauth_access_tokens WHERE family IS NOT NULL AND user_id = ?",
            held.user.id)
    t = listed(cgi, "--user", held.user.email)[id]
    assert (t["kind"], t["client_id"]) == ("refresh", held.app.client.id)
    assert t["expires_at"] - t["created_at"] == 30 * 86400
    done = cgi.carnet_json("token", "revoke", id)
    assert done == {**NOTHING, "refresh_tokens": 1}
    expect.error(held.refreshes(), 400, "invalid_grant")
    assert id not in listed(cgi, "--user", held.user.email)


def test_the_list_goes_beyond_one_page(fresh):
    """bin/cmd_token.c reads 256 at a time, of both tables."""
    fresh.sql("WITH i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i LIMIT 600)"
              " INSERT INTO oauth_access_tokens (id, client_id, scope, created_at, expires_at)"
              " SELECT randomblob(16), 1, '', 1, 2 FROM i")
    fresh.sql("WITH i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i LIMIT 512)"
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


def test_a_user_loses_all_at_once(cgi, held):
    """carnet(1): tokens, codes and sessions; others keep theirs."""
    other, client = Held(cgi), cgi.machine()[1]
    done = cgi.carnet_json("token", "revoke", "--user", held.user.email)
    assert done == {"access_tokens": 2, "refresh_tokens": 1, "codes": 1, "sessions": 1}
    assert held.live() == [False, False]
    expect.error(held.refreshes(), 400, "invalid_grant")
    expect.error(held.app.redeem(held.code), 400, "invalid_grant")
    assert not held.browser.is_signed_in()
    assert all(t["revoked_at"] for t in listed(cgi, "--user", held.user.email).values())
    assert other.live() == [True, True] and other.browser.is_signed_in()
    assert cgi.get("/api/status", token=client).status_code == 200
    assert other.refreshes().status_code == 200
    expect.tokens(other.app.redeem(other.code))
    again = cgi.carnet_json("token", "revoke", "--user", held.user.email)
    assert again == NOTHING
    assert Browser(cgi, held.user).is_signed_in()


def test_a_client_loses_all_that_is_its_own(cgi, held):
    """carnet(1): and may get new ones."""
    done = cgi.carnet_json("token", "revoke", "--client", held.app.client.id)
    assert done == {"access_tokens": 1, "refresh_tokens": 1, "codes": 2, "sessions": 0}
    assert held.live() == [False, True]
    expect.error(held.refreshes(), 400, "invalid_grant")
    expect.error(held.app.redeem(held.code), 400, "invalid_grant")
    expect.error(held.polls(), 400, "access_denied")
    assert held.browser.is_signed_in()
    held.app.connect(held.browser)


def test_an_approved_device_gets_nothing(cgi, held):
    """carnet(1): its code is not spent yet."""
    form = held.browser.open("/oauth/device?user_code=" +
                             held.device["user_code"]).form("approve")
    assert held.browser.submit(form, "approve").status_code in (200, 303)
    assert cgi.carnet_json("token", "revoke", "--user", held.user.email)["codes"] == 2
    expect.error(held.polls(), 400, "invalid_grant")


def test_a_user_and_a_client_are_both_meant(cgi, held):
    """carnet(1): of that client, what it holds for that user."""
    other = held.app.connect(Browser(cgi, cgi.user("*")))
    done = cgi.carnet_json("token", "revoke", "--client", held.app.client.id,
                           "--user", held.user.email)
    assert done == {**NOTHING, "access_tokens": 1, "refresh_tokens": 1, "codes": 1}
    assert held.live() == [False, True] and cgi.is_live(other["access_token"])
    assert held.browser.is_signed_in()


def test_one_is_revoked_by_its_id_with_its_family(cgi, held):
    """RFC 7009 section 2.1; a personal token has none."""
    app, personal = (jti(t) for t in held.tokens())
    assert cgi.carnet_json("token", "revoke", personal) == {
        **NOTHING, "access_tokens": 1}
    assert held.live() == [True, False]
    text = cgi.carnet("token", "revoke", app)
    assert text == ("revoked access tokens: 1, refresh tokens: 1, codes: 0,"
                    " sessions: 0\n")
    assert held.live() == [False, False]
    expect.error(held.refreshes(), 400, "invalid_grant")


def test_ids_are_all_revoked_or_none(cgi, held):
    """carnet(1): an id that is not there, or not that user's, is an error."""
    app, personal = (jti(t) for t in held.tokens())
    for args in ([app, "A" * 22], [app, personal, "x"],
                 ["--user", cgi.user().email, app],
                 ["--client", held.app.client.id, app, personal]):
        p = cgi.command("token", "revoke", *args)
        assert p.returncode == 1 and "nothing was revoked" in p.stderr, args
        assert held.live() == [True, True]
    cgi.carnet("token", "revoke", "--user", held.user.email, app, personal)
    assert held.live() == [False, False]


def test_a_token_in_place_of_its_id_is_not_repeated(cgi, held):
    """What opens a door belongs in no message."""
    for token in [*held.tokens(), held.pair["refresh_token"]]:
        p = cgi.command("token", "revoke", "--", token)
        assert p.returncode == 1 and token not in p.stderr
        assert "no id of a token" in p.stderr
    assert held.live() == [True, True]


@pytest.mark.parametrize("first", [0xf8, 0xfb])
def test_an_id_may_begin_with_dashes(cgi, held, first):
    """They are drawn by lot, from base64url."""
    id = bytes([first, 0xef, *range(14)])
    own = base64.urlsafe_b64decode(jti(held.personal) + "==")
    cgi.sql("UPDATE oauth_access_tokens SET id = ? WHERE id = ?", id, own)
    text = base64.urlsafe_b64encode(id).decode().rstrip("=")
    assert text.startswith("-")
    assert cgi.carnet("token", "revoke", text).startswith("revoked access tokens: 1,")


def test_nobody_is_not_everybody(cgi, held):
    """carnet(1): without a filter it must be said."""
    p = cgi.command("token", "revoke")
    assert p.returncode == 1 and "--all" in p.stderr
    for args in (["--user", "no@where.example"], ["--client", "nobody"]):
        for verb in ("list", "revoke"):
            p = cgi.command("token", verb, *args)
            assert p.returncode == 1 and "there is no" in p.stderr
    for args in (["--all", "x"], ["--all", "--user", held.user.email], ["--nothing"]):
        assert cgi.command("token", "revoke", *args).returncode == 2
    assert cgi.command("token", "list", "x").returncode == 2
    assert held.live() == [True, True]


def test_all_is_all(fresh):
    """carnet(1)."""
    held, other = Held(fresh), Held(fresh)
    _, machine = fresh.machine()
    done = fresh.carnet_json("token", "revoke", "--all")
    assert done == {"access_tokens": 5, "refresh_tokens": 2, "codes": 4, "sessions": 2}
    assert held.live() + other.live() == [False] * 4
    assert fresh.get("/api/status", token=machine).status_code == 401
    assert not other.browser.is_signed_in()
