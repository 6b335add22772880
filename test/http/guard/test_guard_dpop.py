"""The guard and tokens that are bound to a key (RFC 9449 section 7)."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import expect
from kit.dpop import Key, sha256
from kit.guarded import KINDS, MARK, who
from kit.signer import make_key

PATH = "/api/posts"


@pytest.fixture(scope="module")
def key():
    return Key()


def token_of(key, site):
    client = site.client("client_credentials")
    return expect.tokens(key.machine(site, client))["access_token"]


@pytest.fixture(scope="module")
def token(key, cgi):
    return token_of(key, cgi)


def refused(r, code, status=401):
    """RFC 9449 section 7.1: by a challenge of the scheme DPoP."""
    assert r.status_code == status, (r.status_code, r.text)
    challenge = r.headers["WWW-Authenticate"]
    assert challenge.startswith('DPoP realm="')
    assert 'algs="ES256 EdDSA RS256 PS256"' in challenge
    assert 'error="%s"' % code in challenge and r.json()["error"] == code


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256", "PS256"])
def test_a_bound_token_comes_with_a_proof(site, alg):
    key = Key(alg)
    token = token_of(key, site)
    for path in (PATH, PATH + "?limit=3"):
        assert key.get(site, path, token).status_code == 200
        assert key.get(site, path, token, "HEAD").status_code == 200
    r = site.get(PATH, headers={"Authorization": "dpop " + token,
                                "DPoP": key.proof(site.url + PATH, "GET", token)})
    assert r.status_code == 200  # RFC 9110 section 11.1


def test_a_bound_token_is_no_bearer_token(cgi, key, token):
    """RFC 9449 section 7.2: with a proof beside it or without."""
    refused(cgi.get(PATH, token=token), "invalid_token")
    proof = key.proof(cgi.url + PATH, "GET", token)
    refused(cgi.get(PATH, token=token, headers={"DPoP": proof}), "invalid_token")
    refused(cgi.get(PATH, headers={"Authorization": "DPoP " + token}), "invalid_dpop_proof")
    r = cgi.post("/oauth/userinfo", data={"access_token": token})
    assert r.status_code == 401
    assert key.get(cgi, PATH, token, proof=proof).status_code == 200  # it was not used up


def test_a_bearer_token_is_not_bound(cgi, key):
    """RFC 9449 section 7.1."""
    plain = cgi.token("read-posts")
    refused(key.get(cgi, PATH, plain), "invalid_token")
    assert cgi.get(PATH, token=plain).status_code == 200
    refused(cgi.get(PATH, headers={"Authorization": "DPoP x"}), "invalid_token")


WRONG = {
    "another method": {"htm": "POST"}, "another path": {"url": "http://127.0.0.1/api/user"},
    "another host": {"url": "https://x.example" + PATH}, "no ath": {"ath": None},
    "ath of another token": {"ath": sha256("x")}, "old": {"iat": int(time.time()) - 3600},
    "of the future": {"iat": int(time.time()) + 7200}, "no jti": {"jti": None},
    "typ": {"header": {"typ": "JWT"}}, "a forged signature": {"key": make_key("ES256")},
    "no key": {"header": {"jwk": None}},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_proof_with_anything_wrong_is_refused(cgi, key, token, what):
    """RFC 9449 sections 4.3 and 7.1."""
    refused(key.get(cgi, PATH, token, **WRONG[what]), "invalid_dpop_proof")


def test_the_proof_of_another_key_is_refused(cgi, token):
    refused(Key().get(cgi, PATH, token), "invalid_dpop_proof")


def test_host_is_not_believed(site, key):
    """A proof for another server, which relays it with a Host of its own choice."""
    token = token_of(key, site)
    proof = key.proof("http://evil.example" + PATH, "GET", token)
    r = site.get(PATH, headers={"Authorization": "DPoP " + token, "DPoP": proof,
                                "Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    refused(r, "invalid_dpop_proof")


def test_a_proof_counts_once(site, key):
    """RFC 9449 section 11.1: at all processes, and in place of a remembered answer."""
    token = token_of(key, site)
    proof = key.proof(site.url + PATH, "GET", token)
    with ThreadPoolExecutor(8) as pool:
        rs = list(pool.map(lambda _: key.get(site, PATH, token, proof=proof), range(8)))
    assert sorted(r.status_code for r in rs) == [200] + [401] * 7
    for r in rs:
        if r.status_code != 200:
            refused(r, "invalid_dpop_proof")
    assert key.get(site, PATH, token).status_code == 200


def test_a_proof_of_nobodys_token_leaves_no_row(cgi, key, token):
    before = cgi.sql("SELECT count(*) FROM used_once")
    refused(key.get(cgi, PATH, "x.y.z"), "invalid_token")
    refused(key.get(cgi, PATH, token, htm="POST"), "invalid_dpop_proof")
    assert cgi.sql("SELECT count(*) FROM used_once") == before


def test_a_scope_that_lacks_is_told_first(cgi, key, token):
    """A refusal does not use up the proof: nginx asks for it twice."""
    proof = key.proof(cgi.url + PATH, "POST", token)
    for _ in range(2):
        r = cgi.post(PATH, json={"title": "a", "body": "b"},
                     headers={"Authorization": "DPoP " + token, "DPoP": proof})
        refused(r, "insufficient_scope", 403)


def test_the_guard_asks_for_its_nonce(cgi, key, token):
    """RFC 9449 section 9."""
    other = cgi.variant("dpop_nonce = yes")
    r = key.get(other, PATH, token)
    refused(r, "use_dpop_nonce")
    nonce = r.headers["DPoP-Nonce"]
    assert key.get(other, PATH, token, nonce=nonce).status_code == 200


def test_before_programs_that_know_nothing_of_it(guarding, key, path):
    """RFC 9449 section 7, as Authorizer and under auth_request: the module's memory
    serves no proof."""
    token = token_of(key, guarding)
    for query in ("", "?a=b"):
        r = key.get(guarding, path + query, token)
        assert r.status_code == 200 and r.text.startswith(MARK), (r.status_code, r.text)
    proof = key.proof(guarding.url + path, "GET", token)
    assert key.get(guarding, path, token, proof=proof).status_code == 200
    refused(key.get(guarding, path, token, proof=proof), "invalid_dpop_proof")
    refused(guarding.get(path, token=token), "invalid_token")
    refused(key.get(guarding, path, token, url=guarding.url + "/other"), "invalid_dpop_proof")


def test_the_program_learns_who_calls(guarding, key):
    token = token_of(key, guarding)
    url = guarding.url + KINDS["php"]
    told = who(guarding, KINDS["php"], headers={
        "Authorization": "DPoP " + token, "DPoP": key.proof(url, "GET", token)})
    assert told["CARNET_SCOPE"] == "read-posts" and told["CARNET_CLIENT_ID"]
