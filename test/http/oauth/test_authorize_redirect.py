"""Where an authorization request may lead (RFC 6749 section 3.1.2, RFC 9700
section 4.1): to a registered redirect URI, and nowhere else."""
from urllib.parse import quote, urlencode

import pytest

from kit import people
from kit.people import App, Browser

HTTPS = "https://app.example/cb"
WITH_QUERY = "https://app.example/cb?kind=a%20b"
IPV4 = "http://127.0.0.1:3000/cb"
IPV6 = "http://[::1]/cb"
NAME = "http://localhost/cb"
SCHEME = "com.example.app:/cb"


@pytest.fixture(scope="module")
def app(site):
    """An app to which nobody consents."""
    return App(site, uris=(HTTPS, WITH_QUERY, IPV4, IPV6, NAME, SCHEME))


@pytest.fixture(scope="module")
def browser(site):
    """Signed in: nothing but the request itself can stop it."""
    return Browser(site, site.user("*"))


@pytest.mark.parametrize("uri", [
    HTTPS, WITH_QUERY, SCHEME, IPV4, IPV6, NAME, "http://127.0.0.1/cb",
    "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://[::1]:3000/cb",
    "http://localhost:49152/cb"])
def test_a_registered_uri_is_taken(app, browser, uri):
    """RFC 8252 section 7.3: on the loopback interface the port is free."""
    r = app.ask(browser, redirect_uri=uri, prompt="none")
    assert people.sent_back(r, app, uri)["error"] == "consent_required"


OTHERS = """
https://app.example/cb/ https://app.example/cb/x https://app.example/cbx
https://app.example/cb/../cb https://app.example/./cb https://app.example//cb
https://app.example/cb/.. https://app.example/cb/%2e%2e https://app.example/%63b
https://app.example/c%62 https://app.example/cb%00 https://app.example/cb%20
https://app.example/CB https://APP.example/cb HTTPS://app.example/cb
https://app.example:443/cb https://app.example:8443/cb https://app.example:/cb
https://app.example/cb? https://app.example/cb?x=1 https://app.example/cb?kind=a+b
https://app.example/cb?kind=a%20b&x=1 https://app.example/cb?kind=a https://app.example/cb&x
https://app.example/cb# https://app.example/cb#x https://app.example/cb?kind=a%20b#
https://app.example/ https://app.example https://app.example/cb;x
https://user@app.example/cb https://user:pass@app.example/cb https://app.example@evil.example/cb
https://app.example%40evil.example/cb https://app.example#@evil.example/cb
https://app.example?@evil.example/cb https://app.example\\@evil.example/cb
https://app.example\\.evil.example/cb https://app.example.evil.example/cb
https://app.examplevil/cb https://evil.app.example/cb https://evilapp.example/cb
https://app.example./cb https://app%2eexample/cb https://app。example/cb
https://evil.example/cb https://evil.example/https://app.example/cb
https://evil.example/?https://app.example/cb https://evil.example#https://app.example/cb
http://app.example/cb ftp://app.example/cb //app.example/cb app.example/cb /cb cb
https:app.example/cb https:/app.example/cb https:///app.example/cb
javascript:alert(1) data:text/html,x https://
com.example.app:/cb/ com.example.app:/cbx com.example.app:cb com.example.app://cb
com.example.App:/cb com.example.app:/cb?x com.example.app2:/cb com.example:/cb
http://127.0.0.1:3000/cb/ http://127.0.0.1:3000/cb?x=1 http://127.0.0.1:3000/cb#x
http://127.0.0.1:3000/other http://127.0.0.1:3000/ http://127.0.0.1:3000
http://127.0.0.1:/cb http://127.0.0.1:x/cb http://127.0.0.1:80x/cb http://127.0.0.1:+80/cb
http://127.0.0.1:-1/cb http://127.0.0.1:65536/cb http://127.0.0.1:000080/cb
http://127.0.0.1:80:80/cb http://127.0.0.1:80@evil.example/cb http://127.0.0.1@evil.example/cb
http://evil.example@127.0.0.1:3000/cb http://user:x@127.0.0.1/cb http://127.0.0.1.evil.example/cb
http://127.0.0.1:3000.evil.example/cb http://127.0.0.11/cb http://127.0.0.2/cb
http://127.1/cb http://2130706433/cb http://0x7f.0.0.1/cb http://0.0.0.0/cb
http://[::1].evil.example/cb http://[::1]@evil.example/cb http://[::2]/cb http://[::]/cb
http://::1/cb http://[0:0:0:0:0:0:0:1]/cb http://[::ffff:127.0.0.1]/cb http://[::1/cb
http://localhost.evil.example/cb http://localhost@evil.example/cb http://localhost./cb
http://localhostx/cb http://LOCALHOST/cb http://localhost\\@evil.example/cb
https://127.0.0.1:3000/cb https://localhost/cb https://[::1]/cb http:/127.0.0.1/cb
HTTP://127.0.0.1/cb http://127.0.0.1//cb http://127.0.0.1:3000/%63b
""".split()


@pytest.mark.parametrize("uri", OTHERS)
def test_any_other_uri_is_refused(app, browser, uri):
    """RFC 9700 section 4.1.3: exact string matching."""
    people.refused(app.ask(browser, redirect_uri=uri))
    people.refused(app.ask(browser, redirect_uri=uri, response_mode="form_post",
                           response_type="token"))


@pytest.mark.parametrize("raw", [
    "%20" + quote(HTTPS), quote(HTTPS) + "%20", quote(HTTPS) + "%0d%0aX:%20y",
    quote(HTTPS) + "%00", quote(HTTPS) + "%09", quote(HTTPS) + "%0a",
    quote(HTTPS) + "%20" + quote(SCHEME), quote(quote(HTTPS, "")), quote(HTTPS) + "%2f",
    quote(HTTPS) + "%C3%A9", "", "%", "%zz", quote(HTTPS) + "%"])
def test_what_no_uri_holds_is_refused(app, browser, raw):
    """Blanks, control characters, double escapes: carnet or the web server refuses them."""
    query = urlencode(app.request(redirect_uri=None))
    r = browser.get("/oauth/authorize?%s&redirect_uri=%s" % (query, raw))
    assert r.status_code == 400 and "Location" not in r.headers
    r = browser.send("POST", "/oauth/authorize", data=query + "&redirect_uri=" + raw,
                     headers={"Content-Type": "application/x-www-form-urlencoded"})
    people.refused(r)


def test_an_app_without_that_uri_is_refused(site, browser):
    """A URI that another app registered does not count."""
    people.refused(App(site).ask(browser, redirect_uri=SCHEME))


@pytest.mark.parametrize("port", [":3000", ":443", ":1"])
def test_the_port_is_free_on_loopback_alone(site, browser, port):
    """RFC 8252 section 7.3: http on this machine."""
    app = App(site, uris=("https://127.0.0.1/cb", "https://localhost/cb"))
    for host in ("127.0.0.1", "localhost", "app.example"):
        people.refused(app.ask(browser, redirect_uri="https://%s%s/cb" % (host, port)))


def test_the_hosts_of_loopback_are_three(site, browser):
    """Each of them must be registered itself."""
    app = App(site, uris=("http://127.0.0.1/cb",))
    for uri in ("http://localhost/cb", "http://[::1]/cb", "http://localhost:1/cb"):
        people.refused(app.ask(browser, redirect_uri=uri))


# The client

@pytest.mark.parametrize("client_id", [
    "", "x", "x" * 255, "x" * 256, "%", "' OR 1=1 --", "é", "a\0b", None])
def test_an_unknown_client_is_refused(app, browser, client_id):
    """RFC 6749 section 4.1.2.1."""
    form = app.request(client_id=client_id)
    people.refused(browser.post("/oauth/authorize", form))


def test_a_client_id_in_other_case_is_unknown(app, browser):
    """The id is compared byte for byte."""
    people.refused(app.ask(browser, client_id=app.client.id.upper()))
    people.refused(app.ask(browser, client_id=app.client.id + " "))


def test_a_revoked_client_is_refused(site, browser):
    """The redirect URI of a revoked client is not used."""
    app = App(site)
    site.carnet("client", "revoke", app.client.id)
    people.refused(app.ask(browser))


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_missing_is_refused(app, browser, name):
    """RFC 6749 section 4.1.2.1; the same if only one URI is registered."""
    people.refused(app.ask(browser, **{name: None}))


def test_a_missing_uri_is_refused_where_there_is_but_one(site, browser):
    """RFC 9700 section 4.1.3: it is always sent, and always compared."""
    people.refused(App(site).ask(browser, redirect_uri=None))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("name, value", [
    ("client_id", "x"), ("client_id", None), ("redirect_uri", "https://evil.example"),
    ("redirect_uri", None), ("client_id", ""), ("redirect_uri", "")])
def test_sent_twice_is_refused(app, browser, name, value, first):
    """RFC 6749 section 3.1: not more than once; nobody knows which of two counts."""
    pairs = list(app.request().items())
    pairs.insert(0 if first else len(pairs),
                 (name, app.request()[name] if value is None else value))
    people.refused(browser.get("/oauth/authorize?" + urlencode(pairs)))
    people.refused(browser.post("/oauth/authorize", pairs))


def test_an_array_of_uris_is_none(app, browser):
    """Parameter pollution, in PHP's spelling."""
    query = urlencode(app.request(redirect_uri=None))
    people.refused(browser.get("/oauth/authorize?%s&redirect_uri[]=%s" % (query, HTTPS)))


def test_the_query_of_a_post_counts_for_nothing(app, browser):
    """doc/protocol.md, Sign-in and consent."""
    people.refused(browser.post(app.path(), {}))


def test_the_page_shows_nothing_of_the_request(app, browser):
    """The page does not repeat what an attacker wrote."""
    page = people.refused(app.ask(browser, redirect_uri="https://evil.example/x",
                                  state="see-evil.example"))
    assert "evil.example" not in page.source


def test_the_uri_is_kept_as_it_was_sent(site, browser):
    """RFC 6749 section 3.1.2: the registered query stays, and parameters are added."""
    app = App(site, uris=(WITH_QUERY, IPV4))
    r = app.decide(browser, redirect_uri=WITH_QUERY)
    assert r.headers["Location"].startswith(WITH_QUERY + "&code=")
    r = app.decide(browser, redirect_uri="http://127.0.0.1:4711/cb")
    assert r.headers["Location"].startswith("http://127.0.0.1:4711/cb?code=")


@pytest.mark.parametrize("uri", [
    "http://app.example/cb", "https://app.example/cb#x", "https://u@app.example/cb",
    "https://", "https:///cb", "javascript:alert(1)", "data:text/html,x", "app:/cb",
    "http://127.0.0.1@evil.example/cb", "http://127.0.0.1.evil.example/", "/cb", "cb",
    "https://app.example/\\", "https://app.example/\"", "https://app.example/é",
    "https://app.example/<b>", "http://localhost:x/", "Com.Example:/cb", "x.y:"])
def test_what_cannot_be_registered(site, uri):
    """RFC 6749 section 3.1.2, RFC 8252 section 7.1."""
    p = site.command("client", "add", "--name", "x", "--grant", "authorization_code",
                     "--redirect-uri", uri)
    assert (p.returncode, p.stdout) == (1, "")


def test_the_log_says_what_was_expected(site, browser):
    """doc/openid.md: an app's operator reads which URI came, and which are registered."""
    app = App(site)
    r = app.ask(browser, redirect_uri=app.uri + "/x")
    said = site.carnet("log", r.headers["X-Request-Id"])
    assert "redirect_uri is %s/x; registered: %s" % (app.uri, app.uri) in said
