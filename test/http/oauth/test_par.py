"""Requests that clients push (RFC 9126)."""
import re
import time
from urllib.parse import urlencode

import pytest

from kit import expect, jose
from kit.people import App, Browser, Page, sent_back, sent_to
from kit.signer import Signer

URN = "urn:ietf:params:oauth:request_uri:"


def push(app, site=None, **changes):
    params = app.request(**changes)
    if app.client.secret and "client_secret" not in changes:
        params["client_secret"] = app.client.secret
    return (site or app.site).post("/oauth/par", data=params)


def pushed(app, site=None, **changes):
    """The URL that a browser goes to."""
    r = push(app, site, **changes)
    assert r.status_code == 201, r.text
    return url(app, r.json()["request_uri"])


def url(app, uri, **more):
    return "/oauth/authorize?" + urlencode({"client_id": app.client.id, "request_uri": uri,
                                            **more})


def approve(browser, path):
    return browser.submit(browser.open(path).form("approve"), "approve")


def age(site, user):
    """The user signed in an hour ago."""
    site.sql("UPDATE sessions SET auth_time = auth_time - 3600 WHERE user_id = ?", int(user.id))


@pytest.mark.parametrize("public", [False, True], ids=["confidential", "public"])
def test_a_request_is_pushed_and_brought(site, browser, public):
    """RFC 9126 sections 2.2 and 4: what the browser brings beside it does not count."""
    app = App(site, public=public)
    r = push(app, nonce="n")
    assert (r.status_code, r.headers["Content-Type"]) == (201, "application/json")
    assert r.headers["Cache-Control"] == "no-store"
    assert r.json().keys() == {"request_uri", "expires_in"} and r.json()["expires_in"] == 90
    uri = r.json()["request_uri"]
    assert re.fullmatch(URN + "[A-Za-z0-9_-]{43}", uri)
    r = approve(browser, url(app, uri, scope="write-posts", state="other",
                             redirect_uri="https://evil.example/"))
    back = sent_back(r, app)
    assert back["state"] == app.state
    token = expect.tokens(app.redeem(back["code"]))["access_token"]
    assert jose.claims_of(token)["scope"] == "read-posts"


def test_it_survives_the_sign_in(site):
    """The page of the sign-in leads back to the same request."""
    app, user = App(site), site.user("*")
    browser = Browser(site)
    path = pushed(app, login_hint="who@example.org")
    there, params = sent_to(browser.get(path))
    assert there == "/oauth/login" and params["email"] == "who@example.org"
    assert "redirect_uri" not in params["return_to"] and URN.replace(":", "%3A") in \
        params["return_to"]
    r = browser.sign_in(user, params["return_to"])
    assert r.headers["Location"] == params["return_to"]
    assert "code" in sent_back(approve(browser, params["return_to"]), app)


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_sign_in_anew_is_made_once(site, asked):
    """OpenID Connect Core section 3.1.2.1; the request is as it was pushed, and so a person
    who leaves its page for another does not skip the sign-in."""
    app, user = App(site), site.user("*")
    browser = Browser(site, user)
    age(site, user)
    path = pushed(app, **asked)
    there, params = sent_to(browser.get(path))
    assert there == "/oauth/login"
    assert sent_to(browser.get(path))[0] == "/oauth/login"
    again = Browser(site)
    again.sign_in(user, params["return_to"])
    assert "code" in sent_back(approve(again, params["return_to"]), app)


def test_a_sign_in_that_stays_old_is_the_clients_error(site):
    """A site that signs people in may say that they did so long ago: no browser goes
    round for ever."""
    app, user = App(site), site.user("*")
    browser = Browser(site, user)
    age(site, user)
    _, params = sent_to(browser.get(pushed(app, prompt="login")))
    back = sent_back(browser.get(params["return_to"]), app)
    assert back["error"] == "login_required" and back["state"] == app.state


@pytest.mark.parametrize("press", ["approve", "deny"])
def test_it_is_decided_once(site, browser, press):
    """RFC 9126 section 7.3; to load the page again is no decision."""
    app = App(site)
    path = pushed(app)
    form = browser.open(path).form("approve")
    assert browser.open(path).form("approve")
    sent_back(browser.submit(form, press), app)
    for r in (browser.get(path), browser.submit(form, press)):
        assert r.status_code == 400 and "Location" not in r.headers
        assert "begin again" in Page(r).text
    assert site.sql("SELECT count(*) FROM pushed_requests WHERE client = ?", app.client.id) == [(0,)]


def test_an_error_ends_it(site, browser):
    app = App(site)
    path = pushed(app, prompt="none")
    assert sent_back(browser.get(path), app)["error"] == "consent_required"
    assert browser.get(path).status_code == 400


def test_it_expires(site, browser):
    """RFC 9126 section 2.2: after 90 s; a person who came in time has ten minutes more."""
    app = App(site)
    path, soon = pushed(app), int(time.time())
    (end,), = site.sql("SELECT max(expires_at) FROM pushed_requests WHERE opened_at IS NULL")
    assert soon + 80 <= end <= int(time.time()) + 90
    site.sql("UPDATE pushed_requests SET expires_at = ? WHERE opened_at IS NULL",
             int(time.time()) - 1)
    assert browser.get(path).status_code == 400
    path = pushed(app)
    browser.open(path)
    (end,), = site.sql("SELECT max(expires_at) FROM pushed_requests WHERE opened_at IS NOT NULL")
    assert soon + 590 <= end <= int(time.time()) + 600
    site.sql("UPDATE pushed_requests SET expires_at = ?", int(time.time()) - 1)
    assert browser.get(path).status_code == 400


def test_it_is_for_its_client_alone(site, browser):
    """RFC 9126 section 7.2; another's request_uri is not so much as opened."""
    mine, other = App(site), App(site)
    path = pushed(mine)
    r = browser.get(path.replace(mine.client.id, other.client.id))
    assert r.status_code == 400 and "Location" not in r.headers
    assert site.sql("SELECT count(*) FROM pushed_requests WHERE client = ? AND opened_at IS NULL",
                    mine.client.id) == [(1,)]
    assert browser.get(path.replace(URN.replace(":", "%3A"), "https%3A%2F%2Fx.example%2F")
                       ).status_code in (303, 400)
    assert "approve" in browser.open(path).forms[0].buttons


WRONG = {
    "no redirect_uri": ({"redirect_uri": None}, "invalid_request"),
    "another redirect_uri": ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
    "no response_type": ({"response_type": None}, "invalid_request"),
    "another response_type": ({"response_type": "token"}, "unsupported_response_type"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "plain": ({"code_challenge_method": "plain"}, "invalid_request"),
    "an unknown scope": ({"scope": "nothing"}, "invalid_scope"),
    "another resource": ({"resource": "https://x.example/"}, "invalid_target"),
    "a request_uri": ({"request_uri": URN + "x"}, "invalid_request"),
    "a prompt": ({"prompt": "none login"}, "invalid_request"),
    "a dpop_jkt": ({"dpop_jkt": "x"}, "invalid_request"),
    "long": ({"state": "x" * 4000, "nonce": "x" * 1000, "claims": '{"a":"%s"}' % ("x" * 8000),
              "scope": "openid", "id_token_hint": "x" * 9000}, "invalid_request"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_authorize_would_refuse_is_refused_here(cgi, what):
    """RFC 9126 section 2.3."""
    changes, code = WRONG[what]
    before = cgi.sql("SELECT count(*) FROM pushed_requests")
    expect.error(push(App(cgi), **changes), 400, code)
    assert cgi.sql("SELECT count(*) FROM pushed_requests") == before


def test_who_asks_must_prove_it(cgi):
    """RFC 9126 section 2.1: as at the token endpoint."""
    app = App(cgi)
    expect.error(push(app, client_secret="x"), 401, "invalid_client")
    expect.error(push(app, client_secret=None), 401, "invalid_client")
    assert cgi.get("/oauth/par").status_code == 405
    s = Signer()
    signs = App(cgi, "--jwks", s.file(cgi.dir))
    s.id = signs.client.id
    proof = s.proof(cgi)
    assert push(signs, **proof).status_code == 201
    expect.error(push(signs, **proof), 401, "invalid_client")  # the same jti


def test_an_assertion_is_spent_by_what_is_refused(cgi):
    s = Signer()
    app = App(cgi, "--jwks", s.file(cgi.dir))
    s.id = app.client.id
    proof = s.proof(cgi)
    expect.error(push(app, scope="nothing", **proof), 400, "invalid_scope")
    expect.error(push(app, **proof), 401, "invalid_client")


def test_requests_must_be_pushed(cgi):
    """RFC 9126 sections 5 and 6: by all clients, or by one."""
    all_ = cgi.variant("pushed_requests = yes")
    user = cgi.user("*")
    for site, app in ((all_, App(cgi)), (cgi, App(cgi, "--par"))):
        browser = Browser(site, user)
        back = sent_back(browser.get(app.path()), app)
        assert back["error"] == "invalid_request" and "pushed" in back["error_description"]
        assert "code" in sent_back(approve(browser, pushed(app, site)), app)
    for site, must in ((all_, True), (cgi, False)):
        m = site.get("/.well-known/oauth-authorization-server").json()
        assert m["pushed_authorization_request_endpoint"] == site.url + "/oauth/par"
        assert m["require_pushed_authorization_requests"] is must


def test_a_client_is_set_to_push(cgi):
    id = App(cgi, "--par").client.id
    assert cgi.carnet_json("client", "show", id)["par"] is True
    assert "par " in cgi.carnet("client", "show", id)
    cgi.carnet("client", "edit", id, "--unset", "par")
    assert cgi.carnet_json("client", "show", id)["par"] is False


def test_strangers_push_only_so_many(cgi):
    """doc/security.md, Under load: as a public client; one with a secret is not counted."""
    few = cgi.variant()
    with few.conf.open("a") as f:
        f.write("[throttle]\npushed_requests = 3\n")
    public, own = App(cgi, public=True), App(cgi)
    cgi.sql("DELETE FROM throttle")
    for _ in range(3):
        assert push(public, few).status_code == 201
    r = push(public, few)
    expect.error(r, 429, "slow_down")
    assert 0 < int(r.headers["Retry-After"]) <= 3600
    assert push(own, few).status_code == 201
    cgi.sql("DELETE FROM throttle")


def test_so_many_wait_at_most(fresh):
    app = App(fresh)
    fresh.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
              " INSERT INTO pushed_requests (digest, client, request, expires_at)"
              " SELECT randomblob(32), ?, '', ? FROM n", app.client.id, int(time.time()) + 300)
    r = push(app)
    expect.error(r, 429, "slow_down")
    assert 200 < int(r.headers["Retry-After"]) <= 300
    fresh.sql("UPDATE pushed_requests SET expires_at = 5 WHERE digest ="
              " (SELECT min(digest) FROM pushed_requests)")
    assert push(app).status_code == 201


def test_a_client_goes_with_its_requests(cgi):
    app = App(cgi)
    pushed(app)
    cgi.carnet("client", "delete", app.client.id)
