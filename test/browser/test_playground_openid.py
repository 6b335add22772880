"""The playground's second tab: an app that signs its user in, in a real browser."""
import json

import pytest
from selenium.webdriver.common.by import By

from kit import chromium, expect, jose
from kit.people import App
from kit.playground import Playground

CHECKS = ["signature", "iss", "aud", "exp", "nonce", "at_hash"]


class Tab(Playground):
    def go(self):
        self.open()
        self.find("tab-openid").click()
        return self

    def begin(self, client, scopes=("profile", "email")):
        self.type("app-client", client)
        for chip in self.driver.find_elements(By.NAME, "app-chip"):
            if chip.is_selected() != (chip.get_attribute("value") in scopes):
                chip.click()
        self.click("app-begin")

    def click(self, name):
        button = self.find(name)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def see(self, name):
        """Wait until the page has it."""
        return expect.until(lambda: (self.driver.find_elements(By.ID, name) or [None])[0])

    def sign_in_at_server(self, user):
        self.see("login")
        self.type("email", user.email)
        self.type("password", user.password)
        self.click("login")
        self.see("approve")

    def said(self, begin):
        """The status line, when it begins so."""
        return expect.until(lambda: self.driver.find_elements(By.ID, "status")
                            and self.text("status").startswith(begin) and self.text("status"))

    def checks(self):
        return {item.find_element(By.TAG_NAME, "code").text:
                item.get_attribute("class") == "good"
                for item in self.find("id-checks").find_elements(By.TAG_NAME, "li")}

    def content(self, name):
        return self.find(name).get_property("textContent")


@pytest.fixture
def tab(driver, site):
    """The tab, newly opened; afterwards nothing is kept, and nobody else was asked."""
    chromium.size(driver, 1280, 1000)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    yield Tab(driver, site).go()
    assert chromium.complaints(driver) == []
    assert chromium.hosts(driver) == {site.url}
    assert driver.execute_script("return localStorage.length + sessionStorage.length") == 0
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})


@pytest.fixture(scope="module")
def app(site):
    here = site.url + "/oauth/playground"
    return App(site, "--post-logout-redirect-uri", here, public=True, uris=[here])


def test_sign_in_look_and_sign_out(tab, site, app):
    """OpenID Connect Core sections 3.1.3.7, 5.3; RP-Initiated Logout section 2."""
    user = site.user("*")
    assert not tab.find("app-logout").is_enabled()
    tab.begin(app.client.id)
    tab.sign_in_at_server(user)
    tab.click("approve")
    tab.said("Signed in as %d; the ID token is good." % user.id)
    assert tab.driver.current_url == app.uri
    assert tab.checks() == dict.fromkeys(CHECKS, True)
    chromium.size(tab.driver, 390, 844, phone=True)
    assert tab.driver.execute_script("return document.documentElement.scrollWidth") <= 390
    chromium.size(tab.driver, 1280, 1000)
    token = tab.content("id-token")
    jose.verify(token, site.get("/oauth/jwks").json())
    assert json.loads(tab.content("id-claims")) == jose.claims_of(token)
    assert json.loads(tab.content("id-header"))["alg"] == "RS256"
    assert tab.press("app-userinfo").startswith("200 OK: userinfo of %d" % user.id)
    assert user.email in tab.output()
    tab.click("app-logout")
    tab.said("Signed out")
    assert tab.driver.current_url == app.uri
    tab.driver.get(site.url + "/account")
    tab.see("login")
    tab.go()


def test_a_token_for_another_request_is_not_good(tab, site, app):
    """Core section 3.1.3.7, step 11: what the page remembers decides."""
    tab.begin(app.client.id)
    tab.sign_in_at_server(site.user("*"))
    tab.driver.execute_script(
        "const s = JSON.parse(sessionStorage.getItem('carnet-playground'));"
        "sessionStorage.setItem('carnet-playground', JSON.stringify({...s, nonce: 'x'}))")
    tab.click("approve")
    assert tab.said("The ID token is not good: nonce.")
    assert tab.checks() == {**dict.fromkeys(CHECKS, True), "nonce": False}


def test_an_answer_that_was_not_asked_for_is_not_taken(tab, site, app):
    """RFC 6749 section 10.12; RFC 9207 section 2.4; and no code stays in the address."""
    tab.driver.get(app.uri + "?code=x&state=y&iss=" + site.url)
    tab.said("The answer is not one that this page asked for")
    assert tab.driver.current_url == app.uri
    assert tab.content("output") == "Nothing sent yet."
    for query, said in ((("iss=https://evil.example&code=x"), "The answer is from https://evil"),
                        ("iss=%s&error=access_denied" % site.url, "access_denied: refused")):
        tab.driver.execute_script(
            "sessionStorage.setItem('carnet-playground', JSON.stringify({state: 'y'}))")
        tab.driver.get("%s?state=y&%s" % (app.uri, query))
        tab.said(said)


def test_the_site_of_make_run_has_a_client(tab, site):
    """README.md: the tab works at once; the setting playground_client names its client."""
    client = tab.find("app-client").get_property("value")
    assert "\nplayground_client = %s\n" % client in site.conf.read_text()
    assert tab.driver.find_elements(By.ID, "no-client") == []
    tab.begin(client)
    user = site.user("*")
    tab.sign_in_at_server(user)
    tab.click("approve")
    tab.said("Signed in as %d; the ID token is good." % user.id)
    tab.click("app-logout")
    tab.said("Signed out")


def test_a_client_must_be_named(tab):
    """Without the setting the field is empty."""
    tab.find("app-client").clear()
    tab.click("app-begin")
    assert expect.until(lambda: tab.find("app-client").get_attribute("aria-invalid")) == "true"
