"""OpenID Connect Core 1.0: the ID token, userinfo, and who may ask for what."""
import hashlib
import json
import time
from types import SimpleNamespace

import pytest

from kit import expect, jose, people
from kit.dpop import Key
from kit.people import App, Browser, Page, sent_back

SCOPE = "openid profile email groups"


@pytest.fixture(scope="module")
def ada(site):
    """A user with all that can be told."""
    u = site.user("read-posts")
    site.sql("UPDATE users SET name = 'Ada Lovelace', login = ?, group_names = 'staff maths',"
             " claims = ?, email_verified_at = 1 WHERE id = ?",
             "ada%d" % u.id, json.dumps({"zoneinfo": "Europe/London"}), u.id)
    return SimpleNamespace(id=u.id, email=u.email, password=u.password, login="ada%d" % u.id,
                           name="Ada Lovelace")


@pytest.fixture(scope="module")
def browser(site, ada):
    return Browser(site, ada)


@pytest.fixture(scope="module")
def rp(site):
    return App(site)


def verified(site, token):
    """The claims of a token that one of our published keys signed."""
    jose.verify(token, site.get("/oauth/jwks").json())
    return jose.header_of(token), jose.claims_of(token)


def userinfo(site, token, method="GET", **kw):
    return site.request(method, "/oauth/userinfo", token=token, **kw)


def everything(site, ada):
    return {"name": ada.name, "preferred_username": ada.login, "email": ada.email,
            "email_verified": True, "groups": ["staff", "maths"],
            "zoneinfo": "Europe/London"}


# The ID token

def test_the_id_token(site, rp, browser, ada):
    """Core section 2, 3.1.3.3, 3.1.3.6; Back-Channel Logout section 2.1: each claim."""
    before = int(time.time())
    got = rp.connect(browser, scope="openid read-posts", nonce="n-0S6_WzA2Mj")
    header, claims = verified(site, got["id_token"])
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    at_hash = jose.b64u(hashlib.sha256(got["access_token"].encode()).digest()[:16])
    assert {k: claims[k] for k in claims if k not in ("exp", "iat", "auth_time", "sid")} == {
        "iss": site.url, "sub": str(ada.id), "aud": rp.client.id, "azp": rp.client.id,
        "nonce": "n-0S6_WzA2Mj", "acr": "pwd", "amr": ["pwd"], "at_hash": at_hash}
    assert before <= claims["iat"] <= time.time() and claims["exp"] > claims["iat"]
    assert before - 600 < claims["auth_time"] <= claims["iat"] and len(claims["sid"]) == 22
    assert set(got["scope"].split()) == {"openid", "read-posts"}


def test_a_code_by_form_post(site, rp, browser, ada):
    """Form Post Response Mode section 2; Core section 3.1.2.5: a page that sends code,
    state and iss to the app, and nothing of it is in an address."""
    r = rp.decide(browser, response_mode="form_post", scope="openid email", nonce="n")
    assert r.status_code == 200 and "Location" not in r.headers
    form, = Page(r).forms
    assert (form.action, form.method) == (rp.uri, "post")
    assert set(form.fields) == {"code", "state", "iss"}
    assert (form.fields["state"], form.fields["iss"]) == (rp.state, site.url)
    got = expect.tokens(rp.redeem(form.fields["code"]))
    _, claims = verified(site, got["id_token"])
    assert (claims["nonce"], claims["sub"]) == ("n", str(ada.id))
    assert userinfo(site, got["access_token"]).json()["email"] == ada.email


@pytest.mark.parametrize("changes, error", [
    ({"prompt": "none login"}, "invalid_request"),
    ({"request": "x"}, "request_not_supported"),
    ({"acr_values": "phr", "prompt": "none"}, None)])
def test_an_error_by_form_post(rp, browser, changes, error):
    """Core section 3.1.2.6; Form Post Response Mode section 2: errors go the same way."""
    rp.connect(browser, scope="openid")
    page = Page(rp.ask(browser, response_mode="form_post", scope="openid", **changes))
    form, = page.forms
    assert (form.action, form.method) == (rp.uri, "post") and "code" not in form.fields
    assert form.fields["state"] == rp.state
    assert form.fields["error"] == error or error is None and form.fields["error"]


def test_without_openid_there_is_none(rp, browser):
    """Core section 3.1.2.1: the request is OAuth's."""
    assert "id_token" not in rp.connect(browser, scope="profile read-posts", nonce="n")


def test_unknown_scopes_are_left_out(rp, browser):
    """Core section 3.1.2.1: with openid.  Without it they are an error."""
    got = rp.connect(browser, scope="openid nonsense * email")
    assert set(got["scope"].split()) == {"openid", "email"}
    answer = sent_back(rp.ask(browser, scope="email nonsense"), rp)
    assert answer["error"] == "invalid_scope"


def test_a_refresh_gives_one_too(site, rp, browser):
    """Core section 12.2: the same iss, sub, aud, auth_time and session, and no nonce; a
    narrower scope gives none."""
    got = rp.connect(browser, scope="openid email", nonce="n")
    new = expect.tokens(site.refresh(got["refresh_token"], rp.client))
    _, old, claims = (None, *(verified(site, t["id_token"])[1] for t in (got, new)))
    for name in ("iss", "sub", "aud", "azp", "auth_time", "acr", "amr", "sid"):
        assert claims[name] == old[name], name
    assert "nonce" not in claims and claims["iat"] >= old["iat"]
    assert claims["at_hash"] == jose.b64u(
        hashlib.sha256(new["access_token"].encode()).digest()[:16])
    less = expect.tokens(site.refresh(new["refresh_token"], rp.client, scope="email"))
    assert "id_token" not in less


@pytest.mark.parametrize("alg", ["ES256", "EdDSA"])
def test_a_client_has_an_algorithm(cgi, alg):
    """Core section 2, Registration section 2: id_token_signed_response_alg; at_hash is
    of the hash that the signature uses."""
    if alg == "EdDSA":
        cgi.command("keys", "generate", "--alg", alg)
    app = App(cgi, "--id-token-alg", alg)
    got = app.connect(Browser(cgi, cgi.user("*")), scope="openid")
    header, claims = verified(cgi, got["id_token"])
    hashed = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(
        got["access_token"].encode()).digest()
    assert header["alg"] == alg
    assert claims["at_hash"] == jose.b64u(hashed[:len(hashed) // 2])


def test_claims_in_the_id_token(site, browser, ada):
    """Core section 5.4: with --id-token-claims those of the scopes, not only at userinfo."""
    app = App(site, "--id-token-claims")
    _, claims = verified(site, app.connect(browser, scope=SCOPE)["id_token"])
    assert everything(site, ada).items() <= claims.items()


def test_the_session_has_one_name_for_each_client(site, rp, ada):
    """Back-Channel Logout section 2.1: sid is of one session and one client."""
    one, two = Browser(site, ada), Browser(site, ada)
    other = App(site)

    def sid(app, browser):
        return jose.claims_of(app.connect(browser, scope="openid")["id_token"])["sid"]

    first = sid(rp, one)
    assert sid(rp, one) == first
    assert len({first, sid(rp, two), sid(other, one)}) == 3


def test_a_device_signs_in(site, ada, browser):
    """RFC 8628 with Core section 3.1.3.3: a device gets an ID token too, of no session."""
    from kit.device import Device
    device = Device(site)
    device.begin(scope="openid")
    device.decide(browser)
    _, claims = verified(site, expect.tokens(device.poll())["id_token"])
    assert claims["sub"] == str(ada.id) and "sid" not in claims


def test_no_machine_signs_in(site):
    """A client has no user: it gets none of these scopes, not even by '*'."""
    client = site.client("client_credentials")
    got = site.grant("client_credentials", client, scope="*").json()
    assert "id_token" not in got and "openid" not in got["scope"].split()
    expect.error(site.grant("client_credentials", client, scope="openid"), 400,
                 "invalid_scope")


# Userinfo

@pytest.mark.parametrize("scope, names", [
    ("openid", []), ("openid profile", ["name", "preferred_username", "zoneinfo"]),
    ("openid email", ["email", "email_verified"]), ("openid groups", ["groups"]),
    (SCOPE, None)])
def test_userinfo_tells_what_the_scopes_say(site, rp, browser, ada, scope, names):
    """Core sections 5.3.2 and 5.4."""
    token = rp.connect(browser, scope=scope)["access_token"]
    r = userinfo(site, token)
    told = everything(site, ada)
    assert r.status_code == 200 and r.headers["Content-Type"] == "application/json"
    assert r.headers["Cache-Control"] == "no-store"
    assert r.json() == {"sub": str(ada.id), **{
        k: told[k] for k in (told if names is None else names)}}


def test_userinfo_takes_the_token_in_three_ways(site, rp, browser):
    """Core section 5.3.1, RFC 6750 section 2: header by GET and POST, form by POST; not in
    the query, and not twice."""
    token = rp.connect(browser, scope="openid")["access_token"]
    good = userinfo(site, token).json()
    assert userinfo(site, token, "POST").json() == good
    assert userinfo(site, None, "POST", data={"access_token": token}).json() == good
    expect.error(userinfo(site, token, "POST", data={"access_token": token}), 400,
                 "invalid_request")
    assert site.get("/oauth/userinfo", params={"access_token": token}).status_code == 401
    assert userinfo(site, token, "DELETE").status_code == 405


def test_userinfo_refuses(site, rp, browser):
    """Core section 5.3.3, RFC 6750 section 3.1: no token, one without openid, a
    machine's, one for another API, a revoked one, and an ID token."""
    got = rp.connect(browser, scope="openid")
    plain = rp.connect(browser, scope="read-posts")["access_token"]
    _, machine = site.machine()
    for token, status, error in ((None, 401, None), ("x", 401, "invalid_token"),
                                 (plain, 403, "insufficient_scope"),
                                 (machine, 401, "invalid_token"),
                                 (got["id_token"], 401, "invalid_token")):
        r = userinfo(site, token)
        challenge = r.headers["WWW-Authenticate"]
        assert r.status_code == status, token
        assert ('error="%s"' % error in challenge) == (error is not None)
        assert 'scope="openid"' in challenge
    site.post("/oauth/revoke", data={"token": got["access_token"], "client_id": rp.client.id,
                                     "client_secret": rp.client.secret})
    assert userinfo(site, got["access_token"]).status_code == 401


def test_userinfo_is_not_for_another_apis_token(site, ada):
    """RFC 8707 section 2: whoever runs that API sees the token, and learns no more by it;
    without a resource the token is for userinfo."""
    api = site.variant("audiences = https://api.example")
    app, browser = App(api), Browser(api, ada)
    there = app.connect(browser, scope="openid email", resource="https://api.example")
    here = app.connect(browser, scope="openid email")
    r = userinfo(api, there["access_token"])
    assert r.status_code == 401
    assert 'error="invalid_token"' in r.headers["WWW-Authenticate"]
    assert userinfo(api, here["access_token"]).json()["email"] == ada.email


def test_userinfo_wants_the_key_of_a_bound_token(site, rp, browser, ada):
    """RFC 9449 section 7.1: a token that was stolen tells nothing."""
    key = Key()
    code = rp.code(browser, scope="openid email")
    token = expect.tokens(key.ask(
        site, rp.client, grant_type="authorization_code", code=code, redirect_uri=rp.uri,
        code_verifier=rp.verifier))["access_token"]
    for r in (userinfo(site, token), userinfo(site, None, "POST", data={"access_token": token}),
              Key().get(site, "/oauth/userinfo", token)):
        assert r.status_code == 401
    assert key.get(site, "/oauth/userinfo", token).json()["email"] == ada.email


def test_signed_userinfo(site, browser, ada):
    """Core section 5.3.2: a JWT with iss and aud for a client that is set so."""
    app = App(site, "--userinfo-alg", "ES256")
    r = userinfo(site, app.connect(browser, scope="openid email")["access_token"])
    assert r.status_code == 200 and r.headers["Content-Type"] == "application/jwt"
    header, claims = verified(site, r.text)
    assert header["alg"] == "ES256"
    assert claims == {"iss": site.url, "aud": app.client.id, "sub": str(ada.id),
                      "email": ada.email, "email_verified": True}


def test_what_is_taken_back_is_told_no_more(site, rp, ada):
    """doc/openid.md: a user without an address has none to tell; a client whose scopes are
    cut learns less."""
    u = site.user("*")
    browser = Browser(site, u)
    app = App(site)
    token = app.connect(browser, scope="openid email")["access_token"]
    assert userinfo(site, token).json()["email"] == u.email
    site.carnet("client", "edit", app.client.id, "--scope", "openid")
    assert userinfo(site, token).json() == {"sub": str(u.id)}


# Subjects

def test_pairwise_subjects(site, browser, ada):
    """Core section 8.1: one for each sector, the same wherever that client is told."""
    one = App(site, "--pairwise", uris=("https://one.example/cb",))
    same = App(site, "--pairwise", uris=("https://one.example/other",))
    two = App(site, "--pairwise", uris=("https://two.example/cb",))
    three = App(site, "--sector", "one.example", uris=("https://three.example/cb",))
    subs = []
    for app in (one, same, two, three):
        got = app.connect(browser, scope="openid")
        _, claims = verified(site, got["id_token"])
        assert userinfo(site, got["access_token"]).json()["sub"] == claims["sub"]
        assert jose.claims_of(got["access_token"])["sub"] == claims["sub"]
        for token in (got["access_token"], got["refresh_token"]):
            r = site.post("/oauth/introspect", data={"token": token},
                          auth=(app.client.id, app.client.secret))
            assert r.json()["sub"] == claims["sub"]
        subs.append(claims["sub"])
    assert subs[0] == subs[1] == subs[3] != subs[2]
    assert str(ada.id) not in subs and {len(s) for s in subs} == {43}


# The request

def error_of(r, app):
    return sent_back(r, app)["error"]


@pytest.mark.parametrize("name, error", [
    ("request", "request_not_supported"), ("request_uri", "request_uri_not_supported"),
    ("registration", "registration_not_supported")])
def test_what_is_not_supported_is_said(rp, browser, name, error):
    """Core section 3.1.2.6."""
    assert error_of(rp.ask(browser, scope="openid", **{name: "https://x.example/"}), rp) == error


def test_a_nonce_is_needed_without_pkce(site, browser):
    """RFC 9700 section 2.1.1: one of the two; OAuth's own requests need neither."""
    app = App(site, "--pkce", "optional")
    plain = {"code_challenge": None, "code_challenge_method": None}
    assert error_of(app.ask(browser, scope="openid", **plain), app) == "invalid_request"
    code = app.code(browser, scope="openid", nonce="n", **plain)
    claims = jose.claims_of(expect.tokens(app.redeem(code, code_verifier=None))["id_token"])
    assert claims["nonce"] == "n"
    assert app.code(browser, scope="read-posts", **plain)


def test_what_has_no_page_is_ignored(rp, browser):
    """Core section 3.1.2.1: display, ui_locales and claims_locales are wishes."""
    for name, value in (("display", "popup"), ("display", "x"), ("ui_locales", "fr-CA fr"),
                        ("claims_locales", "de"), ("foo", "bar")):
        assert rp.code(browser, scope="openid", **{name: value}), name


def test_a_login_hint_is_filled_in(site, rp):
    """Core section 3.1.2.1."""
    path, query = people.sent_to(rp.ask(Browser(site), scope="openid",
                                        login_hint="who@example.org"))
    assert path == "/oauth/login"
    page = Browser(site).open("%s?email=%s" % (path, query["email"]))
    assert page.form("login").fields["email"] == "who@example.org"


def test_select_account_shows_the_account(site, rp, browser, ada):
    """Core section 3.1.2.1: also where consent is remembered, and for a trusted client."""
    trusted = App(site, "--trusted")
    rp.connect(browser, scope="openid")
    for app in (rp, trusted):
        page = Page(app.ask(browser, scope="openid", prompt="select_account"))
        assert ada.email in page.text and page.form("approve")


@pytest.mark.parametrize("prompt, first, last", [
    ("login", "login", None), ("login consent", "login", "approve"),
    ("select_account login", "login", None),  # who signs in chooses the account
    ("login select_account consent", "login", "approve"), ("consent", None, "approve"),
    ("select_account consent", None, "approve"), ("consent consent", None, "approve"),
    ("select_account", None, "approve"), ("", None, None), (" ", None, None)])
def test_prompts_together(site, rp, user, prompt, first, last):
    """Core section 3.1.2.1: of several each is done, the sign-in first; also where consent
    is remembered.  Without one nothing is asked again."""
    browser = Browser(site, user)
    rp.connect(browser, scope="openid")
    r = rp.ask(browser, scope="openid", prompt=prompt)
    if first == "login":
        path, query = people.sent_to(r)
        assert path == "/oauth/login"
        r = browser.get(browser.sign_in(user, query["return_to"]).headers["Location"])
    if last is None:
        assert sent_back(r, rp)["code"]
    else:
        assert Page(r).form(last)


def test_an_id_token_hint_names_the_user(site, rp, browser):
    """Core section 3.1.2.1, 3.1.2.6: login_required, if somebody else is signed in."""
    hint = rp.connect(browser, scope="openid")["id_token"]
    assert rp.code(browser, scope="openid", id_token_hint=hint)
    other = Browser(site, site.user("*"))
    rp.connect(other, scope="openid")
    for prompt in ("none", None):
        r = rp.ask(other, scope="openid", id_token_hint=hint, prompt=prompt)
        assert error_of(r, rp) == "login_required"
    r = rp.ask(other, scope="openid", claims=json.dumps(
        {"id_token": {"sub": {"value": jose.claims_of(hint)["sub"]}}}))
    assert error_of(r, rp) == "login_required"


def test_hints_that_are_none(site, rp, browser):
    """Core section 3.1.2.1: of another client, signed by another key, an access token; one
    that has expired is fine."""
    got = rp.connect(browser, scope="openid")
    hint = got["id_token"]
    other = App(site).connect(browser, scope="openid")["id_token"]
    cut = hint[:-6] + ("AAAAAA" if not hint.endswith("AAAAAA") else "BBBBBB")
    for bad in (other, cut, got["access_token"], "x", "a.b.c"):
        r = rp.ask(browser, scope="openid", id_token_hint=bad)
        assert error_of(r, rp) == "invalid_request", bad
    old = site.forge(hint, claims={"exp": 1, "iat": 1}, key=site.key("RS256"))
    assert rp.code(browser, scope="openid", id_token_hint=old)


# The parameter claims

def asked(rp, browser, claims, **kw):
    return rp.connect(browser, claims=json.dumps(claims), **{"scope": "openid", **kw})


def test_claims_by_name(site, rp, browser, ada):
    """Core section 5.5: at userinfo and in the ID token, each what was asked there; what
    the user has not is left out; a refresh keeps it."""
    got = asked(rp, browser, {
        "userinfo": {"email": {"essential": True}, "phone_number": None, "zoneinfo": None},
        "id_token": {"name": None, "auth_time": {"essential": True}}})
    for again in (False, True):
        if again:
            got = expect.tokens(site.refresh(got["refresh_token"], rp.client))
        _, claims = verified(site, got["id_token"])
        assert claims["name"] == ada.name and "email" not in claims
        assert userinfo(site, got["access_token"]).json() == {
            "sub": str(ada.id), "email": ada.email, "zoneinfo": "Europe/London"}


def test_a_claim_with_a_value(site, rp, browser, ada):
    """Core section 5.5.1: told if it has that value."""
    for value, told in ((ada.email, {"email": ada.email}), ("else@example.org", {})):
        got = asked(rp, browser, {"userinfo": {"email": {"value": value}}})
        assert userinfo(site, got["access_token"]).json() == {"sub": str(ada.id), **told}


def test_an_essential_acr(site, rp, browser):
    """Core section 5.5.1.1: one that is not met is an error, or a new sign-in; a wish is
    not."""
    def ask(acr, **kw):
        return rp.ask(browser, scope="openid", claims=json.dumps({"id_token": {
            "acr": {"values": [acr], **kw}}}))

    assert error_of(ask("gold", essential=True), rp) == "unmet_authentication_requirements"
    assert people.sent_to(ask("mfa", essential=True))[0] == "/oauth/login"
    assert asked(rp, browser, {"id_token": {"acr": {"values": ["gold"]}}})["id_token"]


@pytest.mark.parametrize("text", ["x", "[]", "1", '{"userinfo": 1}', '{"id_token": {"a": 1}}',
                                  '{"userinfo": {}, "userinfo": {}}', "{" * 200])
def test_malformed_claims(rp, browser, text):
    """Core section 3.1.2.6."""
    assert error_of(rp.ask(browser, scope="openid", claims=text), rp) == "invalid_request"


def test_claims_are_consented_to(site, ada):
    """doc/openid.md: a claim that is asked for by name counts as its scope on the consent
    page, and is limited by the client's scopes."""
    browser = Browser(site, ada)
    app = App(site)
    app.connect(browser, scope="openid")
    claims = json.dumps({"userinfo": {"email": None}})
    page = Page(app.ask(browser, scope="openid", claims=claims))
    assert ada.email in page.by_id["told"]
    small = App(site, scope="openid")
    got = asked(small, browser, {"userinfo": {"email": None}})
    assert userinfo(site, got["access_token"]).json() == {"sub": str(ada.id)}


# The pages

def test_consent_shows_what_is_told(rp, browser, ada):
    """doc/openid.md: the values themselves, before they are told."""
    page = rp.consent(browser, scope=SCOPE)
    for text in (ada.name, ada.login, ada.email, "staff, maths", "Europe/London"):
        assert text in page.by_id["told"]
    assert "told" not in rp.consent(browser, scope="openid read-posts").by_id


def test_the_account_page_shows_what_is_told(site, ada):
    """doc/openid.md."""
    browser = Browser(site, ada)
    app = App(site)
    app.connect(browser, scope="openid email")
    row = browser.open("/account").row(app.name)
    assert ada.email in row.text and ada.name not in row.text
