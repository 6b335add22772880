"""A new sign-in for what matters, and step-up (doc/users.md, Step-up; RFC 9470)."""
import time
from urllib.parse import quote

import pytest

from kit import expect, jose
from kit.device import Device
from kit.factor import Phone
from kit.people import App, Browser, Page, sent_back, sent_to


@pytest.fixture
def user(site):
    return site.user("*")


@pytest.fixture
def browser(site, user):
    return Browser(site, user)


def age(site, user, seconds=3600):
    """The user's sign-ins are that old."""
    site.sql("UPDATE sessions SET auth_time = auth_time - ?, confirmed_at = NULL"
             " WHERE user_id = ?", seconds, user.id)


def make(browser, **fields):
    return browser.act("create_token", **{
        "current_password": None, "name": "My script", "scopes": "read-posts", **fields})


def hidden(page):
    return page.form("confirm").fields


# The account page

def test_soon_after_a_sign_in_nothing_is_asked(site, user, browser):
    """doc/users.md, The account page: fresh_ttl."""
    assert "new-token" in Page(make(browser)).by_id
    age(site, user, 590)
    assert "new-token" in Page(make(browser)).by_id
    age(site, user, 20)
    assert "new-token" not in Page(make(browser)).by_id


def test_an_old_sign_in_is_asked_and_nothing_is_lost(site, user, browser):
    """The page goes on with what was asked for, as it was typed."""
    age(site, user)
    r = make(browser, name="A <name>", scopes=["read-posts", "write-posts"],
             expires_in="86400")
    page = Page(r)
    assert r.status_code == 200 and "error" not in page.by_id
    r = browser.submit(page.form("confirm"), current_password=user.password)
    claims = jose.claims_of(Page(r).by_id["new-token"])
    assert claims["scopes"] == ["read-posts", "write-posts"]
    assert claims["exp"] - claims["iat"] == 86400
    assert browser.open("/account").row("A <name>")
    # It counts for fresh_ttl, and is no new sign-in.
    assert "new-token" in Page(make(browser)).by_id
    assert claims["auth_time"] < time.time() - 3000


@pytest.mark.parametrize("sent, status", [
    ({}, 200), ({"current_password": ""}, 200), ({"current_password": "wrong"}, 422)])
def test_without_the_password_nothing_is_done(site, user, browser, sent, status):
    age(site, user)
    form = Page(make(browser)).form("confirm")
    r = browser.submit(form, **sent)
    assert r.status_code == status
    page = Page(r)
    assert ("error" in page.by_id) == (status == 422)
    assert hidden(page)["name"] == "My script"
    assert site.sql("SELECT 1 FROM oauth_access_tokens WHERE user_id = ?", user.id) == []


def test_wrong_passwords_are_put_off(site, user, browser):
    """As at sign-in; the page says so, and what was asked for is not lost."""
    age(site, user)
    form = Page(make(browser)).form("confirm")
    statuses = [browser.submit(form, current_password="wrong").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    r = browser.submit(form, current_password=user.password)
    assert r.status_code == 429 and hidden(Page(r))["name"] == "My script"


@pytest.mark.parametrize("field", ["otp", "recovery_code", "current_password"])
def test_a_factor_will_do_in_place_of_the_password(site, user, browser, field):
    """doc/users.md, The account page."""
    phone = Phone.add(site, user, browser)
    age(site, user)
    sent = {"otp": phone.unused(), "recovery_code": phone.recovery[0],
            "current_password": user.password}
    form = Page(make(browser)).form("confirm")
    assert browser.submit(form, otp="000000").status_code == 422
    phone.unused()
    r = browser.submit(form, **{field: sent[field]})
    assert "new-token" in Page(r).by_id


@pytest.mark.parametrize("action, fields", [
    ("offer_totp", {}), ("add_totp", {"code": "1"}), ("remove_totp", {"id": "x"}),
    ("new_recovery_codes", {})])
def test_factors_want_it_too(site, user, browser, action, fields):
    """doc/users.md, The account page: what changes how the user signs in."""
    age(site, user)
    page = Page(browser.act(action, **fields))
    assert hidden(page).items() >= {"action": action, **fields}.items()


@pytest.mark.parametrize("action", ["revoke_app", "sign_out_elsewhere", "sign_out"])
def test_taking_back_is_asked_for_nothing(site, user, browser, action):
    age(site, user)
    r = browser.act(action, client_id="x")
    assert r.status_code in (200, 303) and "id=\"confirm\"" not in r.text


def test_a_foreign_form_confirms_nothing(site, user, browser):
    """CSRF."""
    age(site, user)
    form = Page(make(browser)).form("confirm")
    for csrf in "x" * 43, None:
        r = browser.submit(form, csrf_token=csrf, current_password=user.password)
        assert r.status_code in (200, 400) and "new-token" not in Page(r).by_id
    assert "new-token" not in Page(make(browser)).by_id


# Personal tokens by the API

def test_the_api_wants_a_new_sign_in_too(site, user, browser):
    """RFC 9470 section 3: 401, with what to ask for."""
    age(site, user)
    app = App(site, grant="authorization_code,password", scope="*")
    token = app.connect(browser)["access_token"]
    r = site.post("/api/personal-tokens", token=token, json={"name": "n"})
    assert r.status_code == 401
    assert r.json()["error"] == "insufficient_user_authentication"
    assert 'max_age="600"' in r.headers["WWW-Authenticate"]
    assert site.get("/api/personal-tokens", token=token).status_code == 200


# Privileged scopes

def test_a_privileged_scope_waits_for_a_new_sign_in(site, user, browser):
    """doc/users.md, The account page: the consent page comes after it."""
    age(site, user)
    app = App(site)
    assert app.ask(browser).status_code == 200  # read-posts is not privileged
    r = app.ask(browser, scope="read-posts admin")
    path, query = sent_to(r)
    assert (path, query["action"]) == ("/oauth/login", "confirm")
    page = browser.open("%s?action=confirm&return_to=%s" % (path, quote(query["return_to"])))
    assert browser.submit(page.form("confirm"), current_password="wrong").status_code == 422
    r = browser.submit(page.form("confirm"), current_password=user.password)
    assert r.status_code == 303
    page = browser.open(r.headers["Location"])
    code = sent_back(browser.submit(page.form("approve"), "approve"), app)["code"]
    assert "admin" in expect.tokens(app.redeem(code))["scope"]


def test_a_consent_page_that_grew_old_approves_nothing(site, user, browser):
    app = App(site)
    form = app.consent(browser, scope="admin").form("approve")
    age(site, user)
    path, query = sent_to(browser.submit(form, "approve"))
    assert (path, query["action"]) == ("/oauth/login", "confirm")
    assert sent_back(browser.submit(form, "deny"), app)["error"] == "access_denied"


def test_a_device_that_wants_one_waits_too(site, user, browser):
    age(site, user)
    device = Device(site).begin(scope="admin")
    r = browser.post("/oauth/device", {
        "csrf_token": browser.open("/oauth/device").form("continue").fields["csrf_token"],
        "user_code": device.codes["user_code"]})
    path, query = sent_to(r)
    assert (path, query["action"]) == ("/oauth/login", "confirm")
    page = browser.open("%s?action=confirm&return_to=%s" % (path, quote(query["return_to"])))
    r = browser.submit(page.form("confirm"), current_password=user.password)
    page = Page(browser.get(r.headers["Location"], **{"Sec-Fetch-Site": "same-origin"}))
    browser.submit(page.form("approve"), "approve")
    assert "admin" in expect.tokens(device.poll())["scope"]


# /oauth/authorize

def through_login(browser, r, user, phone=None):
    """Sign in anew at the page that r leads to; return where that leads."""
    path, query = sent_to(r)
    assert path == "/oauth/login" and "action" not in query
    page = browser.open(path + "?return_to=" + quote(query["return_to"]))
    r = browser.submit(page.form("login"), email=user.email, password=user.password)
    if phone:
        path, query = sent_to(r)
        page = browser.open(path + "?return_to=" + quote(query["return_to"]))
        r = browser.submit(page.form("verify"), otp=phone.unused())
    assert r.status_code == 303
    return r.headers["Location"]


@pytest.mark.parametrize("max_age", ["0", "300"])
def test_max_age_asks_for_a_new_sign_in(site, user, browser, max_age):
    """RFC 9470 section 4; OpenID Connect Core section 3.1.2.1."""
    app = App(site)
    age(site, user, 400)
    before = int(time.time())
    r = app.ask(browser, max_age=max_age)
    page = browser.open(through_login(browser, r, user))
    token = expect.tokens(app.redeem(sent_back(
        browser.submit(page.form("approve"), "approve"), app)["code"]))["access_token"]
    assert jose.claims_of(token)["auth_time"] >= before


def test_a_young_sign_in_is_young_enough(site, user, browser):
    app = App(site)
    age(site, user, 200)
    assert app.ask(browser, max_age="300").status_code == 200
    assert app.ask(browser, max_age="100").status_code == 303


@pytest.mark.parametrize("params", [{"max_age": "0"}, {"acr_values": "mfa"}])
def test_silently_nobody_can_sign_in(site, user, browser, params):
    """OpenID Connect Core section 3.1.2.6."""
    app = App(site)
    app.connect(browser)
    age(site, user, 5)
    r = app.ask(browser, prompt="none", **params)
    assert sent_back(r, app)["error"] == "login_required"


@pytest.mark.parametrize("max_age", ["x", "-1", "+1", " 1", "1.5", "0x10", "99999999999",
                                     "9" * 30, "5m"])
def test_a_max_age_that_is_no_number_is_refused(site, browser, max_age):
    app = App(site)
    r = app.ask(browser, max_age=max_age)
    assert sent_back(r, app)["error"] == "invalid_request"


def test_acr_values_ask_for_the_second_step(site, user, browser):
    """RFC 9470 section 4: who has a factor is asked for it."""
    app, phone = App(site), Phone.add(site, user, browser)
    assert app.ask(browser, acr_values="mfa pwd").status_code == 200  # one will do
    r = app.ask(browser, acr_values="mfa")
    page = browser.open(through_login(browser, r, user, phone))
    token = expect.tokens(app.redeem(sent_back(
        browser.submit(page.form("approve"), "approve"), app)["code"]))["access_token"]
    assert jose.claims_of(token)["acr"] == "mfa"
    assert sent_back(app.ask(browser, acr_values="mfa"), app)["code"]


def test_who_has_none_adds_one(site, user, browser):
    """doc/users.md, Step-up."""
    app = App(site)
    path, query = sent_to(app.ask(browser, acr_values="mfa"))
    page = browser.open(path + "?return_to=" + quote(query["return_to"]))
    r = browser.submit(page.form("login"), email=user.email, password=user.password)
    path, query = sent_to(r)
    page = browser.open(path + "?return_to=" + quote(query["return_to"]))
    phone = Phone.read(site, user, page)
    page = Page(browser.submit(page.form("confirm-totp"), code=phone.code()))
    link, = [a["href"] for t, a in page.tags if a.get("id") == "continue"]
    assert Page(browser.get(link)).form("approve")


@pytest.mark.parametrize("settings, acr", [
    ("", "urn:example:gold"), ("second_factor = off", "mfa")])
def test_what_nobody_can_have_is_an_error(site, user, settings, acr):
    """RFC 9470 section 5: unmet_authentication_requirements."""
    other = site.variant(settings) if settings else site
    app = App(site)
    r = app.ask(Browser(other, user), acr_values=acr)
    assert sent_back(r, app)["error"] == "unmet_authentication_requirements"


def test_the_metadata_says_what_there_is(site):
    """RFC 9470 section 7."""
    def listed(s):
        return s.get("/.well-known/oauth-authorization-server").json()["acr_values_supported"]
    assert listed(site)[:2] == ["pwd", "mfa"]
    assert listed(site.variant("second_factor = off"))[:1] == ["pwd"]
    assert "mfa" not in listed(site.variant("second_factor = off"))


# What stands between a browser and an app

def lets_forms_lead_away(r):
    return "form-action" not in r.headers["Content-Security-Policy"]


def test_each_step_of_a_sign_in_may_lead_to_the_app(site, user, browser):
    """CSP level 3 section 6.4.1: form-action is held against the redirects that follow a
    form; the last step of a sign-in goes on to the app by two."""
    app = App(site)
    app.connect(browser)
    to = "/oauth/login?return_to=" + quote(app.path(), safe="")
    age(site, user)
    confirmation = browser.get(to + "&action=confirm")
    assert Page(confirmation).form("confirm") and lets_forms_lead_away(confirmation)
    age(site, user, -3600)
    phone = Phone.add(site, user, browser)
    half = Browser(site)
    half.sign_in(user, app.path())
    second = half.get(to)
    assert lets_forms_lead_away(second)
    again = half.submit(Page(second).form("verify"), otp="x")
    assert again.status_code == 422 and lets_forms_lead_away(again)
    r = half.submit(Page(again).form("verify"), otp=phone.unused())
    assert "code" in sent_back(half.get(r.headers["Location"]), app)
    # To a page of our own, it leads nowhere else.
    assert not lets_forms_lead_away(browser.get("/oauth/login?return_to=/account"))


def test_who_must_add_a_factor_goes_on_to_the_app(site, user):
    """The same of the page that offers a second factor."""
    required, app = site.variant("second_factor = required"), App(site)
    half = Browser(required)
    half.sign_in(user, app.path())
    assert lets_forms_lead_away(
        half.get("/oauth/login?return_to=" + quote(app.path(), safe="")))
