"""Devices (RFC 8628): codes, the page where they are typed, and polling."""
import re
import time

import pytest

from kit import expect, jose, people
from kit.device import GRANT, Device
from kit.people import App, Browser, Page
from kit.site import Client


@pytest.fixture(scope="module")
def maker(site):
    return Device(site)


@pytest.fixture
def device(maker):
    return maker.begin()


@pytest.fixture
def user(site):
    """A user for each test: wrong codes are counted by user, too."""
    return site.user("*")


@pytest.fixture
def browser(site, user):
    return Browser(site, user)


# The codes

def test_the_answer(site, device):
    """RFC 8628 section 3.2."""
    codes = device.codes
    assert set(codes) == {"device_code", "user_code", "verification_uri",
                          "verification_uri_complete", "expires_in", "interval"}
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    assert codes["verification_uri"] == site.url + "/oauth/device"
    assert codes["verification_uri_complete"] == \
        site.url + "/oauth/device?user_code=" + codes["user_code"]
    assert len(codes["device_code"]) == 43


def test_the_user_code_is_easy_to_type_and_hard_to_guess(maker):
    """RFC 8628 section 6.1: 8 of 20 letters, no word, no digit."""
    seen = {maker.begin().codes["user_code"] for _ in range(30)}
    assert len(seen) == 30
    letters = set()
    for code in seen:
        assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", code)
        letters.update(code)
    assert len(letters) > 15


def test_the_database_holds_the_digest_alone(site, device):
    """RFC 6819 section 5.1.4.1.3."""
    assert device.row("1")
    for path in site.dir.glob("data/carnet.db*"):
        assert device.codes["device_code"].encode() not in path.read_bytes()


def test_the_lifetimes_are_the_settings(site, maker):
    """doc/deploy.md, Configuration: device_code_ttl, device_interval."""
    other = site.variant("device_code_ttl = 5m\ndevice_interval = 7")
    r = other.post("/oauth/device/code", data=maker.auth())
    assert (r.json()["expires_in"], r.json()["interval"]) == (300, 7)


@pytest.mark.parametrize("scope", ["nothing", "*", "admin"])
def test_a_scope_that_may_not_be_is_refused(site, scope):
    """RFC 8628 section 3.2: as at the token endpoint."""
    device = Device(site, scope="read-posts write-posts")
    r = site.post("/oauth/device/code", data=device.auth(scope=scope))
    expect.error(r, 400, "invalid_scope")


def test_what_the_client_may_not_have_is_left_out(site, browser):
    """doc/protocol.md, Scopes: libraries ask for all that the metadata lists."""
    device = Device(site, scope="read-posts").begin(scope="admin read-posts write-posts")
    page = device.page(browser)
    assert "read-posts" in page.text and "write-posts" not in page.text
    assert browser.submit(page.form("approve"), "approve").status_code == 200
    assert expect.tokens(device.poll())["scope"] == "read-posts"


def test_a_client_without_the_grant_is_refused(site):
    """RFC 6749 section 5.2: unauthorized_client, here and when polling."""
    app = App(site)
    data = {"client_id": app.client.id, "client_secret": app.client.secret}
    r = site.post("/oauth/device/code", data=data)
    expect.error(r, 400, "unauthorized_client")
    r = site.grant(GRANT, app.client, device_code="x" * 43)
    expect.error(r, 400, "unauthorized_client")


def test_a_client_must_prove_itself(site, maker):
    """RFC 8628 section 3.1."""
    r = site.post("/oauth/device/code", data={"client_id": maker.client.id})
    expect.error(r, 401, "invalid_client")
    r = site.post("/oauth/device/code", data=maker.auth(client_secret="x" * 43))
    expect.error(r, 401, "invalid_client")


# The whole way

@pytest.mark.parametrize("public", [False, True])
def test_by_qr_code(site, user, public):
    """RFC 8628 section 3.3.1: the user signs in first, and the code is not lost."""
    device, browser = Device(site, public=public).begin(), Browser(site)
    expect.error(device.poll(), 400, "authorization_pending")
    url = device.codes["verification_uri_complete"].removeprefix(site.url)
    path, query = people.sent_to(browser.get(url))
    assert path == "/oauth/login"
    assert browser.sign_in(user, query["return_to"]).headers["Location"] == url
    assert "connected" in device.decide(browser).text
    body = expect.tokens(device.poll())
    assert body["scope"] == "read-posts" and "refresh_token" in body
    r = site.get("/api/user", token=body["access_token"])
    assert r.json() == {"id": user.id}
    expect.tokens(site.refresh(body["refresh_token"], device.client))


@pytest.mark.parametrize("change", [
    str.lower, lambda c: c.replace("-", ""), lambda c: c.lower().replace("-", " "),
    lambda c: " %s " % c, lambda c: "-".join(c)])
def test_by_hand(browser, device, change):
    """RFC 8628 section 6.1: case and punctuation do not matter."""
    form = browser.open("/oauth/device").form("continue")
    page = Page(browser.submit(form, user_code=change(device.codes["user_code"])))
    browser.submit(page.form("approve"), "approve")
    expect.tokens(device.poll())


def test_the_page_says_who_asks_for_what(site, browser, user):
    """RFC 8628 section 5.4: client, account, scopes, and the code to compare."""
    device = Device(site, name="TV <b>&amp;</b> \"x\"").begin("read-posts admin")
    page = device.page(browser)
    assert device.name in page.text and user.email in page.text
    assert device.codes["user_code"] in page.text
    assert "Read posts" in page.text and "Delete posts" in page.text
    assert not [t for t, _ in page.tags if t == "b"]


def test_a_denial_is_told(browser, device):
    """RFC 8628 section 3.5: access_denied; the decision stays."""
    assert "not connected" in device.decide(browser, "deny").text
    for _ in range(2):
        expect.error(device.poll(), 400, "access_denied")


def test_what_the_user_may_not_is_left_out(site, maker):
    """RFC 6749 section 3.3."""
    device = maker.begin("read-posts admin")
    browser = Browser(site, site.user("read-posts"))
    assert "Delete posts" not in device.page(browser).text
    device.decide(browser)
    assert expect.tokens(device.poll())["scope"] == "read-posts"


def test_where_nothing_is_left_there_is_nothing_to_approve(site, maker):
    """doc/protocol.md, Scopes; RFC 6749 section 5.2; as at /authorize.  Another account
    may."""
    device, browser = maker.begin("read-posts"), Browser(site, site.user("write-posts"))
    page = Page(browser.get("/oauth/device?user_code=" + device.codes["user_code"]))
    assert page.status == 422 and "nothing that your account may do" in page.by_id["error"]
    assert "approve" not in page.form("deny").buttons
    expect.error(device.poll(), 400, "authorization_pending")
    device.set(polled_at=0)
    assert "connected" in device.decide(Browser(site, site.user("*"))).text
    expect.tokens(device.poll())


def test_what_is_approved_all_the_same_is_denied(site, maker):
    """RFC 8628 section 3.5: the page is older than a change of the user's scopes."""
    device, user = maker.begin("read-posts"), site.user("read-posts")
    browser = Browser(site, user)
    form = device.page(browser).form("approve")
    site.sql("UPDATE users SET scope = 'write-posts' WHERE id = ?", user.id)
    page = Page(browser.submit(form, "approve"))
    assert page.status == 422 and "nothing that your account may do" in page.by_id["error"]
    assert "not connected" in page.text and "You denied" not in page.text
    expect.error(device.poll(), 400, "access_denied")
    assert site.sql("SELECT 1 FROM oauth_consents WHERE user_id = ?", user.id) == []


def test_a_device_that_asks_for_nothing_may_have_that(site):
    """No scope is asked for, and none is the default: the token says only who the user
    is."""
    device = Device(site).begin(None)
    assert "connected" in device.decide(Browser(site, site.user(""))).text
    assert expect.tokens(device.poll())["scope"] == ""


# Polling

def test_polled_too_fast_it_must_slow_down(device):
    """RFC 8628 section 3.5: five seconds more each time, and they stay."""
    expect.error(device.poll(), 400, "authorization_pending")
    for interval in 10, 15:
        expect.error(device.poll(), 400, "slow_down")
        assert device.row("poll_interval") == (interval,)
        device.set(polled_at=int(time.time()) - 1)  # written once a second
    device.set(polled_at=int(time.time()) - 10)
    expect.error(device.poll(), 400, "slow_down")
    device.set(polled_at=int(time.time()) - 20)
    expect.error(device.poll(), 400, "authorization_pending")
    assert device.row("poll_interval") == (20,)


def test_who_waits_is_not_slowed(device):
    """RFC 8628 section 3.5."""
    for _ in range(3):
        expect.error(device.poll(), 400, "authorization_pending")
        device.set(polled_at=int(time.time()) - 5)
    assert device.row("poll_interval") == (5,)


def test_a_fast_poll_after_the_decision_gets_the_tokens(browser, device):
    """The decision is made, so the device need not wait."""
    expect.error(device.poll(), 400, "authorization_pending")
    device.decide(browser)
    expect.tokens(device.poll())


def test_expired_is_told(browser, device):
    """RFC 8628 section 3.5: expired_token; nobody can decide any more."""
    page = device.page(browser)
    device.set(expires_at=int(time.time()))
    expect.error(device.poll(), 400, "expired_token")
    assert browser.submit(page.form("approve"), "approve").status_code == 422
    assert device.row("approved_at") in (None, (None,))


def test_expired_after_the_approval_is_told(browser, device):
    """RFC 8628 section 3.5."""
    device.decide(browser)
    device.set(expires_at=int(time.time()))
    expect.error(device.poll(), 400, "expired_token")


def test_a_second_use_revokes_what_the_first_gave(site, browser, device):
    """As for a code (RFC 6749 section 4.1.2)."""
    device.decide(browser)
    first = expect.tokens(device.poll())
    expect.error(device.poll(), 400, "invalid_grant")
    assert not site.is_live(first["access_token"])
    r = site.refresh(first["refresh_token"], device.client)
    expect.error(r, 400, "invalid_grant")


def test_another_clients_device_code_is_refused(site, browser, device):
    """RFC 8628 section 3.4; for its owner it still works."""
    device.decide(browser)
    for other in (Device(site), Device(site, public=True)):
        expect.error(device.poll(other.client), 400, "invalid_grant")
    expect.error(device.poll(Client(device.client.id, None)), 401, "invalid_client")
    expect.tokens(device.poll())


@pytest.mark.parametrize("code", ["x", "A" * 43])
def test_an_unknown_device_code_is_refused(site, maker, code):
    """RFC 6749 section 5.2."""
    expect.error(site.grant(GRANT, maker.client, device_code=code), 400, "invalid_grant")


def test_the_user_code_is_no_device_code(site, device):
    """The token endpoint does not take a user code."""
    r = site.grant(GRANT, device.client, device_code=device.codes["user_code"])
    expect.error(r, 400, "invalid_grant")


def test_a_disabled_user_gives_nothing(site, device):
    """doc/guard.md, What is checked."""
    user = site.user("*")
    device.decide(Browser(site, user))
    site.carnet("user", "disable", user.email)
    expect.error(device.poll(), 400, "invalid_grant")


# The page

@pytest.mark.parametrize("code", ["BCDF-GHJK", "x", "AEIO-UUUU", "BCDFGHJ", "BCDFGHJKL",
                                  "é", "<b>", "12345678"])
def test_a_wrong_code_is_told(browser, code):
    """The same words for each wrong code, and the field has what was typed."""
    form = browser.open("/oauth/device").form("continue")
    page = Page(browser.submit(form, user_code=code))
    assert page.status == 422 and "No device waits" in page.by_id["error"]
    assert page.form("continue").fields["user_code"] == code


def test_a_revoked_clients_device_is_none(site, browser):
    """doc/guard.md, What is checked."""
    device = Device(site).begin()
    site.carnet("client", "revoke", device.client.id)
    form = browser.open("/oauth/device").form("continue")
    assert browser.submit(form, user_code=device.codes["user_code"]).status_code == 422


@pytest.mark.parametrize("by_link", [True, False])
def test_ten_wrong_codes_end_the_session(browser, device, by_link):
    """RFC 8628 section 5.1: by link and by form; a right one does not reset the count."""
    for n in range(1, 10):
        form = browser.open("/oauth/device").form("continue")
        assert browser.submit(form, user_code="BBBB-BBBB").status_code == 422
        if n == 5:
            device.page(browser)
    form = browser.open("/oauth/device").form("continue")
    r = (browser.get("/oauth/device?user_code=BBBB-BBBC") if by_link
         else browser.submit(form, user_code="BBBB-BBBC"))
    assert people.sent_to(r)[0] == "/oauth/login"
    assert not browser.is_signed_in()


FOREIGN = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
           {"Sec-Fetch-Site": None}, {"Sec-Fetch-Site": "x"}, {"Sec-Fetch-Site": ""}]


@pytest.mark.parametrize("headers", FOREIGN)
def test_links_elsewhere_sign_nobody_out(site, browser, headers):
    """SameSite=Lax sends the cookie along with links of others: they are not counted."""
    for _ in range(12):
        page = Page(browser.get("/oauth/device?user_code=BBBB-BBBB", **headers))
        assert page.status == 200 and "error" not in page.by_id
    form = page.form("continue")
    assert browser.submit(form, user_code="BBBB-BBBB").status_code == 422
    assert browser.is_signed_in()


@pytest.mark.parametrize("headers", FOREIGN)
def test_such_a_link_tells_of_no_code_and_is_one_click_from_it(browser, device, headers):
    """RFC 8628 section 3.3.1: the code is filled in, and the user confirms it; the page
    is the same as for a wrong one."""
    code = device.codes["user_code"]
    pages = [Page(browser.get("/oauth/device?user_code=" + c, **headers))
             for c in (code, "BBBB-BBBB")]
    bare = re.sub(r'nonce="[^"]*"', "", pages[1].source).replace("BBBB-BBBB", code)
    assert re.sub(r'nonce="[^"]*"', "", pages[0].source) == bare
    form = pages[0].form("continue")
    assert form.fields["user_code"] == code
    browser.submit(Page(browser.submit(form)).form("approve"), "approve")
    expect.tokens(device.poll())


@pytest.mark.parametrize("origin", ["none", "same-origin"])
def test_guesses_by_links_of_ones_own_are_counted(browser, origin):
    """RFC 8628 section 5.1: a client that sets this header itself is no page of another
    site."""
    url, headers = "/oauth/device?user_code=BBBB-BBBB", {"Sec-Fetch-Site": origin}
    for _ in range(9):
        assert browser.get(url, **headers).status_code == 422
    assert people.sent_to(browser.get(url, **headers))[0] == "/oauth/login"
    assert not browser.is_signed_in()


def test_a_decision_needs_the_pages_token(site, browser, user, device):
    """RFC 6749 section 10.12."""
    theirs = device.page(Browser(site, user)).form("approve").fields["csrf_token"]
    form = device.page(browser).form("approve")
    people.refused(browser.submit(form, "approve", csrf_token=""))
    people.refused(browser.post("/oauth/device", {"user_code": device.codes["user_code"]}))
    for token in ("x" * 43, theirs):
        for press in "approve", "deny":
            again = people.shown_again(browser.submit(form, press, csrf_token=token),
                                       "continue")
            assert again.fields["user_code"] == form.fields["user_code"]
    expect.error(device.poll(), 400, "authorization_pending")
    page = Page(browser.submit(again, "continue"))
    assert page.form("approve").fields["user_code"] == form.fields["user_code"]


def test_a_stale_form_is_no_guess(browser):
    """RFC 8628 section 5.1: a form of another site, or one that is older than the sign-
    in, looks up no code; ten of them sign nobody out."""
    for _ in range(11):
        people.shown_again(browser.post("/oauth/device", {
            "user_code": "BBBB-BBBB", "csrf_token": "x"}), "continue")
    assert browser.is_signed_in()


def test_a_link_decides_nothing(browser, device):
    """RFC 8628 section 5.4: a stranger's QR code only shows the page."""
    code = device.codes["user_code"]
    page = browser.open("/oauth/device?decision=approve&user_code=" + code)
    assert page.form("approve")
    expect.error(device.poll(), 400, "authorization_pending")


@pytest.mark.parametrize("first, second", [("approve", "deny"), ("deny", "approve"),
                                           ("approve", "approve")])
def test_of_two_who_decide_the_first_counts(site, browser, user, device, first, second):
    """A second decision, by the same person or another, changes nothing."""
    other = Browser(site, site.user("*"))
    pages = device.page(browser), device.page(other)
    assert browser.submit(pages[0].form(first), first).status_code == 200
    assert other.submit(pages[1].form(second), second).status_code == 422
    again = browser.submit(pages[0].form(second), second)  # the page tells the first decision
    said = browser.submit(pages[0].form(first), first)
    assert again.status_code == 200 and Page(again).text == Page(said).text
    if first == "approve":
        token = expect.tokens(device.poll())["access_token"]
        assert jose.claims_of(token)["sub"] == str(user.id)
    else:
        expect.error(device.poll(), 400, "access_denied")


@pytest.mark.parametrize("press", ["approve", "deny"])
def test_the_page_of_a_decision_loaded_again_says_it_again(site, device, user, press):
    """By link and by form; it never counts as a guess."""
    browser = Browser(site, user)
    form = device.page(browser).form(press)
    said = browser.submit(form, press)
    for _ in range(12):
        assert browser.submit(form, press).status_code == 200
        assert Page(browser.submit(form, press)).text == Page(said).text
        again = device.page(browser)
        assert again.text == Page(said).text
    assert browser.is_signed_in()
    # For another user it is a code that no device has.
    other = Browser(site, site.user("*"))
    r = other.get(device.codes["verification_uri_complete"].removeprefix(site.url),
                  **{"Sec-Fetch-Site": "none"})
    assert r.status_code == 422
