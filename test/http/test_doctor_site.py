"""carnet doctor URL: each check, on a site that is served wrongly."""
import json
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import ExitStack, closing, contextmanager
from email.utils import formatdate
from unittest import mock

import pytest

from kit import deployments, doctor, expect, fakeweb, servers
from kit.doctor import ask
from kit.site import BUILD

URL_CHECKS = {
    "site", "interface", "https", "time", "paths", "authorization", "metadata",
    "guard", "jwks", "caching", "cors", "page-headers", "exposure"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One site, behind a web server that each test may spoil."""
    with fakeweb.site_at(tmp_path_factory.mktemp("served"), "http://127.0.0.1:%d") as web:
        yield web


@pytest.fixture
def web(served):
    """The same, sound again."""
    served.eaten, served.files, served.asked = set(), {}, []
    served.change = lambda path, answer: None
    return served


def ask_web(web, **kw):
    return ask(web.site, web.site.url, **kw)


def is_sound(report):
    assert report.code == 0 and report.at("warn") == [], report.rows
    assert {r["check"] for r in report.rows} >= URL_CHECKS


def of_deployment(site, *args):
    """As its administrator: with the command beside the programs."""
    binary = site.dir / "bin/carnet"
    if not binary.exists():
        binary.parent.mkdir(mode=0o755, exist_ok=True)
        shutil.copy(BUILD / "bin/carnet", binary)
    env = {k: v for k, v in os.environ.items() if k != "CARNET_CONF"}
    return doctor.Report(subprocess.run(
        [binary, "doctor", site.url, "--json", *args], env=env, text=True,
        capture_output=True))


def test_a_sound_site_as_make_run_serves_it():
    """Its own: other tests play with what the shared one has."""
    with servers.lighttpd() as site:
        is_sound(ask(site, site.url + "/"))


FASTCGI = ("lighttpd-fastcgi", "apache-fcgid", "apache-proxy-fcgi", "apache-systemd",
           "nginx")


@pytest.mark.parametrize("name", deployments.DEPLOYMENTS)
def test_a_sound_site_under_every_deployment(deployment, name):
    """Other tests may have left clients of any kind: they are warned of at most."""
    site = deployment(name)
    assert site.get("/oauth/jwks").status_code == 200  # which may start it
    report = of_deployment(site)
    assert report.code == 0, report.at("wrong")
    assert {r["check"] for r in report.at("ok")} >= URL_CHECKS
    assert name.split("-")[0] in report.text("site").lower()
    if name not in FASTCGI:
        assert report.text("interface").startswith("plain CGI")
    else:
        assert report.text("interface").startswith("FastCGI")
        if deployments.AS_ROOT:
            assert "user www-data" in report.text("processes")
            assert "user www-data can use" in report.text("access")


@contextmanager
def spoiled(name, tmp_path, *changes):
    """The deployment with lines of its shipped files changed."""
    copy = tmp_path / "deploy"
    shutil.copytree(deployments.DEPLOY, copy)
    servers_can_read(tmp_path)
    for file, old, new in changes:
        text = (copy / file).read_text()
        assert old in text
        (copy / file).write_text(text.replace(old, new))
    with mock.patch.object(deployments, "DEPLOY", copy):
        with deployments.deployed(name) as site:
            yield site


def servers_can_read(path):
    """pytest's own directories are for its user alone."""
    for parent in [path, *path.parents]:
        if parent.name.startswith("pytest-"):
            parent.chmod(0o755)
    path.chmod(0o755)


@pytest.mark.parametrize("name, file, line, cure", [
    ("apache-cgi", "apache/carnet.conf", "CGIPassAuth On", "CGIPassAuth On into the <Dir"),
    ("apache-fcgid", "apache/carnet.conf", "CGIPassAuth On", "FcgidPassHeader"),
    ("apache-proxy-fcgi", "apache/proxy-fcgi.conf", "CGIPassAuth On", "<Location>"),
    ("apache-htaccess", "apache/htaccess",
     "RewriteRule ^ - [E=HTTP_AUTHORIZATION:%1]", "E=HTTP_AUTHORIZATION")])
def test_apache_that_eats_authorization(tmp_path, name, file, line, cure):
    """RFC 3875 section 4.1.18: without those lines every token is refused."""
    with spoiled(name, tmp_path, (file, line, "")) as site:
        report = of_deployment(site)
        report.only("authorization", "wrong", "Apache", cure)
        site.conf.write_text("auth_header = X-Token\n" + site.conf.read_text())
        expect.until(lambda: of_deployment(site).level("authorization") == "warn")
        of_deployment(site).only("authorization", "warn", "X-Token does", cure)


def test_the_rewrite_rule_of_the_cure_works(tmp_path):
    """Where CGIPassAuth is not allowed."""
    ours = "RewriteRule ^ - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]"
    with spoiled("apache-htaccess", tmp_path, (
            "apache/htaccess", "RewriteCond %{HTTP:Authorization} ^(.+)$\n", ""), (
            "apache/htaccess", "RewriteRule ^ - [E=HTTP_AUTHORIZATION:%1]",
            ours)) as site:
        is_sound(of_deployment(site))


def test_nginx_that_eats_authorization(tmp_path):
    """Fields of the request that are set to nothing are not sent on."""
    line = "fastcgi_param GATEWAY_INTERFACE CGI/1.1;"
    with spoiled("nginx", tmp_path, ("nginx/carnet.conf", line, line +
                                     ' fastcgi_param HTTP_AUTHORIZATION "";')) as site:
        of_deployment(site).only("authorization", "wrong", "nginx",
                                 "fastcgi_param HTTP_AUTHORIZATION")


# The guard before a proxied program, as someone writes it who has not read
# deploy/lighttpd/guard.conf; which module is loaded first decides.
BARE_GUARD = """
var.bin = "{dir}/cgi-bin/"
var.sock = "{dir}/run/"
include "{deploy}/lighttpd/fastcgi.conf"
$HTTP["url"] =~ "^/guarded(/|$)" {{
    fastcgi.server = ("/guarded" => (("mode" => "authorizer",
        "socket" => var.sock + "guard", "bin-path" => var.bin + "guard",
        "check-local" => "disable")))
}}
$HTTP["url"] =~ "^/guarded/app(/|$)" {{
    proxy.server = ("" => (("host" => "127.0.0.1", "port" => {app})))
}}
"""


@pytest.mark.parametrize("modules, passed_by", [
    (["proxy", "fastcgi"], True), (["fastcgi", "proxy"], False)])
def test_lighttpd_that_passes_by_the_guard(modules, passed_by):
    """Two modules in the wrong order: the program is reached without a token."""
    def configure(site, port):
        return deployments.lighttpd(site, port, modules, BARE_GUARD)

    with mock.patch.dict(deployments.DEPLOYMENTS, {"lighttpd-fastcgi": (configure, None)}):
        with deployments.deployed("lighttpd-fastcgi") as site:
            r = site.get("/guarded/app/x")
            assert r.status_code == (200 if passed_by else 401)
            report = of_deployment(site)
            if passed_by:
                report.only("guard", "wrong", site.url + "/guarded/app is answered 200",
                            "mod_fastcgi before mod_proxy")
            else:
                assert "all 4 paths" in report.text("guard")
                is_sound(report)


@pytest.mark.parametrize("name, file, old, new, cure", [
    ("apache-fcgid", "apache/guard.conf", "Use CarnetGuarded /guarded\n",
     "Use CarnetGuarded /guarded/files\n", "Use CarnetGuarded"),
    ("nginx", "nginx/guarded.conf", "auth_request ", "#", "auth_request into")])
def test_a_server_that_does_not_ask_the_guard(tmp_path, name, file, old, new, cure):
    """One line too few, or too narrow."""
    with spoiled(name, tmp_path, (file, old, new)) as site:
        report = of_deployment(site)
        report.only("guard", "wrong", "/guarded/app", "is answered 200", cure)
        # nginx asks for the words of a refusal where a directory has no index
        assert len(report.at("wrong")) == (2 if name == "nginx" else 4), report.rows


@pytest.mark.parametrize("name, file, line, more", [
    ("apache-fcgid", "apache/guard.conf", "CGIPassAuth On", ""),
    ("nginx", "nginx/guard-params.conf", "fastcgi_param",
     'fastcgi_param HTTP_AUTHORIZATION ""; fastcgi_param')])
def test_a_server_that_keeps_authorization_from_the_guard(tmp_path, name, file, line,
                                                          more):
    """The other programs get it: that proves nothing of the guard."""
    with spoiled(name, tmp_path, (file, line, more)) as site:
        report = of_deployment(site)
        assert report.level("authorization") == "ok"
        report.only("guard", "wrong", "does not reach the guard at " + site.url,
                    "CGIPassAuth On", "HTTP_AUTHORIZATION")


def test_a_guard_that_cannot_be_asked(deployment):
    """Nobody gets in, and that is told."""
    site = deployment("nginx")
    with deployments.without(site, "guard"):
        report = of_deployment(site)
        assert report.level("guard") == "wrong"
        assert "answers 502" in report.text("guard")


PROXY_CONF = """
ServerRoot {dir}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
PidFile {dir}/apache.pid
ErrorLog {dir}/error.log
DefaultRuntimeDir {dir}
RequestHeader unset Authorization
ProxyVia {via}
ProxyPass / {behind}/
"""


@pytest.mark.parametrize("via, said", [("On", "Via names"), ("Off", "as a proxy")])
def test_a_proxy_that_eats_authorization(web, tmp_path, via, said):
    """The server behind it, asked itself, is sound."""
    port = servers.free_port()
    (tmp_path / "proxy.conf").write_text(PROXY_CONF.format(
        dir=tmp_path, port=port, modules=deployments.MODULES, via=via,
        behind=web.site.url))
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin",
           "CARNET_PROXY": str(tmp_path)}
    p = subprocess.Popen(["apache2", "-D", "FOREGROUND", "-f", tmp_path / "proxy.conf"],
                         env=env)
    try:
        expect.until(lambda: servers.answers(port) or p.poll() is not None)
        url = "http://127.0.0.1:%d" % port
        report = ask(web.site, url)
        assert report.level("authorization") == "wrong"
        assert said in report.text("authorization")
        assert "asked at " + url in report.text("https")
        is_sound(ask_web(web))
    finally:
        servers.stop(p, "CARNET_PROXY=%s" % tmp_path)


def test_a_sound_fake(web):
    """Or nothing below would prove anything."""
    is_sound(ask_web(web))


@pytest.mark.parametrize("server, said", [
    ("nginx/1.22.1", "fastcgi_param HTTP_AUTHORIZATION"),
    ("lighttpd/1.4.69", "reverse proxy in front of lighttpd"),
    ("Apache/2.4.71", "CGIPassAuth On"), ("Caddy", "REDIRECT_HTTP_AUTHORIZATION")])
def test_the_layer_that_eats_is_named_by_the_server(web, server, said):
    """Each has its own cure."""
    web.eaten = {"authorization"}
    web.change = lambda path, answer: answer.headers.append(("Server", server))
    ask_web(web).only("authorization", "wrong", said)


def test_a_server_that_asks_for_a_password_itself(web):
    """Basic authentication on the whole site."""
    web.change = lambda path, answer: path == "/api/user" and answer.__dict__.update(
        status=401, headers=[*answer.headers, ("WWW-Authenticate", "Basic")]
        if not any(h[0] == "WWW-Authenticate" for h in answer.headers) else
        [(k, "Basic realm=x" if k == "WWW-Authenticate" else v)
         for k, v in answer.headers])
    report = ask_web(web)
    report.only("authorization", "wrong", "asks for a password", "AuthType")


def test_a_site_that_is_not_there(web):
    """And the checks that need none go on."""
    report = ask(web.site, "http://127.0.0.1:%d" % servers.free_port())
    report.only("site", "wrong", "does not answer", "Start the web server")
    assert report.level("keys") == "ok" and report.level("paths") is None


def test_without_curl_it_is_told(web, tmp_path):
    """It is the one command that is wanted."""
    report = ask_web(web, env={"PATH": str(tmp_path)})
    report.only("site", "wrong", "curl cannot be run", "apt-get install")


def test_what_curl_is_asked_is_in_no_argument(web, tmp_path):
    """What is on the command line, anyone can read; nor has .curlrc a say."""
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
    ask_web(web).only("time", "warn", "tell no time")


TOKEN, JWKS, PAGE = "/oauth/token", "/oauth/jwks", "/oauth/authorize"


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
    """What the programs say is what arrives."""
    web.spoil(path, name, value)
    ask_web(web).only(check, level, said)


def test_a_server_that_repeats_a_header(web):
    """Of two policies for frames browsers take neither, or one."""
    web.change = lambda path, answer: answer.headers.append(("X-Frame-Options", "DENY"))
    ask_web(web).only("page-headers", "wrong", "2 of X-Frame-Options")


def test_an_origin_that_may_call_and_is_kept_out(web):
    """DESIGN section 3: the origins of public clients' redirect URIs."""
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


def replace(where, **parts):
    def change(path, answer):
        if path == where:
            answer.__dict__.update(parts)
    return change


@contextmanager
def guarding(web, rules):
    """web, and its configuration with those rules."""
    text = web.site.conf.read_text()
    web.site.conf.write_text("%s\n[guard]\n%s\n" % (text, rules))
    web.guarded = True
    try:
        yield
    finally:
        web.site.conf.write_text(text)
        web.guarded = False


RULES = "/a = user\n/bär = token all read-posts\nPOST /bär/d = client"


def test_every_path_that_wants_a_token_is_asked(web):
    """RFC 6750 section 3, RFC 9728 section 5.1; DESIGN section 7."""
    with guarding(web, RULES + "\nGET /bär/open = public\nPOST /bär/open = user"):
        report = ask_web(web)
        is_sound(report)
        assert "all 3 paths" in report.text("guard")
        assert ("GET", "/b%C3%A4r/d") in web.asked
        assert not [path for _, path in web.asked if "open" in path]
        for method, path in web.asked:
            assert method == "GET" or path.startswith("/oauth/"), path
    assert "no path of [guard]" in ask_web(web).text("guard")


@pytest.mark.parametrize("parts, said", [
    ({"status": 200}, "without asking the guard"), ({"status": 302}, "answered 302"),
    ({"status": 401, "headers": [("WWW-Authenticate", "Basic")]}, "answered 401"),
    ({"status": 403, "headers": []}, "answered 403"),
    ({"status": 404, "headers": []}, "answered 404"), ({"status": 502}, "answers 502")])
def test_a_path_that_is_answered_by_another(web, parts, said):
    """Whatever it is, it is not the guard."""
    with guarding(web, RULES):
        for path in ("/a", "/b%C3%A4r", "/b%C3%A4r/d"):
            def change(asked, answer):
                if asked.rstrip("/") == path:
                    answer.__dict__.update(parts)
            web.change = change
            ask_web(web).only("guard", "wrong", web.site.url + path, said)


def test_a_directory_is_led_to_its_slash(web):
    """By the server, before it asks the guard: and there it is asked."""
    with guarding(web, RULES):
        web.change = replace("/a", status=301, headers=[("Location", "/a/")], body=b"")
        is_sound(ask_web(web))


def test_a_guard_with_other_rules(web):
    """It reads another file."""
    with guarding(web, RULES):
        other = web.site.dir / "other.conf"
        other.write_text(web.site.conf.read_text() + "/elsewhere = user\n")
        report = doctor.Report(web.site.command("doctor", web.site.url, "--json",
                                                "--conf", str(other)))
        report.only("guard", "wrong", "no rule for " + web.site.url + "/elsewhere",
                    "CARNET_CONF")


def test_a_token_comes_to_the_guard_in_another_header(web):
    """carnet.conf(5): auth_header."""
    with guarding(web, RULES):
        web.change = without_code("/a")
        ask_web(web).only("guard", "wrong", "does not reach the guard", "/a")
        web.change = lambda path, answer: None
        web.eaten = {"authorization"}
        web.site.conf.write_text("auth_header = X-Token\n" + web.site.conf.read_text())
        ask_web(web).only("authorization", "warn", "X-Token")


def without_code(where):
    """The challenge of a request without a token, whatever was sent."""
    def change(path, answer):
        if path == where:
            answer.headers = [(k, v.replace(', error="invalid_token"', ""))
                              for k, v in answer.headers]
    return change


@pytest.mark.parametrize("change, said", [
    (replace("/oauth/revoke", status=404, headers=[]), "by no program of carnet"),
    (replace("/oauth/device/code", status=404), "by another program"),
    (replace("/oauth/introspect", status=500), "answers 500"),
    (replace("/account", body=(BUILD / "cgi-bin/account").read_bytes()[:5000]),
     "sends the program itself")])
def test_a_path_that_leads_elsewhere(web, change, said):
    """DESIGN section 3: the table of URLs."""
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
        "oauth/login is answered 404, by no program of carnet; the same of /oauth/logout,"
        " /account.", "oauth/device answers 503."]


def test_no_path_that_leads_to_a_program_is_all_that_is_told(web):
    """Without its .htaccess: what is built on them is not looked at."""
    def change(path, answer):
        if "well-known" not in path:
            answer.status, answer.headers = 404, [("Server", "Apache")]
    web.change = change
    report = ask_web(web)
    wrong, = report.at("wrong")
    assert wrong["check"] == "paths" and "the same of all 15 paths" in wrong["what"]
    assert ".htaccess" in wrong["cure"]


def test_a_program_that_does_not_run(tmp_path):
    """The server answers for it: mode, owner and directory are what to look at."""
    with spoiled("apache-cgi", tmp_path) as site:
        (site.dir / "cgi-bin/revoke").chmod(0o644)
        said = of_deployment(site).text("paths")
        assert "/oauth/revoke answers 500" in said and "mode 0755" in said


def test_a_post_that_is_kept_out(web):
    """A firewall for web applications."""
    def change(path, answer):
        if path == TOKEN and answer.status in (400, 401):
            answer.status, answer.body = 403, b"<h1>Forbidden</h1>"
    web.change = change
    ask_web(web).only("caching", "wrong", "A POST", "403")


def test_an_issuer_that_is_not_the_sites(web):
    """RFC 8414 section 3.3: they must be identical."""
    report = ask(web.site, "http://localhost:%d" % web.port)
    report.only("https", "wrong", "The issuer is " + web.site.url, "localhost")


@pytest.mark.parametrize("path", ["/auth", "/a/b"])
def test_an_issuer_with_a_path(tmp_path, path):
    """RFC 8414 section 3.1: the document stands between host and path."""
    with fakeweb.site_at(tmp_path, "http://127.0.0.1:%d" + path) as web:
        report = ask_web(web)
        is_sound(report)
        web.misplaced = True
        ask_web(web).only("metadata", "wrong", "before the issuer's path",
                          "%d%s%s" % (web.port, fakeweb.WELL_KNOWN, path))
        web.misplaced = False
        web.files = {path + "/carnet.conf": web.site.conf.read_bytes()}
        ask_web(web).only("exposure", "wrong", path + "/carnet.conf")


@pytest.mark.parametrize("url, name, cure", [
    ("/carnet.db", "carnet.db", "new keys"), ("/carnet.conf", "carnet.conf", "client_secret"),
    ("/keys/ES256.pem", "keys/ES256.pem", "new keys"),
    ("/{dir}/carnet.db", "carnet.db", "new passwords"),
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
    file = web.site.dir / path[1:]
    with closing(sqlite3.connect(web.site.dir / "carnet.db", isolation_level=None)) as db:
        db.execute("UPDATE oauth_clients SET name = name || ' '")
        web.files = {path: file.read_bytes()}
        assert len(web.files[path]) > 100
        ask_web(web).only("exposure", "wrong", "Anyone can fetch the", path)
        web.files = {path: b"another file of that name, and longer " * 40}
        is_sound(ask_web(web))


def test_secrets_that_htaccess_does_not_keep_back(tmp_path):
    """A shared host, and all in public_html, without the lines that deny it."""
    rules = ("RewriteRule ^(bin|keys|deploy)(/|$) - [F,NC]",
             "RewriteRule (^|/)carnet\\.(conf|db) - [F,NC]",
             "RewriteRule \\.pem$ - [F,NC]")
    with spoiled("apache-htaccess", tmp_path,
                 *[("apache/htaccess", rule, "") for rule in rules]) as site:
        report = of_deployment(site)
        report.only("exposure", "wrong")
        for name in ("carnet.db", "carnet.conf", "keys/ES256.pem"):
            assert "%s/%s" % (site.url, name) in report.text("exposure")


def test_a_certificate(tmp_path):
    """It is verified, and told of two weeks before it ends."""
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
    """https://shop.test, which curl reaches through a proxy; plain is what the
    proxy answers for http."""
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
    """RFC 6749 section 3.2: the token endpoint is for TLS alone."""
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
    """And its issuer is another."""
    public.plain.change = lambda path, answer: None
    report = ask(public.site, "http://shop.test", env=public.env)
    assert report.level("https") == "wrong" and "not encrypted" in report.text("https")
    assert "The issuer is https://shop.test" in report.text("https")


def test_an_issuer_of_this_machine_alone(public, fresh):
    """What a new site is often left with."""
    report = ask(fresh, "http://shop.test", env=public.env)
    assert report.level("issuer") == "wrong"
    assert "this machine alone" in report.text("issuer")


def test_a_broken_configuration_does_not_hide_the_site(web, tmp_path):
    """The URL is all that is needed."""
    conf = tmp_path / "carnet.conf"
    conf.write_text("nothing\n")
    report = doctor.Report(web.site.command("doctor", web.site.url, "--json", "--conf",
                                            str(conf)))
    assert report.level("authorization") == report.level("paths") == "ok"
    assert report.level("configuration") == "wrong"


def test_what_a_site_sends_does_not_reach_the_terminal(web):
    """A control sequence in a header."""
    web.change = lambda path, answer: answer.headers.append(
        ("Server", "x\x1b[2Jy"))
    p = web.site.command("doctor", web.site.url)
    assert p.returncode == 0 and "\x1b" not in p.stdout and "x?[2Jy" in p.stdout
