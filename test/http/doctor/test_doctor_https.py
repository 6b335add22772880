"""carnet doctor URL: certificate, redirect and HSTS."""
from contextlib import ExitStack

import pytest

from kit import fakeweb
from kit.doctor import ask, ask_web, is_sound
from kit.fakeweb import replace

TOKEN = "/oauth/token"


def test_a_certificate(tmp_path):
    """The certificate is verified, and doctor warns two weeks before it ends."""
    for days, level in ((90, "ok"), (5, "warn")):
        where = tmp_path / str(days)
        where.mkdir()
        tls = fakeweb.certificate(where, days, "localhost", "127.0.0.1")
        with fakeweb.site_at(where, "https://localhost:%d", tls) as web:
            web.change = hsts
            report = ask_web(web, env={"CURL_CA_BUNDLE": str(tls[0])})
            assert "%d days" % days in report.text("certificate")
            if level == "ok":
                is_sound(report)
            else:
                report.only("certificate", "warn", "Renew it")
            report = ask_web(web)
            report.only("site", "wrong", "certificate", "valid certificate")


def hsts(path, answer):
    answer.headers.append(("Strict-Transport-Security", "max-age=31536000"))


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """https://shop.test, which curl reaches through a proxy.  plain: the proxy's answer
    for http."""
    where = tmp_path_factory.mktemp("public")
    tls = fakeweb.certificate(where, 90, "shop.test")
    with ExitStack() as stack:
        web = stack.enter_context(fakeweb.site_at(where, "https://shop.test", tls))
        web.plain = stack.enter_context(fakeweb.listen())
        web.plain.tunnel, web.plain.site = ("127.0.0.1", web.port), web.site
        proxy = "http://127.0.0.1:%d" % web.plain.port
        web.env = {"http_proxy": proxy, "https_proxy": proxy, "no_proxy": "",
                   "NO_PROXY": "", "CURL_CA_BUNDLE": str(tls[0])}
        yield web


@pytest.mark.parametrize("status, to, fine", [
    (301, "https://shop.test/", True), (200, None, False),
    (302, "http://www.shop.test/", False)])
def test_http_leads_to_https(public, status, to, fine):
    """RFC 6749 section 3.2: the token endpoint needs TLS."""
    def change(path, answer):
        answer.status = status
        if to:
            answer.headers.append(("Location", to))
    public.change, public.plain.change = hsts, change
    report = ask_web(public, env=public.env)
    if fine:
        is_sound(report)
    else:
        report.only("https", "warn", "answers %d" % status, "redirect http")


def test_browsers_are_told_of_https(public):
    """RFC 6797."""
    public.change = lambda path, answer: None
    public.plain.change = replace(TOKEN, status=301, headers=[
        ("Location", "https://shop.test/oauth/token")])
    ask_web(public, env=public.env).only(
        "page-headers", "warn", "Strict-Transport-Security")


def test_a_site_without_https(public):
    """Its issuer is another one, too."""
    public.plain.change = lambda path, answer: None
    report = ask(public.site, "http://shop.test", env=public.env)
    assert report.level("https") == "wrong" and "not encrypted" in report.text("https")
    assert "The issuer is https://shop.test" in report.text("https")


def test_an_issuer_of_this_machine_alone(public, fresh):
    """A new site often has such an answer."""
    report = ask(fresh, "http://shop.test", env=public.env)
    assert report.level("issuer") == "wrong"
    assert "this machine alone" in report.text("issuer")
