"""Sign-in, consent and the code (RFC 6749 section 4.1, doc/protocol.md, Sign-in and consent)."""
import base64
import hashlib
from urllib.parse import quote, urlencode

import pytest

from kit import expect, people
from kit.people import App, Browser, Page


@pytest.fixture
def app(site):
    return App(site)


@pytest.fixture(scope="module")
def user(site):
    return site.user("*")


@pytest.fixture
def browser(site, user):
    return Browser(site, user)


def error(r, app):
    return people.sent_back(r, app)["error"]


# Who is not signed in

def test_a_sign_in_leads_back_to_the_request(site, app, user):
    """doc/protocol.md, Sign-in and consent: from the sign-in to the consent page, with
    all parameters."""
    browser = Browser(site)
    state = "a b&c=%41/../é".encode("ascii", "replace").decode()
    r = app.ask(browser, state=state, scope="read-posts write-posts",
                response_mode="form_post")
    path, query = people.sent_to(r)
    assert path == "/oauth/login" and set(query) == {"return_to"}
    r = browser.sign_in(user, query["return_to"])
    page = browser.open(r.headers["Location"])
    sent = app.request(state=state, scope="read-posts write-posts",
                       response_mode="form_post")
    form = page.form("approve")
    assert sent.items() <= form.fields.items()
    form, = Page(browser.submit(form, "approve")).forms
    assert (form.action, form.fields["state"]) == (app.uri, state)


def test_prompt_none_shows_nothing(site, app, browser):
    """OpenID Connect Core section 3.1.2.6: login_required, consent_required."""
    assert error(app.ask(Browser(site), prompt="none"), app) == "login_required"
    assert error(app.ask(browser, prompt="none"), app) == "consent_required"
    app.connect(browser)
    assert people.sent_back(app.ask(browser, prompt="none"), app)["code"]


@pytest.mark.parametrize("prompt", ["login", "login consent", "consent login"])
def test_prompt_login_asks_who_is_signed_in(app, browser, user, prompt):
    """OpenID Connect Core section 3.1.2.1: one sign-in is enough; a "consent" beside it
    still counts."""
    app.connect(browser)
    path, query = people.sent_to(app.ask(browser, prompt=prompt))
    assert path == "/oauth/login"
    r = browser.get(browser.sign_in(user, query["return_to"]).headers["Location"])
    if "consent" in prompt:
        assert Page(r).form("approve")
    else:
        assert people.sent_back(r, app)["code"]


def test_a_form_cannot_skip_prompt_login(app, browser):
    """A decision by a browser that has not signed in again does not count."""
    form = app.consent(browser).form("approve")
    form.fields["prompt"] = "login"
    assert people.sent_to(browser.submit(form, "approve"))[0] == "/oauth/login"


def test_prompt_consent_asks_again(app, browser):
    """OpenID Connect Core section 3.1.2.1."""
    app.connect(browser)
    assert app.ask(browser).status_code == 303
    assert Page(app.ask(browser, prompt="consent")).form("approve")


def test_a_request_may_come_by_post(site, app, browser):
    """RFC 6749 section 3.1: a POST is answered as a GET."""
    form = Page(browser.post("/oauth/authorize", app.request())).form("approve")
    assert people.sent_back(browser.submit(form, "approve"), app)["code"]
    path, _ = people.sent_to(Browser(site).post("/oauth/authorize", app.request()))
    assert path == "/oauth/login"


def test_a_post_from_another_site_signs_nobody_out(site, app):
    """RFC 6265bis section 5.5: the form comes without the cookie.  An answer with a new
    cookie would overwrite the session."""
    for path, form in (("/oauth/authorize", app.request()), ("/account", {}),
                       ("/oauth/device", {}), ("/oauth/logout", {}),
                       ("/oauth/login", {})):
        assert "Set-Cookie" not in Browser(site).post(path, form).headers, path


# A trusted client

def test_nobody_is_asked_for_a_trusted_client(site, browser):
    """doc/protocol.md, Kinds of client: no consent page, also under prompt=none; what
    was given is on the account page, where it can be taken back."""
    app = App(site, "--trusted")
    assert people.sent_back(app.ask(browser, prompt="none"), app)["code"]
    code = people.sent_back(app.ask(browser, scope="read-posts admin"), app)["code"]
    token = expect.tokens(app.redeem(code))["access_token"]
    page = browser.open("/account")
    assert "Read posts" in page.row(app.name).text
    form = page.row(app.name).form
    browser.submit(form)
    assert not site.is_live(token)


def test_a_trusted_client_may_ask_for_the_page(site, browser):
    """OpenID Connect Core section 3.1.2.1: prompt=consent."""
    app = App(site, "--trusted", public=True)
    assert people.sent_back(app.ask(browser), app)["code"]
    assert Page(app.ask(browser, prompt="consent")).form("approve")


def test_trust_signs_nobody_in(site):
    """Who is not signed in is asked to."""
    app = App(site, "--trusted")
    assert people.sent_to(app.ask(Browser(site)))[0] == "/oauth/login"
    assert error(app.ask(Browser(site), prompt="none"), app) == "login_required"


# The consent page

def test_the_page_says_who_asks_for_what(site, browser, user):
    """RFC 6749 section 10.2, RFC 9700 section 4.1: client, host, account, scopes."""
    app = App(site, name="Tom & <b>Jerry</b>'s \"app\" {{email}}",
              uris=("https://app.example:8443/cb",))
    page = app.consent(browser, scope="read-posts admin")
    assert app.name in page.text and user.email in page.text
    assert not [t for t, _ in page.tags if t == "b"]
    assert "app.example:8443" in page.text
    assert "Read posts" in page.text and "Delete posts" in page.text
    assert "Write posts" not in page.text
    assert "Anyone could have made" not in page.text


@pytest.mark.parametrize("uri, shown", [
    ("http://127.0.0.1:4711/cb", "127.0.0.1:4711"), ("http://[::1]/cb", "[::1]"),
    ("com.example.app:/cb", "com.example.app")])
def test_a_public_client_could_be_anyone(site, browser, uri, shown):
    """RFC 8252 section 8.6: the page says where the code goes."""
    page = App(site, public=True, uris=(uri,)).consent(browser)
    assert "Anyone could have made" in page.text and shown in page.text


def test_the_person_may_be_another(app, browser):
    """The page's link leads to a sign-in that comes back to it."""
    page = app.consent(browser, prompt="consent")
    link, = [attrs["href"] for tag, attrs in page.tags
             if tag == "a" and attrs["href"].startswith("/oauth/login?return_to=")]
    form = browser.open(link).form("login")
    assert form.fields["return_to"].startswith("/oauth/authorize?")
    assert quote(app.uri, "") in form.fields["return_to"]


def test_a_denial_is_told(app, browser):
    """RFC 6749 section 4.1.2.1: access_denied; and nothing is remembered."""
    got = people.sent_back(app.decide(browser, "deny"), app)
    assert (got["error"], got["state"]) == ("access_denied", "xyz")
    assert "code" not in got
    assert error(app.ask(browser, prompt="none"), app) == "consent_required"


@pytest.mark.parametrize("decision", ["", "x", "Approve", "approve "])
def test_what_is_no_yes_gives_no_code(app, browser, decision):
    """Only one word approves."""
    form = app.consent(browser).form("approve")
    r = browser.submit(form, decision=decision)
    assert r.status_code == 200 or "code=" not in r.headers["Location"]


def test_a_decision_needs_the_pages_token(site, app, browser, user):
    """RFC 6749 section 10.12: a token that is missing, or is of another browser of the
    same person."""
    theirs = app.consent(Browser(site, user)).form("approve")
    form = app.consent(browser).form("approve")
    del form.fields["csrf_token"]
    for press in "approve", "deny":
        people.refused(browser.submit(form, press))
        people.refused(browser.submit(form, press, csrf_token=""))
        again = people.shown_again(browser.submit(
            form, press, csrf_token=theirs.fields["csrf_token"]), press)
        assert form.fields.items() <= again.fields.items()
    assert error(app.ask(browser, prompt="none"), app) == "consent_required"


def test_a_page_from_before_a_sign_in_in_another_tab(site, app, browser):
    """The page shows who is signed in now, and decides nothing, even if another user's
    consent is remembered.  Then it can be sent."""
    form = app.consent(browser).form("approve")
    other = site.user("*")
    app.connect(Browser(site, other))
    browser.sign_in(other)
    for press in "approve", "deny":
        r = browser.submit(form, press)
        assert other.email in Page(r).text
        again = people.shown_again(r, press)
    assert people.sent_back(browser.submit(again, "approve"), app)["code"]
    again.fields["prompt"], again.fields["csrf_token"] = "none", "x" * 43
    assert error(browser.submit(again, "approve"), app) == "consent_required"


def test_a_link_decides_nothing(app, browser):
    """RFC 9110 section 9.2.1: a GET with a decision in it shows the page."""
    form = app.consent(browser).form("approve")
    query = urlencode({**form.fields, "decision": "approve"})
    assert Page(browser.get("/oauth/authorize?" + query)).form("approve")


def test_a_changed_form_gets_no_more_than_may_be(app, browser):
    """A browser can change the form: every rule applies to what it sends."""
    def changed(**fields):
        return browser.submit(app.consent(browser).form("approve"), "approve", **fields)
    people.refused(changed(redirect_uri="https://evil.example/cb"))
    people.refused(changed(client_id="x"))
    assert error(changed(scope="*"), app) == "invalid_scope"
    assert error(changed(code_challenge=""), app) == "invalid_request"


def test_a_sign_out_in_another_tab_leads_to_the_sign_in(app, browser):
    """After that the request goes on."""
    form = app.consent(browser).form("approve")
    browser.act("sign_out")
    browser.cookie = None
    path, query = people.sent_to(browser.submit(form, "approve"))
    assert path == "/oauth/login" and app.client.id in query["return_to"]


# What is remembered

def test_a_consent_is_remembered(site, app, browser, user):
    """doc/protocol.md, Sign-in and consent: for this client and this user only."""
    app.connect(browser, scope="read-posts write-posts")
    for scope in ("read-posts", "write-posts", "read-posts write-posts", None):
        assert people.sent_back(app.ask(browser, scope=scope), app)["code"]
    assert people.sent_back(app.ask(Browser(site, user)), app)["code"]
    assert Page(app.ask(browser, scope="read-posts admin")).form("approve")
    assert Page(App(site).ask(browser)).form("approve")
    assert Page(app.ask(Browser(site, site.user("*")))).form("approve")


def test_a_later_consent_forgets_no_earlier_one(app, browser):
    """doc/protocol.md, Sign-in and consent: until it is revoked.  The first tokens live
    on, so the account page must show everything that the app may do."""
    app.connect(browser, scope="read-posts")
    app.connect(browser, scope="write-posts")
    assert people.sent_back(app.ask(browser, scope="read-posts"), app)["code"]
    row = browser.open("/account").row(app.name)
    assert "read-posts" in row.text and "write-posts" in row.text


def test_a_public_client_is_asked_for_each_time(site, browser):
    """RFC 8252 section 8.6: any program can pose as it."""
    app = App(site, public=True)
    app.connect(browser)
    assert Page(app.ask(browser)).form("approve")
    assert error(app.ask(browser, prompt="none"), app) == "consent_required"


def test_a_revoked_consent_is_asked_again(app, browser):
    """doc/protocol.md, Sign-in and consent."""
    app.connect(browser)
    browser.act("revoke_app", client_id=app.client.id)
    assert Page(app.ask(browser)).form("approve")


def test_a_consent_is_not_more_than_the_person_saw(site, app):
    """The consent page did not show a scope that the user gets later."""
    user = site.user("read-posts")
    browser = Browser(site, user)
    app.connect(browser, scope="read-posts write-posts")
    site.sql("UPDATE users SET scope = '*' WHERE id = ?", user.id)
    page = Page(app.ask(browser, scope="read-posts write-posts"))
    assert page.form("approve") and "Write posts" in page.text


# The code

def test_a_code_is_sent_once_and_stored_as_a_digest(site, app, browser):
    """RFC 6749 section 10.10, doc/protocol.md, Tokens: 256 bits."""
    code = app.code(browser)
    raw = base64.urlsafe_b64decode(code + "=")
    assert len(raw) == 32
    assert site.sql("SELECT 1 FROM oauth_auth_codes WHERE digest = ?",
                    hashlib.sha256(code.encode()).digest())
    for path in site.dir.glob("data/carnet.db*"):
        assert code.encode() not in path.read_bytes() and raw not in path.read_bytes()


def test_a_code_by_form_post(app, browser):
    """OAuth 2.0 Form Post Response Mode, section 2: the page's policy lets the form go."""
    r = app.decide(browser, response_mode="form_post")
    assert r.status_code == 200 and "Location" not in r.headers
    form, = Page(r).forms
    assert set(form.fields) == {"code", "state", "iss"}
    assert (form.action, form.fields["iss"]) == (app.uri, app.site.url)
    assert "form-action" not in r.headers["Content-Security-Policy"]
    assert app.redeem(form.fields["code"]).status_code == 200


def test_the_policy_lets_a_form_lead_to_the_app(site, app, browser):
    """CSP level 3, section 6.4.1: browsers apply form-action to each redirect, the
    client's own too.  So the sign-in page that leads here has none.  Other pages have
    it."""
    pages = [app.ask(browser)]
    path, query = people.sent_to(app.ask(Browser(site)))
    pages.append(browser.get(path + "?" + urlencode(query)))
    for r in pages:
        assert "form-action" not in r.headers["Content-Security-Policy"]
    evil = urlencode({"client_id": app.client.id, "redirect_uri": "https://evil.example"})
    for to in "/account", "/oauth/device", "/oauth/authorize?" + evil:
        r = browser.get("/oauth/login?" + urlencode({"return_to": to}))
        assert "form-action 'self';" in r.headers["Content-Security-Policy"]


# Scopes and the answer

def test_what_the_user_may_not_is_left_out(site, app):
    """RFC 6749 section 3.3: the token's answer tells the scope."""
    browser = Browser(site, site.user("read-posts"))
    page = app.consent(browser, scope="read-posts write-posts")
    assert "write-posts" not in page.text and "read-posts" in page.text
    assert app.connect(browser, scope="read-posts write-posts")["scope"] == "read-posts"


def test_what_the_client_may_not_is_left_out(site):
    """doc/protocol.md, Scopes: libraries ask for all that the metadata lists."""
    app, browser = App(site, scope="read-posts admin"), Browser(site, site.user("read-posts"))
    page = app.consent(browser, scope="read-posts write-posts admin")
    assert "read-posts" in page.text
    assert "write-posts" not in page.text and "admin" not in page.text
    asked = "read-posts write-posts admin"
    assert app.connect(browser, scope=asked)["scope"] == "read-posts"
    got = people.sent_back(app.ask(browser, scope="write-posts"), app)
    assert got["error"] == "invalid_scope"


def test_nothing_left_is_told(site, app):
    """RFC 6749 section 4.1.2.1: invalid_scope."""
    browser = Browser(site, site.user("admin"))
    got = people.sent_back(app.ask(browser, scope="read-posts write-posts"), app)
    assert (got["error"], got["state"]) == ("invalid_scope", "xyz")


def test_no_scope_is_the_default(site, app, browser):
    """RFC 6749 section 3.3: the default_scopes setting, empty as shipped."""
    page = app.consent(browser, scope=None)
    assert "nothing else" in page.text
    assert app.connect(browser, scope=None)["scope"] == ""
    other = App(site.variant("default_scopes = read-posts"))
    mine = Browser(other.site, site.user("*"))
    assert other.connect(mine, scope=None)["scope"] == "read-posts"


def test_the_answer_is_no_page_and_is_not_kept(app, browser):
    """RFC 9700 section 4.12: 303, so that no form is sent on; no Referer."""
    r = app.decide(browser)
    assert (r.status_code, r.content) == (303, b"")
    assert r.headers["Cache-Control"] == "no-store"
    assert r.headers["Referrer-Policy"] == "no-referrer"


def test_unknown_parameters_are_ignored(app, browser):
    """RFC 6749 section 3.1; and those of OpenID Connect, without openid in scope."""
    page = app.consent(browser, nonce="n", display="page", id_token_hint="x", hint="<b>")
    assert page.form("approve") and "hint=" not in page.source.replace("token_hint", "")
