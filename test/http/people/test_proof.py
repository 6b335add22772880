"""What a user proved when they signed in, and when, as tokens tell it (doc/users.md,
How somebody signed in)."""
import time

import pytest

from kit import expect, jose
from kit.device import Device
from kit.people import App, Browser, Page


@pytest.fixture
def early(site, user):
    """A browser that signed in an hour ago, and when that was."""
    browser = Browser(site, user)
    at = int(time.time()) - 3600
    site.sql("UPDATE sessions SET auth_time = ? WHERE user_id = ?", at, user.id)
    return browser, at


def proof(token):
    claims = jose.claims_of(token)
    return tuple(claims.get(name) for name in ("auth_time", "acr", "amr"))


def told(site, client, token):
    r = site.post("/oauth/introspect", data={
        "client_id": client.id, "client_secret": client.secret, "token": token})
    body = r.json()
    assert body["active"] is True
    return tuple(body.get(name) for name in ("auth_time", "acr", "amr"))


def test_a_token_says_how_its_user_signed_in(site, app, early):
    """RFC 9068 section 2.2.1, RFC 8176 section 2; RFC 9470 section 6.2: introspection
    tells it of either token."""
    browser, at = early
    pair = app.connect(browser)
    want = (at, "pwd", ["pwd"])
    assert proof(pair["access_token"]) == want
    assert told(site, app.client, pair["access_token"]) == want
    assert told(site, app.client, pair["refresh_token"]) == want


def test_a_refresh_does_not_renew_the_sign_in(site, early):
    """RFC 9068 section 2.2.1: the values are those of the first token."""
    browser, at = early
    app = App(site, grant="authorization_code,refresh_token")
    pair = app.connect(browser)
    for _ in range(2):
        pair = expect.tokens(site.refresh(pair["refresh_token"], app.client))
        assert proof(pair["access_token"]) == (at, "pwd", ["pwd"])
        assert told(site, app.client, pair["refresh_token"]) == (at, "pwd", ["pwd"])


def test_a_device_has_the_sign_in_of_who_let_it_in(site, early):
    """doc/users.md, How somebody signed in."""
    browser, at = early
    device = Device(site).begin()
    device.decide(browser)
    assert proof(expect.tokens(device.poll())["access_token"]) == (at, "pwd", ["pwd"])


def test_a_password_is_given_now(site, user):
    """doc/users.md, How somebody signed in."""
    before = int(time.time())
    at, acr, amr = proof(site.token("read-posts", user))
    assert (acr, amr) == ("pwd", ["pwd"]) and before <= at <= time.time()


def test_a_personal_token_has_the_sign_in_that_made_it(site, user, early):
    """doc/users.md, How somebody signed in."""
    browser, at = early
    page = Page(browser.act("create_token", name="n", scopes="read-posts"))
    assert proof(page.by_id["new-token"]) == (at, "pwd", ["pwd"])
    token = site.token("read-posts", user)
    made = site.post("/api/personal-tokens", token=token, json={"name": "n"}).json()
    assert proof(made["token"]) == proof(token) != (None, None, None)


def test_a_client_has_none(site):
    """RFC 9068 section 2.2.1: there was no sign-in."""
    client, token = site.machine()
    assert proof(token) == (None, None, None)
    assert told(site, client, token) == (None, None, None)
