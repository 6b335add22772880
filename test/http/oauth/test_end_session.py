"""OpenID Connect RP-Initiated Logout 1.0: /oauth/end-session."""
from urllib.parse import urlencode

import pytest

from kit.people import App, Browser, Page, refused

BACK = "https://app.example/bye"


@pytest.fixture(scope="module")
def rp(site):
    return App(site, "--post-logout-redirect-uri", BACK)


@pytest.fixture
def ada(site, user):
    """A browser with a session of its own."""
    return Browser(site, user)


def end(browser, **params):
    return browser.get("/oauth/end-session?" + urlencode(params))


def hint_of(app, browser):
    return app.connect(browser, scope="openid")["id_token"]


def test_a_hint_of_this_session_signs_out_at_once(rp, ada):
    """Sections 2 and 3: to the registered URI, with state."""
    r = end(ada, id_token_hint=hint_of(rp, ada), post_logout_redirect_uri=BACK, state="a b&c")
    assert (r.status_code, r.headers["Location"]) == (303, BACK + "?state=a%20b%26c")
    assert not ada.is_signed_in()


def test_without_a_uri_there_is_a_page(rp, ada):
    """Section 4."""
    page = Page(end(ada, id_token_hint=hint_of(rp, ada)))
    assert page.status == 200 and "You are signed out" in page.text
    assert not ada.is_signed_in()


def test_who_is_not_named_is_asked(site, rp, ada, user):
    """Section 2: no hint, the hint of another session, of another user."""
    other = Browser(site, user)
    hints = (None, hint_of(rp, other), hint_of(rp, Browser(site, site.user("*"))))
    for hint in hints:
        params = {"post_logout_redirect_uri": BACK, "client_id": rp.client.id, "state": "s"}
        page = Page(end(ada, **params, **({"id_token_hint": hint} if hint else {})))
        assert rp.name in page.text and user.email in page.text
        assert ada.is_signed_in()
    r = ada.submit(page.form("logout"), "logout")
    assert (r.status_code, r.headers["Location"]) == (303, BACK + "?state=s")
    assert not ada.is_signed_in() and other.is_signed_in()


def test_a_form_of_another_site_signs_nobody_out(site, rp, ada):
    """doc/security.md: without our token nothing is done; the browser comes again by GET,
    with its cookie."""
    form = Page(end(ada)).form("logout")
    stranger = Browser(site)
    assert stranger.submit(form, "logout", csrf_token="x").status_code == 200
    assert ada.is_signed_in()
    hint = hint_of(rp, ada)
    r = stranger.post("/oauth/end-session", {"id_token_hint": hint,
                                             "post_logout_redirect_uri": BACK})
    assert r.status_code == 303 and r.headers["Location"].startswith("/oauth/end-session?")
    assert ada.get(r.headers["Location"]).headers["Location"] == BACK
    assert not ada.is_signed_in()


def test_a_stale_form_is_shown_again(site, ada, user):
    """As every form that is older than the sign-in."""
    form = Page(end(ada)).form("logout")
    ada.sign_in(user)
    page = Page(ada.submit(form, "logout"))
    assert page.by_id["error"] and ada.is_signed_in()


def test_nobody_is_signed_in(site, rp, ada):
    """Section 2: who comes with a good hint goes on; else the person sees where to."""
    hint = hint_of(rp, ada)
    nobody = Browser(site)
    r = end(nobody, id_token_hint=hint, post_logout_redirect_uri=BACK)
    assert (r.status_code, r.headers["Location"]) == (303, BACK)
    page = Page(end(nobody, client_id=rp.client.id, post_logout_redirect_uri=BACK))
    assert ("a", BACK) in [(tag, a.get("href")) for tag, a in page.tags]
    assert Page(end(nobody)).status == 200


def test_what_is_refused(site, rp, ada):
    """Sections 2 and 3: nobody is signed out or sent on."""
    hint, other = hint_of(rp, ada), App(site)
    access = rp.connect(ada, scope="openid")["access_token"]
    for params in ({"post_logout_redirect_uri": BACK},
                   {"id_token_hint": hint, "post_logout_redirect_uri": BACK + "/"},
                   {"id_token_hint": hint, "post_logout_redirect_uri": rp.uri},
                   {"id_token_hint": hint_of(other, ada), "post_logout_redirect_uri": BACK},
                   {"id_token_hint": hint, "client_id": other.client.id},
                   {"id_token_hint": hint[:-5] + "AAAAA"}, {"id_token_hint": "x"},
                   {"id_token_hint": access}, {"client_id": "nobody"}):
        refused(end(ada, **params))
        assert ada.is_signed_in(), params


def test_a_hint_that_has_expired_is_fine(site, rp, ada):
    """Section 2: the OP should accept ID tokens whose exp has passed."""
    old = site.forge(hint_of(rp, ada), claims={"exp": 1, "iat": 1}, key=site.key("RS256"))
    r = end(ada, id_token_hint=old, post_logout_redirect_uri=BACK)
    assert (r.status_code, r.headers["Location"]) == (303, BACK)


def test_the_log_says_what_was_expected(site, rp, ada):
    """doc/openid.md: carnet log ID."""
    r = end(ada, id_token_hint=hint_of(rp, ada), post_logout_redirect_uri=BACK + "/x")
    said = site.carnet("log", r.headers["X-Request-Id"])
    assert BACK + "/x" in said and "registered: " + BACK in said
