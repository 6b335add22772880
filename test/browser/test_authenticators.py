"""Passkeys in Chromium, whose virtual authenticators (CDP, domain WebAuthn) take the
place of security keys and of the device's lock (doc/users.md, Passkeys)."""
from contextlib import contextmanager

import pytest
from selenium.common.exceptions import (
    NoSuchElementException, StaleElementReferenceException)
from selenium.webdriver.common.by import By

from kit import chromium, expect, servers
from kit.people import Browser
from kit.web import Web


@pytest.fixture(scope="module")
def named():
    """make run HOST=localhost."""
    with servers.lighttpd("localhost") as s:
        yield s


@pytest.fixture
def web(driver, named):
    chromium.size(driver, 1100, 900)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    driver.execute_cdp_cmd("WebAuthn.enable", {})
    chromium.complaints(driver), chromium.hosts(driver)
    yield Web(driver, named)
    assert chromium.complaints(driver) == []
    assert chromium.hosts(driver) <= {named.url}
    driver.execute_cdp_cmd("WebAuthn.disable", {})
    driver.get("about:blank")


@pytest.fixture
def user(named):
    return named.user("*")


class Authenticator:
    def __init__(self, driver, **options):
        self.driver = driver
        self.id = self.cdp("addVirtualAuthenticator", options={
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True, **options})["authenticatorId"]

    def cdp(self, name, **params):
        return self.driver.execute_cdp_cmd("WebAuthn." + name, params)

    def credentials(self):
        return self.cdp("getCredentials", authenticatorId=self.id)["credentials"]

    def verifies(self, is_so):
        self.cdp("setUserVerified", authenticatorId=self.id, isUserVerified=is_so)


@contextmanager
def authenticator(driver, **options):
    a = Authenticator(driver, **options)
    try:
        yield a
    finally:
        a.cdp("removeVirtualAuthenticator", authenticatorId=a.id)


def add(web, name):
    """Press Add a passkey, as somebody who is signed in."""
    web.open("/account").find("passkey-name").send_keys(name)
    web.press("add-passkey")
    if web.has("recovery-codes"):
        web.press("continue")
    assert name in web.find("passkeys").text


def sign_out(web):
    web.open("/account").press("sign-out")


def alone(web):
    """Press the button; or the browser was faster, which offers a passkey by itself
    after two seconds: a virtual authenticator takes that at once."""
    try:
        web.open("/oauth/login").press("passkey")
    except (NoSuchElementException, StaleElementReferenceException):
        pass


def is_in(web, user):
    return web.url().endswith("/account") and user.email in web.text()


def signed_in(web, user):
    web.open("/account").sign_in(user)
    return web


def said(web):
    """What the page says of a passkey that was not used."""
    node = web.driver.find_element(By.CSS_SELECTOR, ".passkey-said")
    expect.until(node.is_displayed)
    return node.text


def test_a_passkey_is_made_and_signs_in_alone(web, user, named):
    """A resident key of an authenticator that verifies its user."""
    with authenticator(web.driver) as key:
        add(signed_in(web, user), "This laptop")
        made, = key.credentials()
        assert made["isResidentCredential"] and made["rpId"] == "localhost"
        sign_out(web)
        alone(web)
        assert is_in(web, user)
        assert key.credentials()[0]["signCount"] > made["signCount"]
    said_of_it, = named.sql("SELECT acr, amr FROM sessions WHERE user_id = ?", user.id)
    assert said_of_it == ("phr", "pop user mfa")


def test_it_is_the_second_step(web, user, named):
    """Of a security key that keeps nothing and verifies nobody."""
    with authenticator(web.driver, transport="usb", hasResidentKey=False,
                       hasUserVerification=False, isUserVerified=False):
        add(signed_in(web, user), "Security key")
        sign_out(web)
        signed_in(web, user)
        assert "Second step" in web.text()
        web.press("passkey")
        assert is_in(web, user)
    said_of_it, = named.sql("SELECT acr, amr FROM sessions WHERE user_id = ?", user.id)
    assert said_of_it == ("mfa", "pwd pop user mfa")


def test_several_of_several_kinds(web, user):
    """Each signs in; none is added twice."""
    with authenticator(web.driver) as laptop:
        add(signed_in(web, user), "Laptop")
        web.find("passkey-name").send_keys("Again")
        web.find("add-passkey").click()
        assert "has a passkey of your account already" in said(web)
        assert len(laptop.credentials()) == 1
        with authenticator(web.driver, transport="usb", protocol="ctap2") as usb:
            laptop.cdp("setAutomaticPresenceSimulation", authenticatorId=laptop.id, enabled=False)
            add(web, "Blue key")
            assert len(usb.credentials()) == 1
            assert "Laptop" in web.find("passkeys").text
            sign_out(web)
            alone(web)
            assert is_in(web, user)


def test_who_is_not_verified_does_not_sign_in_alone(web, user):
    with authenticator(web.driver) as key:
        add(signed_in(web, user), "Phone")
        sign_out(web)
        key.verifies(False)
        web.open("/oauth/login").find("passkey").click()
        assert "No passkey was used" in said(web)
        key.verifies(True)
        web.press("passkey")
        assert is_in(web, user)


def test_a_copy_is_found_by_its_counter(web, user, named):
    """WebAuthn section 7.2 step 21: the same key, with an older counter."""
    with authenticator(web.driver) as key:
        add(signed_in(web, user), "Phone")
        old, = key.credentials()
        for _ in range(2):
            sign_out(web)
            alone(web)
            assert is_in(web, user)
        sign_out(web)
    with authenticator(web.driver) as copy:
        copy.cdp("addCredential", authenticatorId=copy.id, credential={
            **old, "signCount": old["signCount"]})
        alone(web)
        assert "copy" in web.find("error").text
        assert "Sign in" in web.text()
    mail, = [body for body, in named.sql("SELECT body FROM outbox WHERE user_id = ?", user.id)
             if "did not rise" in body] or [None]
    # The courier of make run may have taken it: then it is a file.
    if mail is None:
        expect.until(lambda: any("did not rise" in p.read_text()
                                 for p in (named.dir / "mail").iterdir()))


def test_a_passkey_of_nobody_is_told(web, named):
    """One of a user who is gone."""
    gone = named.user("*")
    with authenticator(web.driver):
        add(signed_in(web, gone), "Phone")
        named.carnet("user", "delete", gone.email)
        alone(web)
        assert "was not taken" in web.find("error").text


def test_it_confirms_a_sign_in_that_is_old(web, user, named):
    with authenticator(web.driver):
        add(signed_in(web, user), "Phone")
        named.sql("UPDATE sessions SET auth_time = auth_time - 3600, confirmed_at = NULL"
                  " WHERE user_id = ?", user.id)
        web.open("/account").press("add-passkey")
        web.press("passkey")
        assert "It is you" in web.find("notice").text
        assert web.has("passkey-name")


def test_a_name_is_changed_and_a_passkey_removed(web, user, named):
    with authenticator(web.driver):
        add(signed_in(web, user), "Phone")
        for summary in web.driver.find_elements(By.CSS_SELECTOR, "#passkeys summary"):
            summary.click()
        row = web.driver.find_element(By.CSS_SELECTOR, "#passkeys .rows input[name=name]")
        row.clear()
        row.send_keys("Old phone")
        here = web.driver.find_element(By.TAG_NAME, "html").id
        web.driver.find_element(By.CLASS_NAME, "rename-passkey").click()
        web.arrive(here)
        assert "Old phone" in web.find("passkeys").text
        for summary in web.driver.find_elements(By.CSS_SELECTOR, "#passkeys summary"):
            summary.click()
        here = web.driver.find_element(By.TAG_NAME, "html").id
        web.driver.find_element(By.CLASS_NAME, "remove-passkey").click()
        web.arrive(here)
        assert "You have no passkey" in web.find("passkeys").text
    sign_out(web)
    signed_in(web, user)
    assert is_in(web, user)


def test_a_page_that_was_open_for_long_gets_a_new_challenge(web, user):
    """A challenge lives for five minutes; the page's clock is put forward."""
    with authenticator(web.driver):
        add(signed_in(web, user), "Phone")
        sign_out(web)
        web.open("/oauth/login")
        web.driver.execute_script("""
            document.getElementById('passkey-form').elements.challenge.value = 'x'.repeat(64);
            const now = Date.now; Date.now = () => now() + 400000;""")
        web.press("passkey")
        assert is_in(web, user)


def test_the_browser_offers_it_where_the_name_is_typed(web, user):
    """Conditional mediation: no button is pressed.  (A virtual authenticator takes the
    first that is offered.)"""
    with authenticator(web.driver):
        add(signed_in(web, user), "Phone")
        sign_out(web)
        web.open("/oauth/login")
        assert web.find("email").get_attribute("autocomplete") == "username webauthn"
        web.find("email").click()
        expect.until(lambda: is_in(web, user))


def test_without_script_there_is_no_button(named):
    """The form is hidden until the script finds that the browser has passkeys."""
    page = Browser(named).open("/oauth/login")
    form, = [attrs for tag, attrs in page.tags
             if tag == "form" and attrs.get("id") == "passkey-form"]
    assert "hidden" in form
    assert page.form("login").fields["csrf_token"]
