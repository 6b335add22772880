"""The pages in a real browser, with an app that listens on this machine."""
import html
import secrets
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from kit import chromium, expect, mail
from kit.factor import Phone
from kit.listener import TOKEN_PAGE, Listener
from kit.people import App, Browser
from kit.site import User
from kit.web import Web

@pytest.fixture
def app(site):
    listener = Listener(site)
    yield listener
    listener.close()


@pytest.fixture
def web(driver, site, app):
    """A browser that nobody has used yet.  At the end nothing is in the console (where a
    violation of a policy would be), and nobody else was asked for anything."""
    chromium.size(driver, 1100, 900)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.complaints(driver), chromium.hosts(driver)
    yield Web(driver, site)
    assert chromium.complaints(driver) == []
    assert chromium.hosts(driver) <= {site.url, app.origin}
    driver.get("about:blank")


@pytest.fixture(scope="module")
def user(site):
    return site.user("*")


def test_sign_in_consent_and_back_to_the_app(web, app, user, site):
    """RFC 6749 section 4.1: from link to token; no Referer tells the app where the user
    was."""
    web.open(app.path(scope="read-posts write-posts")).sign_in(user)
    assert app.name in web.text() and "Write posts" in web.text()
    assert user.email in web.text() and urlsplit(app.uri).netloc in web.text()
    web.press("approve")
    assert web.find("got").text == "came back"
    tokens = expect.tokens(app.redeem(app.answer()["code"]))
    assert site.is_live(tokens["access_token"])


def test_a_denial(web, app, user):
    """RFC 6749 section 4.1.2.1."""
    web.open(app.path()).sign_in(user)
    web.press("deny")
    assert app.answer()["error"] == "access_denied"


def test_by_form_post(web, app, user):
    """OAuth 2.0 Form Post Response Mode: the page's script sends the form."""
    web.open(app.path(response_mode="form_post")).sign_in(user)
    web.find("approve").click()
    assert app.redeem(app.answer("POST")["code"]).status_code == 200


def test_an_error_by_form_post(web, app):
    """Without a click and without a sign-in."""
    web.open(app.path(response_mode="form_post", prompt="none"))
    assert app.answer("POST")["error"] == "login_required"


def test_a_remembered_consent_leads_from_sign_in_to_the_app(web, app, user):
    """CSP level 3, section 6.4.1: the policy of the sign-in page must allow all
    redirects that follow its form."""
    app.connect(Browser(app.site, user))
    web.open(app.path()).sign_in(user)
    assert web.find("got").text == "came back" and app.answer()["code"]


def test_a_wrong_password_is_told(web, user):
    """The focus is on the next thing to do."""
    web.open("/account").sign_in(user, "wrong")
    assert "wrong" in web.find("error").text
    assert web.find("email").get_property("value") == user.email
    assert web.focus() == "password"
    web.sign_in(user)
    assert web.url() == web.site.url + "/account"


def test_keyboard_alone(web, app, user, driver):
    """WCAG 2.1, 2.1.1: sign-in and consent without a mouse; the focus is always visible."""
    def keys(*what):
        driver.switch_to.active_element.send_keys(*what)

    def go(*what):
        here = driver.find_element(By.TAG_NAME, "html").id
        keys(*what)
        web.arrive(here)

    web.open(app.path())
    assert web.focus() == "email"
    keys(user.email, Keys.TAB)
    assert web.focus() == "password"
    go(user.password, Keys.ENTER)
    for _ in range(6):
        keys(Keys.TAB)
        width = driver.switch_to.active_element.value_of_css_property("outline-width")
        assert float(width.removesuffix("px")) >= 2
        if web.focus() == "approve":
            break
    go(Keys.ENTER)
    assert app.answer()["code"]


def test_without_script(web, app, user, driver):
    """doc/protocol.md, Sign-in and consent: all pages work, form_post by its button."""
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        web.driver.get(web.site.url + app.path(response_mode="form_post"))
        for name, value in (("email", user.email), ("password", user.password)):
            web.find(name).send_keys(value)
        for button in "login", "approve", "continue":
            expect.until(lambda: web.has(button))
            web.find(button).click()
        assert app.answer("POST")["code"]
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_device_by_its_link(web, user, site):
    """RFC 8628 section 3.3.1: the QR code, the sign-in, the decision."""
    tv = App(site, grant="device_code", uris=())
    auth = {"client_id": tv.client.id, "client_secret": tv.client.secret}
    codes = site.post("/oauth/device/code", data=auth).json()
    web.driver.get(codes["verification_uri_complete"])
    web.sign_in(user)
    assert codes["user_code"] in web.text() and tv.name in web.text()
    web.press("approve")
    assert "Device connected" in web.text()
    expect.tokens(site.grant("urn:ietf:params:oauth:grant-type:device_code", tv.client,
                             device_code=codes["device_code"]))
    web.driver.find_element(By.LINK_TEXT, "your account page").click()
    assert "Connected apps" in web.text() and tv.name in web.text()


def test_a_link_of_another_site_to_a_device(web, user, site):
    """Fetch Metadata: whatever these links have in them, the user stays signed in.  A
    link with a right code is one click away from the page that asks."""
    tv, other = App(site, grant="device_code", uris=()), Listener(site, "localhost")
    auth = {"client_id": tv.client.id, "client_secret": tv.client.secret}
    codes = site.post("/oauth/device/code", data=auth).json()
    try:
        web.open("/account").sign_in(user)
        for code in ["BBBB-BBBB"] * 10 + [codes["user_code"]]:
            other.page = TOKEN_PAGE % '<a id="go" href="%s/oauth/device?user_code=%s">.</a>' \
                % (site.url, code)
            web.driver.get(other.origin)
            web.press("go")
            assert web.find("user_code").get_property("value") == code
        web.press("continue")
        assert codes["user_code"] in web.text() and tv.name in web.text()
        web.press("deny")
        web.open("/account")
        assert web.has("sign-out")
    finally:
        other.close()
        chromium.hosts(web.driver)


def test_a_device_by_hand(web, user, site):
    """RFC 8628 section 3.3: the user types the code; a wrong one is told."""
    tv = App(site, grant="device_code", uris=())
    auth = {"client_id": tv.client.id, "client_secret": tv.client.secret}
    codes = site.post("/oauth/device/code", data=auth).json()
    web.open("/oauth/device").sign_in(user)
    for code in "bbbb-bbbb", codes["user_code"].lower():
        assert web.focus() == "user_code"
        web.find("user_code").clear()
        web.find("user_code").send_keys(code)
        web.press("continue")
    web.press("deny")
    assert "not connected" in web.text()


def test_a_token_is_made_and_copied(web, site, driver):
    """doc/users.md, The account page: it is shown one time; its button copies it."""
    driver.execute_cdp_cmd("Browser.grantPermissions", {
        "origin": site.url, "permissions": ["clipboardReadWrite",
                                            "clipboardSanitizedWrite"]})
    user = site.user("*")
    web.open("/account").sign_in(user)
    web.find("token-name").send_keys("From the browser")
    driver.find_element(By.CSS_SELECTOR, "[name=scopes][value=read-posts]").click()
    web.press("create-token")
    token = web.find("new-token").text
    site.secrets.add(token)
    assert site.get("/api/posts", token=token).status_code == 200
    web.find("copy-new-token").click()
    assert expect.until(lambda: web.find("copied").text) == "Copied."
    assert driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0])") == token
    web.open("/account")
    assert not web.has("new-token") and token not in driver.page_source
    driver.find_element(By.CSS_SELECTOR, "#tokens summary").click()
    driver.find_element(By.CLASS_NAME, "revoke-token").click()
    expect.until(lambda: not site.is_live(token))


def test_times_are_the_readers_own(web, user, driver):
    """A script shows local times; without it they are UTC."""
    driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    try:
        web.open("/account").sign_in(user)
        times = driver.find_elements(By.CSS_SELECTOR, "#sessions time")
        for node in times:
            utc = node.get_attribute("title")
            assert utc.endswith(" UTC") and "now" in node.text or "ago" in node.text
            hour = int(utc.split()[1][:2])
            assert "%d:" % ((hour + 9) % 12 or 12) in node.text
    finally:
        driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_the_password_can_be_seen(web, user):
    """A button that is there only with a script."""
    web.open("/oauth/login")
    web.find("password").send_keys("horse")
    web.find("show-password").click()
    assert web.find("password").get_attribute("type") == "text"
    assert web.find("show-password").get_attribute("aria-pressed") == "true"
    web.find("show-password").click()
    assert web.find("password").get_attribute("type") == "password"


def test_an_app_is_disconnected(web, app, user, site):
    """doc/guard.md, What is checked: on the very next request."""
    tokens = app.connect(Browser(site, user))
    web.open("/account").sign_in(user)
    button, = [b for b in web.driver.find_elements(By.CLASS_NAME, "revoke-app")
               if app.name in b.get_property("textContent")]
    assert not web.driver.execute_script(  # the user reads first what it means
        "return arguments[0].checkVisibility()", button)
    button.find_element(By.XPATH, "ancestor::details/summary").click()
    button.click()
    expect.until(lambda: not site.is_live(tokens["access_token"]))
    expect.until(lambda: app.name not in web.text())


def test_a_request_from_another_site_by_post(web, site, user):
    """RFC 6749 section 3.1 by a form of the app's page: localhost is another site than
    127.0.0.1, so the cookie is not sent; the user must stay signed in."""
    app = Listener(site, "localhost")
    try:
        web.open("/account").sign_in(user)
        app.page = TOKEN_PAGE % (
            '<form method="post" action="%s/oauth/authorize">%s'
            '<button id="begin">Begin</button></form>' % (site.url, "".join(
                '<input type="hidden" name="%s" value="%s">'
                % (name, html.escape(value)) for name, value in app.request().items())))
        web.driver.get(app.origin)
        web.press("begin")
        if web.has("approve"):
            web.press("approve")
            assert app.answer()["code"]
        web.open("/account")
        assert web.has("sign-out")
    finally:
        app.close()
        chromium.hosts(web.driver)


def mailed_link(site, email, n):
    """The link in the n-th mail to that address that has one."""
    def look():
        found = [m for m in (mail.parse(p.read_bytes()) for p in sorted(
            (site.dir / "mail").glob("*.eml"), key=lambda p: p.stat().st_mtime_ns))
            if m["To"].addresses[0].addr_spec == email and "confirm?link=" in m.get_content()]
        return found[n - 1] if len(found) >= n else None
    text = expect.until(look).get_content()
    url, = [word for word in text.split() if "confirm?link=" in word]
    site.secrets.add(url.partition("link=")[2])
    return url.removeprefix(site.url)


def test_somebody_new_comes_comes_back_and_moves(web, site):
    """doc/users.md, Who comes by themselves: by links in mails, from page to page."""
    new = User(None, "b%s@shop.example" % secrets.token_hex(4), "another-horse-battery")
    web.open("/oauth/login").press("signup-link")
    web.find("name").send_keys("Grace")
    web.fill(new)
    web.press("signup")
    assert new.email in web.find("sent").text
    web.open(mailed_link(site, new.email, 1)).press("confirm")
    web.press("login-link")
    web.sign_in(new)
    assert "Grace" in web.text()
    web.press("sign-out")
    web.press("recover-link")
    web.find("email").send_keys(new.email)
    web.press("recover")
    web.open(mailed_link(site, new.email, 2))
    assert web.focus() == "password"
    web.find("password").send_keys("password1")
    web.press("confirm")
    assert "tried first" in web.find("error-password").text
    new = new._replace(password="a-third-horse-battery")
    web.find("password").send_keys(new.password)
    web.press("confirm")
    web.press("login-link")
    web.sign_in(new)
    moved = "m" + new.email
    web.driver.find_element(By.CSS_SELECTOR, "#names summary").click()
    web.find("new-email").send_keys(moved)
    web.press("change-email")
    assert "on its way" in web.find("notice").text
    web.open(mailed_link(site, moved, 1)).press("confirm")
    web.press("account-link")
    assert moved in web.text()


@pytest.mark.parametrize("width", [320, 390])
def test_on_a_phone_nothing_is_cut_off(web, user, site, width):
    """WCAG 2.1, 1.4.10: no page scrolls sideways, even with long words."""
    chromium.size(web.driver, width, 844, True)
    long = App(site, name="W" * 100, grant="authorization_code,device_code")
    long.connect(Browser(site, user))
    auth = {"client_id": long.client.id, "client_secret": long.client.secret}
    code = site.post("/oauth/device/code", data=auth).json()["user_code"]
    Browser(site, user, agent="X" * 150).act("create_token", name="N" * 60)
    paths = ["/oauth/login", long.path(prompt="consent"), "/oauth/device",
             "/oauth/device?user_code=" + code, "/account", "/oauth/authorize",
             "/oauth/signup", "/oauth/recover", "/oauth/confirm", *[
                 "/oauth/confirm" + site.carnet("user", *verb).strip().partition("confirm")[2]
                 for verb in (("reset", user.email),
                              ("invite", "w%d%s@%s.example" % (width, "w" * 60, "w" * 60)))]]
    web.open("/account").sign_in(user)
    for path in paths:
        web.open(path)
        assert web.driver.execute_script(
            "return document.documentElement.scrollWidth") <= width, path


def test_an_authenticator_app_from_the_page_to_the_next_sign_in(web, site):
    """doc/users.md, A second factor: by the text, without the camera; then the second
    step, and a recovery code in its place."""
    user = site.user("*")
    web.open("/account").sign_in(user)
    web.press("add-totp")
    assert web.find("totp-qr").is_displayed()
    phone = Phone(site, user, web.find("totp-secret").text)
    site.secrets.add(phone.secret)
    assert web.focus() == "totp-code"
    web.find("totp-code").send_keys(phone.code())
    web.find("factor-name").send_keys("Work phone")
    web.press("confirm-totp")
    phone.recovery = web.find("recovery-codes").text.split()
    site.secrets.update(phone.recovery)
    assert len(phone.recovery) == 10
    web.press("continue")
    assert "Work phone" in web.find("factors").text
    web.press("sign-out")
    web.open("/account").sign_in(user)
    assert web.focus() == "otp"
    web.find("otp").send_keys(phone.unused())
    web.press("verify")
    assert "Your account" in web.text()
    web.press("sign-out")
    web.open("/account").sign_in(user)
    web.driver.find_element(By.CSS_SELECTOR, "details summary").click()
    web.find("recovery_code").send_keys(phone.recovery[3])
    web.press("recover")
    assert "9 left" in web.text()


def test_an_old_sign_in_makes_a_token_after_the_password(web, site):
    """doc/users.md, The account page: what was typed is not lost."""
    user = site.user("*")
    web.open("/account").sign_in(user)
    site.sql("UPDATE sessions SET auth_time = auth_time - 3600 WHERE user_id = ?", user.id)
    web.find("token-name").send_keys("Backup")
    web.press("create-token")
    assert web.focus() == "current-password"
    web.find("current-password").send_keys("wrong")
    web.press("confirm")
    # WCAG 2.1, 3.3.1: the field has the focus.
    assert web.focus() == "current-password" and web.find("error").is_displayed()
    web.find("current-password").send_keys(user.password)
    web.press("confirm")
    assert site.is_live(web.find("new-token").text)
