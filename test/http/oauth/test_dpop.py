"""Tokens that are bound to a key (RFC 9449): at the token endpoint and at /oauth/par."""
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect, jose
from kit.dpop import Key, sha256
from kit.people import App, Browser, sent_back
from kit.signer import make_key


@pytest.fixture(scope="module")
def client(cgi):
    return cgi.client("client_credentials,introspect")


@pytest.fixture(scope="module")
def key():
    return Key()


def code_of(app, browser, **changes):
    return app.code(browser, **changes)


def redeem(key, app, code, **kw):
    return key.ask(app.site, app.client, grant_type="authorization_code", code=code,
                   redirect_uri=app.uri, code_verifier=app.verifier, **kw)


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256", "PS256"])
def test_a_token_is_bound(site, alg):
    """RFC 9449 sections 5, 6.1 and 6.2."""
    key, client = Key(alg), site.client("client_credentials,introspect")
    got = expect.tokens(key.machine(site, client))
    assert got["token_type"] == "DPoP"
    assert jose.claims_of(got["access_token"])["cnf"] == {"jkt": key.jkt}
    r = site.post("/oauth/introspect", data={"token": got["access_token"]}, auth=client)
    assert (r.json()["active"], r.json()["token_type"]) == (True, "DPoP")
    assert r.json()["cnf"] == {"jkt": key.jkt}


def test_without_a_proof_nothing_is_bound(cgi, client):
    got = expect.tokens(cgi.grant("client_credentials", client, scope="read-posts"))
    assert got["token_type"] == "Bearer" and "cnf" not in jose.claims_of(got["access_token"])
    r = cgi.post("/oauth/introspect", data={"token": got["access_token"]}, auth=client)
    assert r.json()["token_type"] == "Bearer" and "cnf" not in r.json()


def test_the_metadata_lists_it(cgi):
    """RFC 9449 section 5.1, RFC 9728 section 2."""
    for path in ("oauth-authorization-server", "oauth-protected-resource"):
        m = cgi.get("/.well-known/" + path).json()
        assert set(m["dpop_signing_alg_values_supported"]) == {"ES256", "EdDSA", "RS256",
                                                              "PS256"}


NOW = int(time.time())
PRIVATE = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "d": "A" * 43}
WRONG = {
    "typ of a JWT": {"header": {"typ": "JWT"}}, "no typ": {"header": {"typ": None}},
    "alg none": {"header": {"alg": "none"}, "alg": "none"},
    "alg HS256": {"header": {"alg": "HS256"}, "alg": "HS256", "key": b"x"},
    "alg of another key": {"header": {"alg": "EdDSA"}},
    "no key": {"header": {"jwk": None}}, "a key that is a text": {"header": {"jwk": "x"}},
    "a private key": {"header": {"jwk": PRIVATE}},
    "a symmetric key": {"header": {"jwk": {"kty": "oct", "k": "eA"}}},
    "another key's signature": {"key": make_key("ES256")},
    "an extension": {"header": {"crit": ["exp"]}},
    "no jti": {"jti": None}, "empty jti": {"jti": ""}, "long jti": {"jti": "x" * 256},
    "no htm": {"htm": None}, "another htm": {"method": "GET"}, "htm in lower case":
        {"method": "post"},
    "no htu": {"htu": None}, "another host": {"htu": "https://x.example/oauth/token"},
    "another path": {"htu": "http://127.0.0.1/oauth/par"}, "htu is a list": {"htu": ["x"]},
    "no iat": {"iat": None}, "old": {"iat": NOW - 3600}, "of the future": {"iat": NOW + 7200},
    "iat is a text": {"iat": "1"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_proof_with_anything_wrong_is_refused(cgi, client, key, what):
    """RFC 9449 section 4.3; the same client gets a token by a good one."""
    changes = {"method": "POST", **WRONG[what]}
    bad = key.proof(cgi.url + "/oauth/token", **changes)
    expect.error(key.machine(cgi, client, proof=bad), 400, "invalid_dpop_proof")


@pytest.mark.parametrize("proof", ["x", "..", "a.b.c", "x" * 20000])
def test_a_malformed_proof_is_refused(cgi, client, key, proof):
    expect.error(key.machine(cgi, client, proof=proof), 400, "invalid_dpop_proof")


def test_two_proofs_are_refused(site, key):
    """RFC 9449 section 4.3, item 1: the server joins two headers by a comma."""
    client = site.client("client_credentials")
    url = site.url + "/oauth/token"
    both = key.proof(url) + ", " + key.proof(url)
    expect.error(key.machine(site, client, proof=both), 400, "invalid_dpop_proof")


@pytest.mark.parametrize("spelt", ["HTTP://127.0.0.1%s/oauth/token", "http://127.0.0.1%s/oauth/./token",
                                   "http://127.0.0.1%s/oauth/%%74oken", "http://127.0.0.1%s/oauth/token?a=b#c"])
def test_htu_is_normalised(cgi, client, key, spelt):
    """RFC 9449 section 4.3, item 9: RFC 3986 sections 6.2.2 and 6.2.3, no query, no
    fragment."""
    port = cgi.url.removeprefix("http://127.0.0.1")
    good = key.proof(spelt % port)
    assert expect.tokens(key.machine(cgi, client, proof=good))["token_type"] == "DPoP"


@pytest.mark.parametrize("ago", [50, -50])
def test_clocks_may_differ(cgi, client, key, ago):
    good = key.proof(cgi.url + "/oauth/token", iat=int(time.time()) - ago)
    expect.tokens(key.machine(cgi, client, proof=good))


def test_a_proof_counts_once(site, key):
    """RFC 9449 section 11.1: for any number of uses at once, and by another client too."""
    client, other = (site.client("client_credentials") for _ in range(2))
    proof = key.proof(site.url + "/oauth/token")
    with ThreadPoolExecutor(8) as pool:
        rs = list(pool.map(lambda _: key.machine(site, client, proof=proof), range(8)))
    assert sorted(r.status_code for r in rs) == [200] + [400] * 7
    for r in rs:
        if r.status_code != 200:
            expect.error(r, 400, "invalid_dpop_proof")
    expect.error(key.machine(site, other, proof=proof), 400, "invalid_dpop_proof")
    same_jti = Key().proof(site.url + "/oauth/token",
                           jti=jose.claims_of(proof)["jti"])
    assert key.machine(site, client, proof=same_jti).status_code == 200  # of another key


def test_strangers_leave_no_row(cgi, client, key):
    """doc/security.md, Under load: anybody can make a proof."""
    def rows():
        return dict(cgi.sql("SELECT hex(digest), expires_at FROM used_once"))

    before = rows()
    wrong = client._replace(secret="x")
    expect.error(key.machine(cgi, wrong), 401, "invalid_client")
    public = App(cgi, public=True)
    expect.error(redeem(key, public, "x"), 400, "invalid_grant")
    assert rows().keys() <= before.keys()
    expect.tokens(key.machine(cgi, client))
    (_, end), = rows().items() - before.items()
    assert time.time() < end <= time.time() + 62


def test_a_public_clients_refresh_tokens_are_bound(cgi, key):
    """RFC 9449 section 5."""
    app = App(cgi, public=True)
    browser = Browser(cgi, cgi.user("*"))
    got = expect.tokens(redeem(key, app, app.code(browser)))
    assert got["token_type"] == "DPoP"

    def refresh(by, token):
        return by.ask(cgi, app.client, grant_type="refresh_token", refresh_token=token)

    expect.error(cgi.refresh(got["refresh_token"], app.client), 400, "invalid_grant")
    expect.error(refresh(Key(), got["refresh_token"]), 400, "invalid_grant")
    next_ = expect.tokens(refresh(key, got["refresh_token"]))
    assert jose.claims_of(next_["access_token"])["cnf"] == {"jkt": key.jkt}
    expect.error(cgi.refresh(next_["refresh_token"], app.client), 400, "invalid_grant")
    expect.tokens(refresh(key, next_["refresh_token"]))


def test_a_confidential_clients_refresh_tokens_are_not(cgi, key):
    """RFC 9449 section 5: its secret proves who it is, and it may take another key."""
    app = App(cgi)
    got = expect.tokens(redeem(key, app, app.code(Browser(cgi, cgi.user("*")))))
    other = Key()
    r = other.ask(cgi, app.client, grant_type="refresh_token",
                  refresh_token=got["refresh_token"])
    assert jose.claims_of(expect.tokens(r)["access_token"])["cnf"] == {"jkt": other.jkt}
    assert expect.tokens(cgi.refresh(r.json()["refresh_token"], app.client))["token_type"] == \
        "Bearer"


def test_a_code_is_bound(cgi, key):
    """RFC 9449 section 10: dpop_jkt; a code that leaked is worth nothing without the key."""
    app, browser = App(cgi), Browser(cgi, cgi.user("*"))
    code = app.code(browser, dpop_jkt=key.jkt)
    expect.error(app.redeem(code), 400, "invalid_grant")
    expect.error(redeem(Key(), app, code), 400, "invalid_grant")
    assert expect.tokens(redeem(key, app, code))["token_type"] == "DPoP"
    back = sent_back(browser.get(app.path(dpop_jkt="x")), app)
    assert back["error"] == "invalid_request"


def test_a_pushed_proof_binds_the_code(cgi, key):
    """RFC 9449 section 10.1: it must be that of dpop_jkt, if both are there."""
    app, browser = App(cgi), Browser(cgi, cgi.user("*"))

    def push(**more):
        return key.ask(cgi, app.client, path="/oauth/par",
                       **{**app.request(), "client_id": None, **more})

    expect.error(push(dpop_jkt=Key().jkt, client_id=app.client.id), 400, "invalid_dpop_proof")
    for more in ({}, {"dpop_jkt": key.jkt}):
        r = push(client_id=app.client.id, **more)
        assert r.status_code == 201, r.text
        path = "/oauth/authorize?client_id=%s&request_uri=%s" % (
            app.client.id, r.json()["request_uri"])
        page = browser.get(path)
        if page.status_code == 200:
            page = browser.submit(browser.open(path).form("approve"), "approve")
        code = sent_back(page, app)["code"]
        expect.error(redeem(Key(), app, code), 400, "invalid_grant")
        expect.tokens(redeem(key, app, code))
    bad = key.proof(cgi.url + "/oauth/token")  # of another endpoint
    r = key.ask(cgi, app.client, proof=bad, path="/oauth/par", **app.request(client_id=None))
    expect.error(r, 400, "invalid_dpop_proof")


def test_the_server_asks_for_its_nonce(cgi, client, key):
    """RFC 9449 section 8."""
    site = cgi.variant("dpop_nonce = yes")
    url = cgi.url + "/oauth/token"
    for nonce in (None, "x", secrets.token_urlsafe(32), sha256("x")):
        r = key.machine(site, client, proof=key.proof(url, nonce=nonce))
        expect.error(r, 400, "use_dpop_nonce")
        assert len(jose.unb64u(r.headers["DPoP-Nonce"])) == 32
    good = key.proof(url, nonce=r.headers["DPoP-Nonce"])
    assert expect.tokens(key.machine(site, client, proof=good))["token_type"] == "DPoP"
    assert "DPoP-Nonce" not in key.machine(cgi, client).headers


def test_scripts_may_send_it(site):
    """Fetch, section 3.2: a page's own script."""
    app = App(site, public=True, uris=("https://spa.example/cb",))
    r = site.request("OPTIONS", "/oauth/par", headers={
        "Origin": "https://spa.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "dpop"})
    assert "dpop" in r.headers["Access-Control-Allow-Headers"].lower()
    r = site.post("/oauth/par", headers={"Origin": "https://spa.example"},
                  data=app.request())
    assert r.status_code == 201
    assert "dpop-nonce" in r.headers["Access-Control-Expose-Headers"].lower()
