"""Requests that clients sign (JAR, RFC 9101), by value."""
import time
from urllib.parse import urlencode

import pytest

from kit import expect, jose
from kit.people import App, Browser, Page, sent_back, sent_to
from kit.signer import Signer, make_key


@pytest.fixture(scope="module")
def signer(cgi):
    s = Signer()
    s.app = App(cgi, "--jwks", s.file(cgi.dir))
    s.id = s.app.client.id
    return s


@pytest.fixture(scope="module")
def browser(cgi):
    return Browser(cgi, cgi.user("*"))


def request_object(s, header=None, key=None, alg=None, **changes):
    now = int(time.time())
    claims = {**s.app.request(prompt="consent"), "iss": s.id, "aud": s.app.site.url, "iat": now,
              "exp": now + 300, **changes}
    head = {"typ": "oauth-authz-req+jwt", "alg": s.alg, "kid": s.kid, **(header or {})}
    return jose.sign(head, {k: v for k, v in claims.items() if v is not None}, key or s.key,
                     alg or s.alg)


def path(s, object_, **more):
    return "/oauth/authorize?" + urlencode({"client_id": s.id, "request": object_, **more})


def redeem(s, code):
    return s.app.redeem(code, s.app.client, **s.proof(s.app.site))


def approve(browser, url):
    return browser.submit(browser.open(url).form("approve"), "approve")


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "JWT", None])
def test_a_signed_request_counts(cgi, signer, browser, typ):
    """RFC 9101 sections 5 and 6.3: and nothing that is outside of it."""
    o = request_object(signer, {"typ": typ}, nonce="n")
    r = approve(browser, path(signer, o, scope="write-posts", state="other",
                              redirect_uri="https://evil.example/"))
    back = sent_back(r, signer.app)
    assert back["state"] == signer.app.state
    token = expect.tokens(redeem(signer, back["code"]))["access_token"]
    assert jose.claims_of(token)["scope"] == "read-posts"


def test_it_stays_as_it_is_through_the_sign_in(cgi, signer):
    """Only its name goes round; an object that expires meanwhile still counts."""
    user, browser = cgi.user("*"), Browser(cgi)
    there, params = sent_to(browser.get(path(signer, request_object(signer))))
    assert there == "/oauth/login" and "redirect_uri" not in params["return_to"]
    browser.sign_in(user, params["return_to"])
    assert "code" in sent_back(approve(browser, params["return_to"]), signer.app)


def test_it_decides_nothing(cgi, signer, browser):
    """What the person presses on our page is no parameter of a request."""
    csrf = browser.open(path(signer, request_object(signer))).form("approve").fields["csrf_token"]
    o = request_object(signer, decision="approve", csrf_token=csrf, state="another")
    r = browser.post("/oauth/authorize", data={"client_id": signer.id, "request": o})
    assert r.status_code == 200 and Page(r).form("approve")


def test_the_same_object_is_stored_once(cgi, signer, browser):
    """doc/security.md, Under load: strangers may bring one that they saw."""
    o = request_object(signer)
    browser.open(path(signer, o))
    before = cgi.sql("SELECT count(*) FROM pushed_requests")
    browser.open(path(signer, o))
    assert cgi.sql("SELECT count(*) FROM pushed_requests") == before


def test_claims_may_be_an_object(cgi, signer, browser):
    """OpenID Connect Core section 6.1."""
    o = request_object(signer, scope="openid", max_age=3600, nonce="n",
                       claims={"id_token": {"auth_time": {"essential": True}}})
    back = sent_back(approve(browser, path(signer, o)), signer.app)
    id_token = jose.claims_of(expect.tokens(redeem(signer, back["code"]))["id_token"])
    assert id_token["nonce"] == "n" and id_token["auth_time"]


NOW = int(time.time())
WRONG = {
    "alg none": {"header": {"alg": "none"}, "alg": "none"},
    "alg HS256": {"header": {"alg": "HS256"}, "alg": "HS256", "key": b"x"},
    "another key": {"key": make_key("ES256")}, "no iss": {"iss": None},
    "another iss": {"iss": "x"}, "no client_id": {"client_id": None},
    "another client_id": {"client_id": "x"}, "no aud": {"aud": None},
    "aud of another": {"aud": "https://x.example"}, "no exp": {"exp": None},
    "expired": {"exp": NOW - 3600}, "exp too far": {"exp": NOW + 7300},
    "typ of a proof": {"header": {"typ": "dpop+jwt"}},
    "typ of a token": {"header": {"typ": "at+jwt"}}, "a list": {"scope": ["read-posts"]},
    "an extension": {"header": {"crit": ["exp"]}},
}


@pytest.mark.parametrize("what", WRONG)
def test_an_object_with_anything_wrong_is_refused(cgi, signer, browser, what):
    """RFC 9101 section 6: on a page, and at /oauth/par as JSON."""
    o = request_object(signer, **WRONG[what])
    r = browser.get(path(signer, o))
    assert r.status_code == 400 and "Location" not in r.headers and Page(r)
    r = cgi.post("/oauth/par", data={"request": o, **signer.proof(cgi)})
    expect.error(r, 400, "invalid_request_object")


def test_an_assertion_is_no_request(cgi, signer):
    """RFC 9101 section 10.8, RFC 8725 section 3.11."""
    r = cgi.post("/oauth/par", data={"request": signer.assertion(cgi.url),
                                     **signer.proof(cgi)})
    expect.error(r, 400, "invalid_request_object")
    r = cgi.post("/oauth/par", data=signer.proof(cgi, request_object(signer)))
    assert r.status_code in (400, 401)


def test_an_object_is_pushed(cgi, signer, browser):
    """RFC 9126 section 3: it is the whole request."""
    r = cgi.post("/oauth/par", data={
        "request": request_object(signer), "scope": "write-posts", **signer.proof(cgi)})
    assert r.status_code == 201, r.text
    back = sent_back(approve(browser, "/oauth/authorize?" + urlencode(
        {"client_id": signer.id, "request_uri": r.json()["request_uri"]})), signer.app)
    assert jose.claims_of(expect.tokens(redeem(signer, back["code"]))["access_token"])[
        "scope"] == "read-posts"


def test_it_is_not_pushed_by_coming(cgi, signer):
    """RFC 9126 section 5: where requests must be pushed, one by value is refused."""
    strict = cgi.variant("pushed_requests = yes")
    before = cgi.sql("SELECT count(*) FROM pushed_requests")
    r = Browser(strict).get(path(signer, request_object(signer)))
    assert r.status_code == 400
    assert cgi.sql("SELECT count(*) FROM pushed_requests") == before


def test_a_client_without_keys_signs_nothing(cgi, browser):
    """OpenID Connect Core section 3.1.2.6."""
    app = App(cgi)
    assert sent_back(browser.get(app.path(request="a.b.c")), app)["error"] == \
        "request_not_supported"
    expect.error(cgi.post("/oauth/par", data={
        **app.request(), "request": "a.b.c", "client_secret": app.client.secret}), 400,
        "request_not_supported")


def test_the_metadata_lists_it(cgi):
    """RFC 9101 section 10.5."""
    m = cgi.get("/.well-known/oauth-authorization-server").json()
    assert m["request_parameter_supported"] is True
    assert set(m["request_object_signing_alg_values_supported"]) == {
        "ES256", "RS256", "PS256", "EdDSA"}
