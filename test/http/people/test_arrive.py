"""Who comes by themselves, comes back or moves (doc/users.md): by links in mails."""
import os
import random
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from kit import expect, mail, people, servers
from kit.people import App, Browser, Page
from kit.site import BUILD, User

NEW = "another-horse-battery"
LINK = re.compile(r"https?://\S+/oauth/confirm\?link=([A-Za-z0-9_-]{43})\b")


def nobody(name="new"):
    return "%s-%s@shop.example" % (name, os.urandom(6).hex())


@pytest.fixture(scope="module")
def ours():
    with servers.plain_cgi() as one:
        yield one


@pytest.fixture
def own(ours):
    """A site of this file's own, without a web server: nothing waits, and nobody is
    counted."""
    for table in ("outbox", "links", "throttle"):
        ours.sql("DELETE FROM " + table)
    for path in ours.dir.glob("got-*"):
        path.unlink()
    return ours


@pytest.fixture
def mailer(own):
    return mail.Mailer(own.dir)


def with_mail(site, mailer, settings="sign_up = open\n", throttle=""):
    """The site, which sends mail, under these settings."""
    other = site.variant(mailer.settings() + settings)
    other.email = site.email
    if throttle:
        other.conf.write_text(other.conf.read_text() + "[throttle]\n" + throttle)
    return other


@pytest.fixture
def s(own, mailer):
    return with_mail(own, mailer)


def sent(site, mailer, to):
    """The texts that were mailed to an address, after the courier ran."""
    site.carnet("courier")
    return [m.get_content() for words, m in mailer.got() if words[-1] == to]


def link_in(site, text):
    """The path of the only link in a mail, which is a secret."""
    (secret,) = LINK.findall(text)
    site.secrets.add(secret)
    return "/oauth/confirm?link=" + secret


def ask(site, path, button, browser=None, **fields):
    browser = browser or Browser(site)
    return browser.submit(browser.open(path).form(button), button, **fields)


def sign_up(site, email, browser=None, password=NEW, path="/oauth/signup", **fields):
    return ask(site, path, "signup", browser, email=email, password=password,
               **{"name": "Grace", **fields})


def recover(site, email, browser=None):
    return ask(site, "/oauth/recover", "recover", browser, email=email)


def follow(site, link, browser=None, **fields):
    """Open a link and press its button."""
    return ask(site, link, "confirm", browser, **fields)


def signs_in(site, email, password):
    browser = Browser(site)
    form = browser.open("/oauth/login").form("login")
    return browser.submit(form, email=email, password=password).status_code == 303


def is_worthless(site, link):
    r = Browser(site).get(link)
    assert r.status_code == 404 and not Page(r).forms
    secret = parse_qs(urlsplit(link).query)["link"][0]
    r = Browser(site).post("/oauth/confirm", {"link": secret, "password": NEW + "!"})
    return r.status_code == 404


def done(r):
    assert r.status_code == 200, r.text
    return Page(r).by_id["done"]


# Sign-up

def test_the_whole_way_of_somebody_new(site):
    """make run: from the sign-in page, by a mail in RUN_DIR/mail, to the account page."""
    email, browser = nobody(), Browser(site)
    page = browser.open("/oauth/login?return_to=%2Fcopy%3Fme")
    assert "signup-link" in page.by_id and "recover-link" in page.by_id
    r = sign_up(site, email, browser)
    assert r.status_code == 200 and email in Page(r).by_id["sent"]

    def arrived():
        for path in (site.dir / "mail").glob("*.eml"):
            m = mail.parse(path.read_bytes())
            if m["To"].addresses[0].addr_spec == email:
                return m
        return None
    m = expect.until(arrived)
    assert m["Subject"].startswith("Confirm your e-mail address")
    text = m.get_content()
    assert "30 minutes" in text and NEW not in text and "{{" not in text
    assert not signs_in(site, email, NEW)
    assert "Your account is there" in Page(follow(site, link_in(site, text))).text
    browser.sign_in(User(None, email, NEW))
    page = browser.open("/account")
    assert "Grace" in page.text and email in page.text
    (row,) = site.sql("SELECT email_verified_at IS NOT NULL, scope, password LIKE '$y$%'"
                      " FROM users WHERE email = ?", email)
    assert row == (1, None, 1)


def test_who_signs_up_on_the_way_to_an_app_goes_on_to_it(s, mailer):
    app, email = App(s), nobody()
    to = app.path()
    browser = Browser(s)
    page = browser.open(people.sent_to(browser.get(to))[0] + "?" + people.urlencode(
        {"return_to": to}))
    (href,) = [a["href"] for tag, a in page.tags if a.get("id") == "signup-link"]
    assert sign_up(s, email, browser, path=href).status_code == 200
    (text,) = sent(s, mailer, email)
    page = Page(follow(s, link_in(s, text), browser))
    (href,) = [a["href"] for tag, a in page.tags if a.get("id") == "login-link"]
    r = browser.submit(browser.open(href).form("login"), email=email, password=NEW)
    assert r.headers["Location"] == to
    assert "code" in people.sent_back(browser.submit(Page(browser.get(to)).form("approve"),
                                                     "approve"), app)


def test_what_may_not_be_is_said_at_its_field(s):
    """The same rules as for every new password; nobody is looked for."""
    for fields, error in [({"email": "nobody"}, "error-email"),
                          ({"email": "a@b@c.example"}, "error-email"),
                          ({"password": "short"}, "error-password"),
                          ({"password": "Sunshine12!"}, "error-password"),
                          ({"name": "Grace Hopper", "password": "gracehopper"},
                           "error-password")]:
        r = sign_up(s, **{"email": nobody(), **fields})
        assert r.status_code == 422 and Page(r).by_id[error]
        assert "password" not in Page(r).form("signup").fields or \
            not Page(r).form("signup").fields["password"]
    assert s.sql("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize("rule", ["closed", "invite"])
def test_where_nobody_signs_up_there_is_no_page(own, mailer, rule):
    s = with_mail(own, mailer, "sign_up = %s\n" % rule)
    assert s.get("/oauth/signup").status_code == 404
    assert Browser(s).post("/oauth/signup", {"email": nobody()}).status_code == 404
    assert "signup-link" not in Browser(s).open("/oauth/login").by_id


def test_a_site_without_mail_is_not_open(own):
    p = own.variant("sign_up = open\n").command("user", "list")
    assert p.returncode == 1 and "no mail is set up" in p.stderr
    assert own.get("/oauth/recover").status_code == 404
    page = Browser(own).open("/oauth/login")
    assert "recover-link" not in page.by_id and "signup-link" not in page.by_id


def test_a_link_of_before_the_site_was_closed_begins_nothing(own, s, mailer):
    email = nobody()
    sign_up(s, email)
    (text,) = sent(s, mailer, email)
    closed = with_mail(own, mailer, "sign_up = invite\n")
    assert is_worthless(closed, link_in(s, text))
    done(follow(s, link_in(s, text)))


def test_a_name_from_a_stranger_is_in_no_mail(s, mailer):
    """Else it would advertise."""
    email = nobody()
    sign_up(s, email, name="Buy at http://evil.example")
    (text,) = sent(s, mailer, email)
    assert "evil" not in text


def test_an_address_with_letters_of_its_own(s, mailer):
    """IDNA: the mail goes to the A-label, and either spelling signs in."""
    sign_up(s, "Jürgen@Bücher.example")
    (text,) = sent(s, mailer, "jürgen@xn--bcher-kva.example")
    done(follow(s, link_in(s, text)))
    assert signs_in(s, "jürgen@BÜCHER.example", NEW)


@pytest.mark.parametrize("email", ["a@b.example\r\nBcc: c@d.example", "a@b.example\nx",
                                   "a@b.example\0x"])
def test_no_address_makes_a_header(s, email):
    r = Browser(s).post("/oauth/recover", {"email": email, "csrf_token": "x" * 43})
    assert r.status_code == 400
    assert s.sql("SELECT count(*) FROM outbox") == [(0,)]


# Links

def test_opening_a_link_changes_nothing(s, mailer):
    """RFC 9110 section 9.2.1: programs of a mail server open it, and the person then."""
    email = nobody()
    sign_up(s, email)
    (text,) = sent(s, mailer, email)
    link = link_in(s, text)
    for method in ("GET", "HEAD", "GET"):
        r = s.request(method, link)
        assert r.status_code == 200 and r.headers["Referrer-Policy"] == "no-referrer"
        assert r.headers["Cache-Control"] == "no-store"
    assert not signs_in(s, email, NEW)
    done(follow(s, link))
    assert is_worthless(s, link) and signs_in(s, email, NEW)


def test_a_link_ends(s, mailer):
    user = s.user()
    recover(s, user.email)
    (text,) = sent(s, mailer, user.email)
    link = link_in(s, text)
    ((left,),) = s.sql("SELECT expires_at - unixepoch() FROM links")
    assert 1700 < left <= 1800
    s.sql("UPDATE links SET expires_at = unixepoch() - 1")
    assert is_worthless(s, link)


def test_the_secret_is_nowhere_but_in_the_mail(s, mailer):
    """doc/security.md: the database has its digest; no log has it."""
    user = s.user()
    recover(s, user.email)
    (text,) = sent(s, mailer, user.email)
    link = link_in(s, text)
    secret = link[-43:]
    r = Browser(s).get(link)
    assert secret not in getattr(r, "log", "") and secret in r.text
    r = Browser(s).get(link + "x")
    assert r.status_code == 404 and secret not in r.log
    r = Browser(s).post("/oauth/confirm", {"link": secret, "password": "short"})
    assert r.status_code == 422 and secret not in r.log
    assert secret not in s.carnet("log", "--json")
    assert secret not in "".join(map(str, s.sql("SELECT * FROM links")))
    assert s.sql("SELECT count(*) FROM outbox") == [(0,)]


def test_a_wrong_link_is_worth_nothing(s):
    for link in ("", "?link=", "?link=x", "?link=" + "A" * 43):
        r = Browser(s).get("/oauth/confirm" + link)
        assert r.status_code == 404 and "no longer good" in r.text
        assert "recover-link" in Page(r).by_id


# A new password

def test_the_whole_way_of_who_forgot_their_password(s, mailer):
    user, app = s.user("read-posts"), App(s)
    browser = Browser(s, user)
    pair = app.connect(browser)
    assert Page(recover(s, user.email.upper())).by_id["sent"]
    (text,) = sent(s, mailer, user.email)
    link = link_in(s, text)
    for password in ("short", "password1", user.email):
        r = follow(s, link, password=password)
        assert r.status_code == 422 and Page(r).by_id["error-password"]
    assert browser.is_signed_in()
    done(follow(s, link, password=NEW))
    assert not browser.is_signed_in() and not s.is_live(pair["access_token"])
    assert not signs_in(s, user.email, user.password) and signs_in(s, user.email, NEW)
    assert is_worthless(s, link)
    (notice,) = [t for t in sent(s, mailer, user.email) if not LINK.search(t)]
    assert "the password of your account %s was changed" % user.email in notice
    (line,) = mail.lines(s.carnet("log", "--event", "confirm", "--outcome", "ok", "--json",
                                  "--user", user.email))
    assert (line["user"], line["detail"]) == (user.email, "recover")


def test_who_has_a_user_name_gives_that(s, mailer):
    user = s.user()
    s.carnet("user", "edit", user.email, "--login", "Hopper")
    recover(s, "hOPPER")
    (text,) = sent(s, mailer, user.email)
    done(follow(s, link_in(s, text), password=NEW))
    assert signs_in(s, "hopper", NEW)


def test_a_new_password_ends_all_links(s, mailer):
    """Of whichever kind, and however it was set."""
    user = s.user()
    for _ in range(3):
        recover(s, user.email)
    links = [link_in(s, text) for text in sent(s, mailer, user.email)]
    assert len(set(links)) == 3
    done(follow(s, links[0], password=NEW))
    assert is_worthless(s, links[1]) and is_worthless(s, links[2])
    recover(s, user.email)
    link = link_in(s, [t for t in sent(s, mailer, user.email) if LINK.search(t)][-1])
    s.carnet("user", "passwd", user.email, "--password-stdin", input=NEW + "2\n")
    assert is_worthless(s, link)


def test_a_link_is_for_the_address_that_it_was_sent_to(s, mailer):
    user = s.user()
    recover(s, user.email)
    (text,) = sent(s, mailer, user.email)
    s.carnet("user", "edit", user.email, "--email", nobody("moved"))
    assert is_worthless(s, link_in(s, text))


def test_the_disabled_and_the_unknown_get_no_mail(s, mailer):
    user, gone = s.user(), s.user()
    recover(s, user.email)
    (text,) = sent(s, mailer, user.email)
    for u in (user, gone):
        s.carnet("user", "disable", u.email)
    assert is_worthless(s, link_in(s, text))
    for email in (gone.email, nobody(), "hopper-nobody"):
        assert recover(s, email).status_code == 200
    s.carnet("courier")
    assert len(mailer.got()) == 1 and s.sql("SELECT count(*) FROM outbox") == [(0,)]


def test_whose_password_is_kept_elsewhere_is_told_so(own, mailer):
    """doc/users.md: no link, as no password of ours would count there."""
    s = with_mail(own, mailer, "password_check = unix:/run/site.sock\n"
                  "help_url = https://site.example/forgot\n")
    elsewhere, here = s.user(), s.user()
    s.sql("UPDATE users SET password = '*' WHERE email = ?", elsewhere.email)
    for user in (elsewhere, here):
        recover(s, user.email)
    (text,) = sent(s, mailer, elsewhere.email)
    assert "not kept here" in text and "https://site.example/forgot" in text
    assert not LINK.search(text) and "{{" not in text
    (text,) = sent(s, mailer, here.email)
    assert LINK.search(text) and "not kept here" not in text


def test_reset_prints_a_link_for_sites_without_mail(own):
    user = own.user()
    made = own.carnet_json("user", "reset", user.email)
    assert made["mailed"] is False and 1700 < made["expires_at"] - time.time() <= 1800
    link = link_in(own, made["link"])
    done(follow(own, link, password=NEW))
    assert signs_in(own, user.email, NEW) and is_worthless(own, link)
    text = own.carnet("user", "reset", user.email)
    assert text == LINK.search(text)[0] + "\n"
    link = link_in(own, text)
    own.carnet("token", "revoke", "--user", user.email)
    assert is_worthless(own, link)
    own.carnet("user", "disable", user.email)
    p = own.command("user", "reset", user.email)
    assert p.returncode == 1 and "disabled" in p.stderr and not p.stdout
    assert link[-43:] not in own.carnet("log", "--json")


# Invitations

def test_an_invitation(own, mailer):
    s = with_mail(own, mailer, "sign_up = invite\n")
    email = nobody("guest")
    made = s.carnet_json("user", "invite", email.upper())
    assert made["mailed"] is True and 604700 < made["expires_at"] - time.time() <= 604800
    (text,) = sent(s, mailer, email)
    link = link_in(s, text)
    assert made["link"].endswith(link) and "7 days" in text
    r = follow(s, link, password="12345678", name="Grace")
    assert r.status_code == 422 and Page(r).by_id["error-password"]
    assert Page(r).form("confirm").fields["name"] == "Grace"
    done(follow(s, link, password=NEW, name="Grace"))
    assert s.carnet_json("user", "show", email)["name"] == "Grace"
    assert signs_in(s, email, NEW) and is_worthless(s, link)
    p = s.command("user", "invite", email)
    assert p.returncode == 1 and "already" in p.stderr
    p = s.command("user", "invite", nobody(), "--ttl", "91d")
    assert p.returncode == 1 and "90d" in p.stderr
    made = s.carnet_json("user", "invite", nobody(), "--ttl", "2h")
    assert 7100 < made["expires_at"] - time.time() <= 7200
    p = own.command("user", "invite", nobody())
    assert p.returncode == 1 and "closed" in p.stderr
    assert is_worthless(own, link_in(s, made["link"]))


def test_an_invitation_without_mail_is_printed(own):
    s = own.variant("sign_up = invite\n")
    email = nobody()
    made = s.carnet_json("user", "invite", email)
    assert made["mailed"] is False
    done(follow(s, link_in(s, made["link"]), password=NEW))
    assert signs_in(s, email, NEW)


# A new address, a new user name

def move(browser, email):
    return browser.act("change_email", email=email)


def test_a_new_address_is_confirmed_there_and_told_to_the_old_one(s, mailer):
    user, email = s.user(), nobody("moved")
    browser = Browser(s, user)
    r = move(browser, email.replace("shop", "SHOP"))
    assert r.status_code == 200 and "on its way" in Page(r).by_id["notice"]
    assert user.email in browser.open("/account").text
    (text,) = sent(s, mailer, email)
    link = link_in(s, text)
    browser.open(link)
    assert email not in browser.open("/account").text
    assert email in done(follow(s, link, browser))
    assert email in browser.open("/account").text and browser.is_signed_in()
    assert sent(s, mailer, user.email) and not sent(s, mailer, email)[1:]
    (notice,) = sent(s, mailer, user.email)
    assert "It is now %s" % email in notice
    assert signs_in(s, email, user.password)
    assert not signs_in(s, user.email, user.password)
    assert is_worthless(s, link)
    assert s.sql("SELECT email_verified_at IS NOT NULL FROM users WHERE email = ?",
                 email) == [(1,)]


def test_a_new_address_is_confirmed_by_the_accounts_owner(s, mailer):
    """Whose address was mistyped gets the mail, and not the account."""
    user, email = s.user(), nobody("mistyped")
    browser = Browser(s, user)
    move(browser, email)
    link = link_in(s, sent(s, mailer, email)[0])
    stranger = Browser(s, s.user())
    for who in (Browser(s), stranger):
        for password in ({}, {"password": "wrong-password"}, {"password": NEW}):
            r = follow(s, link, who, **password)
            assert r.status_code == 422 and Page(r).by_id["error-password"]
    assert s.sql("SELECT count(*) FROM users WHERE email = ?", email) == [(0,)]
    done(follow(s, link, Browser(s), password=user.password))
    assert signs_in(s, email, user.password)


def test_an_address_of_somebody_else(s, mailer):
    """The page answers as ever; the mail tells whose address it is."""
    user, other = s.user(), s.user()
    browser = Browser(s, user)
    one = Page(move(browser, other.email)).by_id["notice"]
    assert one == Page(move(browser, nobody())).by_id["notice"]
    (text,) = sent(s, mailer, other.email)
    assert not LINK.search(text) and "already" in text
    # taken after the link was sent
    late = nobody("late")
    move(browser, late)
    link = link_in(s, sent(s, mailer, late)[0])
    s.user(email=late)
    r = follow(s, link, browser)
    assert r.status_code == 422 and "Another account" in r.text
    assert user.email in browser.open("/account").text


def test_a_new_address_is_one(s):
    user = s.user()
    browser = Browser(s, user)
    for email, error in [("nobody", "e-mail address"), (user.email.upper(), "already")]:
        r = move(browser, email)
        assert r.status_code == 422 and error in Page(r).by_id["error"]
    assert s.sql("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize("button, action, fields", [
    ("change-email", "change_email", {"email": "moved@shop.example"}),
    ("change-login", "change_login", {"login": "moved"})])
def test_a_new_name_wants_a_new_sign_in(s, button, action, fields):
    """doc/users.md, The account page: fresh_ttl; the password if it is over."""
    user = s.user()
    browser = Browser(s, user)
    form = browser.open("/account").form(button)
    assert "current_password" not in form.fields
    s.sql("UPDATE sessions SET auth_time = auth_time - 601 WHERE user_id = ?", user.id)
    page = Page(browser.submit(form, **fields))
    form = page.form("confirm")
    assert "notice" not in page.by_id and form.fields.items() >= {
        "action": action, **fields}.items()
    page = Page(browser.submit(form, current_password="wrong-password"))
    assert page.status == 422
    page = Page(browser.submit(page.form("confirm"), current_password=user.password))
    assert page.status == 200 and page.by_id["notice"]


def test_a_new_password_ends_the_link_to_a_new_address(s, mailer):
    user, email = s.user(), nobody()
    move(Browser(s, user), email)
    s.carnet("user", "passwd", user.email, "--password-stdin", input=NEW + "\n")
    assert not sent(s, mailer, email)
    browser = Browser(s, user._replace(password=NEW))
    move(browser, email)
    link = link_in(s, sent(s, mailer, email)[0])
    s.carnet("user", "passwd", user.email, "--password-stdin", input=NEW + "2\n")
    assert is_worthless(s, link)


def test_a_user_name_is_changed(s, mailer):
    user, other = s.user(), s.user()
    s.carnet("user", "edit", other.email, "--login", "taken")
    browser = Browser(s, user)

    def change(login):
        return browser.act("change_login", login=login)
    for login, error in [("TAKEN", "Another user"), ("a@b", "user name has"),
                         ("x" * 65, "user name has")]:
        r = change(login)
        assert r.status_code == 422 and error in Page(r).by_id["error"], r.text
    assert change("Grace").status_code == 200
    assert signs_in(s, "GRACE", user.password)
    (text,) = sent(s, mailer, user.email)
    assert "It is now grace" in text
    assert "no user name" in Page(change("")).by_id["notice"]
    assert not signs_in(s, "grace", user.password) and signs_in(s, user.email, user.password)


# What answers tell, and how many mails there are

def plain(r, email):
    page = Page(r)
    return r.status_code, page.text.replace(email, "*"), [f.fields.keys() for f in page.forms]


def test_no_answer_tells_who_has_an_account(s, mailer):
    """By text; by what is stored, and so by time (make timing)."""
    user, gone = s.user(), s.user()
    s.carnet("user", "disable", gone.email)

    def look(act, email):
        before = s.sql("SELECT count(*) FROM outbox")[0][0]
        r = act(s, email)
        ((kind, body),) = s.sql("SELECT kind, body FROM outbox ORDER BY id DESC LIMIT 1")
        body = re.sub(r"\$y\$[^\"]*", "*", body)
        assert s.sql("SELECT count(*) FROM links") == [(0,)]
        return plain(r, email), s.sql("SELECT count(*) FROM outbox")[0][0] - before, kind, body
    for act in (sign_up, recover):
        found = [look(act, email) for email in (nobody(), user.email, gone.email)]
        assert found[0] == found[1] == found[2] and found[0][1] == 1
    (text,) = [t for t in sent(s, mailer, user.email) if not LINK.search(t)]
    assert "You have an account already" in [
        m["Subject"] for words, m in mailer.got() if words[-1] == user.email][0]
    assert "/oauth/login" in text and "/oauth/recover" in text and NEW not in text
    assert signs_in(s, user.email, user.password)


def test_a_form_of_another_site_sends_nothing(s):
    for path, fields in [("/oauth/signup", {"email": nobody(), "password": NEW}),
                         ("/oauth/recover", {"email": s.email})]:
        r = Browser(s).post(path, {**fields, "csrf_token": "x" * 43})
        assert r.status_code == 303 and "action=again" in r.headers["Location"]
        assert "Set-Cookie" not in r.headers
        assert Browser(s).post(path, fields).status_code == 400
    assert s.sql("SELECT count(*) FROM outbox") == [(0,)]


def test_nobody_is_flooded_with_mail(own, mailer):
    """From whichever place; behind the limit the answer is the same."""
    s = with_mail(own, mailer, throttle="mails_to = 3\n")
    user, email = s.user(), nobody()
    for act, to in ((recover, user.email), (sign_up, email)):
        answers = {str(plain(act(s, to), to)) for _ in range(5)}
        assert len(answers) == 1
        assert len(sent(s, mailer, to)) == 3
    s.sql("UPDATE throttle SET expires_at = unixepoch()")
    recover(s, user.email)
    assert len(sent(s, mailer, user.email)) == 4


def test_one_address_asks_for_so_many_mails(own, mailer):
    s = with_mail(own, mailer, throttle="mails = 4\n")
    browser = Browser(s, s.user())
    for act in (recover, sign_up, lambda s, email: move(browser, email), recover):
        assert act(s, nobody()).status_code == 200
    for r in (recover(s, nobody()), sign_up(s, nobody()), move(browser, nobody())):
        assert r.status_code == 429 and "Too many mails" in r.text
        assert 3000 < int(r.headers["Retry-After"]) <= 3600
    assert s.sql("SELECT count(*) FROM outbox") == [(4,)]


def test_strangers_fill_half_of_the_outbox(own, mailer):
    """The other half is for notices."""
    s = with_mail(own, mailer, "sign_up = open\noutbox_max = 5\n")
    answers = set()
    for _ in range(5):
        email = nobody()
        answers.add(str(plain(recover(s, email), email)))
    assert len(answers) == 1 and s.sql("SELECT count(*) FROM outbox") == [(3,)]
    user = s.user()
    Browser(s, user).act("change_password", current_password=user.password, new_password=NEW)
    assert s.sql("SELECT kind FROM outbox ORDER BY id DESC LIMIT 1") == [("mail",)]


def test_so_many_accounts_wait(s, mailer):
    s.sql("INSERT INTO links (digest, kind, email, credential, expires_at)"
          " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
          " SELECT randomblob(32), 'sign_up', 'x@y.example', 0, unixepoch() + 1000 FROM n")
    email = nobody()
    assert sign_up(s, email).status_code == 200
    assert not sent(s, mailer, email)
    user = s.user()
    recover(s, user.email)
    assert sent(s, mailer, user.email)
    s.sql("DELETE FROM links")
    sign_up(s, email)
    assert sent(s, mailer, email)


# The texts

def test_a_sites_own_texts(own, mailer):
    pages = own.dir / "pages"
    pages.mkdir()
    s = with_mail(own, mailer, "sign_up = open\ntemplates = %s\n" % pages)
    user = s.user()
    (pages / "mail-recover.txt").write_text("no subject\n\n{{link}}\n")
    recover(s, user.email)
    p = s.command("courier")
    assert p.returncode == 0 and "mail-recover.txt" in p.stderr
    assert not mailer.got() and s.sql("SELECT kind FROM outbox") == [("recover",)]
    assert s.sql("SELECT count(*) FROM links") == [(0,)]
    (pages / "mail-recover.txt").write_text("Subject: Ours\n\n{{link}} {{ttl}}\n")
    s.sql("UPDATE outbox SET next_at = created_at")
    (text,) = sent(s, mailer, user.email)
    assert text.endswith(" 30 minutes\n")
    done(follow(s, link_in(s, text), password=NEW))


# At once, and killed

def at_once(n, act):
    with ThreadPoolExecutor(n) as pool:
        return sorted(r.status_code for r in pool.map(act, range(n)))


def test_of_many_uses_at_once_one_counts(s):
    """Processes of plain CGI, at one link."""
    user = s.user()
    link = link_in(s, s.carnet("user", "reset", user.email))
    tried = [NEW + str(i) for i in range(6)]

    def use(i):
        return Browser(s).post("/oauth/confirm", {"link": link[-43:], "password": tried[i]})
    assert at_once(6, use) == [200, 404, 404, 404, 404, 404]
    assert sum(signs_in(s, user.email, p) for p in tried) == 1


def test_one_address_signs_up_twice_at_once(s, mailer):
    email = nobody()
    assert at_once(3, lambda i: sign_up(s, email, password=NEW + str(i))) == [200] * 3
    links = [link_in(s, text) for text in sent(s, mailer, email)]
    assert len(set(links)) == 3
    assert at_once(3, lambda i: follow(s, links[i])) == [200, 422, 422]
    assert s.sql("SELECT count(*) FROM users WHERE email = ?", email) == [(1,)]
    assert sum(signs_in(s, email, NEW + str(i)) for i in range(3)) == 1


def test_one_job_of_two_couriers_is_one_link(s, mailer):
    users = [s.user() for _ in range(4)]
    for u in users:
        recover(s, u.email)
    env = {**os.environ, "CARNET_CONF": str(s.conf)}
    both = [subprocess.Popen([BUILD / "bin/carnet", "courier"], env=env) for _ in range(3)]
    assert [p.wait(60) for p in both] == [0, 0, 0]
    assert s.sql("SELECT count(*) FROM links") == [(4,)]
    for u in users:
        assert len(sent(s, mailer, u.email)) == 1


def test_a_courier_that_is_killed_at_any_moment_makes_one_link_each(s, mailer):
    """A job and its mail change places in one transaction."""
    users = [s.user() for _ in range(4)]
    for u in users:
        recover(s, u.email)
    env, dice = {**os.environ, "CARNET_CONF": str(s.conf)}, random.Random(6)
    for _ in range(10):
        s.sql("UPDATE outbox SET next_at = created_at")
        p = subprocess.Popen([BUILD / "bin/carnet", "courier"], env=env,
                             start_new_session=True)
        time.sleep(dice.random() * 0.05)
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait(60)
        ((jobs,),) = s.sql("SELECT count(*) FROM outbox WHERE kind = 'recover'")
        ((links,),) = s.sql("SELECT count(*) FROM links")
        assert jobs + links == 4
    s.sql("UPDATE outbox SET next_at = created_at")
    for u in users:
        got = {LINK.search(t)[1] for t in sent(s, mailer, u.email)}
        assert len(got) == 1  # one link, in one mail or in two
        done(follow(s, "/oauth/confirm?link=" + got.pop(), password=NEW))
        assert signs_in(s, u.email, NEW)


def test_a_link_is_spent_with_what_it_does_or_not_at_all(s):
    """Killed at any moment: a 200 was a promise, and nothing is half done."""
    dice = random.Random(7)
    for _ in range(8):
        user = s.user()
        link = link_in(s, s.carnet("user", "reset", user.email))
        body = people.urlencode({"link": link[-43:], "password": NEW}).encode()
        p = subprocess.Popen(
            [BUILD / "cgi-bin/confirm"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={
                **os.environ, "CARNET_CONF": str(s.conf), "REQUEST_METHOD": "POST",
                "SCRIPT_NAME": "/oauth/confirm", "REMOTE_ADDR": "127.0.0.1",
                "CONTENT_TYPE": "application/x-www-form-urlencoded",
                "CONTENT_LENGTH": str(len(body)), "SERVER_PROTOCOL": "HTTP/1.1"})
        p.stdin.write(body)
        p.stdin.flush()
        time.sleep(dice.random() * 0.12)
        p.kill()
        out = p.communicate()[0]
        is_spent = Browser(s).get(link).status_code == 404
        assert is_spent == signs_in(s, user.email, NEW) != signs_in(
            s, user.email, user.password)
        assert is_spent or b"Status: 200" not in out
