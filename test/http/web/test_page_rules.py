"""What is true of every page: headers, policy, size (doc/security.md, Pages)."""
import re

import pytest

from kit.people import App, Browser, Page

PAGES = ["login", "wrong password", "consent", "form_post", "error", "device",
         "confirm", "account", "stale form", "signup", "wrong sign-up", "recover", "sent",
         "invitation", "new password", "worthless link"]


def link_of(text):
    return text.strip().partition("link=")[2]


@pytest.fixture(scope="module", params=PAGES)
def answer(request, site):
    """Each page, with as much on it as possible."""
    browser, app = Browser(site), App(site, grant="authorization_code,device_code")
    if request.param == "login":
        return browser.get("/oauth/login")
    if request.param == "wrong password":
        return browser.submit(browser.open("/oauth/login").form("login"),
                              email="nobody@example.org", password="x")
    if request.param == "error":
        return browser.get("/oauth/authorize")
    if request.param in ("signup", "wrong sign-up"):
        page = browser.open("/oauth/signup")
        return browser.get("/oauth/signup") if request.param == "signup" else \
            browser.submit(page.form("signup"), email="x", password="x")
    if request.param in ("recover", "sent"):
        page = browser.open("/oauth/recover")
        return browser.get("/oauth/recover") if request.param == "recover" else \
            browser.submit(page.form("recover"), email="nobody-at-all")
    if request.param in ("invitation", "new password"):
        args = ("invite", "guest@shop.example") if request.param == "invitation" else \
            ("reset", site.email)
        return browser.get("/oauth/confirm?link=" + link_of(site.carnet("user", *args)))
    if request.param == "worthless link":
        return browser.get("/oauth/confirm?link=x")
    browser.sign_in(site.user("*"))
    if request.param == "consent":
        return app.ask(browser, scope="read-posts write-posts admin")
    if request.param == "form_post":
        return app.ask(browser, response_mode="form_post", prompt="none")
    if request.param == "device":
        return browser.get("/oauth/device")
    if request.param == "confirm":
        body = site.post("/oauth/device/code", data={
            "client_id": app.client.id, "client_secret": app.client.secret}).json()
        return browser.get("/oauth/device?user_code=" + body["user_code"])
    if request.param == "stale form":
        return browser.post("/account", {"action": "sign_out", "csrf_token": "x"})
    app.connect(browser)
    return browser.act("create_token", name="N" * 60, scopes=["read-posts"])


def policy(r):
    text = r.headers["Content-Security-Policy"]
    return {rule.split()[0]: rule.split()[1:] for rule in text.split(";")}


def test_headers(answer):
    """doc/security.md, Pages."""
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Request-Id"]


def test_the_policy_lets_nothing_in(answer):
    """CSP level 3: no frame, no script of others, no base, no plugin."""
    rules, page = policy(answer), Page(answer)
    assert rules["default-src"] == rules["frame-ancestors"] == ["'none'"]
    assert rules["base-uri"] == ["'none'"]
    for kind in ("script-src", "style-src"):
        (source,) = rules[kind]
        assert re.fullmatch(r"'nonce-[A-Za-z0-9_-]{22,}'", source)
    to_client = any(tag == "button" and attrs.get("id") == "approve"
                    for tag, attrs in page.tags) and "/oauth/authorize" in page.source
    to_client = to_client or App.URI in [form.action for form in page.forms]
    assert rules.get("form-action") == (None if to_client else ["'self'"])
    text = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in text and "*" not in text


def test_each_script_and_style_has_the_nonce(answer):
    """No script or style is in an attribute: it could have no nonce."""
    nonce = policy(answer)["script-src"][0][len("'nonce-"):-1]
    for tag, attrs in Page(answer).tags:
        if tag in ("script", "style"):
            assert attrs["nonce"] == nonce and "src" not in attrs
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("href", "src", "action"):
            assert not attrs.get(name, "").lower().startswith("javascript:")


def test_a_nonce_is_used_once(site):
    """CSP level 3, section 7.1."""
    seen = {policy(site.get("/oauth/login"))["script-src"][0] for _ in range(5)}
    assert len(seen) == 5


def test_nothing_is_loaded_from_elsewhere(answer):
    """A page that shows secrets loads nothing from elsewhere."""
    for tag, attrs in Page(answer).tags:
        for name in ("src", "href") if tag != "a" else ():
            assert not re.match("(https?:)?//", attrs.get(name, ""))


def test_pages_work_without_script(answer):
    """doc/security.md, Pages: each form is a POST with a button; no script is needed."""
    page = Page(answer)
    for form in page.forms:
        assert form.method == "post" and form.buttons
        assert form.action.startswith(("/oauth/", "/account", App.URI))
    for tag, attrs in page.tags:
        if tag == "button" and attrs.get("type") == "button":
            assert "hidden" in attrs  # the script shows it


def test_fields_have_labels(answer):
    """WCAG 2.1, 3.3.2: each field has a label; the page names its language."""
    page = Page(answer)
    labelled = {attrs.get("for") for tag, attrs in page.tags if tag == "label"}
    for tag, attrs in page.tags:
        if tag == "input" and attrs.get("type") not in ("hidden", "checkbox") \
                and "hidden" not in attrs:
            assert attrs["id"] in labelled
    assert ("html", {"lang": "en"}) in page.tags
    assert len([t for t, _ in page.tags if t == "h1"]) == 1


def test_no_page_is_large(answer):
    """A page is one request, and no more than 40 KB."""
    assert len(answer.content) < 40_000


def test_an_error_is_told_in_plain_words(site):
    """What happened, what to quote and to whom, and a way on."""
    r = site.get("/oauth/authorize")
    page = Page(r)
    assert "You have done nothing wrong" in page.text
    assert "Quote this: " + r.headers["X-Request-Id"] in page.text
    home, = [a["href"] for _, a in page.tags if a.get("id") == "home"]
    assert home == "/account" and "help" not in page.by_id
    assert "There is nothing here" in Page(site.get("/account/nothing")).text


def test_help_is_where_the_site_says(site):
    """help_url: on the sign-in page and on errors."""
    other = site.variant("help_url = https://help.example/?a&b")
    for path in ("/oauth/login", "/oauth/authorize"):
        link, = [a["href"] for _, a in Page(other.get(path)).tags if a.get("id") == "help"]
        assert link == "https://help.example/?a&b"


def test_far_reaching_scopes_are_marked(site):
    """The privileged scopes of [scopes], and no others."""
    browser, app = Browser(site, site.user("*")), App(site)
    page = app.consent(browser, scope="read-posts admin")
    assert "far-reaching" in page.row("Delete posts").text
    assert "far-reaching" not in page.row("Read posts").text
    chips = re.findall('<label class="chip">.*?</label>', site.get("/oauth/playground").text,
                       re.DOTALL)
    assert ['value="admin"' in c for c in chips if "far-reaching" in c] == [True]
