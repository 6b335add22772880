"""Something is revoked during a request, which has read the database and has not yet
written."""
import time

import pytest

from kit import expect, jose, people
from kit.device import Device
from kit.meanwhile import meanwhile
from kit.people import App, Browser, Page

NEW = "$y$j9T$LdJMENpBABJJ3hIHjB1Bi.$HboGM6qPrsK.StKYGt6KErmUYtioHreJd98oIugoNB6"


def new_password(user):
    """What its request did; each of these tests changes a part of it."""
    at = int(time.time())
    return [("UPDATE users SET password = ?, credential = credential + 1 WHERE id = ?",
             (NEW, user.id)),
            ("DELETE FROM sessions WHERE user_id = ?", (user.id,)),
            ("UPDATE oauth_auth_codes SET spent_at = ? WHERE user_id = ?", (at, user.id)),
            ("UPDATE oauth_refresh_tokens SET revoked_at = ? WHERE user_id = ?",
             (at, user.id)),
            ("UPDATE oauth_access_tokens SET revoked_at = ?"
             " WHERE user_id = ? AND name IS NULL", (at, user.id))]


@pytest.fixture
def user(site):
    return site.user("*")


@pytest.fixture
def browser(site, user):
    return Browser(site, user)


def count(site, user, table, which="1"):
    (n,), = site.sql("SELECT count(*) FROM %s WHERE user_id = ? AND %s" % (table, which),
                     user.id)
    return n


def test_a_sign_in_by_the_password_grant(site, user):
    """Who knows the old password, and tries it in a loop, ends with nothing."""
    site.sign_in(user=user)  # from a place that is known by now
    r = meanwhile(site, new_password(user), lambda: site.grant(
        "password", username=user.email, password=user.password))
    expect.error(r, 400, "invalid_grant")
    assert count(site, user, "oauth_refresh_tokens", "revoked_at IS NULL") == 0
    assert count(site, user, "oauth_access_tokens", "revoked_at IS NULL") == 0


def test_a_sign_in_at_the_page(site, user, browser):
    """The same, and the answer says that the password is wrong."""
    other = Browser(site)
    form = other.open("/oauth/login").form("login")
    r = meanwhile(site, new_password(user), lambda: other.submit(
        form, email=user.email, password=user.password))
    assert r.status_code == 422 and Page(r).by_id["error"]
    assert not other.is_signed_in()
    assert count(site, user, "sessions") == 0


def test_a_code_for_an_app_that_was_let_in_before(site, user, browser):
    """A session that is ended meanwhile gives no code."""
    app = App(site)
    app.connect(browser)
    r = meanwhile(site, new_password(user), lambda: app.ask(browser))
    assert people.sent_back(r, app)["error"] == "access_denied"
    assert count(site, user, "oauth_auth_codes", "spent_at IS NULL") == 0


def test_a_consent(site, user, browser):
    """The form of the consent page gives no code either."""
    app = App(site)
    form = app.consent(browser).form("approve")
    r = meanwhile(site, new_password(user), lambda: browser.submit(form, "approve"))
    assert people.sent_back(r, app)["error"] == "access_denied"
    assert count(site, user, "oauth_auth_codes") == 0
    assert count(site, user, "oauth_consents") == 0


def test_a_code_for_an_app_that_is_being_disconnected(site, user, browser):
    """The user stays signed in, and the app has to ask again."""
    app = App(site)
    app.connect(browser)
    gone = [("DELETE FROM oauth_consents WHERE user_id = ?", (user.id,))]
    r = meanwhile(site, gone, lambda: app.ask(browser))
    assert people.sent_back(r, app)["error"] == "access_denied"
    assert count(site, user, "oauth_auth_codes", "spent_at IS NULL") == 0
    assert Page(app.ask(browser)).form("approve")


def test_a_device_that_is_being_approved(site, user, browser):
    """The device goes on waiting."""
    device = Device(site).begin()
    form = device.page(browser).form("approve")
    r = meanwhile(site, new_password(user), lambda: browser.submit(form, "approve"))
    assert people.sent_to(r)[0] == "/oauth/login"
    expect.error(device.poll(), 400, "authorization_pending")


def test_a_personal_token_made_on_the_account_page(site, user, browser):
    """The token would live for half a year."""
    fields = browser.open("/account").form("create-token").fields
    r = meanwhile(site, new_password(user), lambda: browser.post(
        "/account", {**fields, "name": "Mine", "scopes": "read-posts",
                     "current_password": user.password}))
    assert people.sent_to(r)[0] == "/oauth/login"
    assert count(site, user, "oauth_access_tokens", "name IS NOT NULL") == 0


def test_a_personal_token_made_with_a_token(site, user):
    """RFC 6750 section 3.1: the answer is that of the next request."""
    token = site.token("read-posts", user)
    gone = [("UPDATE oauth_access_tokens SET revoked_at = 1 WHERE id = ?",
             (jose.unb64u(jose.claims_of(token)["jti"]),))]
    r = meanwhile(site, gone, lambda: site.post(
        "/api/personal-tokens", token=token, json={"name": "Mine"}))
    expect.error(r, 401, "invalid_token")
    assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]
    assert count(site, user, "oauth_access_tokens", "name IS NOT NULL") == 0


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_password_that_another_changes(site, user, browser, signed_in):
    """After the first change the current password in the second one is wrong."""
    fields = browser.open("/account").form("change-password").fields
    changes = new_password(user)[:1] if signed_in else new_password(user)
    r = meanwhile(site, changes, lambda: browser.post("/account", {
        **fields, "current_password": user.password, "new_password": "evil-horse"}))
    if signed_in:
        assert r.status_code == 422 and Page(r).by_id["error"]
    else:
        assert people.sent_to(r)[0] == "/oauth/login"
    assert site.sql("SELECT password FROM users WHERE id = ?", user.id) == [(NEW,)]
