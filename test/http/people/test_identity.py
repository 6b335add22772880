"""One person, whatever the spelling of their name and password (doc/users.md, Names)."""
import crypt
import unicodedata

import pytest

from kit import expect
from kit.people import Browser

PASSWORD = "schöne Rosen, früh"
NFD = unicodedata.normalize("NFD", PASSWORD)


def add(site, email, *options, password=PASSWORD):
    return site.carnet_json("user", "add", email, *options, "--password-stdin",
                            input=password + "\n")["user_id"]


def signs_in(site, name, password=PASSWORD):
    """Does the sign-in page let them in?"""
    browser = Browser(site)
    form = browser.open("/oauth/login").form("login")
    return browser.submit(form, email=name, password=password).status_code == 303


@pytest.fixture(scope="module")
def jorg(site):
    return add(site, "Jörg@Bücher.example", "--login", "JÖRG.B", "--name", "Jörg")


@pytest.mark.parametrize("name", [
    "jörg@bücher.example", "JÖRG@BÜCHER.EXAMPLE", "jörg@xn--bcher-kva.example",
    unicodedata.normalize("NFD", "jörg@bücher.example"), "jörg.b", "JÖRG.B",
    unicodedata.normalize("NFD", "Jörg.b"), "Ｊörg.b"])
@pytest.mark.parametrize("password", [PASSWORD, NFD, PASSWORD.replace(" ", "\u00a0")])
def test_each_spelling_is_the_same_person(site, jorg, name, password):
    """RFC 8265 sections 3.3 and 4.2, RFC 5890; at each door where a name is typed."""
    assert signs_in(site, name, password)
    r = site.grant("password", username=name, password=password, scope="read-posts")
    assert expect.tokens(r)
    assert site.get("/api/user", token=r.json()["access_token"]).json()["id"] == jorg


@pytest.mark.parametrize("name", ["jorg.b", "jörg.b ", "jörg", "jörg@bucher.example"])
def test_another_name_is_another_person(site, jorg, name):
    """No accent is dropped."""
    assert not signs_in(site, name)


def test_a_spelling_is_taken_once(site, jorg):
    """This holds for e-mail addresses and for user names."""
    for args in (["JÖRG@xn--bcher-kva.example"], ["new@x.example", "--login", "jÖrg.b"]):
        p = site.command("user", "add", *args, "--password-stdin", input="a password\n")
        assert p.returncode == 1 and "already" in p.stderr


@pytest.mark.parametrize("login", ["", "a@b", "a b", "x" * 65, "a\u200bb", "♥"])
def test_what_is_no_user_name_is_refused(site, login):
    """doc/users.md, Names: 1 to 64 characters without '@'."""
    p = site.command("user", "add", "n@x.example", "--login", login, "--password-stdin",
                     input="a password\n")
    assert p.returncode == 1 and "is no user name" in p.stderr


def test_the_command_knows_each_spelling(site, jorg):
    """Whatever verb takes a user."""
    for name in ("JÖRG@bücher.example", "jörg.B", str(jorg)):
        assert site.carnet_json("user", "enable", name) == {"user_id": jorg}
        site.carnet("token", "list", "--user", name)


def test_a_word_that_names_two_is_refused(site):
    """A user name may be of digits, and so is an id."""
    one = add(site, "one@digits.example")
    add(site, "two@digits.example", "--login", str(one))
    p = site.command("user", "disable", str(one))
    assert p.returncode == 1 and "give the e-mail address" in p.stderr
    assert signs_in(site, "one@digits.example") and signs_in(site, str(one))


def test_failures_of_two_spellings_are_counted_as_one(fresh):
    """Otherwise each spelling would have guesses of its own."""
    add(fresh, "jörg@bücher.example", "--login", "jörg")
    with fresh.conf.open("a") as f:
        f.write("[throttle]\naccount_address = 4\n")
    for name in ("jörg@bücher.example", "JÖRG@bücher.example",
                 "jörg@xn--bcher-kva.example", unicodedata.normalize(
                     "NFD", "jörg@bücher.example")):
        expect.error(fresh.grant("password", username=name, password="x"),
                     400, "invalid_grant")
    r = fresh.grant("password", username="Jörg@BÜCHER.example", password=PASSWORD)
    assert r.status_code == 429
    assert fresh.grant("password", username="jörg", password=PASSWORD,
                       scope="read-posts").status_code == 200


def test_a_hash_of_what_was_sent_is_renewed(fresh):
    """One that is older was made of the bytes as they came."""
    user = add(fresh, "old@x.example")
    old = fresh.sql("SELECT password FROM users WHERE id = ?", user)[0][0]
    fresh.sql("UPDATE users SET password = ? WHERE id = ?", crypt.crypt(NFD, old), user)
    assert not signs_in(fresh, "old@x.example", PASSWORD)
    assert signs_in(fresh, "old@x.example", NFD)
    assert signs_in(fresh, "old@x.example", PASSWORD)


def test_a_new_password_is_the_same_in_each_spelling(site):
    """On the account page."""
    user = site.user()
    browser = Browser(site, user)
    r = browser.act("change_password", current_password=user.password,
                    new_password=NFD)
    assert r.status_code in (200, 303), r.text
    assert signs_in(site, user.email, PASSWORD) and signs_in(site, user.email, NFD)


def test_the_proxy_takes_user_names_where_it_is_told_to(fresh):
    """[password_token] user_names; else 422, as Passport."""
    add(fresh, "ida@x.example", "--login", "ida")

    def ask(name):
        return fresh.post("/api/oauth/password/token", json={
            "username": name, "password": PASSWORD, "scope": "read-posts"})

    r = ask("ida")
    assert r.status_code == 422 and "email address." in r.json()["errors"]["username"][0]
    with fresh.conf.open("a") as f:
        f.write("[password_token]\nuser_names = yes\n")
    assert ask("IDA").status_code == ask("ida@x.example").status_code == 200
    r = ask("a b")
    assert r.status_code == 422 and "or user name" in r.json()["errors"]["username"][0]


def test_the_field_lets_each_name_through(site):
    """A browser lets no jörg@example.org out of type=email."""
    tags = Browser(site).open("/oauth/login").tags
    field, = [attrs for _, attrs in tags if attrs.get("name") == "email"]
    assert (field["type"], field["autocomplete"]) == ("text", "username")
