"""Signing in and out, and the session (doc/users.md, Sessions)."""
import base64
import hashlib
import secrets
import time
from http.cookies import SimpleCookie

import pytest

from kit import people
from kit.people import Browser, Page


@pytest.fixture(scope="module")
def user(site):
    return site.user()


@pytest.fixture
def browser(site):
    return Browser(site)


def login_form(browser):
    return browser.open("/oauth/login").form("login")


def digest(browser):
    return hashlib.sha256(browser.cookie[1].encode()).digest()


def row(site, browser):
    return site.sql("SELECT * FROM sessions WHERE digest = ?", digest(browser))


def send(browser, user, form=None, **fields):
    form = form or login_form(browser)
    return browser.submit(form, **{"email": user.email, "password": user.password,
                                   **fields})


def test_the_right_password_signs_in(browser, user):
    """doc/users.md, Sessions."""
    assert not browser.is_signed_in()
    r = send(browser, user)
    assert people.sent_to(r) == ("/account", {})
    assert browser.is_signed_in()
    assert user.email in browser.open("/account").text


def test_an_address_is_one_in_any_case(browser, user):
    """RFC 5321 section 2.4, as everybody reads it."""
    assert send(browser, user, email=user.email.upper()).status_code == 303


# CSRF and fixation

def test_a_form_without_its_token_is_refused(site, browser, user):
    """RFC 9700 section 4.7.1: missing, empty, made up."""
    form = login_form(browser)
    del form.fields["csrf_token"]
    for token in ({}, {"csrf_token": ""}):
        people.refused(send(browser, user, form, **token))
        assert not row(site, browser)
    again = people.shown_again(send(browser, user, form, csrf_token="x" * 43), "login")
    assert again.fields["email"] == user.email
    assert user.password not in again.fields.values()
    assert not row(site, browser)


def test_another_browsers_form_is_refused(site, browser, user):
    """The token is bound to the cookie of the browser that got the page."""
    theirs = login_form(Browser(site))
    login_form(browser)
    again = people.shown_again(send(browser, user, theirs), "login")
    assert not browser.is_signed_in()
    assert send(browser, user, again).status_code == 303 and browser.is_signed_in()


def test_a_form_without_a_cookie_is_refused(site, browser, user):
    """A login CSRF: the victim's browser has no cookie yet, or does not send it.  Else
    the cookie was lost: the form is shown again, and where it leads to is kept."""
    page = Browser(site).open("/oauth/login?return_to=%2Foauth%2Fdevice%3Fuser_code%3DX")
    r = send(browser, user, page.form("login"))
    assert "Set-Cookie" not in r.headers and not browser.is_signed_in()
    path, query = people.sent_to(r)
    assert (path, query["return_to"]) == ("/oauth/login", "/oauth/device?user_code=X")
    again = people.shown_again(browser.get(r.headers["Location"]), "login")
    r = send(browser, user, again)
    assert r.headers["Location"] == "/oauth/device?user_code=X" and browser.is_signed_in()


def test_a_form_from_before_the_sign_in_in_another_tab(site, browser, user):
    """It was bound to the cookie that the sign-in replaced; nothing is done by it."""
    other = site.user()
    first, second = login_form(browser), browser.open(
        "/oauth/login?return_to=/oauth/device").form("login")
    send(browser, user, first)
    cookie = browser.cookie
    again = people.shown_again(send(browser, other, second), "login")
    assert browser.cookie == cookie and again.fields["return_to"] == "/oauth/device"
    assert user.email in browser.open("/account").text
    assert people.sent_to(send(browser, other, again))[0] == "/oauth/device"
    assert other.email in browser.open("/account").text


def test_a_token_from_before_the_sign_in_is_worthless_after(browser, user):
    """It was bound to the old cookie."""
    form = login_form(browser)
    send(browser, user, form)
    r = browser.post("/account", {"csrf_token": form.fields["csrf_token"],
                                  "action": "sign_out"})
    assert people.shown_again(r, "sign-out") and browser.is_signed_in()


def test_a_planted_cookie_is_worthless(site, browser, user):
    """Session fixation: a sign-in begins a session under a new id."""
    login_form(browser)
    planted = browser.cookie
    send(browser, user)
    assert browser.cookie != planted
    attacker = Browser(site)
    attacker.cookie = planted
    assert not attacker.is_signed_in() and browser.is_signed_in()


def test_a_second_sign_in_ends_the_first(site, browser, user):
    """One browser, one session: the old id is dead."""
    browser.sign_in(user)
    old = Browser(site)
    old.cookie = browser.cookie
    browser.sign_in(site.user())
    assert browser.cookie != old.cookie and not old.is_signed_in()


@pytest.mark.parametrize("value", ["", "x", "x" * 43, "x" * 44, "A" * 5000, "=" * 43])
def test_a_made_up_cookie_signs_nobody_in(browser, value):
    """doc/users.md, Sessions: 256 random bits."""
    browser.cookie = (people.cookie_name(browser.site.url), value)
    assert not browser.is_signed_in()


# Failures

def shown(r, email):
    """The page, without what is random."""
    assert r.status_code == 422
    page = Page(r)
    return (page.text, page.by_id["error"], [t for t, _ in page.tags],
            page.form("login").fields["email"] == email)


def test_wrong_password_unknown_and_disabled_user_look_alike(site, browser):
    """RFC 6749 section 10.10, of people: nothing tells who has an account."""
    user, gone = site.user(), site.user()
    site.carnet("user", "disable", gone.email)
    wrong = shown(send(browser, user, password="wrong"), user.email)
    unknown = "nobody@example.org"
    assert shown(send(browser, user, email=unknown), unknown) == wrong
    assert shown(send(browser, gone), gone.email) == wrong
    assert not browser.is_signed_in()


def test_the_password_is_never_shown_again(browser, user):
    """A failed form keeps the address alone."""
    r = send(browser, user, password="Wrong-and-secret")
    assert "Wrong-and-secret" not in r.text


@pytest.mark.parametrize("field", ["email", "password"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_incomplete_form_is_shown_again(browser, user, field, value):
    """Nobody is signed in by it."""
    assert send(browser, user, **{field: value}).status_code == 422


@pytest.mark.parametrize("email", ['"><script>x</script>', "{{nonce}}", "a&amp;b@example.org"])
def test_what_was_typed_is_escaped(browser, user, email):
    """An attribute stays an attribute: the page has the elements and attributes that it
    has with any other address."""
    page, other = (Page(send(browser, user, email=e)) for e in (email, "x@example.org"))
    assert page.form("login").fields["email"] == email
    shape, others = ([(t, list(attrs)) for t, attrs in p.tags] for p in (page, other))
    assert shape == others


# Where to go afterwards

GOOD = ["/account", "/account?x=1", "/oauth/device?user_code=BCDF-GHJK",
        "/oauth/authorize?client_id=x&redirect_uri=https%3A%2F%2Fapp.example%2F&state=%2F%2F"]
EVIL = [
    "", "x", "/", "//evil.example", "///evil.example", "////evil.example",
    "//evil.example/account", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "https://evil.example", "http://evil.example/account", "https:evil.example",
    "HTTPS://evil.example", "%2f%2fevil.example", "/%2fevil.example", "/%5cevil.example",
    "/%09/evil.example", "/\t/evil.example", "\t//evil.example", " //evil.example",
    "/ /evil.example", "/account\r\nSet-Cookie: a=b", "/account\r\n\r\n<script>",
    "\r\n//evil.example", "/account\0", "/account\x7f", "/account ", " /account",
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x",
    "/oauth/authorize@evil.example", "/account@evil.example", "@evil.example",
    "/account#x", "/account?x#//evil.example", "/accountx", "/account/", "/account/../x",
    "/account//evil.example", "/account;x", "/account%00", "/account%0d%0aX:y",
    "/account\\", "/account?x=\\evil", "/oauth", "/oauth/authorizex", "/oauth/login",
    "/oauth/logout", "/api/user", "/oauth/../account", "/./account", "account", "/ACCOUNT",
    "．．/account", "／／evil.example", "/é", "http:///account", "://evil.example",
    "/%2f%2fevil.example", "/\u2028/evil.example", "/oauth/authorize/../../evil",
]


@pytest.mark.parametrize("target", GOOD)
def test_the_browser_goes_back_to_our_own_page(browser, user, target):
    """The request that had to wait for the sign-in goes on."""
    assert browser.sign_in(user, target).headers["Location"] == target


@pytest.mark.parametrize("target", EVIL)
def test_nowhere_else_is_gone_to(browser, user, target):
    """RFC 9700 section 4.11.2: no open redirector.  What is no text at all may be
    refused, here or by the web server."""
    r = browser.send("GET", "/oauth/login", params={"return_to": target})
    if r.status_code == 200:
        assert Page(r).form("login").fields["return_to"] == "/account"
    else:
        assert r.status_code == 400 and "Location" not in r.headers
    r = send(browser, user, return_to=target)
    if r.status_code == 303:
        assert r.headers["Location"] == "/account"
    else:
        people.refused(r)


def test_an_issuer_with_a_path_keeps_to_its_path(site):
    """doc/protocol.md, URLs: the prefix is the deployment's choice."""
    browser = Browser(site.variant("issuer = https://carnet.test/sso"))
    form = login_form(browser)
    assert form.action == "/sso/oauth/login"
    assert form.fields["return_to"] == "/sso/account"
    page = browser.open("/oauth/login?return_to=/account")
    assert page.form("login").fields["return_to"] == "/sso/account"


# The cookie

def cookie_of(r):
    (name, morsel), = SimpleCookie(r.headers["Set-Cookie"]).items()
    return name, morsel


@pytest.mark.parametrize("issuer", ["http://127.0.0.1", "https://carnet.test"])
def test_the_cookies_attributes(site, user, issuer):
    """RFC 6265 section 4.1.2; RFC 6265bis section 4.1.3.2: __Host- needs Secure,
    Path=/ and no Domain."""
    browser = Browser(site.variant("issuer = " + issuer))
    for r in (browser.get("/oauth/login"), browser.sign_in(user)):
        got, morsel = cookie_of(r)
        assert got == people.cookie_name(issuer)
        assert morsel["httponly"] is True and morsel["samesite"] == "Lax"
        assert morsel["path"] == "/" and morsel["domain"] == ""
        assert bool(morsel["secure"]) == issuer.startswith("https")
        assert int(morsel["max-age"]) == 12 * 3600
        assert len(base64.urlsafe_b64decode(morsel.value + "=")) == 32


def test_under_https_the_bare_name_is_no_session(site, user):
    """A cookie that http, or a sister host, could have set."""
    browser = Browser(site.variant("issuer = https://carnet.test"), user)
    assert browser.is_signed_in()
    browser.cookie = (browser.cookie[0].removeprefix("__Host-"), browser.cookie[1])
    assert not browser.is_signed_in()


def test_two_sites_on_one_host_sign_nobody_out(site, user):
    """RFC 6265 section 8.5: a cookie is for all ports of a host, and ours for all
    paths.  Neither overwrites, nor reads, the other's."""
    names = set()
    for issuer in ("http://127.0.0.1", "http://127.0.0.1:8081", "http://127.0.0.1/sso",
                   "http://localhost", "https://carnet.test", "https://carnet.test/a"):
        browser = Browser(site.variant("issuer = " + issuer))
        browser.open("/oauth/login")
        names.add(browser.cookie[0])
    assert len(names) == 6
    browser = Browser(site, user)
    for name in names - {browser.cookie[0]}:
        other = Browser(site)
        other.cookie = (name, browser.cookie[1])
        assert not other.is_signed_in()
    assert browser.is_signed_in()


def test_the_database_holds_the_digest_alone(site, browser, user):
    """RFC 6819 section 5.1.4.1.3."""
    browser.sign_in(user)
    assert len(row(site, browser)) == 1
    value = browser.cookie[1]
    for form in (value.encode(), base64.urlsafe_b64decode(value + "=")):
        for path in site.dir.glob("data/carnet.db*"):
            assert form not in path.read_bytes()


# The end of a session

def test_signing_out_ends_the_session_here_and_there(site, browser, user):
    """doc/users.md, Sessions: POST /oauth/logout."""
    browser.sign_in(user)
    copy = Browser(site)
    copy.cookie = browser.cookie
    csrf = browser.open("/account").form("sign-out").fields["csrf_token"]
    r = browser.post("/oauth/logout", {"csrf_token": csrf})
    assert people.sent_to(r) == ("/oauth/login", {})
    name, morsel = cookie_of(r)
    assert (name, morsel.value, morsel["max-age"]) == (
        people.cookie_name(site.url), "", "0")
    assert not copy.is_signed_in() and not row(site, copy)


def test_nobody_else_can_sign_a_person_out(browser, user):
    """A form of another site has no token."""
    browser.sign_in(user)
    assert browser.post("/oauth/logout", {}).status_code == 400
    assert browser.is_signed_in()


def test_a_link_cannot_sign_a_person_out(browser, user):
    """RFC 9110 section 9.2.1: GET is safe; and says what to send instead."""
    browser.sign_in(user)
    r = browser.get("/oauth/logout")
    assert browser.is_signed_in()
    assert (r.status_code, r.headers.get("Allow")) == (405, "POST")


def test_an_expired_session_is_over(site, browser, user):
    """doc/deploy.md, Configuration: session_ttl."""
    browser.sign_in(user)
    site.sql("UPDATE sessions SET expires_at = ? WHERE digest = ?",
             int(time.time()), digest(browser))
    path, query = people.sent_to(browser.get("/account"))
    assert (path, query) == ("/oauth/login", {"return_to": "/account"})


def test_the_lifetime_is_the_setting(site, user):
    """doc/deploy.md, Configuration: session_ttl."""
    browser = Browser(site.variant("session_ttl = 2h"), user)
    (lasts,), = site.sql("SELECT expires_at - created_at FROM sessions"
                         " WHERE digest = ?", digest(browser))
    assert lasts == 7200


def test_a_disabled_user_is_signed_out_at_once(site, browser):
    """doc/guard.md, What is checked."""
    user = site.user()
    browser.sign_in(user)
    site.carnet("user", "disable", user.email)
    assert not browser.is_signed_in()
    assert browser.post("/account", {"action": "sign_out"}).status_code == 303


def test_expired_sessions_go(site, user):
    """doc/architecture.md, Storage: the database stays bounded without cron."""
    old = secrets.token_bytes(32)
    site.sql("INSERT INTO sessions (digest, user_id, agent, address, created_at,"
             " seen_at, expires_at, auth_time, amr, acr)"
             " VALUES (?, ?, '', '', 1, 1, 2, 1, 'pwd', 'pwd')", old, user.id)
    assert any(not site.sql("SELECT 1 FROM sessions WHERE digest = ?", old)
               for _ in site.rounds_of_purge())
