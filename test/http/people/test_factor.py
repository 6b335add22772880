"""Second factors (doc/users.md, A second factor)."""
import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import zbar

from kit import expect, factor, jose
from kit.factor import Phone
from kit.people import App, Browser, Page, sent_to, shown_again


@pytest.fixture
def user(site):
    return site.user("*")


@pytest.fixture
def browser(site, user):
    return Browser(site, user)


@pytest.fixture
def phone(site, user, browser):
    return Phone.add(site, user, browser, name="Work phone")


def methods(site, browser):
    """acr and amr of a token that an app gets from this browser."""
    claims = jose.claims_of(App(site).connect(browser)["access_token"])
    return claims["acr"], claims["amr"]


def wrong(phone):
    """No code that counts now."""
    near = {phone.code(off) for off in range(-3, 4)}
    return next(c for c in ("000000", "111111", "222222", "333333", "444444", "555555",
                            "666666", "777777") if c not in near)


# Adding one

def test_an_app_is_added_by_its_text_and_asked_for(site, user, browser, phone):
    """RFC 6238: a secret of 160 bits; from then on a sign-in has two steps."""
    assert re.fullmatch("[A-Z2-7]{32}", phone.secret)
    assert len(set(phone.recovery)) == 10
    row = browser.open("/account").row("Work phone")
    assert "never" in row.text
    other = Browser(site)
    page = factor.first_step(other, user, "/account")
    assert not other.is_signed_in()
    r = other.submit(page.form("verify"), otp=phone.unused())
    assert sent_to(r) == ("/account", {}) and other.is_signed_in()
    assert methods(site, other) == ("mfa", ["pwd", "otp", "mfa"])
    assert "never" not in browser.open("/account").row("Work phone").text
    # Who was signed in before stays, as they signed in.
    assert methods(site, browser) == ("pwd", ["pwd"])


def test_the_qr_code_says_the_same_as_the_text(site, user, browser):
    """ISO/IEC 18004, as another decoder reads it; the URI is the one that apps read."""
    page = Page(browser.act("offer_totp"))
    path, = [a["d"] for tag, a in page.tags if tag == "path" and len(a["d"]) > 500]
    view, = [a["viewbox"] for tag, a in page.tags if a.get("id") == "totp-qr"]
    size, scale = int(view.split()[2]), 4
    dark = {(x + i, y) for x, y, n in (map(int, m) for m in re.findall(
        r"M(\d+) (\d+)h(\d+)v1h-\3z", path)) for i in range(n)}
    gray = b"".join(bytes(0 if (x, y) in dark else 255 for x in range(size)
                          for _ in range(scale)) * scale for y in range(size))
    image = zbar.Image(size * scale, size * scale, "Y800", gray)
    assert zbar.ImageScanner().scan(image) == 1
    uri, = [symbol.data for symbol in image]
    assert uri == "otpauth://totp/carnet:%s?secret=%s&issuer=carnet" % (
        quote(user.email, safe=""), page.by_id["totp-secret"])


def test_who_has_none_is_asked_for_none(site, user):
    """doc/users.md, A second factor: optional is the default."""
    browser = Browser(site)
    assert sent_to(browser.sign_in(user))[0] == "/account"
    assert methods(site, browser) == ("pwd", ["pwd"])


@pytest.mark.parametrize("change", [
    {"code": "000000"}, {"code": ""}, {"code": None}, {"totp": "x"}, {"totp": None},
    {"totp": "A" * 64}, {"name": "n" * 61}])
def test_a_wrong_form_adds_nothing_and_loses_nothing(site, user, browser, change):
    """The page is shown again, with the same secret where it still counts."""
    page = Page(browser.act("offer_totp"))
    phone = Phone.read(site, user, page)
    r = browser.submit(page.form("confirm-totp"), **{
        "code": phone.code(), "name": "Mine", **change})
    assert r.status_code == 422
    again = Page(r)
    assert again.by_id["error"] and not factor.codes(again)
    assert site.sql("SELECT 1 FROM totps WHERE user_id = ?", user.id) == []
    if "totp" not in change:
        assert again.by_id["totp-secret"] == phone.secret
        assert again.form("confirm-totp").fields["name"] == change.get("name", "Mine")


def test_anothers_offer_is_refused(site, user, browser):
    """The secret is sealed for one user, and until they have another factor."""
    other = site.user("*")
    page = Page(Browser(site, other).act("offer_totp"))
    phone = Phone.read(site, other, page)
    csrf = browser.open("/account").form(action="sign_out").fields["csrf_token"]
    r = browser.submit(page.form("confirm-totp"), code=phone.code(), csrf_token=csrf)
    assert r.status_code == 422
    mine = Page(browser.act("offer_totp"))
    old = Phone.read(site, user, mine)
    Phone.add(site, user, browser)
    assert browser.submit(mine.form("confirm-totp"), code=old.code()).status_code == 422
    assert site.sql("SELECT count(*) FROM totps WHERE user_id = ?", user.id) == [(1,)]


def test_several_have_names_and_are_removed_one_by_one(site, user, browser, phone):
    """doc/users.md, A second factor: several; the last one takes the codes along."""
    second = Phone.add(site, user, browser, name="Tablet")
    assert second.recovery == []  # only the first one brings them
    page = browser.open("/account")
    assert page.row("Work phone").form and page.row("Tablet").form
    for one in phone, second:
        assert sent_to(factor.sign_in(Browser(site), one))[0] == "/account"
    browser.submit(page.row("Work phone").form)
    other = Browser(site)
    r = other.submit(factor.first_step(other, user).form("verify"), otp=phone.unused())
    assert r.status_code == 422
    assert sent_to(factor.sign_in(Browser(site), second))[0] == "/account"
    browser.submit(browser.open("/account").row("Tablet").form)
    assert sent_to(Browser(site).sign_in(user))[0] == "/account"
    assert site.sql("SELECT 1 FROM recovery_codes WHERE user_id = ?", user.id) == []


def test_a_user_has_ten_at_most(site, user, browser):
    """What a user can store is limited."""
    for _ in range(10):
        Phone.add(site, user, browser)
    page = Page(browser.act("offer_totp"))
    r = browser.submit(page.form("confirm-totp"),
                       code=Phone.read(site, user, page).code())
    assert r.status_code == 422
    assert site.sql("SELECT count(*) FROM totps WHERE user_id = ?", user.id) == [(10,)]


def test_nobody_removes_anothers(site, user, phone):
    """The id is that of a row of one user."""
    (ident,), = site.sql("SELECT id FROM totps WHERE user_id = ?", user.id)
    Browser(site, site.user("*")).act("remove_totp", id=jose.b64u(ident))
    assert site.sql("SELECT count(*) FROM totps WHERE user_id = ?", user.id) == [(1,)]


# Codes

@pytest.mark.parametrize("off, fine", [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_a_step_off(site, phone, off, fine):
    """RFC 6238 section 5.2."""
    browser = Browser(site)
    page = factor.first_step(browser, phone.user)
    phone.unused()
    before = int(time.time()) // 30
    status = browser.submit(page.form("verify"), otp=phone.code(off)).status_code
    if int(time.time()) // 30 == before:  # else a step began meanwhile
        assert status == (303 if fine else 422)


def test_a_code_counts_once(site, phone):
    """RFC 6238 section 5.2; and so does the one before it."""
    code = phone.unused()
    for expected in 303, 422:
        browser = Browser(site)
        page = factor.first_step(browser, phone.user)
        r = browser.submit(page.form("verify"), otp=code)
        assert r.status_code == expected
    r = browser.submit(Page(r).form("verify"), otp=phone.code(-1))
    assert r.status_code == 422 and not browser.is_signed_in()


def test_of_many_uses_at_once_one_counts(site, phone):
    """RFC 6238 section 5.2: also in several processes."""
    browsers = [Browser(site) for _ in range(6)]
    pages = [factor.first_step(b, phone.user) for b in browsers]
    code = phone.unused()
    with ThreadPoolExecutor(6) as pool:
        r = list(pool.map(lambda bp: bp[0].submit(bp[1].form("verify"), otp=code).status_code,
                          zip(browsers, pages)))
    assert sorted(r) == [303] + [422] * 5


def test_spaces_are_no_part_of_a_code(site, phone):
    """Apps show codes in two halves."""
    browser = Browser(site)
    page = factor.first_step(browser, phone.user)
    code = phone.unused()
    r = browser.submit(page.form("verify"), otp=" %s %s " % (code[:3], code[3:]))
    assert r.status_code == 303


def test_a_recovery_code_counts_once_however_it_is_typed(site, browser, phone):
    """doc/users.md, A second factor."""
    typed = [phone.recovery[0], phone.recovery[1].upper().replace("-", ""),
             " ".join(phone.recovery[2].split("-"))]
    for n, code in enumerate(typed):
        for expected in 303, 422:
            other = Browser(site)
            page = factor.first_step(other, phone.user)
            r = other.submit(page.form("recover"), recovery_code=code)
            assert r.status_code == expected
    assert "7 left" in browser.open("/account").text
    assert methods(site, browser) == ("pwd", ["pwd"])


@pytest.mark.parametrize("text", ["x", "-" * 64, "0000-0000-0000-0000", "é", "u" * 16])
def test_other_texts_are_no_recovery_code(site, phone, text):
    browser = Browser(site)
    page = factor.first_step(browser, phone.user)
    r = browser.submit(page.form("recover"), recovery_code=text)
    assert r.status_code == 422 and not browser.is_signed_in()


def test_new_recovery_codes_end_the_old_ones(site, browser, phone):
    """doc/users.md, A second factor."""
    new = factor.codes(Page(browser.act("new_recovery_codes")))
    assert len(new) == 10 and not set(new) & set(phone.recovery)
    for code, expected in (phone.recovery[0], 422), (new[0], 303):
        other = Browser(site)
        page = factor.first_step(other, phone.user)
        assert other.submit(page.form("recover"), recovery_code=code).status_code == expected
    assert Browser(site, site.user()).act("new_recovery_codes").status_code == 422


def test_the_owner_is_told(cgi):
    """doc/users.md, A second factor: by mail, whoever made the change.  No courier runs."""
    mailing = cgi.variant("mail_from = carnet@site.example\nmail_command = /bin/true")
    user = mailing.user()
    browser = Browser(mailing, user)
    phone = Phone.add(mailing, user, browser, name="Work phone")
    browser.act("new_recovery_codes")
    browser.submit(browser.open("/account").row("Work phone").form)
    told = [body for body, in mailing.sql(
        "SELECT body FROM outbox WHERE user_id = ? ORDER BY id", user.id)]
    assert len(told) == 3 and not any(phone.secret in body for body in told)
    for body, said in zip(told, ("an app that makes codes was added",
                                 "new recovery codes were made",
                                 "the app that makes codes was removed")):
        assert said in body


# The two steps

def test_the_second_step_is_of_the_same_browser(site, phone):
    """CSRF: the form is bound to the cookie of the first step."""
    one, other = Browser(site), Browser(site)
    form = factor.first_step(one, phone.user).form("verify")
    factor.first_step(other, phone.user)
    r = other.submit(form, otp=phone.unused())
    assert not other.is_signed_in()
    # What is shown again is the second step, and it goes on.
    r = other.submit(shown_again(r, "verify"), otp=phone.unused())
    assert r.status_code == 303 and other.is_signed_in()
    nobody = Browser(site)
    nobody.open("/oauth/login")
    r = nobody.submit(form, otp=phone.unused())
    assert shown_again(r, "login") and not nobody.is_signed_in()
    assert not one.is_signed_in()


def test_a_second_step_without_a_first_begins_again(site, phone):
    """The field alone signs nobody in."""
    browser = Browser(site)
    form = browser.open("/oauth/login").form("login")
    r = browser.submit(form, action="second", otp=phone.unused())
    assert r.status_code == 422 and Page(r).form("login")


@pytest.mark.parametrize("spoil", [
    "UPDATE sessions SET expires_at = 1 WHERE is_half = 1 AND user_id = ?",
    "UPDATE users SET credential = credential + 1 WHERE id = ?",
    "UPDATE users SET disabled_at = 1 WHERE id = ?",
    "DELETE FROM sessions WHERE user_id = ?"])
def test_a_first_step_that_is_over_counts_for_nothing(site, phone, spoil):
    """doc/users.md, A second factor: ten minutes, and the same password and factors."""
    browser = Browser(site)
    form = factor.first_step(browser, phone.user).form("verify")
    code = phone.unused()
    site.sql(spoil, phone.user.id)
    r = browser.submit(form, otp=code)
    assert r.status_code in (200, 422) and Page(r).form("login")
    assert not browser.is_signed_in()


def test_half_a_sign_in_opens_nothing(site, phone):
    """Not the account, not an app, not a device."""
    browser = Browser(site)
    factor.first_step(browser, phone.user)
    assert not browser.is_signed_in()
    for path in App(site).path(), "/oauth/device":
        assert sent_to(browser.get(path))[0] == "/oauth/login"
    path, query = sent_to(browser.get(App(site).path(prompt="consent")))
    assert Page(browser.get(path + "?return_to=" + quote(query["return_to"]))).form("verify")
    assert len([r for r in browser.site.sql(
        "SELECT 1 FROM sessions WHERE user_id = ? AND is_half IS NULL", phone.user.id)]) == 1


def test_another_may_sign_in_instead(site, phone):
    """The first step is forgotten, and what waits behind it is not."""
    browser = Browser(site)
    page = factor.first_step(browser, phone.user, "/oauth/device")
    r = browser.submit(page.form("begin-again"), "begin-again")
    assert sent_to(r) == ("/oauth/login", {"return_to": "/oauth/device"})
    page = browser.open("/oauth/login?return_to=/oauth/device")
    assert page.form("login").fields["return_to"] == "/oauth/device"


def test_an_app_waits_behind_both_steps(site, phone):
    """doc/users.md, A second factor: then the consent page."""
    app, browser = App(site), Browser(site)
    path, query = sent_to(app.ask(browser))
    page = Page(browser.get(path + "?return_to=" + quote(query["return_to"])))
    r = browser.submit(page.form("login"), email=phone.user.email, password=phone.user.password)
    path, query = sent_to(r)
    page = browser.open(path + "?return_to=" + quote(query["return_to"]))
    r = browser.submit(page.form("verify"), otp=phone.unused())
    assert r.status_code == 303
    assert browser.open(r.headers["Location"]).form("approve")


# The password grant

def grant(site, user, **params):
    return site.grant("password", username=user.email, password=user.password, **params)


@pytest.mark.parametrize("params", [{}, {"otp": "000000"}, {"otp": ""}, {"otp": "x"}])
def test_the_password_grant_wants_the_code(site, phone, params):
    """doc/users.md, A second factor; RFC 6749 section 5.2."""
    r = grant(site, phone.user, **params)
    expect.error(r, 400, "invalid_grant")
    assert "otp" in r.json()["error_description"]


def test_the_password_grant_takes_the_code_once(site, phone):
    code = phone.unused()
    token = expect.tokens(grant(site, phone.user, otp=code))["access_token"]
    claims = jose.claims_of(token)
    assert (claims["acr"], claims["amr"]) == ("mfa", ["pwd", "otp", "mfa"])
    expect.error(grant(site, phone.user, otp=code), 400, "invalid_grant")


def test_a_wrong_password_says_nothing_of_a_factor(site, phone):
    """The password is checked first: the answer is that of any wrong password."""
    plain = site.user()
    answers = [site.grant("password", username=u.email, password="wrong", otp=phone.code())
               for u in (phone.user, plain)]
    assert answers[0].json() == answers[1].json()
    assert "otp" not in answers[0].text


def test_the_first_party_proxy_wants_it_too(site, phone):
    """doc/protocol.md, The first-party proxy: the same status, in its own form."""
    def ask(**more):
        return site.post("/api/oauth/password/token", json={
            "username": phone.user.email, "password": phone.user.password, **more})
    r = ask()
    assert (r.status_code, r.json()["error"]) == (400, "invalid_grant")
    assert "otp" in r.json()["error_description"]
    assert ask(otp="000000").status_code == 400
    assert ask(otp=phone.unused()).status_code == 200


# Settings

@pytest.fixture
def required(site):
    return site.variant("second_factor = required")


def test_who_must_have_one_adds_it_at_sign_in(required, user):
    """second_factor = required: the password alone opens nothing."""
    browser = Browser(required)
    page = factor.first_step(browser, user, "/oauth/device")
    assert not browser.is_signed_in()
    phone = Phone.read(required, user, page)
    r = browser.submit(page.form("confirm-totp"), code="000000", name="Mine")
    assert r.status_code == 422
    page = Page(r)
    assert page.by_id["totp-secret"] == phone.secret
    assert page.form("confirm-totp").fields["name"] == "Mine"
    r = browser.submit(page.form("confirm-totp"), code=phone.code())
    assert r.status_code == 200
    page = Page(r)
    assert len(factor.codes(page)) == 10
    assert [a["href"] for t, a in page.tags if a.get("id") == "continue"] == ["/oauth/device"]
    assert methods(required, browser) == ("mfa", ["pwd", "otp", "mfa"])
    assert sent_to(factor.sign_in(Browser(required), phone, "/account"))[0] == "/account"


def test_who_must_have_one_gets_no_token_without(required, user):
    r = required.grant("password", username=user.email, password=user.password)
    expect.error(r, 400, "invalid_grant")
    assert "second factor" in r.json()["error_description"]


def test_switched_off_nobody_is_asked(site, phone):
    """second_factor = off."""
    off = site.variant("second_factor = off")
    browser = Browser(off)
    assert sent_to(browser.sign_in(phone.user))[0] == "/account"
    assert "factors" not in browser.open("/account").by_id
    assert off.grant("password", username=phone.user.email,
                     password=phone.user.password).status_code == 200


# Guessing

def test_wrong_codes_are_put_off_and_nobody_else(site, user, phone):
    """doc/users.md, A second factor: throttled, whoever else signs in."""
    other = site.user()
    browser = Browser(site)
    page = factor.first_step(browser, user)
    statuses = [browser.submit(page.form("verify"), otp=wrong(phone)).status_code
                for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    r = browser.submit(page.form("verify"), otp=phone.unused())
    assert r.status_code == 429 and int(r.headers["Retry-After"]) > 0
    assert not browser.is_signed_in()
    # Giving the password again is no way around it, nor is a token.
    again = Browser(site)
    page = factor.first_step(again, user)
    assert again.submit(page.form("verify"), otp=phone.unused()).status_code == 429
    assert again.submit(page.form("recover"),
                        recovery_code=phone.recovery[0]).status_code == 429
    expect.error(grant(site, user, otp=phone.unused()), 429, "slow_down")
    assert sent_to(Browser(site).sign_in(other))[0] == "/account"
    site.sql("DELETE FROM throttle")
    assert sent_to(factor.sign_in(Browser(site), phone))[0] == "/account"


def test_wrong_codes_from_everywhere_guess_none(site, user, phone):
    """One user is guessed at from many addresses: no more than `account` codes are
    checked, and others sign in.  test_factor.c has ten thousand."""
    other = site.variant()
    other.conf.write_text(other.conf.read_text() +
                          "\n[throttle]\ntrusted_proxies = 127.0.0.1\n")
    bad = wrong(phone)
    seen = []
    for i in range(60):
        r = other.post("/oauth/token", headers={"X-Forwarded-For": "2001:db8:%x::1" % i}, data={
            "grant_type": "password", "username": user.email, "password": user.password,
            "client_id": site.password_client.id,
            "client_secret": site.password_client.secret, "otp": bad})
        seen.append(r.status_code)
    assert seen == [400] * 30 + [429] * 30
    assert sent_to(Browser(site).sign_in(site.user()))[0] == "/account"


# What is stored, and the operator

def test_no_secret_of_a_factor_is_in_the_database(site, phone):
    """doc/users.md, A second factor: encrypted by factor.key."""
    raw = base64.b32decode(phone.secret)
    for path in site.dir.glob("data/carnet.db*"):
        data = path.read_bytes()
        assert raw not in data and phone.secret.encode() not in data
        for code in phone.recovery:
            assert code.encode() not in data and code.replace("-", "").encode() not in data


def test_a_secret_is_of_its_row_and_its_user(site, user, phone):
    """Who writes to the database alone cannot put their own secret into another's row."""
    thief = site.user()
    own = Phone.add(site, thief, Browser(site, thief))
    (secret,), = site.sql("SELECT secret FROM totps WHERE user_id = ?", thief.id)
    site.sql("UPDATE totps SET secret = ? WHERE user_id = ?", secret, user.id)
    browser = Browser(site)
    page = factor.first_step(browser, user)
    assert browser.submit(page.form("verify"), otp=own.unused()).status_code == 422


def test_the_operator_sees_and_resets(site, user, browser, phone):
    """carnet user show, carnet user reset-factor."""
    factor.sign_in(Browser(site), phone)
    shown = site.carnet("user", "show", user.email)
    assert '"Work phone"' in shown and "recovery codes left: 10" in shown
    told = site.carnet_json("user", "show", user.email)
    assert [(f["kind"], f["name"]) for f in told["factors"]] == [("totp", "Work phone")]
    assert told["factors"][0]["last_used_at"] and told["recovery_codes"] == 10
    assert json.loads(site.carnet("user", "export", user.email))["factors"] == told["factors"]
    site.carnet("user", "reset-factor", user.email)
    assert not browser.is_signed_in()
    assert sent_to(Browser(site).sign_in(user))[0] == "/account"
    assert site.carnet_json("user", "show", user.email)["factors"] == []
    assert site.command("user", "reset-factor", "nobody@example.org").returncode == 1


def test_a_deleted_user_leaves_no_factor(site, user, phone):
    """carnet user delete erases all rows."""
    site.carnet("user", "delete", user.email)
    for table in "totps", "recovery_codes":
        assert site.sql("SELECT 1 FROM %s WHERE user_id = ?" % table, user.id) == []


def test_a_sign_in_that_began_before_the_factor_does_not_stand(site, user, browser):
    """doc/users.md, How somebody signed in: what was checked before, and is stored
    after it."""
    other = site.variant("second_factor = required")
    half = Browser(other)
    page = factor.first_step(half, user)
    mine = Phone.read(other, user, page)
    Phone.add(site, user, browser)
    r = half.submit(page.form("confirm-totp"), code=mine.code())
    assert r.status_code == 422 and not half.is_signed_in()
    assert site.sql("SELECT count(*) FROM totps WHERE user_id = ?", user.id) == [(1,)]
