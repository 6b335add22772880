"""The guard: which bearer tokens it takes, and who calls (RFC 6750, RFC 9068)."""
import time

import pytest

from kit import expect, jose


def user(site, token):
    return site.get("/api/user", token=token)


def row_of(token):
    return jose.unb64u(jose.claims_of(token)["jti"])


@pytest.fixture(scope="module")
def token(site):
    """A genuine token, of which each forgery is made."""
    return site.token("read-posts")


def test_a_genuine_token_passes_and_so_does_its_like(site, token):
    """The other tests need this: forge() alone does not make a token bad."""
    assert user(site, token).status_code == 200
    assert user(site, site.forge(token)).status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_case_insensitive(site, token, scheme):
    """RFC 9110 section 11.1."""
    r = site.get("/api/user", headers={"Authorization": scheme + " " + token})
    assert r.status_code == 200


@pytest.mark.parametrize("value", [None, "Basic YTpi", "Token x", "Bearerx y", "x"])
def test_no_bearer_token_is_a_challenge_without_error(site, value):
    """RFC 6750 section 3.1: lacks any authentication information."""
    headers = {} if value is None else {"Authorization": value}
    expect.unauthenticated(site.get("/api/user", headers=headers), None)


def test_a_token_elsewhere_is_not_looked_at(site, token):
    """doc/guard.md, What is checked: only Authorization counts, not RFC 6750 sections
    2.2 and 2.3."""
    expect.unauthenticated(site.get("/api/user?access_token=" + token), None)
    r = site.post("/api/posts", json={"access_token": token})
    expect.unauthenticated(r, None)
    r = site.get("/api/user", headers={"Cookie": "access_token=" + token})
    expect.unauthenticated(r, None)


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/xml"])
def test_the_answer_is_json_whatever_accept_says(site, accept):
    """doc/guard.md, What is checked."""
    r = site.get("/api/user", headers={"Accept": accept}, token="x")
    expect.unauthenticated(r)


MALFORMED = {
    "empty": lambda t: "",
    "one word": lambda t: "x",
    "dots alone": lambda t: "..",
    "two parts": lambda t: t.rpartition(".")[0],
    "four parts": lambda t: t + ".x",
    "five parts": lambda t: t + ".x.y",
    "no signature": lambda t: t.rpartition(".")[0] + ".",
    "no header": lambda t: t[t.index("."):],
    "no payload": lambda t: "%s..%s" % (t.split(".")[0], t.split(".")[2]),
    "truncated": lambda t: t[:-1],
    "half": lambda t: t[:len(t) // 2],
    "padding": lambda t: t + "=",
    "twice": lambda t: "%s, Bearer %s" % (t, t),
    "space within": lambda t: t.replace(".", ". "),
    "comma behind": lambda t: t + ",",
    "plain base64": lambda t: t.replace("-", "+").replace("_", "/") + "+",
    "very long": lambda t: t + "A" * 6000,
    "quoted": lambda t: '"%s"' % t,
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_token_is_refused(site, token, case):
    """RFC 6750 section 3.1: invalid_token."""
    expect.unauthenticated(user(site, MALFORMED[case](token)))


def test_a_change_of_any_character_is_noticed(site, token):
    """RFC 7515 section 5.2: also a change of the bits that base64url does not use."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    passed = []
    for i, c in enumerate(token):
        if c == ".":
            continue
        for bit in (1, 32):
            other = letters[letters.index(c) ^ bit]
            r = user(site, token[:i] + other + token[i + 1:])
            passed += [(i, bit)] if r.status_code != 401 else []
    assert passed == []


def test_a_signature_of_another_token_is_refused(site, token):
    """RFC 7515 section 5.2."""
    other = site.token("read-posts")
    mixed = token.rpartition(".")[0] + "." + other.rpartition(".")[2]
    expect.unauthenticated(user(site, mixed))


@pytest.mark.parametrize("sig", [b"", b"\0" * 64, b"\0" * 63 + b"\1", b"\xff" * 64])
def test_a_signature_out_of_range_is_refused(site, token, sig):
    """FIPS 186-5 section 6.4.2: r and s of 0, or past the order."""
    forged = token.rpartition(".")[0] + "." + jose.b64u(sig)
    expect.unauthenticated(user(site, forged))


def test_a_der_signature_is_refused(site, token):
    """RFC 7518 section 3.4: r and s side by side, not DER."""
    data = token.rpartition(".")[0]
    der = site.key().sign(data.encode(), jose.ECDSA)
    expect.unauthenticated(user(site, data + "." + jose.b64u(der)))


AGES = {
    "expired": lambda now: {"exp": now},
    "expired long ago": lambda now: {"exp": 1},
    "expired before Unix": lambda now: {"exp": -1},
    "not yet valid": lambda now: {"nbf": now + 60},
    "never valid": lambda now: {"nbf": 10 ** 30},
}


@pytest.mark.parametrize("case", AGES)
def test_a_token_out_of_its_time_is_refused(site, token, case):
    """RFC 7519 sections 4.1.4, 4.1.5; RFC 9068 section 4."""
    claims = AGES[case](int(time.time()))
    expect.unauthenticated(user(site, site.forge(token, claims=claims)))


def test_times_with_a_fraction_are_read(site, token):
    """RFC 7519 section 2: a NumericDate may have a fraction; Passport's have."""
    now = time.time()
    claims = {"exp": now + 60.5, "nbf": now - 60.5, "iat": now - 60.5}
    assert user(site, site.forge(token, claims=claims)).status_code == 200


@pytest.mark.parametrize("claim, value", [
    ("iss", "https://other.example"), ("iss", ""), ("iss", None), ("iss", 5),
    ("iss", ["%s"]), ("iss", "%s/"), ("aud", "https://other.example"),
    ("aud", []), ("aud", ["https://other.example"]), ("aud", None), ("aud", 5),
    ("aud", "%s/x"), ("aud", {"%s": 1}), ("exp", "9999999999"), ("exp", None),
    ("exp", True), ("exp", 1e300), ("exp", {}), ("nbf", "0"), ("nbf", {}),
    ("jti", "x"), ("jti", None), ("jti", 5), ("jti", "A" * 22), ("jti", "é" * 11)])
def test_a_claim_that_is_wrong_is_refused(site, token, claim, value):
    """RFC 9068 section 4."""
    fill = lambda v: v.replace("%s", site.url) if isinstance(v, str) else v
    value = ([fill(v) for v in value] if isinstance(value, list) else
             {fill(k): v for k, v in value.items()} if isinstance(value, dict) else
             fill(value))
    expect.unauthenticated(user(site, site.forge(token, claims={claim: value})))


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "client_id", "exp", "iat",
                                   "jti"])
def test_a_claim_that_is_missing_is_refused(site, token, claim):
    """RFC 9068 section 2.2: REQUIRED."""
    expect.unauthenticated(user(site, site.forge(token, drop=[claim])))


def test_we_may_be_one_of_several_audiences(site, token):
    """RFC 7519 section 4.1.3: aud as an array."""
    claims = {"aud": ["https://other.example", site.url]}
    assert user(site, site.forge(token, claims=claims)).status_code == 200


def test_audiences_are_for_what_is_guarded_and_not_for_our_own(site, token):
    """doc/guard.md, What is checked: aud names the place where the token is used."""
    forged = site.forge(token, claims={"aud": "https://api.example"})
    other = site.variant("audiences = https://x.example https://api.example")
    for server in site, other:
        expect.unauthenticated(user(server, forged))
        assert user(server, token).status_code == 200


def test_what_is_taken_from_a_user_is_gone_at_the_next_request(site):
    """doc/protocol.md, Scopes: when the scope is given back, the token has it again."""
    person = site.user("read-posts write-posts")
    token = site.token("read-posts write-posts", person)
    mine = site.post("/api/personal-tokens", token=token, json={
        "name": "x", "scopes": ["read-posts"]}).json()["token"]
    for scope, status in ("write-posts", 403), ("", 403), ("read-posts", 200):
        site.sql("UPDATE users SET scope = ? WHERE id = ?", scope, person.id)
        for bearer in token, mine:
            assert site.get("/api/posts", token=bearer).status_code == status
        assert user(site, token).json()["scopes"] == scope.split()


def test_a_challenge_says_what_to_ask_for(site, token):
    """RFC 6750 section 3: without a token, with a bad one, with one that lacks a scope."""
    for bearer in None, "a.b.c":
        r = site.get("/api/posts", token=bearer)
        expect.unauthenticated(r, bearer and "invalid_token")
        assert r.headers["WWW-Authenticate"].endswith(', scope="read-posts"')
        r = site.get("/guarded/any", token=bearer)
        assert r.status_code == 401
        assert r.headers["WWW-Authenticate"].endswith(', scope="read-posts write-posts"')
    assert "scope=" not in site.get("/api/user").headers["WWW-Authenticate"]


DUPLICATES = {
    "exp": '"exp": 9999999999',
    "aud": '"aud": "https://other.example"',
    "jti": '"jti": "x"',
    "scope": '"scope": "admin"',
    "escaped": '"e\\u0078p": 9999999999',
}


@pytest.mark.parametrize("case", DUPLICATES)
def test_a_claim_that_stands_twice_is_refused(site, token, case):
    """RFC 7519 section 4: refuse it, else two readers see two tokens."""
    text = jose.unb64u(token.split(".")[1]).decode()
    for claims in (text[:-1] + "," + DUPLICATES[case] + "}",
                   "{" + DUPLICATES[case] + "," + text[1:]):
        forged = jose.sign(jose.header_of(token), claims, site.key())
        expect.unauthenticated(user(site, forged))


@pytest.mark.parametrize("claims", [b"", b"x", b"[]", b"null", b"{}", b'"x"', b"{",
                                    b"\xff", b'{"iss": NaN}'])
def test_claims_that_are_no_object_are_refused(site, token, claims):
    """RFC 7519 section 7.2."""
    forged = jose.sign(jose.header_of(token), claims, site.key())
    expect.unauthenticated(user(site, forged))


def test_the_database_knows_better_than_the_claims(site, token):
    """doc/guard.md, What is checked: the token counts as long as its row says."""
    claims = {"scope": "admin", "scopes": ["admin"], "sub": "1", "exp": 9999999999}
    forged = site.forge(token, claims=claims)
    assert user(site, forged).json()["scopes"] == ["read-posts"]
    expect.insufficient(site.delete("/api/posts/1", token=forged), "admin")
    other = site.token()
    site.sql("UPDATE oauth_access_tokens SET expires_at = ? WHERE id = ?",
             int(time.time()), row_of(other))
    forged = site.forge(other, claims={"exp": 9999999999})
    expect.unauthenticated(user(site, forged))


def test_a_client_named_like_a_user_is_no_user(site):
    """RFC 9700 section 4.15: the sub of one is never that of the other."""
    person, (client, _) = site.user(), site.machine()
    site.sql("UPDATE oauth_clients SET identifier = ? WHERE identifier = ?",
             str(person.id), client.id)
    client = client._replace(id=str(person.id))
    token = expect.tokens(site.grant("client_credentials", client, scope="*"))["access_token"]
    assert jose.claims_of(token)["sub"] == "client:%d" % person.id
    expect.unauthenticated(user(site, token))
    assert site.get("/api/status", token=token).json()["client_id"] == client.id
    r = site.post("/api/personal-tokens", token=token, json={"name": "A", "scopes": []})
    assert r.status_code in (401, 403)
    r = site.post("/api/posts", token=token, json={"title": "A", "body": "B"})
    assert (r.status_code, r.json()["user_id"]) == (201, None)
    site.carnet("client", "revoke", client.id)


def test_a_deleted_row_is_a_refused_token(site):
    """doc/guard.md, What is checked: revocation acts on the very next request."""
    token = site.token()
    assert user(site, token).status_code == 200
    site.sql("DELETE FROM oauth_access_tokens WHERE id = ?", row_of(token))
    expect.unauthenticated(user(site, token))


def test_a_revoked_row_is_a_refused_token(site):
    """doc/guard.md, What is checked."""
    token = site.token()
    site.sql("UPDATE oauth_access_tokens SET revoked_at = 1 WHERE id = ?",
             row_of(token))
    expect.unauthenticated(user(site, token))


def test_a_revoked_clients_tokens_are_refused(site):
    """doc/guard.md, What is checked: client not revoked."""
    client, token = site.machine()
    assert site.get("/api/status", token=token).status_code == 200
    site.carnet("client", "revoke", client.id)
    expect.unauthenticated(site.get("/api/status", token=token))


def test_a_disabled_users_tokens_are_refused(site):
    """doc/guard.md, What is checked: a disabled user's tokens; when the user is enabled
    again they count."""
    who = site.user()
    token = site.token(user=who)
    site.carnet("user", "disable", who.email)
    expect.unauthenticated(user(site, token))
    site.carnet("user", "enable", who.email)
    assert user(site, token).status_code == 200


def test_a_passport_token_is_refused_where_compat_is_off(site):
    """doc/protocol.md, Tokens: the mode decides typ and aud."""
    compat = site.variant("passport_compat = yes")
    theirs, ours = compat.token(), site.token()
    expect.unauthenticated(user(site, theirs))
    expect.unauthenticated(user(compat, ours))
