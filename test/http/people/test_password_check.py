"""Passwords that another program keeps (doc/users.md, Passwords that another program
keeps)."""
import json
import os
import pwd
import threading
import time
from contextlib import contextmanager

import pytest

from kit import expect, faults, jose
from kit.people import Browser, Page
from kit.verifier import Saslauthd, setting, verifier

PASSWORD = "the-sites-own-word"


@contextmanager
def site_of(v, *settings, programs=("token",), **kw):
    with faults.served(*programs, settings=setting(v, *settings), **kw) as site:
        site.secrets.add(PASSWORD)
        yield site


@pytest.fixture(scope="module")
def v():
    with verifier() as v:
        yield v


@pytest.fixture(scope="module")
def shared(v):
    with site_of(v, programs=("token", "login", "account", "password-token")) as site:
        yield site


@pytest.fixture
def site(shared, v):
    """With nobody known to the verifier, and nothing asked or counted yet."""
    v.people, v.asked, v.answer = {}, [], v.by_table
    v.is_there()
    shared.sql("DELETE FROM throttle")
    return shared


def grant(site, login, password=PASSWORD):
    return site.grant("password", username=login, password=password)


def users(site):
    return site.sql("SELECT email, login, subject, name, group_names FROM users"
                    " WHERE id > 1 ORDER BY id")


def unanswered(r, why=""):
    """RFC 9110 section 15.6.4; RFC 6749 section 4.1.2.1 has the name."""
    expect.error(r, 503, "temporarily_unavailable")
    assert int(r.headers["Retry-After"]) > 0
    *_, said, refused = r.log.splitlines()
    assert " password_check " in said and why in said, r.log
    assert 'why="no answer from password_check"' in refused, r.log
    assert "password" not in r.json()["error_description"]


# Who is let in

def test_who_is_let_in_becomes_a_user_once(site, v):
    v.add("grace", sub="site-17", email="Grace@Example.org", name="Grace Hopper",
          groups=["staff", "navy"])
    for login in ("grace", "GRACE"):
        token = expect.tokens(grant(site, login))["access_token"]
        assert jose.claims_of(token)["sub"] == "site-17"
    assert users(site) == [("grace@example.org", "grace", "site-17", "Grace Hopper",
                            "staff navy")]
    assert v.asked == [{"login": "grace", "password": PASSWORD}] * 2
    # What changes there changes here.
    v.add("grace", sub="site-17", email="hopper@example.org", name="Rear Admiral Hopper")
    expect.tokens(grant(site, "grace"))
    assert users(site)[0][:4] == ("hopper@example.org", "grace", "site-17",
                                  "Rear Admiral Hopper")
    assert grant(site, "grace", "wrong").json()["error"] == "invalid_grant"


def test_each_way_to_give_a_password(site, v):
    """The page, the account page, the first-party proxy; and the password as it was
    sent, with what JSON must escape."""
    odd = 'a "quote", a \\, ü and \u2028'
    v.add("joan@example.org", odd, sub="site-18", name="Joan")
    site.secrets.add(odd)
    browser = Browser(site)
    form = browser.open("/oauth/login").form("login")
    r = browser.submit(form, email="joan@example.org", password="wrong")
    assert r.status_code == 422 and "is wrong" in Page(r).by_id["error"]
    r = browser.submit(form, email="joan@example.org", password=odd)
    assert r.status_code == 303 and browser.is_signed_in()
    for password, status in (("wrong", 422), (odd, 200)):
        r = browser.act("create_token", name="x", current_password=password)
        assert r.status_code == status, r.text
    r = site.post("/api/oauth/password/token",
                  json={"username": "joan@example.org", "password": odd})
    expect.tokens(r)
    assert [q["password"] for q in v.asked] == ["wrong", odd, "wrong", odd, odd]
    assert {q["login"] for q in v.asked} == {"joan@example.org"}


def test_the_account_page_changes_no_such_password(site, v):
    v.add("jean", sub="site-27")
    browser = Browser(site)
    form = browser.open("/oauth/login").form("login")
    assert browser.submit(form, email="jean", password=PASSWORD).status_code == 303
    page = browser.open("/account")
    assert "change-password" not in page.by_id and "change it there" in page.text
    r = browser.act("change_password", current_password=PASSWORD, new_password="another-word-1")
    assert r.status_code == 422 and "change it there" in Page(r).by_id["error"]
    assert site.sql("SELECT password FROM users WHERE subject = 'site-27'") == [("*",)]


def test_the_name_is_the_person_where_there_is_no_sub(site, v):
    v.add("edsger@example.org")
    v.add("tony")
    site.carnet("user", "add", "tony@example.net", "--login", "tony", "--password-stdin", input="another-word-1\n")
    for login, sub in (("edsger@example.org", "edsger@example.org"), ("tony", None)):
        claims = jose.claims_of(expect.tokens(grant(site, login))["access_token"])
        found, = site.sql("SELECT id, subject FROM users WHERE email = ?1 OR login = ?1", login)
        assert claims["sub"] == (sub or str(found[0])) and found[1] == sub
    # One whose sub is another takes no name: the name was changed to it here.
    site.sql("UPDATE users SET login = 'barbara' WHERE subject = 'edsger@example.org'")
    v.add("barbara")
    claims = jose.claims_of(expect.tokens(grant(site, "barbara"))["access_token"])
    assert claims["sub"] == "barbara"


@pytest.mark.parametrize("login, said", [
    ("mallory", {"sub": "site-66", "email": "ada@example.org"}),
    ("mallory2", {"sub": "site-67", "email": "ada@example.org", "email_verified": True}),
    ("mallory3", {"sub": "1"})])
def test_nobody_becomes_another_user(site, v, login, said):
    """An address that is taken, and a number that is the demo user's."""
    v.add(login, **said)
    before = site.sql("SELECT * FROM users")
    expect.error(grant(site, login), 400, "invalid_grant")
    assert site.sql("SELECT * FROM users") == before


def test_a_disabled_user_is_refused(site, v):
    v.add("linus", sub="site-19")
    expect.tokens(grant(site, "linus"))
    site.sql("UPDATE users SET disabled_at = 1 WHERE subject = 'site-19'")
    expect.error(grant(site, "linus"), 400, "invalid_grant")


def test_strangers_may_be_refused(v):
    v.people = {}
    v.add("new", sub="site-30")
    with site_of(v, "login_create = no") as site:
        r = grant(site, "new")
        expect.error(r, 400, "invalid_grant")
        assert "login_create is no" in r.log
        assert users(site) == []


def test_a_name_that_no_user_can_have_is_not_asked_about(site, v):
    expect.error(grant(site, "no name"), 400, "invalid_grant")
    assert v.asked == []


# Guesses

def test_guesses_are_counted(site, v):
    """doc/users.md, Passwords: known or not."""
    v.add("known", sub="site-20")
    expect.tokens(grant(site, "known"))
    site.sql("DELETE FROM throttle")
    for login in ("known", "unknown"):
        codes = [grant(site, login, "wrong").status_code for _ in range(12)]
        assert codes == [400] * 10 + [429] * 2
    assert grant(site, "known").status_code == 429


def test_guesses_are_counted_without_an_answer_too(site, v):
    """A hash that is stored could be guessed at."""
    v.answer = lambda question: b""
    for login in (site.email, "unknown"):
        codes = [grant(site, login, "wrong").status_code for _ in range(12)]
        assert codes == [503] * 10 + [429] * 2


def test_two_tries_of_an_account_at_a_time(site, v):
    """So that few are made before the first is counted."""
    at_once, most, lock = [0], [0], threading.Lock()

    def slow(question):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.1)
        with lock:
            at_once[0] -= 1
        return b'{"ok":false}\n'

    v.answer = slow
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(
        grant(site, "many", "wrong").status_code)) for _ in range(24)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert most[0] <= 2
    assert codes.count(400) <= 11 and codes.count(429) >= 13, codes


# No answer

def half(question):
    return b'{"ok":true,"sub":"site-'


NO_ANSWER = {
    "nothing": lambda q: b"", "half": half, "no JSON": lambda q: b"OK\n",
    "no ok": lambda q: b'{"sub":"site-1"}\n', "a number": lambda q: b'{"ok":1}\n',
    "twice": lambda q: b'{"ok":false,"ok":true}\n', "a list": lambda q: b'[true]\n',
    "a value of a wrong kind": lambda q: b'{"ok":true,"sub":[1]}\n',
    "a NUL": lambda q: b'{"ok":true,"sub":"a\\u0000b"}\n',
    "no UTF-8": lambda q: b'{"ok":true,"name":"\xff"}\n',
    "1 MB": lambda q: b'{"ok":true,"name":"' + b"x" * 2**20 + b'"}\n',
    "1 MB without end": lambda q: b" " * 2**20}


@pytest.mark.parametrize("how", NO_ANSWER)
def test_what_makes_no_sense_is_no_answer(site, v, how):
    before, v.answer = users(site), NO_ANSWER[how]
    unanswered(grant(site, "ada"), "unix:%s: " % v.path)
    # The hash that is stored decides.
    expect.tokens(grant(site, site.email, site.password))
    assert users(site) == before


def test_a_page_says_try_again(site, v):
    v.answer = lambda question: b""
    browser = Browser(site)
    form = browser.open("/oauth/login").form("login")
    r = browser.submit(form, email="ada@example.org", password=PASSWORD)
    assert r.status_code == 503 and int(r.headers["Retry-After"]) > 0
    assert "wrong" not in Page(r).text.lower()


def test_an_answer_in_pieces_is_one(site, v):
    """A line may come byte by byte, and need not end if the connection does."""
    v.add("slow", sub="site-21")
    v.answer = lambda question: v.by_table(question).rstrip(b"\n")
    expect.tokens(grant(site, "slow"))


def test_others_sign_in_while_one_waits(site, v):
    """In one process; and who waited is let in when the answer comes."""
    v.add("quick", sub="site-22")
    v.add("slow", sub="site-28")
    over = threading.Event()

    def answer(question):
        if question["login"] == "slow":
            over.wait()
        return v.by_table(question)

    v.answer, late = answer, []
    t = threading.Thread(target=lambda: late.append(grant(site, "slow")))
    t.start()
    expect.until(lambda: v.asked)
    expect.tokens(grant(site, "quick"))
    site.machine()
    assert not late
    over.set()
    t.join()
    expect.tokens(late[0])


def test_it_hangs(site, v):
    """5 seconds in all."""
    v.answer = lambda question: None
    begun = time.monotonic()
    unanswered(grant(site, "late"), "no answer in 5 s")
    assert 4.9 < time.monotonic() - begun < 30


def test_it_ends_and_is_started_again(site, v):
    v.add("back", sub="site-23")
    v.stop()
    unanswered(grant(site, "back"), "connect: Connection refused")
    os.unlink(v.path)
    unanswered(grant(site, "back"), "No such file")
    v.start()
    expect.tokens(grant(site, "back"))


def nobody():
    return pwd.getpwnam("www-data").pw_uid


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@needs_root
def test_a_socket_that_is_not_the_sites_is_not_asked(v):
    """Whoever can put one in its place would be told passwords."""
    v.people, v.asked = {}, []
    v.add("ada", sub="site-1")
    uid = nobody()
    with site_of(v) as site:
        os.chown(v.path, uid, -1)
        unanswered(grant(site, "ada"), "is owned by user %d" % uid)
        os.chown(v.path, 0, -1)
        real = v.path.with_name("real")
        v.path.rename(real)
        v.path.symlink_to(real)
        unanswered(grant(site, "ada"), "a symbolic link")
        v.path.unlink()
        v.path.write_text("")
        unanswered(grant(site, "ada"), "it is no socket")
        v.path.unlink()
        real.rename(v.path)
        assert v.asked == []
        expect.tokens(grant(site, "ada"))


@needs_root
def test_who_listens_is_asked_of_the_kernel(v):
    """A socket of root's whose listener is another's."""
    v.asked = []
    uid = nobody()
    v.stop()
    os.unlink(v.path)
    os.chmod(v.path.parent, 0o777)
    pid = os.fork()
    if pid == 0:
        os.setuid(uid)
        v.start()
        time.sleep(60)
        os._exit(0)
    try:
        expect.until(v.path.exists)
        os.chown(v.path, 0, -1)
        with site_of(v) as site:
            unanswered(grant(site, "ada"), "user %d listens there" % uid)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        v.restart()


@needs_root
def test_the_owner_may_be_named(v):
    v.people = {}
    v.add("ada", sub="site-1")
    uid = nobody()
    os.chown(v.path, uid, -1)
    try:
        for name in ("www-data", str(uid)):
            with site_of(v, "password_check_owner = " + name) as site:
                expect.tokens(grant(site, "ada"))
        with site_of(v, "password_check_owner = no-such-user") as site:
            unanswered(grant(site, "ada"), "is owned by user %d" % uid)
            assert "no-such-user is no user" in (site.dir / "token.log").read_text()
    finally:
        os.chown(v.path, 0, -1)


# What is stored here

def test_a_hash_is_kept_and_asked_first(v):
    v.people, v.asked, v.answer = {}, [], v.by_table
    v.add("anna", sub="site-1", email="anna@example.org")
    with site_of(v, "password_check_keep = yes") as site:
        for _ in range(3):
            expect.tokens(grant(site, "anna"))
        assert len(v.asked) == 1
        expect.error(grant(site, "anna", "wrong"), 400, "invalid_grant")
        assert len(v.asked) == 2
        # Changed there: the old one works until the new one is used, then no more.
        v.add("anna", "a-newer-word-there", sub="site-1", email="anna@example.org")
        site.secrets.add("a-newer-word-there")
        expect.tokens(grant(site, "anna"))
        assert len(v.asked) == 2
        version, = site.sql("SELECT credential FROM users WHERE subject = 'site-1'")
        expect.tokens(grant(site, "anna", "a-newer-word-there"))
        assert site.sql("SELECT credential FROM users WHERE subject = 'site-1'") == [
            (version[0] + 1,)]
        expect.error(grant(site, "anna"), 400, "invalid_grant")
        v.stop()
        expect.tokens(grant(site, "anna@example.org", "a-newer-word-there"))
        unanswered(grant(site, "anna"))
        v.restart()


def test_without_keep_an_old_password_stops_at_once(site, v):
    v.add("otto", sub="site-24")
    expect.tokens(grant(site, "otto"))
    assert site.sql("SELECT password FROM users WHERE subject = 'site-24'") == [("*",)]
    v.add("otto", "a-newer-word-there", sub="site-24")
    expect.error(grant(site, "otto"), 400, "invalid_grant")
    # Nor does one that is stored here work, while there is an answer.
    expect.error(grant(site, site.email, site.password), 400, "invalid_grant")


# The programs

def test_plain_cgi(site, v):
    """Each request starts a program, and that one a helper, only to sign in."""
    v.add("cgi", sub="site-25")
    other = site.variant(setting(v))
    expect.tokens(grant(other, "cgi"))
    expect.error(grant(other, "cgi", "wrong"), 400, "invalid_grant")
    v.answer = lambda question: b""
    unanswered(grant(other, "cgi"))
    Browser(other).open("/oauth/login")


def test_another_socket_needs_a_restart(site, v):
    """What a program may reach is settled when it begins; and it goes on as before."""
    v.add("same", sub="site-26")
    expect.tokens(grant(site, "same"))
    old = site.conf.read_text()
    site.conf.write_text(old.replace(str(v.path), str(v.path) + "2"))
    try:
        expect.until(lambda: "another password_check" in grant(site, "same").log)
        expect.tokens(grant(site, "same"))
    finally:
        site.conf.write_text(old)


def test_saslauthds_protocol():
    """saslauthd(8), and Cyrus SASL's checkpw.c: four counted strings."""
    with verifier(Saslauthd) as v, site_of(v) as site:
        v.add("ada")
        expect.tokens(grant(site, "ada"))
        # Else whoever is ada would be ada@example.org, where saslauthd has no realms.
        expect.error(grant(site, "ada@example.org"), 400, "invalid_grant")
        assert v.asked == [
            {"login": login, "password": PASSWORD, "service": "carnet", "realm": ""}
            for login in ("ada", "ada@example.org")]


def test_what_saslauthd_never_says():
    answers = [b"", b"\0", b"\0\2O", b"\0\2XX", b"\0\0", b"\0\4OKAY", b"\xff\xffOK", b"OK\n",
               b"\0\1O", b"\xff\xff" + b"N" * 70000]
    with verifier(Saslauthd) as v, site_of(v) as site:
        for i, answer in enumerate(answers):
            v.answer = lambda question: answer
            unanswered(grant(site, "ada%d" % i), "saslauthd:%s: " % v.path)


@pytest.mark.parametrize("value, said", [
    ("unix:relative/path", "full path"), ("unix:", "full path"), ("/run/site.sock", "unix:PATH"),
    ("tcp:127.0.0.1", "saslauthd:PATH"), ("unix:/" + "x" * 107, "107 bytes")])
def test_a_setting_that_is_none(fresh, value, said):
    fresh.conf.write_text("password_check = %s\n" % value + fresh.conf.read_text())
    p = fresh.command("user", "list")
    assert p.returncode != 0 and "password_check is unix:PATH" in p.stderr and said in p.stderr
