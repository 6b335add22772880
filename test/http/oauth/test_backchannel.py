"""OpenID Connect Back-Channel Logout 1.0: the courier tells clients that a session ended."""
import json
import subprocess
import threading
import time
from urllib.parse import parse_qs

import pytest

from kit import jose
from kit.elsewhere import Elsewhere, answer
from kit.people import App, Browser
from kit.site import BUILD

EVENT = "http://schemas.openid.net/event/backchannel-logout"
GONE, TAKEN = answer({}, status="503 Busy"), answer({})


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """Where clients wait for logout tokens."""
    place = Elsewhere(tmp_path_factory.mktemp("there"))
    yield place
    place.close()


@pytest.fixture(scope="module")
def site(cgi, there):
    """A site whose courier may go there."""
    return cgi.variant(there.settings)


@pytest.fixture
def rp(site, there, request):
    """A client with a place of its own, that takes what comes."""
    path = "/" + request.node.name.replace("[", "-").replace("]", "")
    there.docs[path] = TAKEN
    app = App(site, "--backchannel-logout-uri", there.url + path)
    app.path_there = path
    return app


@pytest.fixture
def ada(site):
    return site.user("*")


def courier(site):
    return site.carnet_json("courier", "--once")


def told(there, app):
    """The logout tokens that came to the client's place."""
    bodies = [ask.partition("\r\n\r\n") for ask in there.asked
              if ask.split()[1] == app.path_there]
    assert all(head.startswith("POST ") for head, _, _ in bodies)
    assert all("application/x-www-form-urlencoded" in head for head, _, _ in bodies)
    return [parse_qs(body)["logout_token"][0] for _, _, body in bodies]


def sid_of(app, browser):
    return jose.claims_of(app.connect(browser, scope="openid")["id_token"])["sid"]


def test_the_logout_token(site, there, rp, ada):
    """Sections 2.4, 2.5: each claim; signed as ID tokens are, and of no other type."""
    browser = Browser(site, ada)
    sid = sid_of(rp, browser)
    browser.act("sign_out")
    assert courier(site)["sent"] == 1
    token, = told(there, rp)
    jose.verify(token, site.get("/oauth/jwks").json())
    header, claims = jose.header_of(token), jose.claims_of(token)
    assert (header["alg"], header["typ"]) == ("RS256", "logout+jwt")
    assert claims.pop("jti") and 0 < claims.pop("exp") - claims.pop("iat") <= 120
    assert claims == {"iss": site.url, "aud": rp.client.id, "sub": str(ada.id), "sid": sid,
                      "events": {EVENT: {}}}
    assert courier(site)["sent"] == 0


def by_the_page(site, browser, user, rp):
    browser.act("sign_out")


def by_end_session(site, browser, user, rp):
    hint = rp.connect(browser, scope="openid")["id_token"]
    assert browser.get("/oauth/end-session?id_token_hint=" + hint).status_code == 200


def by_disabling(site, browser, user, rp):
    site.carnet("user", "disable", user.email)


def by_another_browser(site, browser, user, rp):
    Browser(site, user).act("sign_out_elsewhere")


def by_a_new_password(site, browser, user, rp):
    Browser(site, user).act("change_password", current_password=user.password,
                            new_password="another-horse-battery")


def by_another_user(site, browser, user, rp):
    browser.sign_in(site.user("*"))


@pytest.mark.parametrize("end", [by_the_page, by_end_session, by_disabling,
                                 by_another_browser, by_a_new_password, by_another_user])
def test_however_a_session_ends(site, there, rp, ada, end):
    """doc/openid.md, Sign-out: each way tells each client of the session, once; a client
    that has no place, and one of another session, are not told."""
    browser, other = Browser(site, ada), Browser(site, site.user("*"))
    sid = sid_of(rp, browser)
    sid_of(App(site), browser)
    sid_of(rp, other)
    end(site, browser, ada, rp)
    courier(site)
    assert [jose.claims_of(t)["sid"] for t in told(there, rp)] == [sid]


def test_who_is_deleted_is_not_named(site, there, rp, ada):
    """Section 2.4, doc/openid.md: the sid alone; no row names the user any more."""
    browser = Browser(site, ada)
    sid = sid_of(rp, browser)
    site.carnet("user", "delete", ada.email)
    assert site.sql("SELECT user_id FROM outbox WHERE kind = 'logout'") == [(None,)]
    assert courier(site)["sent"] == 1
    claims = jose.claims_of(told(there, rp)[0])
    assert claims["sid"] == sid and "sub" not in claims


def test_the_outbox_is_bounded(cgi, there):
    """carnet.conf(5), outbox_max: jobs beyond it are lost, of one sign-out too; by a
    request and by the command."""
    site = cgi.variant(there.settings + "\noutbox_max = 2")
    apps = [App(site, "--backchannel-logout-uri", "%s/%d" % (there.url, i))
            for i in range(3)]
    for end in by_the_page, by_disabling:
        user = site.user("*")
        browser = Browser(site, user)
        for app in apps:
            sid_of(app, browser)
        end(site, browser, user, apps[0])
        assert site.sql("SELECT count(*) FROM outbox") == [(2,)]
        site.sql("DELETE FROM outbox")


def test_who_signs_in_again_goes_on(site, there, rp, ada):
    """A new proof is no end: the client calls the session what it did before."""
    browser = Browser(site, ada)
    sid = sid_of(rp, browser)
    browser.sign_in(ada)
    assert sid_of(rp, browser) == sid and courier(site)["sent"] == 0
    browser.act("sign_out")
    courier(site)
    assert len(told(there, rp)) == 1


def test_a_receiver_that_is_down_is_tried_again(site, there, rp, ada):
    """Section 2.5, doc/openid.md: until it is taken, or a day old."""
    there.docs[rp.path_there] = GONE
    browser = Browser(site, ada)
    sid_of(rp, browser)
    browser.act("sign_out")
    for tries in (1, 2):
        assert courier(site) == {"sent": 0, "failed": 1, "given_up": 0}
        assert len(told(there, rp)) == tries
        site.sql("UPDATE outbox SET next_at = 1 WHERE kind = 'logout'")
    there.docs[rp.path_there] = TAKEN
    assert courier(site)["sent"] == 1
    assert len(set(told(there, rp))) == 3  # each has its own jti
    there.docs[rp.path_there] = GONE
    browser.sign_in(ada)
    sid_of(rp, browser)
    browser.act("sign_out")
    site.sql("UPDATE outbox SET created_at = created_at - 90000 WHERE kind = 'logout'")
    assert courier(site)["given_up"] == 1


def test_a_courier_that_is_killed_loses_nothing(site, there, rp, ada):
    """doc/openid.md: at least once, over kill -9 while the receiver has the token."""
    is_killed = threading.Event()

    def hang():
        is_killed.wait(60)
        yield TAKEN

    there.docs[rp.path_there] = hang()
    browser = Browser(site, ada)
    sid_of(rp, browser)
    browser.act("sign_out")
    p = subprocess.Popen([BUILD / "bin/carnet", "courier", "--once"],
                         env={"CARNET_CONF": str(site.conf)}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not told(there, rp) and time.monotonic() < deadline:
        time.sleep(0.02)
    p.kill()
    p.wait()
    is_killed.set()
    there.docs[rp.path_there] = TAKEN
    site.sql("UPDATE outbox SET next_at = 1 WHERE kind = 'logout'")
    assert courier(site)["sent"] == 1 and len(told(there, rp)) == 2


def test_pairwise(site, there, rp, ada):
    """Core section 8: the sub that the client knows."""
    site.carnet("client", "edit", rp.client.id, "--pairwise")
    browser = Browser(site, ada)
    claims = jose.claims_of(rp.connect(browser, scope="openid")["id_token"])
    browser.act("sign_out")
    courier(site)
    token, = told(there, rp)
    assert jose.claims_of(token)["sub"] == claims["sub"] != str(ada.id)


def test_only_https(site):
    """Section 2.2; doc/openid.md: the courier speaks https, to public addresses."""
    for uri in ("http://127.0.0.1/", "com.example.app:/x", "https://a.example/#x", "x"):
        p = site.command("client", "add", "--name", "x", "--grant", "authorization_code",
                         "--redirect-uri", "https://a.example/",
                         "--backchannel-logout-uri", uri)
        assert p.returncode == 1 and "logout token" in p.stderr, uri


def test_it_is_in_the_metadata(site):
    """Section 2.1."""
    body = json.loads(site.get("/.well-known/openid-configuration").text)
    assert body["backchannel_logout_supported"] is True
    assert body["backchannel_logout_session_supported"] is True
