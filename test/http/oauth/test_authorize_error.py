"""If client and redirect URI are known, a fault goes to the client (RFC 6749 section
4.1.2.1), with state and iss (RFC 9207)."""
from urllib.parse import urlencode

import pytest

from kit import people
from kit.people import App, Browser, Page


@pytest.fixture(scope="module")
def app(site):
    """An app to which nobody consents."""
    return App(site, scope="read-posts write-posts")


@pytest.fixture(scope="module")
def browser(site):
    return Browser(site, site.user("*"))


CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

ERRORS = [
    # RFC 6749 section 4.1.1
    ({"response_type": None}, "invalid_request"),
    ({"response_type": ""}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": "CODE"}, "unsupported_response_type"),
    ({"response_type": "none"}, "unsupported_response_type"),
    # RFC 7636 section 4.4.1; RFC 9700 section 2.1.1
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge_method": "S512"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "A"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1] + "+"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:-1] + " "}, "invalid_request"),
    ({"code_challenge": "x" * 300}, "invalid_request"),
    # RFC 6749 section 3.3; doc/protocol.md, Scopes
    ({"scope": "nothing"}, "invalid_scope"),
    ({"scope": "read-posts nothing"}, "invalid_scope"),
    ({"scope": "READ-POSTS"}, "invalid_scope"),
    ({"scope": "*"}, "invalid_scope"),
    ({"scope": "read-posts *"}, "invalid_scope"),
    ({"scope": "admin"}, "invalid_scope"),
    ({"scope": 'read-posts "x"'}, "invalid_request"),
    # OpenID Connect Core section 3.1.2.1
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "none consent"}, "invalid_request"),
    ({"prompt": "create"}, "invalid_request"),
    ({"prompt": "None"}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "query.jwt"}, "invalid_request"),
    ({"prompt": "none"}, "consent_required"),
]


@pytest.mark.parametrize("changes, error", ERRORS)
def test_the_client_is_told(app, browser, changes, error):
    """RFC 6749 section 4.1.2.1."""
    got = people.sent_back(app.ask(browser, **changes), app)
    assert set(got) == {"error", "error_description", "state", "iss"}
    assert (got["error"], got["state"]) == (error, "xyz")


@pytest.mark.parametrize("changes, error", ERRORS)
def test_the_client_is_told_by_form_post(app, browser, changes, error):
    """OAuth 2.0 Form Post Response Mode, section 2."""
    if "response_mode" in changes:
        return
    r = app.ask(browser, response_mode="form_post", **changes)
    form, = Page(r).forms
    assert (form.action, form.method) == (app.uri, "post")
    assert (form.fields["error"], form.fields["state"]) == (error, "xyz")
    assert form.fields["iss"] == app.site.url and "code" not in form.fields


@pytest.mark.parametrize("changes, error", ERRORS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_is_sent_on_before_they_have_signed_in(site, app, changes, error, method):
    """RFC 9700 section 4.11.2: else anybody's link to us would lead to any registered
    URI. The page has a link that goes on; prompt=none redirects at once."""
    browser = Browser(site)
    if method == "GET":
        r = app.ask(browser, **changes)
    else:
        r = browser.post("/oauth/authorize", app.request(**changes))
    if changes.get("prompt") == "none":
        assert people.sent_back(r, app)["error"] == "login_required"
        return
    page = people.refused(r)
    assert app.name in page.text and "app.example" in page.text
    (href,) = [a["href"] for t, a in page.tags if a.get("id") == "continue"]
    got = people.brought(href, app)
    assert set(got) == {"error", "error_description", "state", "iss"}
    assert (got["error"], got["state"]) == (error, "xyz")
    assert got["error_description"] in page.text
    if "prompt" not in changes:
        r = app.ask(browser, prompt="none", **changes)
        assert people.sent_back(r, app)["error"] == error


@pytest.mark.parametrize("changes, error", ERRORS)
def test_nobody_is_sent_on_by_a_form_either(site, app, changes, error):
    """OAuth 2.0 Form Post Response Mode, section 2: a button, without a script."""
    if "response_mode" in changes or changes.get("prompt") == "none":
        return
    r = app.ask(Browser(site), response_mode="form_post", **changes)
    page = Page(r)
    form, = page.forms
    assert r.status_code == 400 and "continue" in form.buttons
    assert form.action == app.uri and "script" not in [t for t, _ in page.tags]
    assert (form.fields["error"], form.fields["state"]) == (error, "xyz")
    assert "form-action" not in r.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", [
    "response_type", "scope", "code_challenge", "code_challenge_method", "prompt",
    "response_mode"])
@pytest.mark.parametrize("first", [True, False])
def test_a_parameter_sent_twice_is_told(app, browser, name, first):
    """RFC 6749 section 3.1; state comes back, wherever it was in the query."""
    pairs = list(app.request().items())
    extra = [(name, app.request().get(name, "query"))] * (2 - (name in dict(pairs)))
    pairs = extra + pairs if first else pairs + extra
    got = people.sent_back(browser.get("/oauth/authorize?" + urlencode(pairs)), app)
    assert (got["error"], got["state"]) == ("invalid_request", "xyz")


def test_a_state_sent_twice_is_no_state(app, browser):
    """Of two states nobody knows which one is the client's."""
    query = urlencode(app.request()) + "&state=other"
    got = people.sent_back(browser.get("/oauth/authorize?" + query), app)
    assert got["error"] == "invalid_request" and "state" not in got


@pytest.mark.parametrize("raw", ["scope=%zz", "scope=%", "scope=%e9", "x=%zz",
                                 "scope=read-posts%2", "scope=%00", "scope=a%0ab"])
@pytest.mark.parametrize("place", [0, 3, 99])
def test_a_malformed_parameter_does_not_lose_the_state(app, browser, raw, place):
    """RFC 6749 section 4.1.2.1: the redirect has the state.  Sent by POST, as a web
    server may refuse a URL of this length."""
    pairs = urlencode(app.request(scope=None, state=None)).split("&")
    pairs.insert(place, raw)
    r = browser.send("POST", "/oauth/authorize", data="&".join(pairs) + "&state=xyz",
                     headers={"Content-Type": "application/x-www-form-urlencoded"})
    if r.status_code == 400:
        people.refused(r)
    else:
        got = people.sent_back(r, app)
        assert (got["error"], got.get("state")) == ("invalid_request", "xyz")


def test_a_state_that_is_none_is_refused(app, browser):
    """RFC 6749 appendix A.5: VSCHAR; its length is limited."""
    for state in ("é", "a\tb", "x" * 4097):
        got = people.sent_back(browser.post("/oauth/authorize",
                                            app.request(state=state)), app)
        assert got["error"] == "invalid_request"
        assert "parameter state" in got["error_description"]


def test_a_state_that_is_too_long_comes_back_with_the_error(site, app, browser):
    """RFC 6749 section 4.1.2.1: state is required if it was sent.  Without it the client
    does not know which of its requests failed."""
    state = "x" * 4097
    got = people.sent_back(app.ask(browser, state=state), app)
    assert (got["error"], got["state"]) == ("invalid_request", state)
    page = people.refused(app.ask(Browser(site), state=state))
    (href,) = [a["href"] for t, a in page.tags if a.get("id") == "continue"]
    assert people.brought(href, app)["state"] == state


def test_the_longest_state_comes_back_from_the_sign_in(site, app):
    """Every byte is percent-encoded, in a form inside a form."""
    user, browser, state = site.user("*"), Browser(site), "%" * 4096
    path, query = people.sent_to(browser.post("/oauth/authorize",
                                              app.request(state=state)))
    form = browser.open("/oauth/login").form("login")
    r = browser.submit(form, email=user.email, password=user.password,
                       return_to=query["return_to"])
    assert path == "/oauth/login" and r.headers["Location"] == query["return_to"]
    form = Page(browser.post("/oauth/authorize", app.request(state=state))).form("deny")
    got = people.sent_back(browser.submit(form, "deny"), app)
    assert (got["error"], got["state"]) == ("access_denied", state)


@pytest.mark.parametrize("state", [
    "a b", "a+b", "a&b=c", "a?b#c", "%41", "100%", "<script>", "\"'`", "a/../b", "~!@$^*()",
    "{{state}}", "&amp;", "x" * 4096, " ", "{\"a\":[1]}"], ids=lambda s: s[:9])
def test_state_comes_back_as_it_was(app, browser, state):
    """RFC 6749 section 4.1.2: the exact value, by a query and by a form."""
    got = people.sent_back(app.ask(browser, state=state, prompt="none"), app)
    assert got["state"] == state
    r = app.ask(browser, state=state, prompt="none", response_mode="form_post")
    assert Page(r).forms[0].fields["state"] == state


@pytest.mark.parametrize("state", [None, ""])
def test_no_state_is_sent_where_there_was_none(app, browser, state):
    """RFC 6749 section 4.1.2: required if it was present."""
    got = people.sent_back(app.ask(browser, state=state, prompt="none"), app)
    assert "state" not in got


def test_a_client_without_the_grant_is_told(site, browser):
    """RFC 6749 section 4.1.2.1: unauthorized_client."""
    app = App(site, grant="device_code")
    r = app.ask(browser)
    assert people.sent_back(r, app)["error"] == "unauthorized_client"
