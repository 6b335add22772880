"""Passkeys by an authenticator in Python (doc/users.md, Passkeys; WebAuthn Level 2)."""
import json
import secrets
import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from kit import factor, jose, passkey, people
from kit.passkey import UP, UV, Passkey
from kit.people import App, Browser, Page
from kit.site import Site
from kit.ticket import share_key, ticket

ORIGIN = "http://localhost:8080"
MAIL = "mail_from = no-reply@site.example\nmail_command = /bin/true\n"


def under_a_name(site, settings=""):
    variant = site.variant("issuer = %s\n%s" % (ORIGIN, settings))
    other = Site(variant.dir, ORIGIN, variant.conf)
    other.serve_by_cgi()
    return other


@pytest.fixture(scope="module")
def named(cgi):
    """The site under a name: an IP address has no passkeys.  No courier sends its mail."""
    return under_a_name(cgi, MAIL)


@pytest.fixture
def user(named):
    return named.user("*")


@pytest.fixture
def browser(named, user):
    return Browser(named, user)


def add(browser, key, name="My phone", **changes):
    """Press Add a passkey on the account page."""
    page = browser.open("/account")
    return browser.submit(page.form("add-passkey"), "add-passkey", name=name,
                          credential=key.create(passkey.options(page)), **changes)


def added(browser, **how):
    key = Passkey(ORIGIN, **how)
    assert add(browser, key).status_code == 200
    return key


def use(browser, key, path="/oauth/login", change=lambda answer: answer, **said):
    """Press the button of the page that asks for a passkey."""
    page = browser.open(path)
    return browser.submit(page.form("passkey"), "passkey",
                          credential=change(key.get(passkey.options(page), **said)))


def refused(r, text):
    assert r.status_code == 422, (r.status_code, r.text)
    page = Page(r)
    assert text in page.by_id["error"]
    return page


def rows(site, user):
    return site.sql("SELECT id, name, sign_count, last_used_at FROM passkeys"
                    " WHERE user_id = ? ORDER BY id", user.id)


def claims(browser):
    """What a token says of the sign-in of the browser."""
    return jose.claims_of(App(browser.site).connect(browser)["access_token"])


@pytest.mark.parametrize("alg", [-7, -8, -257])
def test_a_passkey_is_added_and_signs_in_alone(named, user, browser, alg):
    """ES256, EdDSA, RS256.  RFC 9470: a passkey that verified its user is phr."""
    key = added(browser, alg=alg)
    assert [row[1] for row in rows(named, user)] == ["My phone"]
    other = Browser(named)
    before = time.time()
    assert people.sent_to(use(other, key)) == ("/account", {})
    assert user.email in other.open("/account").text
    (_, _, count, used), = rows(named, user)
    assert count == key.count and before - 1 <= used <= time.time()
    said = claims(other)
    assert said["acr"] == "phr" and said["amr"] == ["pop", "user", "mfa"]
    assert before - 1 <= said["auth_time"] <= time.time()


def test_the_sign_in_leads_back(named, user, browser):
    key, other = added(browser), Browser(named)
    app = App(named)
    where = app.ask(other).headers["Location"]
    r = use(other, key, where)
    assert r.headers["Location"].startswith("/oauth/authorize?")


def test_an_app_that_asks_for_a_passkey(named, user, browser):
    """RFC 9470 section 4: acr_values=phr wants a passkey that verified its user, alone
    or after the password; the page says so."""
    key, app = added(browser), App(named)
    assert "phr" in named.get("/.well-known/oauth-authorization-server").json()[
        "acr_values_supported"]
    other = Browser(named)
    where = app.ask(other, acr_values="phr").headers["Location"]
    assert "wants-passkey" in other.open(where).by_id
    r = other.submit(other.open(where).form("login"), email=user.email,
                     password=user.password)
    second = r.headers["Location"]
    assert passkey.options(other.open(second))["userVerification"] == "required"
    key.flags = UP
    refused(use(other, key, second), "passkey")
    key.flags = UP | UV
    r = use(other, key, second)
    assert r.headers["Location"].startswith("/oauth/authorize?")
    assert "approve" in other.open(r.headers["Location"]).by_id


def test_another_factor_does_not_do_for_a_passkey(named, user, browser):
    """RFC 9470 section 4: the app is told, after one round."""
    added(browser)
    code = factor.codes(Page(browser.act("new_recovery_codes")))[0]
    app, other = App(named), Browser(named)
    where = app.ask(other, acr_values="phr").headers["Location"]
    r = other.submit(other.open(where).form("login"), email=user.email,
                     password=user.password)
    page = other.open(r.headers["Location"])
    r = other.submit(page.form("recover"), recovery_code=code)
    back = people.sent_back(other.get(r.headers["Location"]), app)
    assert back["error"] == "unmet_authentication_requirements"


def test_where_the_site_alone_signs_in_a_passkey_is_a_second_step(cgi, browser):
    """doc/users.md, Signed in by your site: who is shut out there must not come in here."""
    key = added(browser)
    page = browser.open("/oauth/login")
    there = under_a_name(cgi, MAIL + "login_url = https://www.example.org/login\n")
    other = Browser(there)
    other.cookie = browser.cookie
    assert "after you have signed in at the site" in other.open("/account").by_id["passkeys"]
    r = other.submit(page.form("passkey"), "passkey",
                     credential=key.get(passkey.options(page)))
    assert r.status_code == 400 and "at the site" in Page(r).by_id["error"]


def test_two_factors_of_the_site_do_not_do_for_a_passkey(cgi):
    """RFC 9470 section 4: acr_values=phr, and a ticket that says mfa."""
    share_key(cgi)
    there = under_a_name(cgi, "login_url = https://www.example.org/login\n")
    app, browser = App(there), Browser(there)
    r = browser.get(app.ask(browser, acr_values="phr").headers["Location"])
    asked = dict(parse_qsl(urlsplit(r.headers["Location"]).query))
    assert "acr_values" not in asked
    r = browser.get("/oauth/login/return?ticket=" + ticket(
        there, "s-" + secrets.token_hex(6), asked["state"], amr=["pwd", "otp", "mfa"],
        auth_time=int(time.time())))
    assert people.sent_to(r)[0] == "/oauth/login" and not browser.is_signed_in()
    assert "add-passkey" in browser.open(r.headers["Location"]).by_id


def test_the_first_one_comes_with_recovery_codes(named, browser):
    first = Page(add(browser, Passkey(ORIGIN)))
    assert "recovery-codes" in first.by_id
    second = Page(add(browser, Passkey(ORIGIN)))
    assert "recovery-codes" not in second.by_id
    assert second.by_id["notice"]


def test_it_is_the_second_step_of_a_password(named, user, browser):
    key, other = added(browser, flags=UP), Browser(named)
    r = other.submit(other.open("/oauth/login").form("login"), email=user.email,
                     password=user.password)
    assert people.sent_to(r)[0] == "/oauth/login" and not other.is_signed_in()
    page = other.open("/oauth/login")
    asked = passkey.options(page)
    assert [jose.unb64u(k["id"]) for k in asked["allowCredentials"]] == [key.id]
    assert asked["allowCredentials"][0]["transports"] == ["internal", "hybrid"]
    assert people.sent_to(use(other, key))[0] == "/account"
    said = claims(other)
    assert said["acr"] == "mfa" and said["amr"] == ["pwd", "pop", "user", "mfa"]


def test_alone_it_must_verify_its_user(named, browser):
    key = added(browser, flags=UP)
    refused(use(Browser(named), key), "passkey")
    key.flags |= UV
    assert use(Browser(named), key).status_code == 303


def change_member(name, value):
    def change(answer):
        o = json.loads(answer)
        o["response"][name] = value
        return json.dumps(o)
    return change


@pytest.mark.parametrize("lie", [
    {"origin": "https://evil.example"},
    {"origin": ORIGIN + "1"},
    {"rp_id": "evil.example"},
    {"rp_id": "127.0.0.1"},
    {"key": passkey.new_key(-7)},
    {"handle": b"1"},
    {"handle": None},
    {"id": b"somebody else's"},
    {"flags": UV},
], ids=lambda lie: next(iter(lie)))
def test_lies_sign_nobody_in(named, browser, lie):
    """Sections 7.1 and 7.2; all are told the same."""
    key, other = added(browser), Browser(named)
    honest = dict(vars(key))
    vars(key).update(lie)
    page = refused(use(other, key), "passkey")
    assert not other.is_signed_in()
    vars(key).update(honest, count=key.count)
    assert page.by_id["error"] == refused(
        use(other, key, type="webauthn.create"), "passkey").by_id["error"]
    assert use(other, key).status_code == 303


@pytest.mark.parametrize("said", [
    {"type": "webauthn.get"}, {"origin": "https://evil.example"},
    {"challenge": "AAAA"}, {"crossOrigin": True}, {"topOrigin": "https://evil.example"}],
    ids=lambda said: next(iter(said)))
def test_lies_add_no_passkey(named, user, browser, said):
    page = browser.open("/account")
    r = browser.submit(page.form("add-passkey"), "add-passkey",
                       credential=Passkey(ORIGIN).create(passkey.options(page), **said))
    refused(r, "passkey")
    assert rows(named, user) == []


@pytest.mark.parametrize("junk", ["", "x", "{}", "[]", '{"id":"YQ","response":{}}', "9" * 16000])
def test_junk_is_refused(named, browser, junk):
    key, other = added(browser), Browser(named)
    refused(use(other, key, change=lambda _: junk), "passkey")
    assert use(other, key).status_code == 303


def test_a_counter_that_does_not_rise_is_refused_and_told(named, user, browser):
    """Section 7.2 step 21."""
    key, other = added(browser), Browser(named)
    assert use(other, key).status_code == 303
    key.count -= 1
    page = refused(use(Browser(named), key), "copy")
    assert "told" in page.by_id["error"]
    mail, = [body for body, in named.sql(
        "SELECT body FROM outbox WHERE user_id = ?", user.id) if "did not rise" in body]
    assert "My phone" in mail
    assert rows(named, user)[0][2] == key.count
    assert use(Browser(named), key).status_code == 303


def test_one_that_does_not_count_works_again_and_again(named, browser):
    key = added(browser, counts=0)
    for _ in range(3):
        assert use(Browser(named), key).status_code == 303


def test_an_answer_works_once_in_one_browser(named, browser):
    """Section 13.4.3."""
    key, other = added(browser, counts=0), Browser(named)
    page = other.open("/oauth/login")
    form, answer = page.form("passkey"), key.get(passkey.options(page))
    stranger = Browser(named)
    theirs = stranger.open("/oauth/login").form("passkey")
    r = stranger.submit(theirs, "passkey", credential=answer,
                        challenge=form.fields["challenge"])
    assert r.status_code in (200, 422) and not stranger.is_signed_in()
    cookie = other.cookie
    assert other.submit(form, "passkey", credential=answer).status_code == 303
    thief = Browser(named)
    thief.cookie = cookie
    r = thief.submit(form, "passkey", credential=answer)
    assert r.status_code in (200, 422) and not thief.is_signed_in()


def test_a_passkey_is_of_one_user(named, browser):
    """Section 7.1 step 22."""
    key = added(browser)
    stranger = Browser(named, named.user("*"))
    refused(add(stranger, key), "have this one already")
    refused(add(browser, key), "have this one already")
    assert use(Browser(named), key).status_code == 303


def test_several_are_named_and_removed(named, user, browser):
    one, two = added(browser), added(browser, alg=-8)
    page = browser.open("/account")
    assert page.text.count("My phone") >= 2
    first, second = rows(named, user)
    rename = [f for f in page.forms if f.fields.get("action") == "rename_passkey"]
    assert [f.fields["id"] for f in rename] == [str(first[0]), str(second[0])]
    assert browser.submit(rename[1], name="Security <key>").status_code == 200
    assert [row[1] for row in rows(named, user)] == ["My phone", "Security <key>"]
    assert browser.act("rename_passkey", id=first[0], name="x" * 61).status_code == 422
    page = Page(browser.act("remove_passkey", id=first[0]))
    assert "My phone" not in page.text and "Security <key>" in page.text
    refused(use(Browser(named), one), "passkey")
    assert use(Browser(named), two).status_code == 303
    browser.act("remove_passkey", id=second[0])
    Browser(named, user)  # the password is enough again


def test_the_owner_is_told(named, user, browser):
    """By mail, when one is added or removed, whoever did it."""
    def mails():
        return [body for body, in named.sql(
            "SELECT body FROM outbox WHERE user_id = ? ORDER BY id", user.id)]
    added(browser)
    assert len(mails()) == 1 and "a passkey was added" in mails()[0] and "My phone" in mails()[0]
    browser.act("remove_passkey", id=rows(named, user)[0][0])
    assert len(mails()) == 2 and "a passkey was removed" in mails()[1]


def test_anothers_cannot_be_touched(named, user, browser):
    added(browser)
    (number, *_), = rows(named, user)
    stranger = Browser(named, named.user("*"))
    stranger.act("rename_passkey", id=number, name="Mine")
    stranger.act("remove_passkey", id=number)
    assert [row[1] for row in rows(named, user)] == ["My phone"]


def test_a_sign_in_that_is_under_way_does_not_outlive_it(named, user, browser):
    """The version of the credential rises with a passkey, and when one goes."""
    version = "SELECT credential, factors FROM users WHERE id = ?"
    (before, none), = named.sql(version, user.id)
    key, other = added(browser), Browser(named)
    (after, one), = named.sql(version, user.id)
    assert after > before and (none, one) == (0, 1)
    other.submit(other.open("/oauth/login").form("login"), email=user.email,
                 password=user.password)
    browser.act("remove_passkey", id=rows(named, user)[0][0])
    (last, none), = named.sql(version, user.id)
    assert last > after and none == 0
    assert other.is_signed_in() is False


def age(site, user):
    site.sql("UPDATE sessions SET auth_time = auth_time - 3600,"
             " confirmed_at = NULL WHERE user_id = ?", user.id)


def test_adding_and_removing_want_a_fresh_sign_in(named, user, browser):
    """doc/users.md: what changes how somebody signs in; a passkey confirms it."""
    key = added(browser)
    age(named, user)
    page = Page(browser.act("remove_passkey", id=rows(named, user)[0][0]))
    assert len(rows(named, user)) == 1
    key.flags = UP
    r = browser.submit(page.form("passkey"), "passkey",
                       credential=key.get(passkey.options(page)))
    assert r.status_code == 422 and len(rows(named, user)) == 1
    page, key.flags = Page(r), UP | UV
    r = browser.submit(page.form("passkey"), "passkey",
                       credential=key.get(passkey.options(page)))
    assert r.status_code == 200 and rows(named, user) == []
    page = browser.open("/account")
    age(named, user)
    r = browser.submit(page.form("add-passkey"), "add-passkey",
                       credential=Passkey(ORIGIN).create(passkey.options(page)))
    refused(r, "too long ago")
    assert rows(named, user) == []
    page = browser.open("/account")
    assert not [a for tag, a in page.tags if "data-passkey" in a]
    page = Page(browser.submit(page.form("add-passkey"), "add-passkey"))
    r = browser.submit(page.form("confirm"), "confirm", current_password=user.password)
    page = Page(r)
    assert passkey.options(page)["user"]["name"] == user.email


def test_where_all_must_have_a_factor_a_passkey_is_one(cgi, named, user):
    """second_factor = required: who has none adds one at sign-in."""
    strict = under_a_name(cgi, "second_factor = required\n")
    other, key = Browser(strict), Passkey(ORIGIN)
    other.submit(other.open("/oauth/login").form("login"), email=user.email,
                 password=user.password)
    page = other.open("/oauth/login")
    r = other.submit(page.form("add-passkey"), "add-passkey",
                     credential=key.create(passkey.options(page)))
    assert "recovery-codes" in Page(r).by_id
    assert other.is_signed_in() and len(rows(named, user)) == 1
    said = claims(other)
    assert said["acr"] == "mfa" and said["amr"] == ["pwd", "pop", "user", "mfa"]


def test_an_address_has_none_and_says_so(site):
    """Section 5.1.2: an RP id is a domain."""
    user = site.user()
    browser = Browser(site, user)
    page = browser.open("/account")
    assert "make run HOST=localhost" in page.by_id["passkeys"]
    assert "add-passkey" not in page.by_id
    assert "phr" not in site.get("/.well-known/oauth-authorization-server").json()[
        "acr_values_supported"]
    login = Browser(site).open("/oauth/login")
    assert "passkey" not in login.by_id and "data-passkey" not in login.source


def test_without_second_factors_there_are_none(cgi, named, user, browser):
    plain = under_a_name(cgi, "second_factor = off\n")
    assert "passkey" not in Browser(plain).open("/oauth/login").source
    assert "passkey" not in Browser(plain, plain.user()).open("/account").source
    page = browser.open("/account")
    answer = Passkey(ORIGIN).create(passkey.options(page))
    challenge = page.form("add-passkey").fields["challenge"]
    other = Browser(plain, user)
    refused(other.act("add_passkey", challenge=challenge, credential=answer), "no passkeys")
    key, thief = added(browser), Browser(named)
    page = thief.open("/oauth/login")
    form, answer = page.form("passkey"), key.get(passkey.options(page))
    thief.http = Browser(plain).http  # the same site, other settings
    refused(thief.submit(form, "passkey", credential=answer), "passkey")


def test_the_operator_sees_and_resets_them(named, user, browser):
    key = added(browser)
    use(Browser(named), key)
    shown = named.carnet_json("user", "show", user.email)["factors"]
    assert [(k["kind"], k["name"]) for k in shown] == [("passkey", "My phone")]
    assert shown[0]["last_used_at"] and shown[0]["count"] == key.count
    assert "My phone" in named.carnet("user", "show", user.email)
    assert "My phone" in named.carnet("user", "export", user.email)
    named.carnet("user", "reset-factor", user.email)
    assert rows(named, user) == []
    refused(use(Browser(named), key), "passkey")
    Browser(named, user)


def test_they_go_with_their_user(named, user, browser):
    key = added(browser)
    named.carnet("user", "delete", user.email)
    assert rows(named, user) == []
    refused(use(Browser(named), key), "passkey")


def test_strangers_leave_no_row(named, browser):
    """Challenges are sealed, not stored."""
    key = added(browser)
    count = "SELECT (SELECT count(*) FROM used_once) + (SELECT count(*) FROM sessions)"
    before = named.sql(count)
    for _ in range(5):
        key.rp_id = "evil.example"
        refused(use(Browser(named), key), "passkey")
    assert named.sql(count) == before
