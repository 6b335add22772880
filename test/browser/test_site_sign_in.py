"""A site of another host signs its people in, and a real browser goes there and back
(doc/users.md, Signed in by your site): cookies that are SameSite, forms and redirects."""
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from kit import chromium, expect, jose, servers
from kit.people import App
from kit.web import Web

FORM = """<!DOCTYPE html><title>site</title><link rel="icon" href="data:,">
<form method="post" action="%s"><input type="hidden" name="ticket" value="%s">
<button id="go">Go on</button></form>"""


class Handler(BaseHTTPRequestHandler):
    """Everybody is signed in here, as s-7."""

    def do_GET(self):
        there, url = self.server, urlsplit(self.path)
        asked, now = dict(parse_qsl(url.query)), int(time.time())
        there.asked.append(url.path)
        if url.path != "/login":
            return self.answer(200, b"signed out")
        ticket = jose.sign({"alg": "HS256"}, {
            "aud": there.issuer, "sub": "s-7", "state": asked["state"], "iat": now,
            "exp": now + 60, "jti": secrets.token_hex(16), "auth_time": now,
            "name": "Ada"}, there.key, "HS256")
        if there.by_form:
            return self.answer(200, (FORM % (asked["return_to"], ticket)).encode())
        self.answer(303, b"", asked["return_to"] + "?ticket=" + ticket)

    def answer(self, status, body, to=None):
        self.send_response(status)
        if to:
            self.send_header("Location", to)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def there():
    """The site, at localhost: to a browser that is another site than 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = "http://localhost:%d" % server.server_address[1]
    server.by_form, server.asked = False, []
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def home(there):
    with servers.lighttpd() as site:
        site.carnet("keys", "login")
        there.issuer = site.url
        there.key = jose.unb64u((site.dir / "keys/login.key").read_text().strip())
        servers.configure(site, "login_url = %s/login\nlogout_url = %s/bye\n"
                                "password_sign_in = yes\n" % (there.url, there.url))
        yield site


@pytest.fixture
def web(driver, home, there):
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.size(driver, 1100, 900)
    chromium.complaints(driver), chromium.hosts(driver)
    there.by_form = False
    yield Web(driver, home)
    assert chromium.complaints(driver) == []


def test_by_the_button_there_and_back_and_out(web, there):
    """303 and SameSite=Lax; no form-action stands in the way of button or sign-out."""
    web.open("/oauth/login?return_to=/account").press("site-sign-in")
    expect.until(lambda: web.has("sign-out"))
    assert urlsplit(web.url()).path == "/account" and "ticket" not in web.url()
    assert "Ada" in web.text()
    web.press("sign-out")
    assert web.url() == there.url + "/bye" and "/bye" in there.asked
    web.open("/account")
    assert web.has("site-sign-in") and not web.has("sign-out")


def test_a_ticket_by_a_form_of_the_other_site(web, there):
    """The browser sends no cookie with it (SameSite=Lax), and does with ours."""
    there.by_form = True
    app = App(web.site)
    web.open(app.path()).press("site-sign-in")
    web.find("go").click()
    expect.until(lambda: web.has("approve"))
    assert urlsplit(web.url()).path == "/oauth/authorize"
