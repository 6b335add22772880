"""carnet doctor URL: each check, on a site that is served with a fault."""
import json
import os
import sqlite3
import time
from contextlib import closing
from email.utils import formatdate

import pytest

from kit import doctor, fakeweb, servers
from kit.doctor import ask, ask_web, is_sound
from kit.fakeweb import replace
from kit.site import BUILD


def test_a_sound_fake(web):
    """Else the tests below would prove nothing."""
    is_sound(ask_web(web))


@pytest.mark.parametrize("server, said", [
    ("nginx/1.22.1", "fastcgi_param HTTP_AUTHORIZATION"),
    ("lighttpd/1.4.69", "reverse proxy in front of lighttpd"),
    ("Apache/2.4.71", "CGIPassAuth On"), ("Caddy", "REDIRECT_HTTP_AUTHORIZATION")])
def test_the_layer_that_eats_is_named_by_the_server(web, server, said):
    """Each fault has its own cure."""
    web.eaten = {"authorization"}
    web.change = lambda path, answer: answer.headers.append(("Server", server))
    ask_web(web).only("authorization", "wrong", said)


def test_a_server_that_asks_for_a_password_itself(web):
    """The whole site asks for Basic authentication."""
    web.change = lambda path, answer: path == "/api/user" and answer.__dict__.update(
        status=401, headers=[*answer.headers, ("WWW-Authenticate", "Basic")]
        if not any(h[0] == "WWW-Authenticate" for h in answer.headers) else
        [(k, "Basic realm=x" if k == "WWW-Authenticate" else v)
         for k, v in answer.headers])
    report = ask_web(web)
    report.only("authorization", "wrong", "asks for a password", "AuthType")


def test_a_site_that_is_not_there(web):
    """The checks that need no site still run."""
    report = ask(web.site, "http://127.0.0.1:%d" % servers.free_port())
    report.only("site", "wrong", "does not answer", "Start the web server")
    assert report.level("keys") == "ok" and report.level("paths") is None


def test_without_curl_it_is_told(web, tmp_path):
    """curl is the one command that doctor needs."""
    report = ask_web(web, env={"PATH": str(tmp_path)})
    report.only("site", "wrong", "curl cannot be run", "apt-get install")


def test_what_curl_is_asked_is_in_no_argument(web, tmp_path):
    """Anyone can read a command line; and .curlrc is not read."""
    spy = tmp_path / "curl"
    spy.write_text('#!/bin/sh\necho "$*" >>%s/args\nexec /usr/bin/curl "$@"\n' % tmp_path)
    spy.chmod(0o755)
    (tmp_path / ".curlrc").write_text('header = "Authorization: x"\nfail\n')
    is_sound(ask_web(web, env={"PATH": "%s:%s" % (tmp_path, os.environ["PATH"]),
                               "HOME": str(tmp_path)}))
    assert set((tmp_path / "args").read_text().splitlines()) == {"-q -K -"}


@pytest.mark.parametrize("off, level, said", [
    (3600, "wrong", "ahead of"), (-3600, "wrong", "behind"), (30, "warn", "ahead of"),
    (-30, "warn", "behind"), (2, "ok", None), (-2, "ok", None)])
def test_a_servers_clock_that_is_off(web, off, level, said):
    """Tokens have times: RFC 9068 section 2.2."""
    def change(path, answer):
        answer.headers[0] = ("Date", formatdate(time.time() + off, usegmt=True))
    web.change = change
    report = ask_web(web)
    if level == "ok":
        is_sound(report)
    else:
        report.only("time", level, said, "NTP")


def test_a_servers_answers_without_a_date(web):
    web.change = lambda path, answer: answer.headers.pop(0)
    ask_web(web).only("time", "warn", "have no Date")


TOKEN, JWKS, PAGE = "/oauth/token", "/oauth/jwks", "/oauth/login"


@pytest.mark.parametrize("path, name, value, check, level, said", [
    (TOKEN, "Cache-Control", "public, max-age=60", "caching", "wrong", "keep tokens"),
    (TOKEN, "Cache-Control", None, "caching", "wrong", "keep tokens"),
    (JWKS, "Cache-Control", "no-store", "jwks", "warn", "may not be cached"),
    (PAGE, "Content-Security-Policy", None, "page-headers", "wrong",
     "no Content-Security-Policy"),
    (PAGE, "X-Frame-Options", "SAMEORIGIN", "page-headers", "wrong", "DENY"),
    (PAGE, "Referrer-Policy", None, "page-headers", "wrong", "no-referrer"),
    (PAGE, "X-Content-Type-Options", None, "page-headers", "wrong", "nosniff"),
    (fakeweb.WELL_KNOWN, "Content-Type", "text/plain", "metadata", "wrong",
     "application/json"),
    (TOKEN, "Access-Control-Allow-Origin", "*", "cors", "wrong", "any site may call")])
def test_a_server_that_changes_headers(web, path, name, value, check, level, said):
    """The headers that the programs send must arrive."""
    web.spoil(path, name, value)
    ask_web(web).only(check, level, said)


def test_a_server_that_repeats_a_header(web):
    """With two policies for frames, browsers apply neither, or one."""
    web.change = lambda path, answer: answer.headers.append(("X-Frame-Options", "DENY"))
    ask_web(web).only("page-headers", "wrong", "2 of X-Frame-Options")


def test_an_origin_that_may_call_and_is_kept_out(web):
    """doc/protocol.md, Other origins: the origins of public clients' redirect URIs."""
    client = web.site.client("authorization_code", "--public", "--redirect-uri",
                             "https://app.example/back")
    try:
        assert "https://app.example may call" in ask_web(web).text("cors")
        web.spoil(TOKEN, "Access-Control-Allow-Origin", None)
        ask_web(web).only("cors", "wrong", "https://app.example", "told nothing")

        def repeat(path, answer):
            answer.headers += [h for h in answer.headers
                               if h[0] == "Access-Control-Allow-Origin"]
        web.change = repeat
        ask_web(web).only("cors", "wrong", "more than one thing")
    finally:
        web.site.carnet("client", "revoke", client.id)


def of_json(where, change_json):
    def change(path, answer):
        if path == where:
            o = json.loads(answer.body)
            change_json(o)
            answer.body = json.dumps(o).encode()
    return change


@pytest.mark.parametrize("where, change, check, said", [
    (fakeweb.WELL_KNOWN, lambda o: o.update(issuer="https://other.example"), "metadata",
     "https://other.example"),
    (fakeweb.WELL_KNOWN, lambda o: o.pop("issuer"), "metadata", "nobody"),
    (fakeweb.RESOURCE, lambda o: o.update(resource="https://x.example"), "metadata",
     "https://x.example"),
    (JWKS, lambda o: o["keys"].pop(0), "jwks", "is not published"),
    (JWKS, lambda o: o["keys"].clear(), "jwks", "holds no keys"),
    (JWKS, lambda o: o["keys"][0].update(d="x"), "jwks", "publishes a private key")])
def test_documents_that_are_not_ours(web, where, change, check, said):
    """RFC 8414 section 3.3; RFC 7517 section 9.3."""
    web.change = of_json(where, change)
    ask_web(web).only(check, "wrong", said)


def test_a_document_that_is_missing(web):
    """RFC 8414 section 3."""
    web.change = replace(fakeweb.WELL_KNOWN, status=404, body=b"none")
    ask_web(web).only("metadata", "wrong", "404", fakeweb.WELL_KNOWN)
    web.change = replace(fakeweb.RESOURCE, status=404, body=b"none")
    ask_web(web).only("metadata", "wrong", "404", fakeweb.RESOURCE)


@pytest.mark.parametrize("change, said", [
    (replace("/oauth/revoke", status=404, headers=[]), "by no program of carnet"),
    (replace("/oauth/device/code", status=404), "by another program"),
    (replace("/oauth/introspect", status=500), "answers 500"),
    (replace("/account", body=(BUILD / "cgi-bin/account").read_bytes()[:5000]),
     "sends the program itself")])
def test_a_path_that_leads_elsewhere(web, change, said):
    """doc/protocol.md, URLs: the table of URLs."""
    web.change = change
    ask_web(web).only("paths", "wrong", said)


def test_paths_that_fail_alike_are_one_finding(web):
    """Who reads it sees how many causes there are."""
    def change(path, answer):
        if path in ("/oauth/login", "/oauth/logout", "/account"):
            answer.status, answer.headers = 404, []
        if path == "/oauth/device":
            answer.status = 503
    web.change = change
    report = ask_web(web)
    report.only("paths", "wrong")
    assert [r["what"].split("/", 3)[3] for r in report.at("wrong")] == [
        "oauth/login is answered 404, by no program of carnet; the same is true of /oauth/logout,"
        " /account.", "oauth/device answers 503."]


def test_no_path_that_leads_to_a_program_is_all_that_is_told(web):
    """Without the .htaccess, checks that need its URLs do not run."""
    def change(path, answer):
        if "well-known" not in path:
            answer.status, answer.headers = 404, [("Server", "Apache")]
    web.change = change
    report = ask_web(web)
    wrong, = report.at("wrong")
    assert wrong["check"] == "paths" and "the same is true of all 15 paths" in wrong["what"]
    assert ".htaccess" in wrong["cure"]


def test_a_post_that_is_kept_out(web):
    """A firewall for web applications answers."""
    def change(path, answer):
        if path == TOKEN and answer.status == 415:
            answer.status, answer.body = 403, b"<h1>Forbidden</h1>"
    web.change = change
    ask_web(web).only("caching", "wrong", "A POST", "403")


def test_an_issuer_that_is_not_the_sites(web):
    """RFC 8414 section 3.3: the two issuers must be identical."""
    report = ask(web.site, "http://localhost:%d" % web.port)
    report.only("https", "wrong", "The issuer is " + web.site.url, "localhost")


@pytest.mark.parametrize("path", ["/auth", "/a/b"])
def test_an_issuer_with_a_path(tmp_path, path):
    """RFC 8414 section 3.1: the document's path is between host and issuer's path."""
    with fakeweb.site_at(tmp_path, "http://127.0.0.1:%d" + path) as web:
        report = ask_web(web)
        is_sound(report)
        web.misplaced = True
        ask_web(web).only("metadata", "wrong", "before the path of the issuer",
                          "%d%s%s" % (web.port, fakeweb.WELL_KNOWN, path))
        web.misplaced = False
        web.files = {path + "/carnet.conf": web.site.conf.read_bytes()}
        ask_web(web).only("exposure", "wrong", path + "/carnet.conf")


@pytest.mark.parametrize("url, name, cure", [
    ("/carnet.db", "data/carnet.db", "new keys"), ("/carnet.conf", "carnet.conf", "client_secret"),
    ("/keys/ES256.pem", "keys/ES256.pem", "new keys"),
    ("/{dir}/data/carnet.db", "data/carnet.db", "new passwords"),
    ("/{parent}/{dir}/keys/ES256.pem", "keys/ES256.pem", "new keys")])
def test_a_secret_that_can_be_fetched(web, url, name, cure):
    """The worst mistake."""
    path = url.format(dir=web.site.dir.name, parent=web.site.dir.parent.name)
    secret = (web.site.dir / name).read_bytes()
    web.files = {path: secret}
    report = ask_web(web)
    report.only("exposure", "wrong", "Anyone can fetch", path, cure)
    assert secret[100:160].decode(errors="replace") not in json.dumps(report.rows)
    web.files = {path: b"another file of that name, and longer " * 40}
    is_sound(ask_web(web))


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_what_sqlite_keeps_beside_the_database(web, suffix):
    """sqlite.org/walformat.html: the newest rows are in the log alone."""
    path = "/carnet.db" + suffix
    file = web.site.dir / "data" / path[1:]
    with closing(sqlite3.connect(web.site.dir / "data/carnet.db", isolation_level=None)) as db:
        db.execute("UPDATE oauth_clients SET name = name || ' '")
        web.files = {path: file.read_bytes()}
        assert len(web.files[path]) > 100
        ask_web(web).only("exposure", "wrong", "Anyone can fetch the", path)
        web.files = {path: b"another file of that name, and longer " * 40}
        is_sound(ask_web(web))


def test_a_broken_configuration_does_not_hide_the_site(web, tmp_path):
    """The URL is enough."""
    conf = tmp_path / "carnet.conf"
    conf.write_text("nothing\n")
    report = doctor.Report(web.site.command("doctor", web.site.url, "--json", "--conf",
                                            str(conf)))
    assert report.level("authorization") == report.level("paths") == "ok"
    assert report.level("configuration") == "wrong"


def test_what_a_site_sends_does_not_reach_the_terminal(web):
    """A control sequence in a header must not reach the terminal."""
    web.change = lambda path, answer: answer.headers.append(
        ("Server", "x\x1b[2Jy"))
    p = web.site.command("doctor", web.site.url)
    assert p.returncode == 0 and "\x1b" not in p.stdout and "x?[2Jy" in p.stdout
