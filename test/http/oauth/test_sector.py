"""Apps of several hosts that call a user the same: sector_identifier_uri (OpenID Connect
Registration section 5; doc/openid.md, The ID token)."""
import hashlib
import secrets
import time

import pytest

from kit import expect, jose, people, servers
from kit.elsewhere import Elsewhere, answer
from kit.people import App, Browser, Page
from kit.site import Client

A, B = "https://a.example/cb", "https://b.example/cb"


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
def site(home, elsewhere):
    return home.variant("registration = open\nclient_documents = open\n" + elsewhere.settings)


@pytest.fixture(autouse=True)
def _nothing_is_under_way(home):
    for table in "fetches", "outbox", "strangers", "throttle":
        home.sql("DELETE FROM " + table)


@pytest.fixture
def ada(site):
    return Browser(site, site.user("*"))


@pytest.fixture
def put(elsewhere):
    """put(list): it stands at a URL of its own."""
    def run(content):
        path = "/%s.json" % secrets.token_hex(6)
        elsewhere.docs[path] = content
        return elsewhere.url + path
    return run


class Member(App):
    """An app that registered itself, with a list."""

    def __init__(self, site, url, uris=(A,), **changes):
        self.site, self.uri, self.name = site, uris[0], "Member"
        self.url = url
        r = site.post("/oauth/register", json=self.asks(uris, **changes))
        assert r.status_code == 201, r.text
        self.said = r.json()
        self.client = Client(self.said["client_id"], None)
        self.verifier, self.state = secrets.token_urlsafe(32), "xyz"
        self.challenge = jose.b64u(hashlib.sha256(self.verifier.encode()).digest())
        site.secrets.add(self.said["registration_access_token"])

    def asks(self, uris, **changes):
        return {"client_name": "Member", "redirect_uris": list(uris),
                "token_endpoint_auth_method": "none", "subject_type": "pairwise",
                "sector_identifier_uri": self.url, **changes}

    def change(self, *uris):
        return self.site.request(
            "PUT", "/oauth/register/" + self.client.id,
            token=self.said["registration_access_token"],
            json={**self.asks(uris), "client_id": self.client.id})

    def sub(self, browser):
        got = self.connect(browser, scope="openid")
        self.tokens = got
        return jose.claims_of(got["id_token"])["sub"]


def waits(r):
    page = Page(r)
    assert (r.status_code, r.headers["Refresh"][0]) == (200, "1")
    assert "localhost" in page.by_id["wait"]


def read(app, browser):
    """The browser comes, and the courier reads the list."""
    waits(app.ask(browser))
    app.site.carnet("courier")


def told(r):
    page = Page(r)
    assert page.status == 400, page.text
    return page.text


def test_two_hosts_are_one_sector(site, ada, put, elsewhere):
    """Core section 8.1: one sub for all apps of the list, another one elsewhere."""
    url = put([A, B])
    both, b = Member(site, url, (A, B)), Member(site, url, (B,))
    assert both.said["sector_identifier_uri"] == url
    assert both.said["subject_type"] == "pairwise"
    read(both, ada)
    read(b, ada)
    sub = both.sub(ada)
    assert sub == b.sub(ada)
    alone = Member(site, None)
    assert alone.sub(ada) not in (sub, str(ada.site.sql("SELECT min(id) FROM users")[0][0]))
    assert site.sql("SELECT sector FROM oauth_clients WHERE identifier = ?",
                    both.client.id) == [("localhost",)]
    assert elsewhere.count(url.removeprefix(elsewhere.url)) == 2  # one for each set of URIs
    assert "#" not in elsewhere.asked[-1]


def test_a_stranger_makes_us_fetch_nothing(site, put):
    """doc/security.md: first they sign in."""
    app, nobody = Member(site, put([A])), Browser(site)
    assert people.sent_to(app.ask(nobody))[0] == "/oauth/login"
    assert "sign in first" in told(app.ask(nobody, prompt="none"))
    assert not site.sql("SELECT 1 FROM outbox") and not site.sql("SELECT 1 FROM fetches")


@pytest.mark.parametrize("content", [
    [B], [], [A + "/"], {"redirect_uris": [A]}, [[A]], answer(b"x"),
    answer([A], status="404 No"), answer([A], "Content-Type: text/html"),
    answer([A, "x" * 17000])])
def test_a_list_that_does_not_name_the_app(site, ada, put, elsewhere, content):
    """Registration section 5: nobody is sent to such an app; it is tried again after a
    minute."""
    url = put(content)
    app = Member(site, url)
    read(app, ada)
    assert "could not be used" in told(app.ask(ada))
    assert "could not be used" in told(app.ask(Browser(site)))
    elsewhere.docs[url.removeprefix(elsewhere.url)] = [A]
    assert "could not be used" in told(app.ask(ada))
    site.sql("UPDATE fetches SET expires_at = expires_at - 61")
    read(app, ada)
    assert "code" in people.sent_back(app.decide(ada), app)


def test_the_list_is_for_these_redirect_uris(site, ada, put):
    """One client's list that was read lets in no other client that names the list."""
    url = put([A])
    good, bad = Member(site, url), Member(site, url, (B,))
    read(good, ada)
    good.sub(ada)
    read(bad, ada)
    assert "lacks a redirect URI" in told(bad.ask(ada))


def test_a_change_is_held_against_the_list_again(site, ada, put):
    """RFC 7592 section 2.2: a new redirect URI; the same ones need no look."""
    url = put([A, B])
    app = Member(site, url)
    read(app, ada)
    sub = app.sub(ada)
    token = app.tokens
    assert app.change(A).status_code == 200
    assert site.is_live(token["access_token"])
    assert app.sub(ada) == sub
    assert app.change(A, B).status_code == 200
    assert not site.is_live(token["access_token"])
    read(app, ada)
    assert app.sub(ada) == sub
    assert app.change(A, "https://c.example/cb").status_code == 200
    read(app, ada)
    assert "lacks a redirect URI" in told(app.ask(ada))


def test_tokens_do_not_move_to_another_sector(site, ada):
    """Core section 8.1: who held a token of one sector learns no name of another."""
    app = Member(site, None)
    app.sub(ada)
    assert app.change(B).status_code == 200
    assert not site.is_live(app.tokens["access_token"])
    expect.error(site.refresh(app.tokens["refresh_token"], app.client), 400, "invalid_grant")


def test_a_document_may_name_a_list(site, ada, put, elsewhere):
    """doc/clients.md, Clients with a document: first the one is read, then the other."""
    app = Member(site, None)
    path = "/%s.json" % secrets.token_hex(6)
    app.client = Client(elsewhere.url + path, None)
    elsewhere.docs[path] = {
        **app.asks((A, B)), "client_id": app.client.id, "sector_identifier_uri": put([A, B])}
    read(app, ada)
    read(app, ada)
    assert app.sub(ada)
    assert site.sql("SELECT sector FROM oauth_clients WHERE identifier = ?",
                    app.client.id) == [("localhost",)]


def test_where_no_courier_runs_that_is_said(site, ada, put):
    app = Member(site, put([A]))
    waits(app.ask(ada))
    site.sql("UPDATE fetches SET asked_at = asked_at - 61")
    assert "it was not fetched" in told(app.ask(ada))


@pytest.mark.parametrize("url", ["http://a.example/s", "https://a.example/s#x",
                                 "https://u@a.example/s", "https://", "x"])
def test_a_list_is_at_an_https_url(site, url):
    """Registration section 2, whatever the subject_type."""
    for kind in "pairwise", "public":
        r = site.post("/oauth/register", json={
            "redirect_uris": [A], "subject_type": kind, "sector_identifier_uri": url})
        expect.error(r, 400, "invalid_client_metadata")


def test_a_public_subject_needs_no_list(site, ada, put):
    """It is repeated, and not read."""
    url = put([B])
    app = Member(site, url, subject_type="public")
    assert app.said["sector_identifier_uri"] == url and "subject_type" not in app.said
    assert app.sub(ada) and not site.sql("SELECT 1 FROM fetches")


def test_what_was_read_counts_for_a_day(site, ada, put):
    """doc/openid.md, The ID token: then it is read anew, if no user has allowed the app yet."""
    app = Member(site, put([A]))
    read(app, ada)
    (at,), = site.sql("SELECT expires_at FROM fetches")
    assert 86000 < at - time.time() < 86800
    site.sql("UPDATE fetches SET expires_at = expires_at - 90000")
    read(app, ada)
    assert app.sub(ada)
    site.sql("DELETE FROM fetches")
    assert app.sub(ada)  # a client from now on
