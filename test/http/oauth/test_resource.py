"""Resource indicators (RFC 8707): a token that is granted for one API is for no other."""
import hashlib

import pytest

from kit import expect, jose, people
from kit.device import Device
from kit.people import App, Browser, Page

A, B = "https://a.example/api", "https://b.example"
ODD = "https://c.example/?a=b&c='(d)"
# An audience for the guard that is no absolute URI without a fragment.
WORDS = ["api", "/api", "//a.example", "a.example", "https://a.example/api#",
         "https://a.example/api#x", ":a"]
# A URI that is not in the configuration.
OTHERS = ["https://evil.example", A + "/", A + "?", B + "/?", A.upper(), "urn:a",
          A + "/x", A + " " + B, B + ":80", "http://b.example"]
# The URI B in the spelling of client libraries (RFC 3986 section 6.2).
SPELLINGS = [B + "/", B + ":443", "HTTPS://B.EXAMPLE", "https://%62.example:/"]


@pytest.fixture(scope="module")
def api(site):
    return site.variant("audiences = " + " ".join([A, B, ODD, *WORDS]))


@pytest.fixture
def app(api):
    return App(api)


@pytest.fixture(scope="module")
def user(site):
    return site.user("*")


@pytest.fixture
def browser(api, user):
    return Browser(api, user)


def is_active(api, token):
    """Ask as a resource server: a token for one API opens no other."""
    server = api.client("introspect")
    r = api.post("/oauth/introspect", data={
        "client_id": server.id, "client_secret": server.secret, "token": token})
    assert r.status_code == 200, r.text
    return r.json()["active"]


def audience(body):
    return jose.claims_of(body["access_token"])["aud"]


def told(r, app):
    got = people.sent_back(r, app)
    assert set(got) == {"error", "error_description", "state", "iss"}
    assert got["state"] == app.state
    return got["error"]


def refused(r):
    expect.error(r, 400, "invalid_target")


# The authorization request

@pytest.mark.parametrize("resource", [A, B, ODD])
def test_what_is_asked_for_becomes_the_audience(api, app, browser, resource):
    """RFC 8707 sections 2.1 and 2.2: the client names it one time."""
    body = app.connect(browser, resource=resource)
    assert audience(body) == resource
    body = expect.tokens(api.refresh(body["refresh_token"], app.client))
    assert audience(body) == resource
    assert is_active(api, body["access_token"])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_another_spelling_of_it_is_the_same(api, app, browser, spelling):
    """RFC 3986 section 6.2: aud has our spelling, as an API may compare it byte for
    byte."""
    code = app.code(browser, resource=spelling)
    body = expect.tokens(app.redeem(code, resource=B))
    assert audience(body) == B
    body = expect.tokens(api.refresh(body["refresh_token"], app.client, resource=spelling))
    assert audience(body) == B
    machine = api.client("client_credentials")
    assert audience(expect.tokens(api.grant(
        "client_credentials", machine, resource=spelling))) == B
    device = Device(api).begin(resource=spelling)
    device.decide(browser)
    assert audience(expect.tokens(device.poll(resource=B))) == B


def test_the_issuer_with_a_slash_is_the_issuer(site, user):
    """RFC 3986 section 6.2.3: MCP libraries send it with a slash."""
    body = App(site).connect(Browser(site, user), resource=site.url + "/")
    assert audience(body) == site.url and site.is_live(body["access_token"])


def test_the_configuration_may_spell_as_it_likes(site):
    """RFC 3986 section 6.2: the setting audiences is compared in the same way."""
    other = site.variant("audiences = HTTPS://Odd.Example:443")
    body = expect.tokens(other.grant(
        "client_credentials", other.client("client_credentials"),
        resource="https://odd.example/"))
    assert audience(body) == "HTTPS://Odd.Example:443"
    respelt = site.variant("audiences = https://odd.example/")
    assert is_active(respelt, body["access_token"])


@pytest.mark.parametrize("method, path", [
    ("GET", "/api/user"), ("GET", "/api/posts"), ("POST", "/api/posts"),
    ("GET", "/api/personal-tokens"), ("POST", "/api/personal-tokens"),
    ("DELETE", "/api/personal-tokens/x"), ("DELETE", "/api/personal-tokens/current")])
def test_a_token_for_one_api_opens_no_other(api, user, method, path):
    """RFC 8707 section 2, RFC 9068 section 4: the owner of that API has the token."""
    data = {"username": user.email, "password": user.password,
            "scope": "read-posts write-posts"}
    token = expect.tokens(api.grant("password", resource=A, **data))["access_token"]
    body = {"json": {"name": "x", "title": "x", "body": "x"}} if method == "POST" else {}
    expect.unauthenticated(api.request(method, path, token=token, **body))
    assert is_active(api, token)
    ours = expect.tokens(api.grant("password", **data))["access_token"]
    assert api.request(method, path, token=ours, **body).status_code in (200, 201, 404)


def test_a_client_gives_up_a_token_for_whatever_it_is(site, api, app, browser):
    """RFC 7009 section 2.1: also if its resource is not configured any more."""
    body = app.connect(browser, resource=A)
    r = site.post("/oauth/revoke", data={"client_id": app.client.id, "client_secret":
                  app.client.secret, "token": body["access_token"]})
    assert r.status_code == 200
    assert not is_active(api, body["access_token"])
    expect.error(api.refresh(body["refresh_token"], app.client), 400, "invalid_grant")


def test_the_issuer_is_a_resource(site, user):
    """RFC 8707 section 2: the same in a process that runs for long."""
    app, browser = App(site), Browser(site, user)
    body = app.connect(browser, resource=site.url)
    assert audience(body) == site.url and site.is_live(body["access_token"])
    assert told(app.ask(browser, resource=A), app) == "invalid_target"


@pytest.mark.parametrize("resource", WORDS + OTHERS)
def test_the_client_is_told_of_one_that_is_none(api, app, browser, resource):
    """RFC 8707 section 2: invalid_target, by query or form.  RFC 9700 section 4.11.2: a
    browser that is not signed in is not redirected."""
    # By POST: a web server may refuse a URL of this length.
    r = browser.post("/oauth/authorize", app.request(resource=resource))
    assert told(r, app) == "invalid_target"
    r = Browser(api).post("/oauth/authorize", app.request(resource=resource))
    assert r.status_code == 400 and "Location" not in r.headers
    r = browser.post("/oauth/authorize",
                     app.request(resource=resource, response_mode="form_post"))
    form, = Page(r).forms
    assert (form.action, form.fields["error"]) == (app.uri, "invalid_target")
    assert form.fields["state"] == app.state


def test_an_empty_one_is_none(app, browser):
    """RFC 6749 section 3.1."""
    assert audience(app.connect(browser, resource="")) == app.site.url


def test_the_sign_in_does_not_lose_it(api, app, user):
    """doc/protocol.md, Sign-in and consent: after the sign-in the request is the same."""
    browser = Browser(api)
    path, query = people.sent_to(app.ask(browser, resource=ODD))
    assert path == "/oauth/login"
    r = browser.sign_in(user, query["return_to"])
    form = browser.open(r.headers["Location"]).form("approve")
    assert form.fields["resource"] == ODD
    code = people.sent_back(browser.submit(form, "approve"), app)["code"]
    assert audience(expect.tokens(app.redeem(code))) == ODD


def test_a_form_cannot_ask_for_another(app, browser):
    """A browser can change the form: every rule applies to what it sends."""
    form = app.consent(browser, resource=A).form("approve")
    r = browser.submit(form, "approve", resource="https://evil.example")
    assert told(r, app) == "invalid_target"


def test_the_page_says_where(app, browser):
    """RFC 8707 section 3: the user sees what they agree to."""
    page = app.consent(browser, resource=ODD)
    assert "For use at %s." % ODD in page.text
    assert "b&amp;c=&#39;(d)" in page.source
    page = app.consent(browser)
    assert "resource" not in page.by_id and "For use at" not in page.text


def test_the_page_says_not_where_tokens_do_not_tell(site):
    """passport_compat: aud is the client, whatever resource is asked for."""
    compat = site.variant("passport_compat = yes\naudiences = " + ODD)
    page = App(compat).consent(Browser(compat, compat.user("*")), resource=ODD)
    assert "resource" not in page.by_id


# What was granted, and what is asked for then

@pytest.mark.parametrize("granted, other", [(A, B), (B, A), (A, "issuer"),
                                            ("issuer", A), (A, "https://evil.example"),
                                            (A, "api")])
def test_a_code_gives_no_token_for_another(api, app, browser, granted, other):
    """RFC 8707 section 2.2: invalid_target, and the code is as good as before."""
    granted, other = (api.url if r == "issuer" else r for r in (granted, other))
    code = app.code(browser, resource=granted)
    refused(app.redeem(code, resource=other))
    assert audience(expect.tokens(app.redeem(code, resource=granted))) == granted


@pytest.mark.parametrize("named", [None, A])
def test_a_refresh_gives_no_token_for_another(api, app, browser, named):
    """RFC 8707 section 2.2: whatever a request in between named, and it stays so."""
    body = app.connect(browser, resource=A)
    params = {"resource": named} if named else {}
    for _ in range(3):
        for other in B, api.url, "https://evil.example":
            refused(api.refresh(body["refresh_token"], app.client, resource=other))
        assert is_active(api, body["access_token"])
        body = expect.tokens(api.refresh(body["refresh_token"], app.client, **params))
        assert audience(body) == A


def test_what_was_granted_for_none_names_it_each_time(api, app, browser):
    """RFC 8707 section 2.2: the issuer, if none is named."""
    body = expect.tokens(app.redeem(app.code(browser), resource=A))
    assert audience(body) == A
    for resource in B, None, A, None:
        params = {"resource": resource} if resource else {}
        body = expect.tokens(api.refresh(body["refresh_token"], app.client, **params))
        assert audience(body) == (resource or api.url)
    refused(api.refresh(body["refresh_token"], app.client, resource="urn:a"))


def test_a_password_binds_to_none(api):
    """RFC 8707 section 2.2: none was granted; each refresh may name one."""
    body = expect.tokens(api.grant("password", username=api.email,
                                   password=api.password, resource=A))
    assert audience(body) == A
    body = expect.tokens(api.refresh(body["refresh_token"]))
    assert audience(body) == api.url
    body = expect.tokens(api.refresh(body["refresh_token"], resource=B))
    assert audience(body) == B


@pytest.mark.parametrize("resource", WORDS + OTHERS)
def test_the_token_endpoint_takes_the_same(api, resource):
    """RFC 8707 section 2: the same rule at both."""
    machine = api.client("client_credentials")
    refused(api.grant("client_credentials", machine, resource=resource))


def test_a_resource_that_is_served_no_more(site, api, app, browser):
    """It was removed from the configuration: no token is given for it."""
    code = app.code(browser, resource=A)
    pair = app.connect(browser, resource=A)
    refused(site.grant("authorization_code", app.client, code=code,
                       redirect_uri=app.uri, code_verifier=app.verifier))
    refused(site.refresh(pair["refresh_token"], app.client))
    assert audience(expect.tokens(api.refresh(pair["refresh_token"], app.client))) == A
    assert audience(expect.tokens(app.redeem(code))) == A


def test_a_retry_is_bound_and_a_replay_is_one(api, app, browser):
    """RFC 9700 section 4.14.2: a spent token is a replay, whichever resource is named."""
    first = app.connect(browser, resource=A)
    expect.tokens(api.refresh(first["refresh_token"], app.client))
    refused(api.refresh(first["refresh_token"], app.client, resource=B))
    again = expect.tokens(api.refresh(first["refresh_token"], app.client))
    assert audience(again) == A
    code = app.code(browser, resource=A)
    body = expect.tokens(app.redeem(code))
    expect.error(app.redeem(code, resource=B), 400, "invalid_grant")
    assert not is_active(api, body["access_token"])


def test_where_none_was_named_rows_are_as_they_were(api, app, browser):
    """A row without a resource is small: NULL."""
    digest = hashlib.sha256(app.code(browser).encode()).digest()
    assert api.sql("SELECT resource FROM oauth_auth_codes WHERE digest = ?",
                   digest) == [(None,)]
    body = app.connect(browser)
    digest = hashlib.sha256(body["refresh_token"].encode()).digest()
    assert api.sql("SELECT resource FROM oauth_refresh_tokens WHERE digest = ?",
                   digest) == [(None,)]


# What is remembered

def asked(app, browser, **changes):
    """Is consent asked for?"""
    got = people.sent_back(app.ask(browser, prompt="none", **changes), app)
    assert got.get("error") in (None, "consent_required"), got
    return "error" in got


def test_a_consent_counts_for_its_resource_alone(app, browser):
    """RFC 6749 section 10.2: consent to read at one API is no consent for another."""
    app.connect(browser, resource=A)
    assert not asked(app, browser, resource=A)
    for other in {"resource": B}, {"resource": app.site.url}, {}:
        assert asked(app, browser, **other)
    assert asked(app, browser, resource=A, scope="read-posts write-posts")
    app.connect(browser, resource=B, scope="write-posts")
    assert not asked(app, browser, resource=B, scope="write-posts")
    assert asked(app, browser, resource=A, scope="write-posts")
    assert asked(app, browser, resource=B, scope="read-posts")
    assert asked(app, browser, scope="write-posts")


def test_a_consent_for_none_in_particular_counts_for_each(app, browser):
    """Its code gives a token for any of them."""
    app.connect(browser)
    for resource in {"resource": A}, {"resource": app.site.url}, {}:
        assert not asked(app, browser, **resource)
        assert asked(app, browser, scope="write-posts", **resource)
    app.connect(browser, resource=A, scope="write-posts")
    assert not asked(app, browser, resource=A, scope="read-posts write-posts")
    assert asked(app, browser, scope="write-posts")


def test_a_remembered_consent_gives_what_is_asked_for(app, browser):
    """The code is bound to the resource, as after a new consent."""
    app.connect(browser)
    code = people.sent_back(app.ask(browser, resource=A), app)["code"]
    refused(app.redeem(code, resource=B))
    assert audience(expect.tokens(app.redeem(code))) == A


def test_the_account_page_has_the_app_once(app, browser):
    """The page shows everything that the app may do, and takes everything back."""
    pairs = [app.connect(browser, resource=A),
             app.connect(browser, resource=B, scope="write-posts read-posts"),
             app.connect(browser)]
    row = browser.open("/account").row(app.name)
    assert (row.text.count("read-posts"), row.text.count("write-posts")) == (1, 1)
    assert browser.submit(row.form).status_code == 200
    for pair in pairs:
        assert not is_active(app.site, pair["access_token"])
    for resource in {"resource": A}, {"resource": B}, {}:
        assert asked(app, browser, **resource)
    assert app.name not in browser.open("/account").text


# What is no resource, and several at once: a token is for one

MALFORMED = ["é", "a:b\n", "a:" + 2047 * "b"]


def in_all_places(api, app, browser, pairs):
    """The same in each request that may name a resource."""
    device = Device(api)
    machine = api.client("client_credentials")
    form = [*app.request().items(), *pairs]
    assert told(browser.post("/oauth/authorize", form), app) == "invalid_target"
    refused(api.post("/oauth/device/code", data=[*device.auth().items(), *pairs]))
    refused(api.post("/oauth/token", data=[
        ("grant_type", "client_credentials"), ("client_id", machine.id),
        ("client_secret", machine.secret), *pairs]))


@pytest.mark.parametrize("resource", MALFORMED, ids=["utf-8", "control", "long"])
def test_a_malformed_one_is_refused(api, app, browser, resource):
    """RFC 8707 section 2: invalid_target, not invalid_request."""
    in_all_places(api, app, browser, [("resource", resource)])


@pytest.mark.parametrize("second", [A, B, "", "x"])
def test_several_are_refused(api, app, browser, second):
    """RFC 8707 section 2: a client may name several, and a server may refuse."""
    in_all_places(api, app, browser, [("resource", A), ("resource", second)])
    in_all_places(api, app, browser, [("resource", second), ("resource", A)])


def test_several_in_json_are_refused(api):
    """A list is no text."""
    client = api.client("client_credentials")
    params = {"grant_type": "client_credentials", "client_id": client.id,
              "client_secret": client.secret}
    refused(api.post("/oauth/token", json={**params, "resource": [A, B]}))
    refused(api.post("/oauth/token", json={**params, "resource": [A]}))
    expect.tokens(api.post("/oauth/token", json={**params, "resource": A}))


def test_a_code_outlives_a_malformed_resource(app, browser):
    """A refusal spends nothing."""
    code = app.code(browser, resource=A)
    for resource in [A, A], [A, B], "é":
        refused(app.redeem(code, resource=resource))
    assert audience(expect.tokens(app.redeem(code))) == A


# Devices

@pytest.mark.parametrize("resource", WORDS + OTHERS)
def test_a_device_is_told_of_one_that_is_none(api, resource):
    """RFC 8707 section 2: as at the other endpoints."""
    device = Device(api)
    refused(api.post("/oauth/device/code",
                     data=device.auth(scope="read-posts", resource=resource)))
    assert api.sql("SELECT 1 FROM oauth_device_codes d JOIN oauth_clients c ON"
                   " c.id = d.client_id WHERE c.identifier = ?", device.client.id) == []


def test_a_device_gets_a_token_for_what_it_asked_for(api, browser):
    """RFC 8707 section 2.2; the page names the API, and a refusal does not use the code
    up."""
    device = Device(api).begin(resource=ODD)
    page = device.page(browser)
    assert "For use at %s." % ODD in page.text and "b&amp;c=&#39;" in page.source
    expect.error(device.poll(), 400, "authorization_pending")
    assert browser.submit(page.form("approve"), "approve").status_code == 200
    for other in A, api.url, "https://evil.example":
        refused(device.poll(resource=other))
    body = expect.tokens(device.poll())
    assert audience(body) == ODD
    refused(api.refresh(body["refresh_token"], device.client, resource=A))
    body = expect.tokens(api.refresh(body["refresh_token"], device.client))
    assert audience(body) == ODD


def test_a_device_that_names_none_may_name_any(api, browser):
    """As for a code: each token request may name it; rows are as small as before."""
    device = Device(api).begin()
    assert "For use at" not in device.page(browser).text
    assert device.row("resource") == (None,)
    device.decide(browser)
    body = expect.tokens(device.poll(resource=A))
    assert audience(body) == A
    body = expect.tokens(api.refresh(body["refresh_token"], device.client))
    assert audience(body) == api.url


def test_a_devices_consent_is_for_its_resource(api, browser, user):
    """It is remembered as an app's is."""
    device = Device(api).begin(resource=A)
    device.decide(browser)
    rows = api.sql("SELECT n.resource, n.scope FROM oauth_consents n JOIN oauth_clients"
                   " c ON c.id = n.client_id WHERE n.user_id = ? AND c.identifier = ?",
                   user.id, device.client.id)
    assert rows == [(A, "read-posts")]
