"""Every way to an app goes on to where the app itself sends its users.  A browser
applies form-action to each redirect that follows a form (CSP level 3, section 6.4.1),
and shows nothing if one of them is refused."""
from contextlib import contextmanager

import pytest
from selenium.webdriver.common.by import By

from kit import chromium, expect, fakeweb
from kit.factor import Phone
from kit.listener import Listener, Place
from kit.people import App, Browser
from kit.web import Web


@pytest.fixture
def web(driver, site):
    """A browser that nobody has used yet, in a tab of its own: a tab that has asked
    about an app of the machine waits for an answer.  At the end nothing is in the
    console."""
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    chromium.size(driver, 1100, 900)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.complaints(driver), chromium.hosts(driver)
    yield Web(driver, site)
    said = chromium.complaints(driver)
    driver.close()
    driver.switch_to.window(first)
    assert said == []


@pytest.fixture(scope="module")
def user(site):
    return site.user("*")


def allow(web, app, user, **changes):
    web.open(app.path(**changes)).sign_in(user)
    web.find("approve").click()


def deny(web, app, user):
    web.open(app.path()).sign_in(user)
    web.find("deny").click()


def sign_in(web, app, user):
    """The consent is remembered."""
    app.connect(Browser(app.site, user))
    web.open(app.path()).fill(user)
    web.find("login").click()


def sign_in_at_last(web, app, user):
    """The form is shown again, and leads to the app too."""
    app.connect(Browser(app.site, user))
    web.open(app.path()).sign_in(user, "wrong")
    web.fill(user)
    web.find("login").click()


def sign_in_in_two_steps(web, app, user):
    """The form of the second step leads to the app."""
    user = app.site.user("*")
    here = Browser(app.site, user)
    app.connect(here)
    phone = Phone.add(app.site, user, here)
    web.open(app.path()).sign_in(user)
    web.find("otp").send_keys(phone.unused())
    web.find("verify").click()


def sign_in_as_another(web, app, user):
    """By the link on the consent page."""
    app.connect(Browser(app.site, user))
    web.open(app.path()).sign_in(app.site.user("*"))
    here = web.driver.find_element(By.TAG_NAME, "html").id
    web.driver.find_element(By.LINK_TEXT, "Not you?").click()
    web.arrive(here)
    web.fill(user)
    web.find("login").click()


def allow_by_an_old_form(web, app, user):
    """The form is shown once more."""
    web.open(app.path()).sign_in(user)
    web.driver.execute_script(
        "document.getElementsByName('csrf_token')[0].value = 'another'")
    web.press("approve")
    assert web.find("error").is_displayed() and not app.got
    web.find("approve").click()


def allow_by_form_post(web, app, user):
    allow(web, app, user, response_mode="form_post")


def none_by_form_post(web, app, user):
    """Without a click and without a sign-in."""
    web.open(app.path(response_mode="form_post", prompt="none"))


def go_on_by_link(web, app, user):
    """From the page that shows a request's fault to a browser that is not signed in."""
    web.open(app.path(scope="nothing")).find("continue").click()


def go_on_by_button(web, app, user):
    web.open(app.path(scope="nothing", response_mode="form_post"))
    web.find("continue").click()


# Each way to an app: how the app asks, and what it is told.
WAYS = [
    (allow, "GET", "code"), (deny, "GET", "access_denied"), (sign_in, "GET", "code"),
    (sign_in_at_last, "GET", "code"), (sign_in_in_two_steps, "GET", "code"),
    (sign_in_as_another, "GET", "code"),
    (allow_by_an_old_form, "GET", "code"), (allow_by_form_post, "POST", "code"),
    (none_by_form_post, "POST", "login_required"), (go_on_by_link, "GET", "invalid_scope"),
    (go_on_by_button, "POST", "invalid_scope"),
]
# Where apps are, and where they send their users; form-action cannot name some of these.
HOSTS = [("localhost", "127.0.0.1"), ("127.0.0.1", "[::1]"), ("[::1]", "127.0.0.1"),
         ("a_b.localhost", "localhost")]
CASES = [(*way, "127.0.0.1", "localhost") for way in WAYS] + [
    (*way, *hosts) for way in WAYS for hosts in HOSTS
    if way[0] in (allow, sign_in, allow_by_form_post)]


def brings(params, told):
    assert params.get("error", "code") == told and ("code" in params) == (told == "code")


@contextmanager
def listening(*places):
    try:
        yield places
    finally:
        for place in places:
            place.close()


def tls_for(host, driver, directory):
    """A URI of a host that is another machine cannot be registered with http."""
    if "_" not in host:
        return None
    driver.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
    return fakeweb.certificate(directory, 1, host)


@pytest.mark.parametrize("act, method, told, host, home", CASES)
def test_the_app_sends_its_users_on(web, user, driver, tmp_path, act, method, told, host,
                                    home):
    """Its callback answers 302, to another origin."""
    tls = tls_for(host, driver, tmp_path)
    with listening(Listener(web.site, host, tls), Place(home)) as (app, end):
        app.onward = end.origin + "/home"
        act(web, app, user)
        expect.until(lambda: web.url() == app.onward)
        expect.until(lambda: web.has("got"))
        brings(app.answer(method), told)
        assert chromium.hosts(driver) <= {web.site.url, app.origin, end.origin}


# Without a click the browser opens no app of the machine.
CLICKED = [way for way in WAYS if way[0] != none_by_form_post]


def goes_to(driver, uri, seen):
    """Did the browser go to uri in the end?  No app of this machine opens it, so the
    browser gives up without a message, and stays on its page."""
    seen |= chromium.hosts(driver)
    return uri in seen


@pytest.mark.parametrize("act, method, told", CLICKED)
def test_the_app_sends_its_users_to_an_app_of_the_machine(web, user, driver, act, method,
                                                          told):
    """RFC 8252 section 7.1: an app with a scheme of its own."""
    seen = set()
    with listening(Listener(web.site)) as (app,):
        app.onward = "org.example.app://done"
        act(web, app, user)
        brings(app.answer(method), told)
        expect.until(lambda: goes_to(driver, app.onward, seen))
        assert seen == {web.site.url, app.origin, app.onward}


@pytest.mark.parametrize("act, told", [
    (a, t) for a, m, t in CLICKED if m == "GET" and a != go_on_by_link])
def test_the_app_is_one_of_the_machine(web, user, driver, act, told):
    """RFC 8252 section 7.1."""
    app, seen = App(web.site, uris=("org.example.app://cb",)), set()
    app.got = []
    act(web, app, user)
    expect.until(lambda: goes_to(driver, app.uri, seen))
    assert seen == {web.site.url, app.uri}
