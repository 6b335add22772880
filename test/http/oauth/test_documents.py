"""Clients whose id is the URL of their document (doc/clients.md, Clients with a document)."""
import json
import secrets
import time

import pytest

from kit import expect, people, servers
from kit.elsewhere import Elsewhere, answer
from kit.meanwhile import meanwhile
from kit.people import App, Browser, Page
from kit.signer import Signer
from kit.site import Client

URI = "https://app.example/cb"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    there = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    yield there
    there.close()


@pytest.fixture(scope="module")
def home():
    with servers.plain_cgi() as s:
        yield s


@pytest.fixture(scope="module")
def opened(home, elsewhere):
    return home.variant("client_documents = open\n" + elsewhere.settings)


@pytest.fixture(scope="module")
def pinned(home, elsewhere):
    return home.variant("client_documents = pinned\n" + elsewhere.settings)


@pytest.fixture(autouse=True)
def _nothing_is_under_way(home):
    for table in "fetches", "outbox", "strangers":
        home.sql("DELETE FROM " + table)


@pytest.fixture
def someone(opened):
    return Browser(opened, opened.user("*"))


class Documented(App):
    """An app whose id is the URL of its document."""

    def __init__(self, site, elsewhere, **changes):
        super().__init__(site, public=True)
        self.path_there = "/%s.json" % secrets.token_hex(6)
        self.client = Client(elsewhere.url + self.path_there, None)
        self.elsewhere = elsewhere
        self.says(**changes)

    def says(self, **changes):
        doc = {"client_id": self.client.id, "client_name": self.name, "redirect_uris": [URI],
               "token_endpoint_auth_method": "none", **changes}
        self.doc = {k: v for k, v in doc.items() if v is not None}
        self.elsewhere.docs[self.path_there] = self.doc

    def fetched(self):
        return self.elsewhere.count(self.path_there)

    def file(self, site):
        path = site.dir / (secrets.token_hex(4) + ".json")
        path.write_text(json.dumps(self.doc))
        return str(path)


@pytest.fixture
def app(opened, elsewhere):
    return Documented(opened, elsewhere)


def waits(r):
    page = Page(r)
    assert (r.status_code, r.headers["Refresh"][0]) == (200, "1")
    assert "localhost" in page.by_id["wait"]
    return page


def read(app, browser):
    """The browser comes, and the courier reads the document."""
    waits(app.ask(browser))
    app.site.carnet("courier")


def told(r):
    page = Page(r)
    assert page.status == 400, page.text
    return page.text


def later(site):
    """Whatever was fetched is old."""
    site.sql("UPDATE fetches SET asked_at = asked_at - 90000, expires_at = expires_at - 90000")


def test_the_whole_way(opened, someone, app):
    """The page waits, the courier reads, the user allows it; tokens and their refresh."""
    read(app, someone)
    page = app.consent(someone)
    assert "localhost" in page.by_id["document-host"]
    assert "Nobody has checked who made it" in page.by_id["stranger"]
    got = app.connect(someone, scope="read-posts")
    assert opened.is_live(got["access_token"])
    expect.tokens(opened.refresh(got["refresh_token"], app.client))
    assert app.fetched() == 1
    row = someone.open("/account").row(app.name).text
    assert "describes itself at localhost" in row and "unverified" in row
    shown = opened.carnet_json("client", "show", app.client.id)
    assert (shown["origin"], shown["public"]) == ("document", True)


def test_a_client_that_signs(opened, elsewhere, someone):
    """RFC 7523: the keys are in the document."""
    signer = Signer()
    app = Documented(opened, elsewhere, token_endpoint_auth_method="private_key_jwt",
                     jwks=signer.jwks())
    read(app, someone)
    code, signer.id = app.code(someone), app.client.id
    params = {"grant_type": "authorization_code", "code": code, "redirect_uri": URI,
              "code_verifier": app.verifier}
    expect.error(opened.post("/oauth/token", data={**params, "client_id": app.client.id}),
                 401, "invalid_client")
    expect.tokens(opened.post("/oauth/token", data={**params, **signer.proof(opened)}))


def test_its_request_is_pushed(opened, elsewhere, someone):
    """RFC 9126; what was read counts, and nothing is fetched for a client that pushes."""
    app = Documented(opened, elsewhere)
    expect.error(app.push(), 401, "invalid_client")
    assert not opened.sql("SELECT * FROM fetches")
    read(app, someone)
    path = app.pushed()
    later(opened)
    waits(someone.get(path))  # it is old: it is read anew, for the user who is there
    opened.carnet("courier")
    form = someone.open(path).form("approve")
    assert "code" in people.sent_back(someone.submit(form, "approve"), app)
    assert app.fetched() == 2
    expect.error(app.push(redirect_uri="https://evil.example/"), 400, "invalid_request")


def test_a_stranger_makes_us_fetch_nothing(opened, app):
    """doc/security.md: first they sign in."""
    browser = Browser(opened)
    path, query = people.sent_to(app.ask(browser))
    assert path == "/oauth/login"
    assert "sign in first" in told(app.ask(browser, prompt="none"))
    assert not opened.sql("SELECT * FROM fetches") and not opened.sql("SELECT * FROM outbox")
    back = browser.sign_in(opened.user("*"), query["return_to"]).headers["Location"]
    waits(browser.get(back))


WRONG = {
    "another client_id": {"client_id": "https://app.example/"}, "no client_id": {"client_id": None},
    "a secret": {"client_secret": "x"}, "a method with a secret": {
        "token_endpoint_auth_method": "client_secret_post"},
    "no redirect URI": {"redirect_uris": []}, "a redirect URI": {"redirect_uris": ["javascript:x"]},
    "a private key": {"jwks": {"keys": [{**Signer().jwk(), "d": "AA"}]}},
    "a name": {"client_name": 1},
}
BROKEN = {
    "not there": answer({}, status="404 Not Found"), "a redirect": answer(
        {}, "Location: https://app.example/", status="302 Found"),
    "no JSON": answer(b"x"), "a list": answer([]), "a page": answer({}, "Content-Type: text/html"),
    "long": answer({"x": "y" * 5200}),
}


@pytest.mark.parametrize("what", [*WRONG, *BROKEN])
def test_a_document_that_does_not_count(opened, elsewhere, someone, what):
    """The draft, sections 3 and 4: told on the page, and tried again after a minute."""
    app = Documented(opened, elsewhere, **WRONG.get(what, {}))
    if what in BROKEN:
        elsewhere.docs[app.path_there] = BROKEN[what]
    read(app, someone)
    assert "could not be read" in told(app.ask(someone))
    assert not opened.sql("SELECT * FROM strangers") and not opened.sql("SELECT * FROM outbox")
    app.says(client_id=app.client.id, redirect_uris=[URI], client_secret=None, jwks=None,
             token_endpoint_auth_method="none", client_name="App")
    opened.sql("UPDATE fetches SET expires_at = expires_at - 61")
    read(app, someone)
    assert "code" in people.sent_back(app.decide(someone), app)


@pytest.mark.parametrize("url", [
    "https://app.example", "https://app.example?x", "https://u@app.example/x",
    "https://app.example/x#y", "https://app.example/a/../b", "https://app.example/./b",
    "https://app.example/%2E%2e/b", "https://app.example/a/.%2e", "https:///x", "https://"])
def test_an_id_that_is_no_address(opened, someone, url):
    """The draft, section 3."""
    app = App(opened, public=True)
    assert "no address of a document" in told(app.ask(someone, client_id=url))
    assert opened.command("client", "pin", url).returncode == 1
    assert not opened.sql("SELECT * FROM fetches")


def test_a_document_may_change(opened, someone, app):
    """Between the page and its answer nothing changes; when it is read anew, users are
    asked again, and the old redirect URI is gone."""
    read(app, someone)
    form = app.consent(someone).form("approve")
    app.says(redirect_uris=["https://app.example/new"], client_name="Another")
    later(opened)
    code = people.sent_back(someone.submit(form, "approve"), app)["code"]
    expect.tokens(app.redeem(code))
    read(app, someone)
    assert "not registered for it" in told(app.ask(someone))
    page = Page(app.ask(someone, redirect_uri="https://app.example/new"))
    assert "Another" in page.text and page.form("approve")


def token(app, code, **changes):
    return app.site.post("/oauth/token", data={
        "grant_type": "authorization_code", "code": code, "redirect_uri": URI,
        "code_verifier": app.verifier, **changes})


def test_a_document_may_change_before_the_token(opened, elsewhere, someone):
    """The keys, and whether it has any, are those of the document that was read last: an
    old key gets no token for a code that was given before (RFC 7523 section 3)."""
    old, new = Signer(), Signer(kid="two")
    signs = {"token_endpoint_auth_method": "private_key_jwt"}
    app = Documented(opened, elsewhere, **signs, jwks=old.jwks())
    old.id = new.id = app.client.id
    read(app, someone)
    codes = [app.code(someone) for _ in range(3)]
    expect.tokens(token(app, codes[0], **old.proof(opened)))
    app.says(**signs, jwks=new.jwks())
    later(opened)
    read(app, someone)
    expect.error(token(app, codes[1], **old.proof(opened)), 401, "invalid_client")
    expect.error(token(app, codes[1], client_id=app.client.id), 401, "invalid_client")
    expect.tokens(token(app, codes[1], **new.proof(opened)))
    app.says()  # public
    later(opened)
    read(app, someone)
    expect.error(token(app, codes[2], **new.proof(opened)), 401, "invalid_client")
    expect.tokens(token(app, codes[2], client_id=app.client.id))


@pytest.mark.files
def test_what_changed_since_the_page_was_asked_for_is_not_allowed(opened, someone, app):
    """The row of a stranger is what the user saw, or nothing is given (TOCTOU)."""
    read(app, someone)
    form = app.consent(someone).form("approve")
    doc = json.dumps({**app.doc, "client_name": "Another"})
    r = meanwhile(opened, [("UPDATE strangers SET metadata = ?", (doc,))],
                  lambda: someone.submit(form, "approve"))
    assert people.sent_back(r, app)["error"] == "access_denied"
    assert opened.sql("SELECT metadata FROM strangers") == [(doc,)]
    assert "Another" in app.consent(someone).text


@pytest.mark.parametrize("header, low, high", [
    ((), 3500, 3700), (("Cache-Control: max-age=1",), 200, 400),
    (("Cache-Control: no-store",), 200, 400), (("Cache-Control: max-age=7200",), 7100, 7300),
    (("Cache-Control: max-age=9999999",), 86300, 86500)])
def test_how_long_it_is_good(opened, elsewhere, someone, app, header, low, high):
    """Cache headers within bounds: 5 minutes to a day (RFC 9111 section 5.2.2)."""
    elsewhere.docs[app.path_there] = answer(app.doc, "Content-Type: application/json", *header)
    read(app, someone)
    (expires_at,), = opened.sql("SELECT expires_at FROM fetches")
    assert low < expires_at - time.time() < high


def test_a_failure_later_is_told(opened, elsewhere, someone, app):
    read(app, someone)
    app.connect(someone)
    later(opened)
    elsewhere.docs.pop(app.path_there)
    read(app, someone)
    assert "404" in told(app.ask(someone))


def test_where_no_courier_runs_that_is_said(opened, someone, app):
    waits(app.ask(someone))
    opened.sql("UPDATE fetches SET asked_at = asked_at - 61")
    assert "could not be read" in told(app.ask(someone))


def test_only_hosts_that_are_named(home, elsewhere, app):
    """carnet.conf(5), client_documents_hosts."""
    host = elsewhere.url.removeprefix("https://")
    for hosts, is_taken in ((host, 1), ("localhost", 1), ("x.example " + host, 1),
                            ("app.example", 0), ("*.localhost", 0), ("localhos", 0),
                            ("localhost:1", 0)):
        site = home.variant("client_documents = open\nclient_documents_hosts = %s\n%s" % (
            hosts, elsewhere.settings))
        r = app.ask(Browser(site))
        assert r.status_code == (303 if is_taken else 400), hosts


def test_pinned_means_looked_at(home, pinned, elsewhere):
    """carnet(1), client pin: from the file, or from where it stands; no other is taken."""
    app, other = Documented(pinned, elsewhere), Documented(pinned, elsewhere)
    ada = Browser(pinned, pinned.user("*"))
    assert "not known" in told(app.ask(ada))
    said = pinned.carnet_json("client", "pin", app.client.id)
    assert said["client_name"] == app.name and said["redirect_uris"] == [URI]
    assert app.name in pinned.carnet("client", "pin", app.client.id, "--file", app.file(pinned))
    page = app.consent(ada)
    assert "document-host" in page.by_id and "stranger" not in page.by_id
    app.connect(ada)
    assert "unverified" not in ada.open("/account").row(app.name).text
    assert pinned.sql("SELECT idle_at FROM oauth_clients WHERE identifier = ?",
                      app.client.id) == [(None,)]
    assert "not known" in told(other.ask(ada))
    other.says(client_id="x")
    p = pinned.command("client", "pin", other.client.id)
    assert p.returncode == 1 and "client_id is not its address" in p.stderr
    assert home.command("client", "pin", app.client.id).returncode == 1  # it is off
    assert "not known" in told(Documented(home, elsewhere).ask(Browser(home)))


def test_a_pinned_one_is_read_anew_and_nobody_waits(pinned, elsewhere):
    """doc/clients.md: what the operator set stays; a fault at its site ends nothing."""
    app = Documented(pinned, elsewhere)
    pinned.carnet("client", "pin", app.client.id, "--file", app.file(pinned))
    pinned.carnet("client", "edit", app.client.id, "--scope", "read-posts", "--access-ttl", "5m")
    ada = Browser(pinned, pinned.user("*"))
    app.says(client_name="Another name")
    assert app.name in app.consent(ada).text
    pinned.carnet("courier")
    assert "Another name" in app.consent(ada).text and app.fetched() == 1
    shown = pinned.carnet_json("client", "show", app.client.id)
    assert (shown["scope"], shown["access_ttl"]) == ("read-posts", 300)
    later(pinned)
    elsewhere.docs[app.path_there] = answer({}, status="500 No")
    app.consent(ada)
    pinned.carnet("courier")
    assert "Another name" in app.consent(ada).text


def test_an_allowed_one_is_pinned(opened, someone, app):
    read(app, someone)
    app.connect(someone)
    opened.carnet("client", "pin", app.client.id)
    assert "stranger" not in app.consent(someone).by_id
    opened.carnet("client", "revoke", app.client.id)
    assert "not known" in told(app.ask(someone))
    assert opened.command("client", "pin", app.client.id).returncode == 1


def test_the_metadata_says_so(home, opened, pinned):
    """The draft, section 5."""
    for site, said in (home, None), (opened, True), (pinned, True):
        m = site.get("/.well-known/oauth-authorization-server").json()
        assert m.get("client_id_metadata_document_supported") == said


@pytest.mark.files
def test_how_many_in_all(opened, someone, app):
    """1,000 that no user knows."""
    opened.sql("WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < 1000)"
               " INSERT INTO strangers (identifier, origin, metadata, created_at, expires_at)"
               " SELECT 'https://x.example/' || n, 'document', '{}', 1, ? FROM i",
               int(time.time()) + 1000)
    read(app, someone)
    assert "too many" in told(app.ask(someone))
