"""The JSON routes of Laravel Passport 12 (doc/passport.md, The JSON routes): a person at a
page of this site sees, makes and ends what they gave to apps."""
import re
import secrets

import pytest

from kit import expect, passport
from kit.people import App, Browser, sent_back
from kit.site import Client

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z")
TOKEN = ["id", "user_id", "client_id", "name", "scopes", "revoked", "created_at",
         "updated_at", "expires_at"]
CLIENT = ["id", "user_id", "name", "provider", "redirect", "personal_access_client",
          "password_client", "revoked", "created_at", "updated_at"]
LISTS = ["tokens", "clients", "scopes", "personal-access-tokens"]
APP = {"name": "Mine", "redirect": "https://app.example/cb"}
FROM_SCRIPT = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}


@pytest.fixture(scope="module")
def compat(site):
    return site.variant("passport_compat = yes")


class Person(Browser):
    """A browser whose pages have scripts."""

    def __init__(self, site, scope="read-posts"):
        self.user = site.user(scope)
        super().__init__(site, self.user)

    def ask(self, method, path, headers=None, **kw):
        return self.send(method, "/oauth/" + path, {
            "Sec-Fetch-Site": "none", **({"X-CSRF-TOKEN": self.csrf()} if headers is None
                                         else headers)}, **kw)

    def csrf(self):
        return self.get("/oauth/scopes").headers["X-CSRF-TOKEN"]

    def list(self, path):
        r = self.get("/oauth/" + path)
        assert (r.status_code, r.headers["Content-Type"]) == (200, "application/json"), r.text
        return r.json()

    def make(self, **changes):
        r = self.ask("POST", "clients", json={**APP, **changes})
        assert r.status_code == 201, r.text
        self.site.secrets.add(r.json().get("secret", ""))
        return r.json()


@pytest.fixture(scope="module")
def person(compat):
    return Person(compat)


def app_of(site, made):
    """The app whose client a person made."""
    app = App(site)
    app.client = Client(str(made["id"]), made.get("secret"))
    return app


@pytest.mark.parametrize("path", LISTS)
def test_they_are_there_with_passport_compat_alone(site, compat, person, path):
    plain = Browser(site)
    plain.cookie = person.cookie
    expect.error(plain.get("/oauth/" + path), 404, "not_found")
    person.list(path)


@pytest.mark.parametrize("path", LISTS)
def test_who_is_not_signed_in(compat, path):
    """Laravel's middleware auth: 401, whatever Accept says."""
    r = Browser(compat).get("/oauth/" + path, Accept="text/html")
    assert expect.error(r, 401, "login_required")["message"] == "Unauthenticated."
    assert "X-CSRF-TOKEN" not in r.headers


def test_a_session_that_ended_counts_no_more(compat):
    person = Person(compat)
    copy, csrf = Browser(compat), person.csrf()
    copy.cookie = person.cookie
    person.act("sign_out")
    r = copy.send("POST", "/oauth/clients", {"X-CSRF-TOKEN": csrf}, json=APP)
    expect.error(r, 401, "login_required")


CHANGES = [("POST", "clients"), ("PUT", "clients/%s"), ("DELETE", "clients/%s"),
           ("POST", "personal-access-tokens"), ("DELETE", "personal-access-tokens/x"),
           ("DELETE", "tokens/x")]


@pytest.mark.parametrize("method, path", CHANGES)
@pytest.mark.parametrize("headers", [
    {}, {"X-CSRF-TOKEN": "x"}, {"X-CSRF-TOKEN": "A" * 43},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"},
    {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_a_page_of_another_site_changes_nothing(compat, person, made, method, path, headers):
    """Laravel's 419; nothing is done."""
    before = [person.list(name) for name in LISTS]
    r = person.ask(method, path.replace("%s", str(made["id"])), headers, json=APP)
    assert expect.error(r, 419, "invalid_request")["message"] == "CSRF token mismatch."
    assert [person.list(name) for name in LISTS] == before


@pytest.fixture(scope="module")
def made(person):
    return person.make(name="Kept")


def test_what_shows_that_it_is_our_page(person):
    """Where Laravel looks for the token; or the browser's word for a script of our own."""
    csrf = person.csrf()
    for headers, body in (
            ({"X-CSRF-TOKEN": csrf}, {"json": APP}),
            ({"X-XSRF-TOKEN": csrf}, {"json": APP}),
            ({}, {"json": {**APP, "_token": csrf}}),
            ({}, {"data": {**APP, "_token": csrf}}),
            ({}, {"data": {**APP, "csrf_token": csrf}}),
            (FROM_SCRIPT, {"json": APP}),
            ({**FROM_SCRIPT, "Sec-Fetch-Mode": "same-origin"}, {"json": APP})):
        r = person.ask("POST", "clients", headers, **body)
        assert r.status_code == 201, (headers, r.text)
        assert person.ask("DELETE", "clients/%s" % r.json()["id"]).status_code == 204
    other = Person(person.site)
    expect.error(other.ask("POST", "clients", {"X-CSRF-TOKEN": csrf}, json=APP),
                 419, "invalid_request")


def test_the_scopes_are_listed(person):
    found = person.list("scopes")
    assert {"id": "read-posts", "description": "Read posts"} in found
    assert "openid" not in [s["id"] for s in found]
    assert all(list(s) == ["id", "description"] for s in found)


# Clients

def test_a_client_is_made_works_is_changed_and_ends(compat):
    person, user = Person(compat), Browser(compat, compat.user("read-posts"))
    made = person.make(redirect="https://app.example/cb,https://app.example/two")
    assert list(made) == CLIENT[:3] + ["secret", "plainSecret"] + CLIENT[3:]
    assert made["user_id"] == person.user.id and made["secret"] == made["plainSecret"]
    assert made["redirect"] == "https://app.example/cb,https://app.example/two"
    assert (made["revoked"], made["password_client"], made["personal_access_client"]) == \
        (False, False, False)
    assert TIME.fullmatch(made["created_at"])
    listed, = person.list("clients")
    assert list(listed) == CLIENT and listed["id"] == made["id"]  # no secret any more
    app = app_of(compat, made)
    token = app.connect(user)["access_token"]
    assert compat.is_live(token)
    # As in Passport, who has a secret may do without PKCE.
    r = app.redeem(app.code(user, code_challenge=None, code_challenge_method=None),
                   code_verifier=None)
    assert r.status_code == 200, r.text
    # It gets nothing for itself.
    expect.error(compat.grant("client_credentials", app.client), 401, "invalid_client")
    r = person.ask("PUT", "clients/%s" % made["id"], json={
        "name": "Other", "redirect": "https://app.example/cb"})
    assert (r.status_code, list(r.json()), r.json()["name"]) == (200, CLIENT, "Other")
    listed, = person.list("clients")
    assert (listed["name"], listed["redirect"]) == ("Other", "https://app.example/cb")
    assert compat.is_live(token)
    assert person.ask("DELETE", "clients/%s" % made["id"]).status_code == 204
    assert person.list("clients") == [] and not compat.is_live(token)
    assert person.ask("DELETE", "clients/%s" % made["id"]).status_code == 404


def test_other_redirect_uris_are_asked_for_anew(compat):
    """What a user allowed goes to another place then."""
    person, browser = Person(compat), Browser(compat, compat.user("read-posts"))
    made = person.make()
    app = app_of(compat, made)
    app.connect(browser)
    assert "code" in sent_back(app.ask(browser), app)
    for uri, is_asked in ((APP["redirect"], False), ("https://app.example/new", True)):
        assert person.ask("PUT", "clients/%s" % made["id"], json={
            "name": "Renamed", "redirect": uri}).status_code == 200
        r = app.ask(browser, redirect_uri=uri)
        assert (r.status_code == 200) == is_asked, (uri, r.status_code)


@pytest.mark.parametrize("body", [{"json": {**APP, "confidential": False}},
                                  {"data": {**APP, "confidential": "0"}}], ids=["json", "form"])
def test_a_public_client_has_no_secret_and_uses_pkce(person, body):
    r = person.ask("POST", "clients", **body)
    assert r.status_code == 201 and list(r.json()) == CLIENT
    app = app_of(person.site, r.json())
    browser = Browser(person.site, person.user)
    assert person.site.is_live(app.connect(browser)["access_token"])
    r = app.ask(browser, code_challenge=None, code_challenge_method=None)
    assert "error=invalid_request" in r.headers["Location"]
    person.ask("DELETE", "clients/%s" % app.client.id)


def test_nobody_reaches_the_client_of_another(compat, person, made):
    other, operator = Person(compat), compat.client("client_credentials")
    for id in (made["id"], operator.id, "none", "x" * 300):
        expect.error(other.ask("PUT", "clients/%s" % id, json=APP), 404, "not_found")
        expect.error(other.ask("DELETE", "clients/%s" % id), 404, "not_found")
    assert made["id"] in [c["id"] for c in person.list("clients")]
    assert made["id"] not in [c["id"] for c in other.list("clients")]


WRONG = [
    ({"redirect": None}, {"redirect": "The redirect field is required."}),
    ({"name": ""}, {"name": "The name field is required."}),
    ({"name": 5}, {"name": "The name field must be a string."}),
    ({"name": "é" * 192}, {"name": "The name field must not be greater than 191 characters."}),
    ({"name": "a\nb"}, {"name": "line of UTF-8"}),
    ({"redirect": "app.example"},
     {"redirect": "One or more redirects have an invalid url format."}),
    ({"redirect": "https://app.example/cb,x"},
     {"redirect": "One or more redirects have an invalid url format."}),
    ({"redirect": "http://app.example/cb"}, {"redirect": "takes https"}),
    ({"redirect": "https://app.example/cb#x"}, {"redirect": "takes https"}),
    ({"redirect": ["https://app.example/cb"]}, {"redirect": "must be a string"}),
    ({"confidential": "maybe"},
     {"confidential": "The confidential field must be true or false."}),
    ({"confidential": [1]}, {"confidential": "must be true or false"}),
    ({"name": None, "redirect": None},
     {"name": "The name field is required.", "redirect": "The redirect field is required."}),
]


@pytest.mark.parametrize("changes, errors", WRONG, ids=lambda v: str(v)[:40])
def test_a_client_that_cannot_be(person, made, changes, errors):
    """Laravel's 422, with message and errors."""
    body = {k: v for k, v in {**APP, **changes}.items() if v is not None}
    before = person.list("clients")
    ways = [("POST", "clients")]
    if "confidential" not in changes:
        ways.append(("PUT", "clients/%s" % made["id"]))
    for method, path in ways:
        told = expect.unprocessable(person.ask(method, path, json=body), *errors)
        assert all(errors[name] in told[name][0] for name in errors), told
    assert person.list("clients") == before


def test_a_user_has_so_many_clients(compat):
    """doc/passport.md: 100."""
    person = Person(compat)
    person.make()
    compat.sql("INSERT INTO oauth_clients (identifier, name, grants, redirect_uris, created_at,"
               " owner_id) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
               " WHERE i < 98) SELECT 'many-' || ? || '-' || i, 'C', '', '', 1, ? FROM n",
               person.user.id, person.user.id)
    last = person.make(name="The last one")
    told = expect.unprocessable(person.ask("POST", "clients", json=APP), "name")
    assert "100 clients" in told["name"][0]
    assert person.ask("DELETE", "clients/%s" % last["id"]).status_code == 204
    person.make(name="Again")


# Tokens

def test_the_tokens_of_apps_are_listed_and_end(compat):
    """Those of the site's own clients are not, nor personal ones."""
    person, app = Person(compat), App(compat)
    own = compat.sign_in("read-posts", person.user, compat.client("password"))
    pair = app.connect(person)
    assert app.ask(person).status_code == 303  # and is not asked now
    person.act("create_token", name="N", scopes=["read-posts"])
    token, = person.list("tokens")
    assert list(token) == [*TOKEN, "client"] and list(token["client"]) == CLIENT
    assert token["client"]["name"] == app.name and token["client"]["user_id"] is None
    assert (token["client_id"], token["user_id"], token["name"], token["scopes"],
            token["revoked"]) == (app.client.id, person.user.id, None, ["read-posts"], False)
    assert all(TIME.fullmatch(token[n]) for n in ("created_at", "updated_at", "expires_at"))
    other = Person(compat)
    assert other.list("tokens") == []
    for id in (token["id"], "x", "0" * 80):
        expect.error(other.ask("DELETE", "tokens/" + id), 404, "not_found")
    assert compat.is_live(pair["access_token"])
    r = person.ask("DELETE", "tokens/" + token["id"])
    assert (r.status_code, r.content) == (204, b"")
    assert app.ask(person).status_code == 200  # the user is asked again
    assert person.list("tokens") == [] and not compat.is_live(pair["access_token"])
    assert compat.refresh(pair["refresh_token"], app.client).status_code == 401
    assert compat.is_live(own["access_token"])


def test_a_personal_token_is_made_works_and_ends(compat, person):
    r = person.ask("POST", "personal-access-tokens", json={
        "name": "n" * 191, "scopes": ["read-posts"]})
    assert (r.status_code, list(r.json())) == (200, ["accessToken", "token"]), r.text
    text, token = r.json()["accessToken"], r.json()["token"]
    compat.secrets.add(text)
    assert list(token) == TOKEN and token["name"] == "n" * 191
    assert token["scopes"] == ["read-posts"] and token["user_id"] == person.user.id
    assert compat.get("/api/posts", token=text).status_code == 200
    listed, = person.list("personal-access-tokens")
    assert {k: listed[k] for k in TOKEN} == token
    assert listed["client"]["personal_access_client"] is True
    assert person.list("tokens") == []
    assert person.ask("DELETE", "personal-access-tokens/" + token["id"]).status_code == 204
    assert person.list("personal-access-tokens") == [] and not compat.is_live(text)


def test_a_form_makes_a_personal_token(compat, person):
    r = person.ask("POST", "personal-access-tokens", data={
        "name": "From a form", "scopes[]": ["read-posts"]})
    assert r.status_code == 200 and r.json()["token"]["scopes"] == ["read-posts"], r.text
    compat.secrets.add(r.json()["accessToken"])
    person.ask("DELETE", "personal-access-tokens/" + r.json()["token"]["id"])


@pytest.mark.parametrize("body, errors", [
    ({}, {"name": "The name field is required."}),
    ({"name": "n" * 192}, {"name": "not be greater than 191 characters."}),
    ({"name": "n", "scopes": "read-posts"}, {"scopes": "The scopes field must be an array."}),
    ({"name": "n", "scopes": ["none"]}, {"scopes": "The selected scopes is invalid."}),
    ({"name": "n", "scopes": [5]}, {"scopes": "The selected scopes is invalid."}),
    ({"name": "n", "scopes": ["*"]}, {"scopes": "The selected scopes is invalid."}),
    ({"name": "n", "scopes": ["openid"]}, {"scopes": "The selected scopes is invalid."}),
    ({"name": "n", "scopes": ["admin"]}, {"scopes": "The selected scopes is invalid."}),
    ({"scopes": ["none"]}, {"name": "required", "scopes": "invalid"})], ids=str)
def test_a_personal_token_that_cannot_be(person, body, errors):
    """Laravel's 422; a scope that the user may not have is as one that there is not."""
    told = expect.unprocessable(person.ask("POST", "personal-access-tokens", json=body), *errors)
    assert all(errors[name] in told[name][0] for name in errors), told
    assert person.list("personal-access-tokens") == []


# Whatever else

@pytest.mark.parametrize("method, path", [
    ("POST", "clients"), ("PUT", "clients/%s"), ("POST", "personal-access-tokens")])
def test_what_outlives_the_session_wants_a_fresh_sign_in(compat, method, path):
    """doc/users.md: who finds the browser open takes nothing away.  Laravel's status for
    that is 423."""
    person = Person(compat)
    path = path.replace("%s", str(person.make()["id"]))
    compat.sql("UPDATE sessions SET auth_time = 1, confirmed_at = NULL WHERE user_id = ?",
               person.user.id)
    told = expect.error(person.ask(method, path, json=APP), 423, "login_required")
    assert told["message"] == "Password confirmation required."
    assert "/oauth/login?action=confirm" in told["error_description"]
    person.list("clients")
    assert person.ask("DELETE", "clients/%s" % person.list("clients")[0]["id"]
                      ).status_code == 204


@pytest.mark.parametrize("method, path, allow", [
    ("POST", "tokens", "GET, HEAD"), ("DELETE", "tokens", "GET, HEAD"),
    ("GET", "tokens/x", "DELETE"), ("PATCH", "clients/x", "PUT, DELETE"),
    ("DELETE", "clients", "GET, HEAD, POST"), ("PUT", "scopes", "GET, HEAD")])
def test_a_wrong_method(person, method, path, allow):
    r = person.ask(method, path)
    expect.error(r, 405, "method_not_allowed")
    assert set(r.headers["Allow"].split(", ")) == set(allow.split(", "))


@pytest.mark.parametrize("path", ["scopes/x", "tokens/x/y", "clients/x/y"])
def test_a_path_that_is_none(person, path):
    expect.error(person.ask("DELETE", path), 404, "not_found")


@pytest.mark.parametrize("body", [b"[]", b"5", b"{", b"", b'{"name": "a", "name": "b"}'])
def test_a_body_that_is_none(person, body):
    r = person.ask("POST", "clients", data=body, headers={
        "X-CSRF-TOKEN": person.csrf(), "Content-Type": "application/json"})
    expect.error(r, 400, "invalid_request")


def test_a_user_of_another_system_has_its_id(compat):
    """doc/passport.md, What comes along: an id that is no number is the sub."""
    person = Person(compat)
    sub = "9a000000-0000-4000-8000-" + secrets.token_hex(6)
    compat.sql("UPDATE users SET subject = ? WHERE id = ?", sub, person.user.id)
    assert person.make()["user_id"] == sub


def test_a_token_of_passport_ends_by_its_own_id(compat):
    """The id that apps know, of 80 digits (doc/passport.md, What goes on)."""
    person, app = Person(compat), App(compat)
    app.connect(person)
    token, = person.list("tokens")
    jti = secrets.token_hex(40)
    compat.sql("UPDATE oauth_access_tokens SET id = ? WHERE user_id = ?",
               passport.row_id(jti), person.user.id)
    assert person.ask("DELETE", "tokens/" + token["id"]).status_code == 404
    assert person.ask("DELETE", "tokens/" + jti).status_code == 204
    assert compat.sql("SELECT revoked_at IS NULL FROM oauth_access_tokens WHERE user_id = ?",
                      person.user.id) == [(0,)]
