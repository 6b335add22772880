"""Redeeming an authorization code (RFC 6749 section 4.1.3, RFC 7636)."""
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect, jose, people
from kit.people import App, Browser


@pytest.fixture
def code(app, browser):
    return app.code(browser)


def refused(app, code, error="invalid_grant", **changes):
    """It is refused, and the code is as good as before."""
    expect.error(app.redeem(code, **changes), 400, error)
    expect.tokens(app.redeem(code))


@pytest.mark.parametrize("public", [False, True])
def test_the_flow(site, browser, user, public):
    """RFC 6749 sections 4.1 and 5.1: the token is the user's, and the answer tells the
    scope."""
    app = App(site, public=public)
    body = app.connect(browser, scope="write-posts read-posts")
    assert set(body) == {"token_type", "expires_in", "access_token", "refresh_token",
                         "scope"}
    assert body["token_type"] == "Bearer" and body["expires_in"] == 3600
    assert set(body["scope"].split()) == {"read-posts", "write-posts"}
    claims = jose.claims_of(body["access_token"])
    assert (claims["sub"], claims["client_id"]) == (str(user.id), app.client.id)
    assert claims["scope"] == body["scope"] and claims["aud"] == site.url
    r = site.get("/api/user", token=body["access_token"])
    assert r.json() == {"id": user.id}


@pytest.mark.parametrize("public", [False, True])
def test_a_refresh_follows(site, browser, public):
    """RFC 6749 section 6; a public client's refresh token rotates too (RFC 9700 section
    4.14.2)."""
    app = App(site, public=public)
    old = app.connect(browser, scope="read-posts write-posts")
    new = expect.tokens(site.refresh(old["refresh_token"], app.client))
    assert new["scope"] == old["scope"] and site.is_live(new["access_token"])
    assert not site.is_live(old["access_token"])


def test_what_is_given_cannot_be_guessed(app, browser):
    """RFC 6749 section 10.10: at most 2^-128; here 256 random bits."""
    codes = [app.code(browser) for _ in range(20)]
    tokens = [expect.tokens(app.redeem(code))["refresh_token"] for code in codes]
    bits = [format(int.from_bytes(jose.unb64u(text), "big"), "0256b")
            for text in codes + tokens]
    assert len(set(bits)) == 40 and {len(b) for b in bits} == {256}
    for column in zip(*bits):
        assert len(set(column)) == 2  # no bit is the same in all of them


# PKCE

@pytest.mark.parametrize("verifier, error", [
    (None, "invalid_request"), ("", "invalid_request"),
    ("x" * 43, "invalid_grant"), ("x" * 128, "invalid_grant"),
    ("x" * 42, "invalid_grant"), ("x", "invalid_grant"), ("x" * 129, "invalid_grant"),
    ("x" * 300, "invalid_request"), ("é" * 43, "invalid_request")])
def test_a_wrong_verifier_is_refused(app, code, verifier, error):
    """RFC 7636 section 4.6; RFC 9700 section 2.1.1: also without a verifier."""
    refused(app, code, error, code_verifier=verifier)


def test_the_challenge_is_no_verifier(app, code):
    """Who saw the request has only the challenge."""
    refused(app, code, code_verifier=app.challenge)


@pytest.mark.parametrize("change", ["cut", "longer", "case", "padded"])
def test_almost_the_verifier_is_refused(app, code, change):
    """RFC 7636 section 4.6: compared byte for byte."""
    refused(app, code, code_verifier={
        "cut": app.verifier[:-1], "longer": app.verifier + "A",
        "case": app.verifier.swapcase(), "padded": app.verifier + "="}[change])


@pytest.mark.parametrize("length", [42, 43, 128, 129])
def test_a_verifier_has_43_to_128_characters(app, browser, length):
    """RFC 7636 section 4.1: even if the challenge fits."""
    verifier = ("aB3-._~" * 20)[:length]
    challenge = jose.b64u(hashlib.sha256(verifier.encode()).digest())
    code = app.code(browser, code_challenge=challenge)
    r = app.redeem(code, code_verifier=verifier)
    if 43 <= length <= 128:
        expect.tokens(r)
    else:
        assert r.status_code == 400
        assert r.json()["error"] in ("invalid_grant", "invalid_request")


# What a code is bound to

def test_another_clients_code_is_refused(site, app, code):
    """RFC 6749 section 4.1.3: for confidential and for public clients."""
    for other in (App(site), App(site, public=True)):
        r = app.redeem(code, other.client)
        expect.error(r, 400, "invalid_grant")
    expect.tokens(app.redeem(code))


def test_the_client_must_prove_itself(app, code):
    """RFC 6749 section 3.2.1: its id alone is not enough."""
    for secret in (None, "", "x" * 43):
        r = app.redeem(code, app.client._replace(secret=secret))
        expect.error(r, 401, "invalid_client")
    expect.tokens(app.redeem(code))


@pytest.mark.parametrize("uri, error", [
    (None, "invalid_request"), ("", "invalid_request"),
    ("https://app.example/cb/", "invalid_grant"), ("https://APP.example/cb", "invalid_grant"),
    ("https://app.example/cb?x", "invalid_grant"), ("https://evil.example/cb", "invalid_grant")])
def test_another_redirect_uri_is_refused(app, code, uri, error):
    """RFC 6749 section 4.1.3: it must be the one of the request."""
    refused(app, code, error, redirect_uri=uri)


def test_another_registered_uri_is_another(site, browser):
    """RFC 6749 section 4.1.3: here the port of a loopback URI counts, too."""
    app = App(site, uris=("http://127.0.0.1/cb", "http://127.0.0.1/other"))
    uri = "http://127.0.0.1:4711/cb"
    code = people.sent_back(app.decide(browser, redirect_uri=uri), app, uri)["code"]
    for other in app.uri, "http://127.0.0.1:4712/cb", "http://127.0.0.1/other":
        expect.error(app.redeem(code, redirect_uri=other), 400, "invalid_grant")
    expect.tokens(app.redeem(code, redirect_uri=uri))


@pytest.mark.parametrize("code, error", [
    (None, "invalid_request"), ("", "invalid_request"), ("x", "invalid_grant"),
    ("A" * 43, "invalid_grant"), ("A" * 256, "invalid_grant"), ("A" * 257, "invalid_request"),
    ("é", "invalid_request")])
def test_an_unknown_code_is_refused(app, code, error):
    """RFC 6749 section 5.2."""
    expect.error(app.redeem(code), 400, error)


def test_a_code_is_no_other_secret(site, app, code):
    """A code of one kind is no code of another."""
    expect.error(site.refresh(code, app.client), 400, "invalid_grant")
    refresh = expect.tokens(app.redeem(code))["refresh_token"]
    expect.error(app.redeem(refresh), 400, "invalid_grant")


def test_an_expired_code_is_refused(site, app, code):
    """RFC 6749 section 4.1.2."""
    site.sql("UPDATE oauth_auth_codes SET expires_at = ? WHERE digest = ?",
             int(time.time()), hashlib.sha256(code.encode()).digest())
    expect.error(app.redeem(code), 400, "invalid_grant")


def test_the_lifetime_is_the_setting(site, code):
    """doc/deploy.md, Configuration: code_ttl, 60 s as shipped."""
    (expires_at,), = site.sql("SELECT expires_at FROM oauth_auth_codes"
                              " WHERE digest = ?", hashlib.sha256(code.encode()).digest())
    assert 0 <= time.time() + 60 - expires_at < 30


def test_a_client_without_the_grant_is_refused(site, code, app):
    """RFC 6749 section 5.2."""
    r = app.redeem(code, site.password_client)
    expect.error(r, 400, "unauthorized_client")


# One use

def test_a_second_use_revokes_what_the_first_gave(site, app, code):
    """RFC 6749 section 4.1.2: also the tokens that a refresh has made since."""
    first = expect.tokens(app.redeem(code))
    second = expect.tokens(site.refresh(first["refresh_token"], app.client))
    expect.error(app.redeem(code), 400, "invalid_grant")
    for pair in first, second:
        assert not site.is_live(pair["access_token"])
        r = site.refresh(pair["refresh_token"], app.client)
        expect.error(r, 400, "invalid_grant")


def test_a_second_use_with_a_wrong_verifier_revokes_too(site, app, code):
    """RFC 6749 section 4.1.2: somebody has a copy of the code."""
    first = expect.tokens(app.redeem(code))
    expect.error(app.redeem(code, code_verifier="x" * 43), 400, "invalid_grant")
    assert not site.is_live(first["access_token"])


def test_a_second_use_revokes_what_cannot_be_renewed_too(site, browser):
    """RFC 6749 section 4.1.2: a client without the refresh grant, as an imported one."""
    app = App(site)
    code = app.code(browser)
    site.sql("UPDATE oauth_clients SET grants = 'authorization_code' WHERE identifier = ?",
             app.client[0])
    first = app.redeem(code)
    assert first.status_code == 200 and "refresh_token" not in first.json()
    assert site.is_live(first.json()["access_token"])
    expect.error(app.redeem(code), 400, "invalid_grant")
    assert not site.is_live(first.json()["access_token"])


def test_a_second_use_leaves_other_sign_ins(site, app, browser, code):
    """doc/protocol.md, Rotation: a family is the tokens of one sign-in."""
    other = app.connect(browser)
    expect.tokens(app.redeem(code))
    expect.error(app.redeem(code), 400, "invalid_grant")
    assert site.is_live(other["access_token"])


def test_of_20_uses_at_once_one_wins(site, app, code):
    """RFC 6749 section 4.1.2: one of many wins; as there was a second use, its tokens
    are dead."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: app.redeem(code), range(20)))
    given = [expect.tokens(r) for r in answers if r.status_code == 200]
    for r in answers:
        if r.status_code != 200:
            expect.error(r, 400, "invalid_grant")
    assert len(given) == 1
    assert not site.is_live(given[0]["access_token"])
    r = site.refresh(given[0]["refresh_token"], app.client)
    expect.error(r, 400, "invalid_grant")


# What has changed since the consent

def test_a_disabled_user_gets_nothing(site, app):
    """doc/guard.md, What is checked."""
    user = site.user("*")
    code = app.code(Browser(site, user))
    site.carnet("user", "disable", user.email)
    expect.error(app.redeem(code), 400, "invalid_grant")


def test_a_revoked_client_gets_nothing(site, browser):
    """doc/guard.md, What is checked."""
    app = App(site)
    code = app.code(browser)
    site.carnet("client", "revoke", app.client.id)
    expect.error(app.redeem(code), 401, "invalid_client")


def test_what_the_user_has_lost_is_gone(site, app):
    """doc/protocol.md, Scopes: the limits of today count."""
    user = site.user("*")
    code = app.code(Browser(site, user), scope="read-posts write-posts")
    site.sql("UPDATE users SET scope = 'write-posts' WHERE id = ?", user.id)
    assert expect.tokens(app.redeem(code))["scope"] == "write-posts"


def test_the_scope_is_the_consents(app, code):
    """RFC 6749 section 4.1.3: a scope at the token endpoint adds nothing."""
    r = app.redeem(code, scope="read-posts write-posts admin")
    if r.status_code == 200:
        assert r.json()["scope"] == "read-posts"
    else:
        expect.error(r, 400, "invalid_scope")


# RFC 8707

@pytest.mark.parametrize("resource", ["https://other.example", "x", "https://api.example/x"])
def test_a_resource_of_others_is_refused(app, code, resource):
    """RFC 8707 section 2: invalid_target."""
    refused(app, code, "invalid_target", resource=resource)


def test_a_resource_becomes_the_audience(site, app, code, browser):
    """RFC 8707 section 2.2: the issuer, or one of the audiences setting."""
    body = expect.tokens(app.redeem(code, resource=site.url))
    assert jose.claims_of(body["access_token"])["aud"] == site.url
    other = site.variant("audiences = https://api.example https://b.example")
    params = dict(code=app.code(browser), redirect_uri=app.uri,
                  code_verifier=app.verifier, resource="https://api.example")
    body = expect.tokens(other.grant("authorization_code", app.client, **params))
    assert jose.claims_of(body["access_token"])["aud"] == "https://api.example"
    for server in other, site:
        assert not server.is_live(body["access_token"])
