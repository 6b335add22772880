"""Clients that sign: private_key_jwt (RFC 7523), and where their keys are (RFC 7517)."""
import json
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect, jose, servers
from kit.elsewhere import Elsewhere, answer
from kit.meanwhile import meanwhile
from kit.people import App, Browser
from kit.signer import ROCA, Signer, jwk_of, make_key


@pytest.fixture(scope="module")
def signer(cgi):
    return Signer().register(cgi, grants="client_credentials,introspect,device_code")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    there = Elsewhere(tmp_path_factory.mktemp("elsewhere"))
    yield there
    there.close()


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_a_client_signs(site, alg):
    """RFC 7523 section 2.2, under FastCGI; the id may be sent beside it (RFC 7521 section
    4.2)."""
    s = Signer(alg).register(site)
    expect.tokens(s.ask(site))
    token = expect.tokens(s.ask(site, client_id=s.id))["access_token"]
    assert jose.claims_of(token)["sub"] == s.id
    basic = {"grant_type": "client_credentials", "client_id": s.id}
    expect.error(site.post("/oauth/token", data={**basic, "client_secret": "x" * 43}), 401,
                 "invalid_client")
    expect.error(site.post("/oauth/token", data=basic), 401, "invalid_client")


def test_the_metadata_lists_it(cgi):
    """RFC 8414 section 2: the methods, and what is signed by."""
    m = cgi.get("/.well-known/oauth-authorization-server").json()
    for endpoint in ("token", "revocation", "introspection"):
        name = endpoint + "_endpoint_auth_"
        assert "private_key_jwt" in m[name + "methods_supported"]
        assert set(m[name + "signing_alg_values_supported"]) == {
            "ES256", "RS256", "PS256", "EdDSA"}


def test_each_endpoint_takes_it(cgi, signer):
    """RFC 7009 section 2.1, RFC 7662 section 2.1, RFC 8628 section 3.1."""
    token = expect.tokens(signer.ask(cgi))["access_token"]
    r = cgi.post("/oauth/introspect", data={"token": token, **signer.proof(cgi)})
    assert r.json()["active"] is True and r.json()["client_id"] == signer.id
    assert cgi.post("/oauth/revoke", data={"token": token, **signer.proof(cgi)}).json() == {}
    assert not cgi.is_live(token)
    r = cgi.post("/oauth/device/code", data={"scope": "read-posts", **signer.proof(cgi)})
    assert r.status_code == 200 and r.json()["device_code"]


def test_a_code_is_redeemed_by_a_signature(cgi, signer):
    """RFC 6749 section 4.1.3: by the client that it was given to, and by none without the
    key."""
    app = App(cgi, "--jwks", signer.file(cgi.dir))
    mine = Signer(id=app.client.id)
    mine.key = signer.key
    code = app.code(Browser(cgi, cgi.user("*")))
    params = {"grant_type": "authorization_code", "code": code, "redirect_uri": app.uri,
              "code_verifier": app.verifier}
    expect.error(cgi.post("/oauth/token", data={**params, "client_id": mine.id}), 401,
                 "invalid_client")
    got = expect.tokens(cgi.post("/oauth/token", data={**params, **mine.proof(cgi)}))
    r = cgi.post("/oauth/token", data={"grant_type": "refresh_token", **mine.proof(cgi),
                                       "refresh_token": got["refresh_token"]})
    expect.tokens(r)


NOW = int(time.time())
WRONG = {
    "no iss": {"iss": None}, "another iss": {"iss": "x"}, "no sub": {"sub": None},
    "iss is a list": {"iss": ["x"]}, "no aud": {"aud": None}, "another aud": {"aud": "https://x/"},
    "aud of a page": {"aud": "http://127.0.0.1/oauth/authorize"},
    "aud with a slash": {"aud": "http://127.0.0.1/"}, "aud is a number": {"aud": 1},
    "aud is an empty list": {"aud": []}, "aud is an object": {"aud": {"http://127.0.0.1": 1}},
    "no exp": {"exp": None}, "exp is a text": {"exp": "9999999999"},
    "expired": {"exp": NOW - 3600}, "exp too far": {"exp": NOW + 7200},
    "iat of the future": {"iat": NOW + 7200}, "iat is a text": {"iat": "1"},
    "nbf of the future": {"nbf": NOW + 7200}, "no jti": {"jti": None},
    "empty jti": {"jti": ""}, "long jti": {"jti": "x" * 256}, "jti is a number": {"jti": 7},
    "alg none": {"header": {"alg": "none"}, "alg": "none"},
    "alg of another key": {"header": {"alg": "EdDSA"}},
    "alg HS256 by the public key": {"header": {"alg": "HS256"}, "alg": "HS256", "key": b"x"},
    "an extension": {"header": {"crit": ["exp"]}}, "typ of a token": {"header": {"typ": "at+jwt"}},
    "typ of a proof": {"header": {"typ": "dpop+jwt"}},
    "typ of a request": {"header": {"typ": "oauth-authz-req+jwt"}},
    "another kid": {"header": {"kid": "two"}},
    "another key": {"key": make_key("ES256")},
}


@pytest.mark.parametrize("what", WRONG)
def test_an_assertion_with_anything_wrong_is_refused(cgi, signer, what):
    """RFC 7523 section 3, RFC 8725 section 3."""
    bad = signer.assertion(**{"aud": cgi.url, **WRONG[what]})
    expect.error(signer.ask(cgi, bad, client_id=signer.id), 401, "invalid_client")


def test_a_malformed_one_is_refused(cgi, signer):
    good = signer.assertion(cgi.url)
    header, claims, sig = good.split(".")
    twice = jose.b64u(b'{"iss":"x",' + jose.unb64u(claims)[1:])
    for bad in ("x", "..", header + "." + claims, good + ".x", good + "A",
                header + "." + claims + ".", header + "." + twice + "." + sig,
                "x" * 8000, jose.b64u(b"[]") + "." + claims + "." + sig):
        expect.error(signer.ask(cgi, bad, client_id=signer.id), 401, "invalid_client")
    expect.error(signer.ask(cgi, "x"), 401, "invalid_client")
    expect.error(signer.ask(cgi, "x" * 8193), 400, "invalid_request")


@pytest.mark.parametrize("params", [
    {"client_assertion_type": None}, {"client_assertion": None},
    {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
    {"client_secret": "x"}])
def test_a_request_that_is_half_of_it_is_refused(cgi, signer, params):
    """RFC 7521 section 4.2; RFC 6749 section 2.3: one method at once."""
    data = {"grant_type": "client_credentials", **signer.proof(cgi), **params}
    data = {k: v for k, v in data.items() if v is not None}
    expect.error(cgi.post("/oauth/token", data=data), 400, "invalid_request")


def test_another_client_of_the_same_name_is_not_taken(cgi, signer):
    """RFC 7521 section 4.2: client_id and sub are one."""
    other = cgi.client("client_credentials")
    expect.error(signer.ask(cgi, client_id=other.id), 400, "invalid_request")
    stolen = signer.assertion(cgi.url, iss=other.id, sub=other.id)
    expect.error(signer.ask(cgi, stolen), 401, "invalid_client")
    expect.error(signer.ask(cgi, signer.assertion(cgi.url, iss="x", sub="x")), 401,
                 "invalid_client")


@pytest.mark.parametrize("changes", [
    {"aud": "http://127.0.0.1/oauth/token"}, {"aud": ["https://x/", "http://127.0.0.1"]},
    {"header": {"typ": None}}, {"header": {"typ": "client-authentication+jwt"}},
    {"header": {"typ": "application/jwt"}}, {"header": {"kid": None}}, {"iat": None},
    {"jti": "x" * 255}])
def test_what_clients_do_is_taken(cgi, signer, changes):
    """The issuer or the token endpoint, alone or in a list; no kid; no iat."""
    expect.tokens(signer.ask(cgi, signer.assertion(**{"aud": cgi.url, **changes})))


def test_four_minutes_are_not_too_long(cgi, signer):
    """carnet(7): five at most."""
    expect.tokens(signer.ask(cgi, signer.assertion(cgi.url, exp=int(time.time()) + 240)))


def test_a_jti_counts_once(cgi, signer):
    """RFC 7523 section 3, point 7; whatever the request was for, and if it failed."""
    one = signer.assertion(cgi.url)
    expect.tokens(signer.ask(cgi, one))
    expect.error(signer.ask(cgi, one), 401, "invalid_client")
    again = signer.assertion(cgi.url, jti=jose.claims_of(one)["jti"])
    expect.error(signer.ask(cgi, again), 401, "invalid_client")
    failed = signer.assertion(cgi.url)
    expect.error(signer.ask(cgi, failed, scope="nothing"), 400, "invalid_scope")
    expect.error(signer.ask(cgi, failed, scope="nothing"), 401, "invalid_client")
    expect.error(signer.ask(cgi, failed), 401, "invalid_client")
    asked = {"token": "x", **signer.proof(cgi)}
    assert cgi.post("/oauth/introspect", data=asked).json() == {"active": False}
    expect.error(cgi.post("/oauth/introspect", data=asked), 401, "invalid_client")
    other = Signer().register(cgi)
    jti = jose.claims_of(one)["jti"]
    expect.tokens(other.ask(cgi, other.assertion(cgi.url, jti=jti)))


def test_of_many_at_once_one_is_taken(site):
    """The jti is spent in the commit that stores the token: all have looked whether it is
    spent before the first of them stores anything."""
    s = Signer().register(site)
    one = s.assertion(site.url)

    def all_at_once():
        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(lambda _: s.ask(site, one).status_code, range(8)))
    got = all_at_once() if "STORE_URI" in os.environ else meanwhile(site, [], all_at_once)
    assert sorted(got) == [200] + [401] * 7
    assert site.sql("SELECT count(*) FROM oauth_access_tokens t JOIN oauth_clients c"
                    " ON c.id = t.client_id WHERE c.identifier = ?", s.id) == [(1,)]


# What keys a client may have

def keys_file(site, keys):
    path = site.dir / (secrets.token_hex(4) + ".json")
    path.write_text(keys if isinstance(keys, str) else json.dumps(keys))
    return str(path)


GOOD = jwk_of(make_key("ES256"))
BAD_KEYS = {
    "no set": ({"kty": "EC"}, "no set of keys"),
    "no JSON": ("{", "no set of keys"),
    "not an array": ({"keys": {}}, "no set of keys"),
    "a member twice": ('{"keys":[],"keys":[%s]}' % json.dumps(GOOD), "no set of keys"),
    "a member of a key twice": ('{"keys":[{"kty":"oct",%s]}' % json.dumps(GOOD)[1:],
                                "no set of keys"),
    "none": ({"keys": []}, "has no public key"),
    "too many": ({"keys": [GOOD] * 21}, "more than 20 keys"),
    "private": ({"keys": [GOOD, {**GOOD, "d": "AA"}]}, "key 2 of the set is a private"),
    "symmetric": ({"keys": [{"kty": "oct", "k": "AA"}]}, "private or a symmetric"),
    "another curve": ({"keys": [{**GOOD, "crv": "P-384"}]}, "no sound public key"),
    "off the curve": ({"keys": [{**GOOD, "y": GOOD["x"]}]}, "no sound public key"),
    "ROCA": ({"keys": [GOOD, ROCA]}, "key 2 of the set is no sound public key"),
    "small": ({"keys": [{"kty": "RSA", "e": "AQAB", "n": jose.b64u(b"\xff" * 128)}]},
              "no sound public key"),
    "exponent 1": ({"keys": [{"kty": "RSA", "e": "AQ", "n": jose.b64u(b"\xff" * 256)}]},
                   "no sound public key"),
    "for encryption": ({"keys": [{**GOOD, "use": "enc"}]}, "has no public key"),
    "not to verify": ({"keys": [{**GOOD, "key_ops": ["sign"]}]}, "no sound public key"),
    "another algorithm": ({"keys": [{**GOOD, "alg": "ES384"}]}, "no sound public key"),
    "no object": ({"keys": ["x"]}, "is no JSON object"),
    "long": (json.dumps({"keys": [GOOD], "x": "y" * 17000}), "more than"),
}


@pytest.mark.parametrize("what", BAD_KEYS)
def test_keys_that_a_client_may_not_have(cgi, what):
    """RFC 7517, RFC 7518 section 6: carnet client add says which is wrong, and why."""
    keys, why = BAD_KEYS[what]
    p = cgi.command("client", "add", "--name", "x", "--grant", "client_credentials",
                    "--jwks", keys_file(cgi, keys))
    assert p.returncode == 1 and why in p.stderr, p.stderr


def test_keys_beside_those_that_sign(cgi):
    """A set may have keys for encryption, and two keys while one takes over."""
    a, b = Signer(), Signer("RS256", kid="two")
    enc = {**jwk_of(make_key("ES256")), "use": "enc"}
    made = cgi.client("client_credentials", "--jwks",
                      keys_file(cgi, {"keys": [enc, a.jwk(use="sig"), b.jwk(alg="RS256")]}))
    for s in (a, b):
        s.id = made.id
        expect.tokens(s.ask(cgi))
    b.alg = "PS256"  # the key says RS256
    expect.error(b.ask(cgi), 401, "invalid_client")


def test_a_clients_keys_are_changed(cgi):
    """carnet client edit --jwks: the old key is nothing from then on."""
    a, b = Signer().register(cgi), Signer()
    expect.tokens(a.ask(cgi))
    cgi.carnet("client", "edit", a.id, "--jwks", b.file(cgi.dir))
    b.id = a.id
    expect.error(a.ask(cgi), 401, "invalid_client")
    expect.tokens(b.ask(cgi))
    p = cgi.command("client", "secret", a.id)
    assert p.returncode == 1 and "keys of its own" in p.stderr
    with_secret = cgi.client("client_credentials")
    cgi.carnet("client", "edit", with_secret.id, "--jwks", a.file(cgi.dir))
    expect.error(cgi.grant("client_credentials", with_secret), 401, "invalid_client")
    p = cgi.command("client", "edit", a.id, "--jwks", a.file(cgi.dir), "--public")
    assert p.returncode == 1 and "one of the three" in p.stderr


# Keys that are read elsewhere

@pytest.fixture(scope="module")
def far(elsewhere):
    with servers.plain_cgi() as s:
        yield s.variant(elsewhere.settings)


@pytest.fixture
def remote(far, elsewhere):
    """A site, and a client whose keys are at a URL."""
    site, s = far, Signer()
    site.sql("DELETE FROM fetches")
    site.sql("DELETE FROM outbox")
    s.path = "/" + secrets.token_hex(4)
    elsewhere.docs[s.path] = s.jwks()
    s.id = site.client("client_credentials", "--jwks-uri", elsewhere.url + s.path).id
    return site, s


def come_again(r):
    expect.error(r, 503, "temporarily_unavailable")
    assert int(r.headers["Retry-After"]) >= 1


def a_minute_later(site):
    site.sql("UPDATE fetches SET asked_at = asked_at - 61, expires_at = expires_at - 61")
    site.sql("UPDATE outbox SET next_at = next_at - 61")


def test_the_courier_reads_the_keys(remote, elsewhere):
    """RFC 7591 section 2, jwks_uri: who comes first is told to come again; then they are
    kept."""
    site, s = remote
    come_again(s.ask(site))
    come_again(s.ask(site))
    assert site.sql("SELECT kind, target FROM outbox") == [("jwks", elsewhere.url + s.path)]
    site.carnet("courier")
    expect.tokens(s.ask(site))
    expect.tokens(s.ask(site))
    assert elsewhere.count(s.path) == 1 and not site.sql("SELECT * FROM outbox")


def test_a_new_key_is_found(remote, elsewhere):
    """The client rotates its keys: the old one is good until the new set is read, and a kid
    that is unknown has the set read at most once a minute."""
    site, old = remote
    old.ask(site)
    site.carnet("courier")
    new = Signer("EdDSA", kid="two", id=old.id)
    elsewhere.docs[old.path] = {"keys": [new.jwk(), {"kty": "EC", "crv": "P-521", "x": "AA"}]}
    expect.error(new.ask(site), 401, "invalid_client")  # a minute is not over
    a_minute_later(site)
    come_again(new.ask(site))
    expect.tokens(old.ask(site))
    site.carnet("courier")
    expect.tokens(new.ask(site))
    expect.error(old.ask(site), 401, "invalid_client")
    for _ in range(3):
        assert old.ask(site).status_code == 401
    assert elsewhere.count(old.path) == 2


@pytest.mark.parametrize("doc", [
    answer({}, status="404 None"), answer(b"x" * 17000), {"keys": []}, b"garbage",
    answer({"keys": [{**GOOD, "d": "AA"}]}), answer({"keys": [{"kty": "oct", "k": "AA"}]})])
def test_keys_that_cannot_be_read_leave_the_old_ones(remote, elsewhere, doc):
    """A fault at the client's site ends nobody's work."""
    site, s = remote
    s.ask(site)
    site.carnet("courier")
    elsewhere.docs[s.path] = doc
    a_minute_later(site)
    other = Signer(kid="two", id=s.id)
    come_again(other.ask(site))
    site.carnet("courier")
    expect.error(other.ask(site), 401, "invalid_client")
    expect.tokens(s.ask(site))
    assert site.sql("SELECT is_under_way, why IS NULL FROM fetches") == [(0, 0)]


def test_a_private_address_is_not_asked(remote, elsewhere):
    """courier_hosts is not set: the URL could be of anything in the own network."""
    site = remote[0].variant("courier_ca = %s\n" % elsewhere.tls[0], drop=("courier_hosts",))
    s, before = Signer(), len(elsewhere.asked)
    s.id = site.client("client_credentials", "--jwks-uri", elsewhere.url + "/x").id
    come_again(s.ask(site))
    site.carnet("courier")
    expect.error(s.ask(site), 401, "invalid_client")
    assert len(elsewhere.asked) == before
    assert site.sql("SELECT why FROM fetches") == [("its address is not on the Internet",)]


def test_where_no_courier_runs_that_is_said(remote):
    site, s = remote
    come_again(s.ask(site))
    a_minute_later(site)
    expect.error(s.ask(site), 401, "invalid_client")


@pytest.mark.parametrize("url", ["http://keys.example/", "https://u@keys.example/",
                                 "https://keys.example/#x", "https:///x", "keys"])
def test_keys_are_read_by_https(cgi, url):
    p = cgi.command("client", "add", "--name", "x", "--grant", "client_credentials",
                    "--jwks-uri", url)
    assert p.returncode == 1 and "no address of keys" in p.stderr
