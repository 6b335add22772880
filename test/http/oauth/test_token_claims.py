"""What POST /oauth/token gives: the answer, and the claims of the token."""
import base64
import time

import pytest

from kit import expect, jose

CLAIMS = {"iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "scope",
          "scopes"}


def test_the_answer_has_these_members(site):
    """RFC 6749 section 5.1."""
    body = expect.tokens(site.grant("password", username=site.email,
                                    password=site.password, scope="read-posts"))
    assert set(body) == {"token_type", "expires_in", "access_token",
                         "refresh_token", "scope"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["scope"] == "read-posts"
    assert len(base64.urlsafe_b64decode(body["refresh_token"] + "=")) == 32


def test_client_credentials_give_no_refresh_token(site):
    """RFC 6749 section 4.4.3."""
    client = site.client("client_credentials,refresh_token")
    body = expect.tokens(site.grant("client_credentials", client, scope="read-posts"))
    assert set(body) == {"token_type", "expires_in", "access_token", "scope"}


def test_a_users_token_has_these_claims(site):
    """RFC 9068 section 2.2; doc/protocol.md, Tokens."""
    user = site.user()
    before = int(time.time())
    token = site.token("write-posts read-posts", user)
    claims = jose.claims_of(token)
    assert set(claims) == CLAIMS | {"auth_time", "acr", "amr"}
    assert claims["iss"] == claims["aud"] == site.url
    assert claims["sub"] == str(user.id)
    assert claims["client_id"] == site.password_client.id
    assert claims["scope"] == "read-posts write-posts"
    assert claims["scopes"] == ["read-posts", "write-posts"]
    assert all(type(claims[name]) is int for name in ("exp", "iat", "nbf"))
    assert claims["nbf"] == claims["iat"] == claims["exp"] - 3600
    assert before <= claims["iat"] <= time.time()
    assert len(jose.unb64u(claims["jti"])) == 16


def test_a_clients_own_token_speaks_for_the_client(site):
    """RFC 9068 section 2.2: sub is the client if there is no user."""
    client, token = site.machine()
    claims = jose.claims_of(token)
    assert set(claims) == CLAIMS
    assert claims["sub"] == claims["client_id"] == client.id


def test_every_token_has_an_id_of_its_own(site):
    """RFC 9068 section 2.2: jti."""
    client, _ = site.machine()
    made = [site.grant("client_credentials", client).json()["access_token"]
            for _ in range(5)]
    assert len({jose.claims_of(t)["jti"] for t in made}) == 5


def test_the_key_id_is_the_thumbprint_and_the_signature_holds(site):
    """RFC 9068 section 2.1, RFC 7638 section 3, RFC 7517 section 5."""
    jwks = site.get("/oauth/jwks").json()
    assert [k["kid"] for k in jwks["keys"]] == [
        jose.thumbprint(k) for k in jwks["keys"]]
    token = site.token()
    header = jose.header_of(token)
    assert set(header) == {"typ", "alg", "kid"}
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    jose.verify(token, jwks)


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_client_may_choose_the_algorithm(site, alg):
    """doc/protocol.md, Tokens: --alg."""
    client, token = site.machine("--alg", alg)
    assert jose.header_of(token)["alg"] == alg
    jose.verify(token, site.get("/oauth/jwks").json())
    assert site.get("/api/status", token=token).status_code == 200


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_every_algorithm_signs_and_verifies(fresh, alg):
    """RFC 7518 section 3, RFC 8037 section 3.1: install --alg."""
    fresh.carnet("install", "--now", "--alg", alg)
    token = fresh.token()
    assert jose.header_of(token)["alg"] == alg
    jwks = fresh.get("/oauth/jwks").json()
    assert [k["kid"] for k in jwks["keys"]] == [
        jose.thumbprint(k) for k in jwks["keys"]]
    jose.verify(token, jwks)
    assert fresh.is_live(token)


def test_the_key_set_shows_public_parts_alone(site):
    """RFC 7517 section 9.2."""
    r = site.get("/oauth/jwks")
    assert (r.status_code, r.headers["Content-Type"]) == (200, "application/json")
    kinds = {"EC": {"crv", "x", "y"}, "RSA": {"n", "e"}, "OKP": {"crv", "x"}}
    for jwk in r.json()["keys"]:
        assert set(jwk) == {"kty", "use", "alg", "kid"} | kinds[jwk["kty"]]
        assert jwk["use"] == "sig"
    assert {k["alg"] for k in r.json()["keys"]} >= {"ES256", "RS256"}


def test_lifetimes_are_the_settings(site):
    """doc/deploy.md, Configuration: access_ttl, refresh_ttl."""
    short = site.variant("access_ttl = 90\nrefresh_ttl = 2h")
    body = short.sign_in()
    claims = jose.claims_of(body["access_token"])
    assert body["expires_in"] == claims["exp"] - claims["iat"] == 90
    (expires_at,), = site.sql("SELECT r.expires_at FROM oauth_refresh_tokens r WHERE"
                              " access_token = ?", jose.unb64u(claims["jti"]))
    assert expires_at == claims["iat"] + 7200


def test_a_clients_own_lifetimes_come_first(site):
    """carnet(1): client add --access-ttl."""
    client = site.client("password", "--access-ttl", "5m")
    assert site.sign_in(client=client)["expires_in"] == 300


def test_passport_compat_gives_passports_claims(site):
    """doc/protocol.md, Tokens: typ JWT, aud is the client, RS256; errors gain message."""
    compat = site.variant("passport_compat = yes")
    token = compat.token("read-posts")
    assert jose.header_of(token)["typ"] == "JWT"
    assert jose.header_of(token)["alg"] == "RS256"
    assert jose.claims_of(token)["aud"] == site.password_client.id
    assert compat.is_live(token)
    body = expect.error(compat.grant("none"), 400, "unsupported_grant_type")
    assert body["message"]


def test_what_is_stored_opens_no_door(site):
    """RFC 6819 section 5.1.4.1.3: the database holds digests of what was given."""
    body = site.sign_in()
    dump = b"".join(path.read_bytes() for path in site.dir.glob("data/carnet.db*"))
    for secret in (body["refresh_token"], body["access_token"], site.password,
                   site.password_client.secret):
        assert secret.encode() not in dump
    assert jose.unb64u(body["refresh_token"]) not in dump
