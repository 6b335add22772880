"""The guard: keys and algorithms (RFC 7515, RFC 8725)."""
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kit import expect, jose

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
PKCS1 = serialization.PublicFormat.PKCS1


def refused(site, token):
    expect.unauthenticated(site.get("/api/user", token=token))


@pytest.fixture(scope="module")
def token(site):
    return site.token("read-posts")


@pytest.fixture(scope="module")
def jwks(site):
    return {k["alg"]: k for k in site.get("/oauth/jwks").json()["keys"]}


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_none_is_refused(site, token, alg):
    """RFC 8725 section 3.1: with a signature and without."""
    refused(site, site.forge(token, header={"alg": alg}, alg="none"))
    refused(site, site.forge(token, header={"alg": alg}, key=site.key(), alg="ES256"))


def encodings(public, jwk):
    """What a careless verifier could use as the secret of an HMAC."""
    pem = public.public_bytes(PEM, SPKI)
    yield from (pem, pem.strip(), pem + b"\0", public.public_bytes(DER, SPKI))
    yield json.dumps(jwk).encode()
    yield jwk["kid"].encode()
    yield from (jose.unb64u(jwk[n]) for n in ("x", "y", "n", "e") if n in jwk)
    yield from (jwk[n].encode() for n in ("x", "n") if n in jwk)
    if jwk["kty"] == "RSA":
        yield from (public.public_bytes(PEM, PKCS1), public.public_bytes(DER, PKCS1))
    else:
        point = jose.unb64u(jwk["x"]) + jose.unb64u(jwk["y"])
        yield from (point, b"\4" + point)
    yield b""


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_an_hmac_with_the_public_key_is_refused(site, token, jwks, alg):
    """RFC 8725 section 2.1: for each form of the key."""
    jwk = jwks[alg]
    header = {"alg": "HS256", "kid": jwk["kid"]}
    for secret in encodings(jose.public_key(jwk), jwk):
        refused(site, site.forge(token, header=header, key=secret, alg="HS256"))


@pytest.mark.parametrize("named", ["ES256", "RS256", "PS256", "EdDSA", "ES384",
                                   "HS256", "es256", "ES256 ", 256, None, ["ES256"]])
@pytest.mark.parametrize("key", ["ES256", "RS256"])
def test_only_the_keys_own_algorithm_is_tried(site, token, jwks, named, key):
    """RFC 8725 section 3.1: a good signature under another alg is refused."""
    header = {"alg": named, "kid": jwks[key]["kid"]}
    forged = site.forge(token, header=header, alg=key)
    if named == key:
        assert site.is_live(forged)
    else:
        refused(site, forged)


def test_pss_by_the_rs256_key_is_refused(site, token, jwks):
    """RFC 8725 section 3.1: one key, one algorithm."""
    header = {"alg": "PS256", "kid": jwks["RS256"]["kid"]}
    refused(site, site.forge(token, header=header, key=site.key("RS256"), alg="PS256"))


STRANGERS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("alg", STRANGERS)
def test_a_foreign_key_with_our_kid_is_refused(site, token, jwks, alg):
    """RFC 7515 section 5.2."""
    kid = jwks.get(alg, jwks["ES256"])["kid"]
    header = {"alg": alg, "kid": kid}
    refused(site, site.forge(token, header=header, key=STRANGERS[alg](), alg=alg))


def test_a_key_that_the_token_brings_is_not_used(site, token):
    """RFC 8725 section 3.10: jwk, jku, x5c and x5u are ignored."""
    key = ec.generate_private_key(ec.SECP256R1())
    n = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": jose.b64u(n.x.to_bytes(32, "big")),
           "y": jose.b64u(n.y.to_bytes(32, "big"))}
    for header in ({"jwk": jwk}, {"jwk": jwk, "kid": jose.thumbprint(jwk)},
                   {"jku": "http://127.0.0.1:1/"}, {"x5u": "http://127.0.0.1:1/"}):
        refused(site, site.forge(token, header=header, key=key))


@pytest.mark.parametrize("kid", ["x", "", None, 5, "../ES256.pem", "' OR 1=1 --",
                                 "%s\0", "%s ", {"x": 1}, "A" * 43])
def test_an_unknown_kid_is_refused(site, token, jwks, kid):
    """doc/deploy.md, Keys: the key is the one that kid names."""
    if isinstance(kid, str):
        kid = kid.replace("%s", jwks["ES256"]["kid"])
    refused(site, site.forge(token, header={"kid": kid}))


@pytest.mark.parametrize("member", ["kid", "typ", "alg"])
def test_a_header_without_a_member_is_refused(site, token, member):
    """RFC 9068 section 4."""
    refused(site, site.forge(token, drop=[member], alg="ES256"))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt2", "refresh+jwt", "", None, 5,
                                 "text/at+jwt", "dpop+jwt"])
def test_another_typ_is_refused(site, token, typ):
    """RFC 9068 section 4: an ID token, or another JWT of ours, is no access token."""
    refused(site, site.forge(token, header={"typ": typ}))


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_our_typ_is_accepted_as_a_media_type(site, token, typ):
    """RFC 7515 section 4.1.9."""
    assert site.is_live(site.forge(token, header={"typ": typ}))


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], None, "x"])
def test_a_critical_extension_is_refused(site, token, crit):
    """RFC 7515 section 4.1.11: we know none of these, and the list must not be empty."""
    refused(site, site.forge(token, header={"crit": crit}))


@pytest.mark.parametrize("header", [
    b"", b"{}", b"[]", b"x", b'"ES256"', b'{"alg":"ES256"', b"\xff\xfe",
    b'{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"%s"}',
    b'{"alg":"ES256","typ":"at+jwt","kid":"%s","kid":"%s"}',
    b'{"alg":"ES256","typ":"at+jwt","kid":"%s"} x'])
def test_a_malformed_header_is_refused(site, token, jwks, header):
    """RFC 7515 section 4: the names in the header are unique."""
    header = header.replace(b"%s", jwks["ES256"]["kid"].encode())
    refused(site, jose.sign(header, jose.claims_of(token), site.key(), "ES256"))


def test_a_removed_keys_tokens_are_refused(fresh):
    """doc/deploy.md, Keys: only keys that are published verify."""
    token = fresh.token()
    assert fresh.is_live(token)
    fresh.carnet("keys", "generate", "--alg", "ES256", "--force")
    refused(fresh, token)
    assert fresh.is_live(fresh.token())
