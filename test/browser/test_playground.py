"""The playground, as a user operates it."""
import json

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from kit import chromium, expect, jose


def test_before_a_token_the_guard_answers_401(page):
    """RFC 6750 section 3.1; buttons that need a token wait for one."""
    for name in ("refresh", "revoke", "forget", "call-old", "replay-old", "call-next"):
        assert not page.find(name).is_enabled()
    assert page.press("call-user").startswith("401 Unauthorized")
    assert "Unauthenticated." in page.output()
    assert page.find("status").get_attribute("class") == "bad"


def test_a_user_signs_in_and_sees_the_token(page, site):
    """doc/protocol.md, The first-party proxy."""
    said = page.sign_in("read-posts")
    assert said.startswith("200 OK") and site.email in said
    assert page.stamp() == "valid"
    assert page.text("countdown").startswith("expires in 59:") \
        or page.text("countdown") == "expires in 60:00"
    claims = json.loads(page.find("jwt-claims").get_property("textContent"))
    assert claims == jose.claims_of(page.token())
    header = json.loads(page.find("jwt-header").get_property("textContent"))
    assert header["alg"] == "ES256"
    assert page.text("scopes") == "read-posts"
    assert site.is_live(page.token())


def test_the_page_verifies_the_signature_itself(page):
    """RFC 7515 section 5.2, by WebCrypto and /oauth/jwks."""
    page.sign_in()
    page.press("verify")
    assert page.text("verdict").startswith("Good: ES256")


def test_the_api_is_called(page, site):
    """doc/protocol.md, The example API."""
    page.sign_in("read-posts")
    assert site.email in page.press("call-user")
    assert '"email":"%s"' % site.email in page.output()
    assert "posts" in page.press("call-posts")
    assert page.press("call-status").startswith("403")


def test_pages_of_posts_are_walked(page, site):
    """doc/protocol.md, The example API: next."""
    token = site.token("write-posts")
    for i in range(6):
        site.post("/api/posts", token=token, json={"title": "T%d" % i, "body": "b"})
    page.sign_in("read-posts")
    page.press("call-posts")
    first = page.output()
    assert page.find("call-next").is_enabled()
    assert page.press("call-next").startswith("200 OK")
    assert page.output() != first


def test_a_post_is_created_and_deleted(page, site):
    """doc/protocol.md, The example API: 201 with its place, 204; and markup in it is text."""
    page.sign_in()
    said = page.create("<b>Title</b><script>x</script>", "Body")
    place = said.rpartition(" ")[2]
    assert said.startswith("201 Created") and place.startswith("/api/posts/")
    assert page.driver.find_elements(By.CSS_SELECTOR, "main b, #entries script") == []
    token = page.token()
    assert site.get(place, token=token).json()["title"].startswith("<b>")
    assert page.delete(place.rpartition("/")[2]).startswith("204 No Content")
    assert site.get(place, token=token).status_code == 404
    assert page.delete(place.rpartition("/")[2]).startswith("404 Not Found")


def test_a_refresh_ends_the_old_token(page, site):
    """RFC 6749 section 6."""
    page.sign_in()
    old = page.token()
    assert "refreshed" in page.press("refresh")
    assert page.token() != old and page.stamp() == "valid"
    assert site.is_live(page.token()) and not site.is_live(old)
    assert page.press("call-old").startswith("401")
    assert page.stamp() == "valid"
    assert "spent" in page.text("pairs").lower()


def test_a_replay_within_the_grace_kills_nothing(page, site):
    """doc/protocol.md, Rotation: rotation."""
    page.sign_in()
    page.press("refresh")
    middle = page.token()
    assert page.press("replay-old").startswith("200 OK")
    assert page.token() != middle and site.is_live(middle)
    assert site.is_live(page.token())


def test_a_replay_after_the_grace_revokes_the_family(page, site):
    """RFC 9700 section 4.14.2."""
    page.sign_in()
    page.press("refresh")
    site.sql("UPDATE oauth_refresh_tokens SET spent_at = spent_at - 60"
             " WHERE spent_at IS NOT NULL")
    assert page.press("replay-old").startswith("400")
    expect.until(lambda: page.stamp() == "revoked")
    assert not site.is_live(page.token())
    assert page.press("call-user").startswith("401")


def test_revoke_ends_the_token(page, site):
    """doc/protocol.md, Personal tokens: DELETE /api/personal-tokens/current."""
    page.sign_in()
    token = page.token()
    assert "revoked" in page.press("revoke")
    assert page.stamp() == "revoked" and not site.is_live(token)
    assert page.text("countdown") == "no longer accepted"
    assert page.press("call-user").startswith("401")
    assert page.press("refresh").startswith("400")


def test_forget_leaves_nothing_in_the_page(page, site):
    """The page promises it."""
    page.sign_in()
    page.press("call-user")
    token = page.token()
    page.press("forget")
    assert token not in page.driver.page_source
    assert page.find("password").get_property("value") == ""
    assert not page.find("refresh").is_enabled()
    assert site.is_live(token)


def test_a_bad_password_is_said_in_the_servers_words(page, site):
    """RFC 6749 section 5.2: invalid_grant."""
    user = site.user()
    said = page.sign_in(email=user.email, password="wrong-horse")
    assert said.startswith("400 Bad Request: invalid_grant")
    assert not page.find("refresh").is_enabled()
    assert "wrong-horse" not in page.find("entries").get_property("textContent")


def test_a_missing_scope_is_named(page):
    """RFC 6750 section 3.1."""
    page.sign_in("read-posts")
    assert page.create("x", "y").startswith("403 Forbidden: insufficient_scope")
    assert "write-posts" in page.find("entries").get_property("textContent")


def error_at(page, name):
    assert page.find(name).get_attribute("aria-invalid") == "true"
    assert page.find(name).get_attribute("aria-describedby") == name + "-error"
    return page.text(name + "-error")


def test_a_422_is_shown_at_the_field(page):
    """doc/protocol.md, Errors: the message goes when the next call succeeds."""
    assert page.sign_in(email="x", password="y").startswith("422")
    assert error_at(page, "email").startswith("The e-mail field")
    assert page.driver.switch_to.active_element == page.find("email")
    page.sign_in()
    assert page.driver.find_elements(By.ID, "email-error") == []
    assert page.create("x" * 201, " ").startswith("422")
    assert "200 characters" in error_at(page, "post-title")


def test_read_posts_is_chosen_at_first(page):
    """There is one way to choose scopes: those that the server has."""
    chips = page.driver.find_elements(By.NAME, "scope-chip")
    assert [(c.get_attribute("value"), c.is_selected()) for c in chips] == [
        ("read-posts", True), ("write-posts", False), ("admin", False)]


def test_on_a_phone_the_form_folds_and_the_answer_is_near(page):
    """The answer that is shown is that of the button that was pressed."""
    chromium.size(page.driver, 390, 844, True)
    page.sign_in("read-posts")
    assert not page.find("get-fold").get_property("open")
    page.press("call-user")
    pressed, answer = page.find("call-user").rect, page.find("answer").rect
    assert 0 < answer["y"] - pressed["y"] - pressed["height"] < 60
    page.sign_in("write-posts")
    assert page.text("scopes") == "write-posts"


def test_a_scope_that_was_not_granted_is_marked(page, site):
    """RFC 6749 section 3.3."""
    user = site.user("read-posts")
    page.sign_in("read-posts write-posts", email=user.email)
    assert page.text("scopes").split("\n") == ["read-posts", "write-posts not granted"]


def test_the_keyboard_alone_is_enough(page, site):
    """WCAG 2.1.1: sign in, call, without a mouse; the focus stays in sight."""
    keys = lambda *k: page.driver.switch_to.active_element.send_keys(*k)
    focused = lambda: page.driver.switch_to.active_element.get_attribute("id")
    page.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert page.driver.switch_to.active_element.text == "Skip to the playground"
    keys(Keys.ENTER)
    for _ in range(10):
        if focused() == "email":
            break
        keys(Keys.TAB)
    keys(site.email, Keys.TAB)
    keys(site.password, Keys.ENTER)
    expect.until(lambda: "200 OK" in page.text("status"))
    for _ in range(80):
        if focused() == "call-user":
            break
        keys(Keys.TAB)
    box = page.driver.switch_to.active_element.rect
    assert box["width"] > 0
    keys(Keys.SPACE)
    expect.until(lambda: site.email in page.text("status"))


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_width_needs_sideways_scrolling(page, width):
    """WCAG 1.4.10: reflow."""
    page.sign_in()
    page.press("call-posts")
    chromium.size(page.driver, width, 800, phone=width < 500)
    wide = page.driver.execute_script(
        "return document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_every_field_and_button_has_a_name(page):
    """WCAG 4.1.2."""
    page.sign_in()
    for node in page.driver.find_elements(
            By.CSS_SELECTOR, "input, textarea, button, summary"):
        if node.is_displayed():
            assert node.accessible_name, node.get_attribute("outerHTML")


def test_the_page_says_what_it_needs_where_scripts_are_off(page, site):
    """doc/security.md, Pages: the playground's own calls are the exception."""
    driver = page.driver
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page.open()
        assert "needs JavaScript" in driver.page_source
        form = driver.find_element(By.ID, "token-form")
        assert form.get_attribute("method") == "post"
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled",
                               {"value": False})
        page.open()
