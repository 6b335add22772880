"""Revocation (RFC 7009) by the client that the token belongs to."""
import base64

import pytest

from kit import expect, jose
from kit.people import App

BOTH = ["access_token", "refresh_token"]


def revoke(site, client, token, **params):
    data = {"client_id": client.id, "token": token, **params}
    if client.secret is not None:
        data["client_secret"] = client.secret
    return site.post("/oauth/revoke", data=data)


def done(r):
    """RFC 7009 section 2.2; some clients read the answer as JSON."""
    assert (r.status_code, r.content) == (200, b"{}"), r.text
    assert r.headers["Content-Type"] == "application/json"


def is_dead(site, client, pair):
    r = site.refresh(pair["refresh_token"], client)
    return not site.is_live(pair["access_token"]) and r.status_code == 400


@pytest.mark.parametrize("kind", BOTH)
def test_either_token_ends_both(site, app, pair, kind):
    """RFC 7009 section 2.1: on the very next request."""
    done(revoke(site, app.client, pair[kind]))
    assert is_dead(site, app.client, pair)


@pytest.mark.parametrize("kind", BOTH)
def test_either_token_of_a_password_ends_both(site, kind):
    """RFC 7009 section 2.1: a sign-in without a code makes a family, too."""
    pair = site.sign_in("read-posts")
    done(revoke(site, site.password_client, pair[kind]))
    assert is_dead(site, site.password_client, pair)


def test_a_public_client_may(site, browser):
    """RFC 7009 section 2.1: by its id."""
    app = App(site, public=True)
    pair = app.connect(browser)
    done(revoke(site, app.client, pair["refresh_token"]))
    assert is_dead(site, app.client, pair)


def test_by_basic(site, app, pair):
    """RFC 7009 section 2.1: as at the token endpoint."""
    r = site.post("/oauth/revoke", data={"token": pair["access_token"]}, headers={
        "Authorization": "Basic " + base64.b64encode(
            ("%s:%s" % app.client).encode()).decode()})
    done(r)
    assert not site.is_live(pair["access_token"])


@pytest.mark.parametrize("kind", BOTH)
def test_a_token_from_before_a_refresh_ends_the_family(site, app, pair, kind):
    """RFC 7009 section 2.1: a spent one, too."""
    new = expect.tokens(site.refresh(pair["refresh_token"], app.client))
    done(revoke(site, app.client, pair[kind]))
    assert is_dead(site, app.client, new)


def test_an_expired_token_is_revoked_already(site, app, pair):
    """RFC 7009 section 2.2: 200."""
    old = {"exp": 1000, "iat": 1, "nbf": 1}
    done(revoke(site, app.client, site.forge(pair["access_token"], claims=old)))
    site.sql("UPDATE oauth_access_tokens SET expires_at = 1000 WHERE id = ?",
             jose.unb64u(jose.claims_of(pair["access_token"])["jti"]))
    done(revoke(site, app.client, pair["access_token"]))


def test_other_sign_ins_stay(site, app, browser, pair):
    """doc/protocol.md, Rotation: a family is the tokens of one sign-in."""
    other = app.connect(browser)
    done(revoke(site, app.client, pair["refresh_token"]))
    assert site.is_live(other["access_token"])


@pytest.mark.parametrize("hint", BOTH + ["", "x", "id_token", "urn:x:y"])
@pytest.mark.parametrize("kind", BOTH)
def test_a_wrong_hint_is_no_hindrance(site, app, pair, kind, hint):
    """RFC 7009 section 2.1: with a wrong hint the server looks at the other kind."""
    done(revoke(site, app.client, pair[kind], token_type_hint=hint))
    assert is_dead(site, app.client, pair)


@pytest.mark.parametrize("token", ["x", "A" * 43, "a.b.c", "x" * 16384, "ey.ey.ey"],
                         ids=lambda t: t[:5])
def test_an_unknown_token_is_revoked_already(site, app, token):
    """RFC 7009 section 2.2: 200."""
    done(revoke(site, app.client, token))


@pytest.mark.parametrize("token", ["x" * 16385, "x" * 60000, "é", "\n", "a b", "\x7f",
                                   "a\0b", '"', "\u202e\U0001f511"])
def test_any_text_that_is_no_token_is_revoked_already(site, app, token):
    """RFC 7009 section 2.2: an invalid token is no error."""
    done(revoke(site, app.client, token))
    done(revoke(site, app.client, "x", token_type_hint=token))


def test_a_token_with_something_behind_it_is_another(site, app, pair):
    """A NUL does not end the token."""
    for more in "\0", "\0x", "x", "\n":
        for token in pair["access_token"], pair["refresh_token"]:
            done(revoke(site, app.client, token + more))
    assert site.is_live(pair["access_token"])


@pytest.mark.parametrize("kind", BOTH)
def test_a_revoked_token_is_revoked_already(site, app, pair, kind):
    """RFC 7009 section 2.2: the client may ask again."""
    for _ in range(2):
        done(revoke(site, app.client, pair[kind]))


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("public", [False, True])
def test_another_clients_token_is_refused_and_alive(site, app, pair, kind, public):
    """RFC 7009 section 2.1."""
    r = revoke(site, App(site, public=public).client, pair[kind])
    expect.error(r, 400, "invalid_grant")
    assert site.is_live(pair["access_token"])
    expect.tokens(site.refresh(pair["refresh_token"], app.client))


def test_a_machines_token(site):
    """RFC 6749 section 4.4: a token without a user and without a family."""
    client, token = site.machine()
    done(revoke(site, client, token))
    expect.unauthenticated(site.get("/api/status", token=token))


@pytest.mark.parametrize("secret", [None, "", "x" * 43])
def test_the_client_must_prove_itself(site, app, pair, secret):
    """RFC 7009 section 2.1."""
    r = revoke(site, app.client._replace(secret=secret), pair["access_token"])
    expect.error(r, 401, "invalid_client")
    r = site.post("/oauth/revoke", data={"token": pair["access_token"]})
    expect.error(r, 401, "invalid_client")
    assert site.is_live(pair["access_token"])


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_an_error(site, app, token):
    """RFC 7009 section 2.2.1, RFC 6749 section 5.2."""
    expect.error(revoke(site, app.client, token), 400, "invalid_request")


def test_a_forged_token_ends_nothing(site, app, pair):
    """Its jti is not enough: logs have it."""
    forged = pair["access_token"][:-8] + "AAAAAAAA"
    done(revoke(site, app.client, forged))
    assert site.is_live(pair["access_token"])


def test_a_link_revokes_nothing(site, app, pair):
    """RFC 7009 section 2.1: POST; nothing is read from a query."""
    query = "?client_id=%s&client_secret=%s&token=%s" % (*app.client, pair["access_token"])
    expect.error(site.get("/oauth/revoke" + query), 405, "method_not_allowed")
    expect.error(site.post("/oauth/revoke" + query), 401, "invalid_client")
    assert site.is_live(pair["access_token"])
