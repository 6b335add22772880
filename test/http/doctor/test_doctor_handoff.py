"""carnet doctor looks at the site that signs people in (doc/users.md, Signed in by
your site)."""
import threading
import time
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from kit.doctor import ask, ask_web


class Page(BaseHTTPRequestHandler):
    """The site's page, as it should be, but for what the test says."""

    def do_GET(self):
        page = self.server.page
        page.asked.append(self.path)
        to = parse_qs(urlsplit(self.path).query).get("return_to", [""])[0]
        ours = to == page.issuer + "/oauth/login/return" or page.leads_anywhere
        status = page.status or (303 if ours else 400)
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + page.ahead, usegmt=True))
        if status == 303:
            self.send_header("Location", to + "?ticket=x" if page.leads_anywhere else "/login")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def page(issuer):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.daemon_threads = True
    server.page, server.issuer = server, issuer  # it answers, and says how
    server.asked, server.leads_anywhere, server.status, server.ahead = [], False, 0, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = "http://127.0.0.1:%d/handoff" % server.server_address[1]
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def site_page(web):
    """The page, a key, and a configuration with both."""
    conf, key = web.site.conf, web.site.dir / "keys/login.key"
    text = conf.read_text()
    with page(web.site.url) as served:
        conf.write_text("login_url = %s\n" % served.url + text)
        web.site.carnet("keys", "login")
        try:
            yield served
        finally:
            key.unlink(missing_ok=True)
            conf.write_text(text)


def test_a_sound_one(web, site_page):
    """What it asks is what a browser would, and one address that is not carnet's."""
    report = ask_web(web)
    assert report.code == 0 and not report.at("warn"), report.rows
    assert site_page.url in report.text("hand-off")
    assert report.level("login-page") == "ok"
    assert all("state=carnet-doctor" in path for path in site_page.asked[:2])


def test_without_login_url_nobody_asks(web):
    assert ask(web.site).level("hand-off") is None


def test_the_key_is_missing_or_none(web, site_page):
    """Without a URL too: it is a file of this machine."""
    key = web.site.dir / "keys/login.key"
    key.write_text("no key\n")
    ask(web.site).only("hand-off", "wrong", "carnet keys login --force")
    key.unlink()
    ask(web.site).only("hand-off", "wrong", "carnet keys login, and copy")


def test_a_key_that_others_can_read(web, site_page):
    key = web.site.dir / "keys/login.key"
    key.chmod(0o644)
    ask(web.site).only("modes", "wrong", "chmod 0600")


def test_a_key_elsewhere_is_looked_at_there(web, site_page):
    key, conf = web.site.dir / "elsewhere.key", web.site.conf
    conf.write_text("login_key = elsewhere.key\n" + conf.read_text())
    ask(web.site).only("hand-off", "wrong", str(key))
    web.site.carnet("keys", "login")
    assert ask(web.site).level("hand-off") == "ok"
    key.chmod(0o644)
    ask(web.site).only("modes", "wrong", "chmod 0600 %s" % key)


def test_a_page_that_does_not_answer(web, site_page):
    site_page.status = 404
    ask_web(web).only("login-page", "wrong", "answers 404", "login_url")
    site_page.server_close()
    site_page.shutdown()
    ask_web(web).only("login-page", "wrong", "does not answer")


def test_a_page_that_leads_anywhere(web, site_page):
    """RFC 9700 section 4.11.1: it would give tickets to everybody who asks."""
    site_page.leads_anywhere = True
    ask_web(web).only("login-page", "wrong", "whatever address", "compare return_to")


def test_a_clock_that_is_off(web, site_page):
    """A ticket allows five seconds."""
    site_page.ahead = 60
    ask_web(web).only("login-page", "wrong", "ahead of", "by NTP")


def test_a_way_back_that_leads_to_nobody(web, site_page):
    def change(path, answer):
        if path == "/oauth/login/return":
            answer.status, answer.body = 404, b"no such file"

    web.change = change
    ask_web(web).only("login-page", "wrong", "/oauth/login/return does not lead")


def test_a_page_on_this_machine_for_an_issuer_elsewhere(web, site_page):
    """Each browser would look for it on its own machine."""
    conf = web.site.conf
    conf.write_text(conf.read_text().replace("issuer = " + web.site.url,
                                             "issuer = https://auth.example.org"))
    report = ask(web.site)
    assert report.level("hand-off") == "wrong"
    assert "public address" in report.text("hand-off")
