"""The site signs its people in, and vouches for them (doc/users.md, Signed in by
your site).  The site is played here; test_handoff_examples.py has real ones."""
import json
import secrets
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from kit import jose, people
from kit.factor import Phone
from kit.people import App, Browser, Page
from kit.site import User
from kit.ticket import key_of, share_key, ticket

LOGIN = "https://www.example.org/login?from=carnet"


@pytest.fixture(scope="module")
def home(cgi):
    """A site whose people are signed in elsewhere."""
    share_key(cgi)
    return cgi.variant("login_url = %s" % LOGIN)


@pytest.fixture
def browser(home):
    return Browser(home)


@pytest.fixture
def sub():
    return "s-" + secrets.token_hex(6)


def leave(browser, path="/oauth/login", **changes):
    """Follow our redirects until one leads to the site; what it is asked."""
    r = browser.get(path)
    while r.headers["Location"].startswith("/"):
        r = browser.get(r.headers["Location"])
    assert r.status_code == 303
    assert r.headers["Location"].startswith(LOGIN + "&"), r.headers["Location"]
    asked = dict(parse_qsl(urlsplit(r.headers["Location"]).query))
    assert asked.pop("from") == "carnet"
    assert asked["return_to"] == browser.site.url + "/oauth/login/return"
    return asked


def come_back(browser, text):
    return browser.get("/oauth/login/return?ticket=" + text)


def enter(browser, sub, path="/oauth/login", **claims):
    """Go to the site and come back with its ticket."""
    state = leave(browser, path)["state"]
    return come_back(browser, ticket(browser.site, sub, state, **claims))


def turned_away(browser, r):
    """A page in plain words, and a button that leads on; nobody is signed in."""
    assert r.status_code == 400, (r.status_code, r.text)
    assert "Location" not in r.headers
    page = Page(r)
    assert page.by_id["error"]
    form = page.form("site-sign-in")
    assert form.method == "get" and "login" not in page.by_id
    assert not browser.is_signed_in()
    return page


def last_line(site):
    return json.loads(site.carnet("log", "--event", "sign_in", "--json").splitlines()[-1])


def users(site, sub):
    return site.sql("SELECT email, name, login, group_names, claims, password,"
                    " email_verified_at FROM users WHERE subject = ?", sub)


# The way there and back

def test_an_app_gets_a_token_for_who_is_signed_in_at_the_site(home, browser, sub):
    """From /oauth/authorize to the site, back with a ticket, and on to the app."""
    app = App(home)
    r = enter(browser, sub, app.path(), name="Ada", email=sub + "@example.org",
              email_verified=True, preferred_username=sub, groups=["staff", "press"],
              claims={"locale": "de"})
    assert r.status_code == 303 and r.headers["Referrer-Policy"] == "no-referrer"
    path, query = people.sent_to(r)
    assert path == "/oauth/authorize" and query["state"] == app.state
    form = browser.open(r.headers["Location"]).form("approve")
    code = people.sent_back(browser.submit(form, "approve"), app)["code"]
    token = app.redeem(code).json()["access_token"]
    assert jose.claims_of(token)["sub"] == sub
    (row,) = users(home, sub)
    assert row[:6] == (sub + "@example.org", "Ada", sub, "staff press",
                       '{"locale":"de"}', "*") and row[6]
    line = last_line(home)
    assert (line["outcome"], line["detail"], line["user"]) == (
        "ok", "hand-off", sub + "@example.org")


def test_tokens_say_how_the_site_signed_them_in(home, browser, sub):
    """RFC 9068 section 2.2.1: auth_time and amr are the site's; acr is mfa where amr
    has it, else pwd."""
    app, then = App(home), int(time.time()) - 100
    for amr, acr in ((["pwd", "otp", "mfa"], "mfa"), (["pwd"], "pwd")):
        enter(browser, sub, amr=amr, auth_time=then)
        claims = jose.claims_of(app.redeem(app.code(browser)).json()["access_token"])
        assert (claims["auth_time"], claims["amr"], claims["acr"]) == (then, amr, acr)
    enter(browser, sub)
    claims = jose.claims_of(app.redeem(app.code(browser)).json()["access_token"])
    assert "auth_time" not in claims and "acr" not in claims


@pytest.mark.parametrize("path", ["/oauth/device?user_code=BCDF-GHJK", "/account"])
def test_the_way_back_is_kept(browser, sub, path):
    """Also for a person who types a device's code."""
    r = enter(browser, sub, path)
    assert r.headers["Location"] == path
    assert browser.is_signed_in()


def test_the_page_leads_to_nobody_elses_address(browser, sub):
    """RFC 9700 section 4.11: return_to is a page of ours, or the account."""
    r = enter(browser, sub, "/oauth/login?return_to=https://evil.example/")
    assert people.sent_to(r) == ("/account", {})


def test_a_second_visit_is_the_same_user(home, sub):
    """The first ticket of a sub makes a user, the next ones find it."""
    one, two = Browser(home), Browser(home)
    enter(one, sub, name="Ada")
    enter(two, sub, name="Ada Lovelace")
    assert [row[1] for row in users(home, sub)] == ["Ada Lovelace"]
    assert "Ada Lovelace" in one.open("/account").text


def test_tabs_come_back_in_any_order(browser, sub):
    """Each has a state and a way back of its own."""
    first = leave(browser, "/oauth/device?user_code=BCDF-GHJK")["state"]
    second = leave(browser, "/account")["state"]
    for state, to in ((first, "/oauth/device?user_code=BCDF-GHJK"), (second, "/account")):
        r = come_back(browser, ticket(browser.site, sub, state))
        assert r.headers["Location"] == to


def test_a_sign_in_begins_a_session_of_its_own(browser, sub):
    """Session fixation: a cookie from before is worth nothing after."""
    enter(browser, sub)
    old = Browser(browser.site)
    old.cookie = browser.cookie
    enter(browser, sub + "x")
    assert browser.is_signed_in() and not old.is_signed_in()


def test_a_ticket_by_a_form_needs_one_more_step(home, browser, sub):
    """A form of another site comes without our cookies (SameSite): it is shown on a
    page of ours, and its button sends it with them.  A browser that keeps none sees
    why it is not signed in."""
    state = leave(browser)["state"]
    text = ticket(home, sub, state)
    stranger = Browser(home)
    r = stranger.post("/oauth/login/return", {"ticket": text})
    assert r.status_code == 200 and "Set-Cookie" not in r.headers
    form = Page(r).form("continue")
    assert form.action == "/oauth/login/return" and form.fields["ticket"] == text
    turned_away(stranger, stranger.submit(form))
    assert people.sent_to(browser.submit(form)) == ("/account", {})
    assert browser.is_signed_in()


# Tickets that do not count

NOW = int(time.time())
WRONG = {
    "another key": ({"key": b"k" * 32}, "not signed with login_key"),
    "no signature": ({"header": {"alg": "none"}, "alg": "none"}, "another algorithm"),
    "the issuer's algorithm": ({"header": {"alg": "ES256"}}, "another algorithm"),
    "another audience": ({"aud": "https://other.example"}, "not the issuer"),
    "no audience": ({"aud": None}, "no aud"),
    "no sub": ({"sub": None}, "no sub"),
    "no state": ({"state": None}, "no state"),
    "no id": ({"jti": None}, "no jti"),
    "too long a life": ({"exp": NOW + 100000}, "1 to 60 seconds"),
    "of the future": ({"iat": NOW + 100000, "exp": NOW + 100001}, "of the future"),
    "of the past": ({"iat": NOW - 100000, "exp": NOW - 99990}, "expired"),
    "another state": ({"state": "made-up"}, "state is not this browser's"),
    "a sub with spaces": ({"sub": "a b"}, "sub is none"),
    "a client's sub": ({"sub": "client:7"}, "sub is none"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_ticket_is_refused(home, browser, name):
    """RFC 8725 section 3.1, RFC 7519 section 4.1: a page for the person, the reason
    in the audit trail, and no redirect that could begin a loop."""
    changes, why = WRONG[name]
    state = leave(browser)["state"]
    claims = {"sub": "wrong-ticket", "state": state, **changes}
    r = come_back(browser, ticket(home, claims.pop("sub"), claims.pop("state"), **claims))
    turned_away(browser, r)
    line = last_line(home)
    assert line["outcome"] != "ok" and why in line["why"], line
    assert not users(home, "wrong-ticket")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30.", "." * 50, "A" * 9000,
                                  "eyJhbGciOiJIUzI1NiJ9.e30.%00", "%F0%9F"])
def test_what_is_no_ticket_is_refused(browser, text):
    leave(browser)
    r = come_back(browser, text)
    assert r.status_code == 400 and not browser.is_signed_in()
    Page(r)


def test_a_ticket_counts_once(home, browser, sub):
    """jti: also for the browser that it was made for, and in another process."""
    text = ticket(home, sub, leave(browser)["state"])
    assert come_back(browser, text).status_code == 303
    browser.cookie = None
    page = turned_away(browser, come_back(browser, text))
    assert "used before" in page.by_id["error"]


def test_another_browsers_ticket_signs_nobody_in(home, browser, sub):
    """RFC 9700 section 4.7: else a link would sign the victim in as the attacker."""
    theirs = ticket(home, sub, leave(Browser(home))["state"])
    leave(browser)
    turned_away(browser, come_back(browser, theirs))
    assert not users(home, sub)


def test_a_state_is_old_after_an_hour(home, browser, sub):
    """The cookie lasts as long as the state."""
    r = browser.get("/oauth/login")
    assert "Max-Age=3600" in r.headers["Set-Cookie"]
    assert "HttpOnly; SameSite=Lax" in r.headers["Set-Cookie"]


def test_the_button_of_the_page_leads_there_again(browser, sub):
    """And the way back is not lost."""
    state = leave(browser, "/oauth/device?user_code=BCDF-GHJK")["state"]
    r = come_back(browser, ticket(browser.site, "a b", state))
    fields = turned_away(browser, r).form("site-sign-in").fields
    assert fields["return_to"] == "/oauth/device?user_code=BCDF-GHJK"
    r = browser.http.request("GET", "/oauth/login", params=fields)
    assert r.headers["Location"].startswith(LOGIN + "&state=")


# Who may come in

def test_an_address_of_another_user_is_never_taken(home, browser, sub):
    """doc/users.md, Signed in by your site: else whoever can choose an address there
    would be anybody here."""
    other = home.user()
    r = enter(browser, sub, email=other.email, email_verified=True)
    page = turned_away(browser, r)
    assert "has your e-mail address" in page.by_id["error"] and not users(home, sub)


def test_a_verified_address_counts_if_the_operator_says_so(home, sub):
    there = home.variant("login_match_email = yes\nlogin_url = %s" % LOGIN)
    other, browser = home.user(), Browser(there)
    turned_away(browser, enter(browser, sub, email=other.email))
    enter(browser, sub, email=other.email, email_verified=True)
    assert other.email in browser.open("/account").text
    assert home.sql("SELECT subject FROM users WHERE id = ?", other.id) == [(sub,)]


def test_without_login_create_nobody_new_comes_in(home, sub):
    there = home.variant("login_create = no\nlogin_url = %s" % LOGIN)
    browser = Browser(there)
    page = turned_away(browser, enter(browser, sub))
    assert "you have no account here" in page.by_id["error"] and not users(home, sub)


def test_a_disabled_user_stays_out(home, browser, sub):
    enter(browser, sub, email=sub + "@example.org")
    home.carnet("user", "disable", sub + "@example.org")
    turned_away(Browser(home), enter(Browser(home), sub))
    assert not browser.is_signed_in()


# Anew

def test_an_app_that_wants_a_new_sign_in_gets_one(home, browser, sub):
    """OpenID Connect Core section 3.1.2.1: prompt=login reaches the site, and an old
    sign-in does not do."""
    app, now = App(home), int(time.time())
    enter(browser, sub, auth_time=now - 1000)
    for claims, fits in (({"auth_time": now - 1000}, False), ({}, False),
                         ({"auth_time": now}, True)):
        asked = leave(browser, app.path(prompt="login"))
        assert asked["prompt"] == "login"
        r = come_back(browser, ticket(home, sub, asked["state"], **claims))
        assert (r.status_code == 303) == fits, r.text
        if not fits:
            page = Page(r)
            assert "sign in anew" in page.by_id["error"]
            assert page.form("site-sign-in").fields["prompt"] == "login"


def token_of(app, browser, r):
    """The claims of a token, from where the browser is sent when it is back."""
    form = browser.open(r.headers["Location"]).form("approve")
    code = people.sent_back(browser.submit(form, "approve"), app)["code"]
    return jose.claims_of(app.redeem(code).json()["access_token"])


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_max_age_reaches_the_site(home, browser, sub, is_signed_in):
    """OpenID Connect Core section 3.1.2.1; doc/users.md, Signed in by your site: who
    signed in there lately enough is not asked again."""
    app, now = App(home), int(time.time())
    if is_signed_in:
        enter(browser, sub, auth_time=now - 9000)
    asked = leave(browser, app.path(max_age="3600"))
    assert asked["max_age"] == "3600" and "prompt" not in asked
    r = come_back(browser, ticket(home, sub, asked["state"], auth_time=now - 1800))
    assert token_of(app, browser, r)["auth_time"] == now - 1800


@pytest.mark.parametrize("auth_time", [-9000, None])
def test_a_site_that_knows_no_max_age_is_asked_once_more(home, browser, sub, auth_time):
    """As under prompt=login, which it must keep."""
    app, now = App(home), int(time.time())
    old = auth_time and now + auth_time
    asked = leave(browser, app.path(max_age="3600"))
    r = come_back(browser, ticket(home, sub, asked["state"], auth_time=old))
    assert not browser.is_signed_in()
    asked = leave(browser, r.headers["Location"])
    assert asked["prompt"] == "login" and "max_age" not in asked
    turned_away(browser, come_back(browser, ticket(home, sub, asked["state"], auth_time=old)))
    asked = leave(browser, r.headers["Location"])
    r = come_back(browser, ticket(home, sub, asked["state"], auth_time=now))
    assert token_of(app, browser, r)["auth_time"] == now


def test_max_age_0_is_a_new_sign_in(home, browser, sub):
    asked = leave(browser, App(home).path(max_age="0"))
    assert asked["prompt"] == "login" and "max_age" not in asked


def test_the_button_beside_the_form_takes_max_age_along(home):
    there = home.variant("password_sign_in = yes\nlogin_url = %s" % LOGIN)
    browser = Browser(there)
    page = browser.open(App(there).ask(browser, max_age="3600").headers["Location"])
    r = browser.http.request("GET", "/oauth/login", params=page.form("site-sign-in").fields)
    assert "&max_age=3600" in r.headers["Location"]


def test_login_hint_reaches_the_site(home, browser, sub):
    """OpenID Connect Core section 3.1.2.1; doc/users.md, Signed in by your site: as the
    app wrote it, straight away and by the button beside the form."""
    hint = "ada+home@example.org"
    assert leave(browser, App(home).path(login_hint=hint))["login_hint"] == hint
    assert "login_hint" not in leave(browser, App(home).path())
    there = home.variant("password_sign_in = yes\nlogin_url = %s" % LOGIN)
    other = Browser(there)
    page = other.open(App(there).ask(other, login_hint=hint).headers["Location"])
    r = other.http.request("GET", "/oauth/login", params=page.form("site-sign-in").fields)
    asked = dict(parse_qsl(urlsplit(r.headers["Location"]).query))
    assert asked["login_hint"] == hint


# Two factors

def test_an_app_that_wants_two_factors_gets_the_sites(home, browser, sub):
    """RFC 9470 section 4: acr_values reaches the site, whose ticket may say mfa."""
    app = App(home)
    enter(browser, sub, amr=["pwd"], auth_time=int(time.time()))
    asked = leave(browser, app.path(acr_values="mfa"))
    assert asked["acr_values"] == "mfa" and "prompt" not in asked
    assert "acr_values" not in leave(browser, app.path(acr_values="pwd mfa", prompt="login"))
    r = come_back(browser, ticket(home, sub, asked["state"], amr=["pwd", "otp", "mfa"],
                                  auth_time=int(time.time())))
    assert token_of(app, browser, r)["acr"] == "mfa"


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_a_site_that_never_says_mfa_ends_in_an_error(home, sub, is_signed_in):
    """RFC 9470 section 4: unmet_authentication_requirements, after one round."""
    there = home.variant("second_factor = off\nlogin_url = %s" % LOGIN)
    app, browser = App(there), Browser(there)
    assert there.get("/.well-known/oauth-authorization-server").json()[
        "acr_values_supported"] == ["pwd", "mfa"]
    if is_signed_in:
        enter(browser, sub, amr=["pwd"], auth_time=int(time.time()))
    r = enter(browser, sub, app.path(acr_values="mfa"), amr=["pwd"],
              auth_time=int(time.time()))
    back = people.sent_back(browser.get(r.headers["Location"]), app)
    assert back["error"] == "unmet_authentication_requirements"
    # The next request begins anew.
    assert leave(browser, app.path(acr_values="mfa"))["acr_values"] == "mfa"


def test_a_factor_of_ours_is_the_second_step(home, browser, sub):
    """doc/users.md, Signed in by your site: after the ticket, and where the sign-in is no
    longer fresh."""
    now = int(time.time())
    enter(browser, sub, amr=["pwd"], auth_time=now)
    (who,), = home.sql("SELECT id FROM users WHERE subject = ?", sub)
    phone = Phone.add(home, User(who, None, None), browser)
    other = Browser(home)
    r = enter(other, sub, "/account", amr=["pwd"], auth_time=now)
    assert not other.is_signed_in()
    page = other.open(r.headers["Location"])
    r = other.submit(page.form("verify"), otp=phone.unused())
    assert r.status_code == 303, Page(r).by_id["error"]
    home.sql("UPDATE sessions SET auth_time = auth_time - 9000 WHERE user_id = ?", who)
    page = other.open("/oauth/login?action=confirm&return_to=/account")
    r = other.submit(page.form("confirm"), otp=phone.unused())
    assert people.sent_to(r)[0] == "/account"
    # What the site says of two factors does for both.
    third = Browser(home)
    enter(third, sub, "/account", amr=["pwd", "mfa"], auth_time=now)
    assert third.is_signed_in()


def test_who_has_no_factor_proves_it_at_the_site(home, browser, sub):
    """The account page, when the sign-in is no longer fresh: the site asks anew."""
    now = int(time.time())
    enter(browser, sub, auth_time=now - 9000)
    page = Page(browser.act("create_token", name="x", scopes="read-posts"))
    link, = [a["href"] for tag, a in page.tags if a.get("id") == "sign-in-again"]
    asked = leave(browser, link)
    assert asked["prompt"] == "login"
    r = come_back(browser, ticket(home, sub, asked["state"], auth_time=now))
    assert people.sent_to(r)[0] == "/account"
    assert "new-token" in Page(browser.act("create_token", name="x", scopes="read-posts")).by_id


def test_no_password_is_changed_where_the_site_signs_in(home, browser, sub):
    enter(browser, sub, auth_time=int(time.time()))
    page = browser.open("/account")
    assert "change-password" not in page.by_id and "changed there" in page.by_id["password"]
    r = browser.act("change_password", current_password="x", new_password="correct-horse")
    assert r.status_code == 422 and "changed there" in Page(r).by_id["error"]


# Somebody else

def test_who_is_somebody_else_is_asked_at_the_site(home, browser, sub):
    """The consent page's "Not you?"."""
    app = App(home)
    enter(browser, sub)
    page = app.consent(browser)
    link, = [a["href"] for tag, a in page.tags if tag == "a" and "/oauth/login?" in
             a.get("href", "")]
    assert leave(browser, link)["prompt"] == "login"


# Out, and both ways

def test_a_sign_out_does_not_sign_in_again(home, browser, sub):
    """The sign-in page would lead to the site, which knows the person still."""
    enter(browser, sub)
    r = browser.act("sign_out")
    page = browser.open(r.headers["Location"])
    assert "signed out" in page.text and page.form("site-sign-in")
    assert not browser.is_signed_in()


def test_logout_url_is_where_a_sign_out_goes_on(home, sub):
    out = "https://www.example.org/logout"
    there = home.variant("logout_url = %s\nlogin_url = %s" % (out, LOGIN))
    browser = Browser(there)
    enter(browser, sub)
    page = browser.open("/account")
    # form-action would be held against the redirect that follows.
    r = browser.get("/account")
    assert "form-action" not in r.headers["Content-Security-Policy"]
    csrf = page.form(action="sign_out").fields["csrf_token"]
    r = browser.post("/oauth/logout", {"csrf_token": csrf})
    assert r.headers["Location"] == out and not browser.is_signed_in()


def test_with_both_ways_the_page_has_form_and_button(home, sub):
    """password_sign_in = yes."""
    there = home.variant("password_sign_in = yes\nlogin_url = %s" % LOGIN)
    browser, user = Browser(there), home.user()
    page = browser.open("/oauth/login?return_to=/oauth/device")
    button = page.form("site-sign-in")
    assert "www.example.org" in page.by_id["site-sign-in"]
    r = browser.http.request("GET", button.action, params=button.fields)
    assert r.headers["Location"].startswith(LOGIN + "&state=")
    assert people.sent_to(browser.sign_in(user, "/oauth/device"))[0] == "/oauth/device"


def test_where_the_site_alone_signs_in_no_password_is_taken(home, browser):
    """A form from before the setting was changed, or one that is made up."""
    user = home.user()
    r = browser.post("/oauth/login", {"email": user.email, "password": user.password})
    turned_away(browser, r)


def test_without_login_url_nothing_has_changed(cgi):
    browser = Browser(cgi)
    assert browser.get("/oauth/login/return?ticket=x").status_code == 404
    page = browser.open("/oauth/login?action=site")
    assert page.form("login") and "site-sign-in" not in page.by_id


# The key

def test_the_key_is_read_anew_and_rotates(home, browser, sub):
    """carnet keys login --rotate: the one before still counts; --force ends it."""
    old = key_of(home)[0]
    home.carnet("keys", "login", "--rotate")
    new = key_of(home)[0]
    assert new != old
    for key in (old, new):
        assert enter(browser, sub, key=key).status_code == 303
    p = home.command("keys", "login")
    assert p.returncode == 1 and "--rotate" in p.stderr
    home.carnet("keys", "login", "--force")
    assert enter(Browser(home), sub, key=new).status_code == 400
    assert enter(browser, sub).status_code == 303


def test_without_a_key_the_log_says_what_to_do(home, browser, sub):
    file = home.dir / "keys/login.key"
    text, state = file.read_text(), leave(browser)["state"]
    made = ticket(home, sub, state)
    file.unlink()
    try:
        r = come_back(browser, made)
        assert r.status_code == 500 and "carnet keys login makes it" in r.log
    finally:
        file.write_text(text)
        file.chmod(0o600)


# The table

def test_used_tickets_go_when_they_are_over(home, browser, sub):
    """A row for each, as long as the ticket would count."""
    home.sql("DELETE FROM used_once")  # passkeys have rows, too
    enter(browser, sub)
    (left,), = home.sql("SELECT max(expires_at) FROM used_once")
    assert left - time.time() <= 65
    home.sql("UPDATE used_once SET expires_at = 5")
    home.carnet("purge")
    assert home.sql("SELECT count(*) FROM used_once") == [(0,)]


@pytest.mark.parametrize("sign_in, status", [("no", 404), ("yes", 200)])
def test_who_signs_in_elsewhere_recovers_no_password_here(home, sign_in, status):
    """doc/users.md, Signed in by your site: a password of ours would be a second way in."""
    there = home.variant("mail_from = carnet@site.example\nmail_command = /bin/true\n"
                         "login_url = %s\npassword_sign_in = %s" % (LOGIN, sign_in))
    r = there.get("/oauth/recover")
    assert r.status_code == status
    assert ("ask there for a new one" in r.text) == (status == 404)
