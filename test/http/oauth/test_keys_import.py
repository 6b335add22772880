"""Keys of another system (doc/deploy.md, Keys; carnet(1), keys import): PKCS#1, PKCS#8
and SPKI are taken in; a key verifies, or signs as after a rotation."""
import os
import stat
import time

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kit import expect, jose, servers

PEM = s.Encoding.PEM


def private(key, form=s.PrivateFormat.PKCS8, lock=None):
    return key.private_bytes(PEM, form, lock or s.NoEncryption())


def public(key, form=s.PublicFormat.SubjectPublicKeyInfo):
    return key.public_key().public_bytes(PEM, form)


@pytest.fixture(scope="module")
def running():
    with servers.lighttpd() as site:
        yield site


@pytest.fixture(scope="module")
def row(running):
    """A token whose row the site has: what its text says counts, and who signed it."""
    return running.token("read-posts")


def brought(site, pem, *options):
    """Import the key in the text pem."""
    path = site.dir / "brought.pem"
    path.write_bytes(pem)
    return site.command("keys", "import", str(path), *options, "--json")


def listed(site):
    return {key["kid"]: key for key in site.carnet_json("keys", "list")}


def published(site, kid):
    """The JWKS as soon as it has the key: each process reads the keys for itself."""
    keys = {}

    def has():
        keys.update(site.get("/oauth/jwks").json())
        return kid in {k["kid"] for k in keys["keys"]}
    expect.until(has)
    return keys


def signed(site, row, key, alg, kid):
    return site.forge(row, {"alg": alg, "kid": kid}, key=key, alg=alg)


@pytest.mark.parametrize("make, form, alg", [
    (lambda: rsa.generate_private_key(65537, 2048), s.PrivateFormat.TraditionalOpenSSL,
     "RS256"),
    (lambda: rsa.generate_private_key(65537, 3072), s.PrivateFormat.PKCS8, "RS256"),
    (lambda: ec.generate_private_key(ec.SECP256R1()), s.PrivateFormat.TraditionalOpenSSL,
     "ES256"),
    (ed25519.Ed25519PrivateKey.generate, s.PrivateFormat.PKCS8, "EdDSA"),
    (lambda: rsa.generate_private_key(65537, 2048), None, "RS256"),
], ids=["rsa-pkcs1", "rsa-pkcs8", "ec-sec1", "ed25519-pkcs8", "rsa-spki"])
def test_a_key_that_verifies_alone(running, row, make, form, alg):
    """RFC 7468 sections 10, 13: its tokens are accepted, and it signs none.  Of a private
    key only the public half is stored."""
    key, before = make(), listed(running)
    p = brought(running, public(key) if form is None else private(key, form),
                "--verify-only")
    assert p.returncode == 0, p.stderr
    (kid,) = set(listed(running)) - set(before)
    assert listed(running)[kid]["alg"] == alg and not listed(running)[kid]["signs"]
    file = running.dir / "keys" / listed(running)[kid]["file"]
    assert b"PRIVATE" not in file.read_bytes() and stat.S_IMODE(file.stat().st_mode) == 0o600
    token = signed(running, row, key, alg, kid)
    expect.until(lambda: running.is_live(token))
    jose.verify(token, published(running, kid))
    assert jose.header_of(running.token())["kid"] in before
    again = brought(running, public(key), "--verify-only")
    assert again.returncode == 1 and "is there already" in again.stderr
    other = signed(running, row, make(), alg, kid)
    assert not running.is_live(other)


def test_a_key_signs_as_after_a_rotation():
    """RFC 7517: it is published first; --now lets it sign at once, and the tokens of the
    key before it stay good."""
    with servers.lighttpd() as site:
        machine = site.client("client_credentials", "--alg", "RS256")

        def token():
            r = site.grant("client_credentials", machine, scope="*")
            assert r.status_code == 200, r.text
            return r.json()["access_token"]
        old, begun = token(), int(time.time())
        late, now = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        p = brought(site, private(late, s.PrivateFormat.TraditionalOpenSSL))
        assert p.returncode == 0, p.stderr
        (waits,) = [k for k in listed(site).values() if k["waits"]]
        assert begun + 310 <= waits["signs_from"] <= time.time() + 310
        published(site, waits["kid"])
        assert jose.header_of(token())["kid"] == jose.header_of(old)["kid"]
        p = brought(site, private(now))
        assert p.returncode == 1 and "waits already" in p.stderr
        assert brought(site, private(now), "--now").returncode == 0
        expect.until(lambda: jose.header_of(token())["kid"] not in (
            jose.header_of(old)["kid"], waits["kid"]))
        fresh = token()
        kid = jose.header_of(fresh)["kid"]
        (jwk,) = [k for k in published(site, kid)["keys"] if k["kid"] == kid]
        assert jose.number(jwk["n"]) == now.public_key().public_numbers().n
        assert not listed(site)[waits["kid"]]["waits"]
        for t in (old, fresh):
            assert site.get("/api/status", token=t).status_code == 200


def test_a_public_key_that_gets_its_private_half(running):
    """The key verified first, and signs then: it has one file, and one row in the list."""
    key = ed25519.Ed25519PrivateKey.generate()
    assert brought(running, public(key), "--verify-only").returncode == 0
    kids = set(listed(running))
    assert brought(running, private(key), "--now").returncode == 0
    assert set(listed(running)) == kids
    assert [k["signs"] for k in listed(running).values() if k["alg"] == "EdDSA"].count(True) == 1


def bad():
    key = rsa.generate_private_key(65537, 2048)
    whole = private(key)
    return {
        "encrypted": (private(key, lock=s.BestAvailableEncryption(b"x")), "is encrypted"),
        "pkcs1-public": (public(key, s.PublicFormat.PKCS1), "-RSAPublicKey_in"),
        "public": (public(key), "--verify-only takes it in"),
        "certificate": (b"-----BEGIN CERTIFICATE-----\n", "is a certificate"),
        "nothing": (b"", "has no key as PEM"),
        "text": (b"APP_KEY=base64:AAAA\n", "has no key as PEM"),
        "cut": (whole[:len(whole) // 2], "has no key that can be used"),
        "short": (private(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        "curve": (private(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        "large": (whole + b"\n" * 40000, "longer than"),
    }


BAD = bad()


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_key_is_refused(running, name):
    """Nothing is stored, and the reason names no byte of the file."""
    text, why = BAD[name]
    before = listed(running), sorted(os.listdir(running.dir / "keys"))
    p = brought(running, text)
    assert p.returncode == 1 and why in p.stderr and p.stdout == "", p
    assert b"PRIVATE" not in p.stderr.encode()
    assert before == (listed(running), sorted(os.listdir(running.dir / "keys")))


def test_a_key_whose_tokens_live_is_not_retired(running):
    """carnet(1), keys retire: rows of the other system do not say which key signed them."""
    key = rsa.generate_private_key(65537, 2048)
    before = set(listed(running))
    assert brought(running, private(key), "--verify-only").returncode == 0
    (kid,) = set(listed(running)) - before
    running.sql("UPDATE oauth_access_tokens SET signed_by = NULL, created_at = 5")
    p = running.command("keys", "retire", "--", kid)
    assert p.returncode == 1 and "still valid" in p.stderr
    running.sql("UPDATE oauth_access_tokens SET revoked_at = 5")
    assert running.command("keys", "retire", "--", kid).returncode == 0
    assert set(listed(running)) == before
