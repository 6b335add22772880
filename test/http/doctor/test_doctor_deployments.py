"""carnet doctor URL under each deployment, as it is shipped and with faults."""
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from unittest import mock

import pytest

from kit import deployments, expect, servers
from kit.doctor import URL_CHECKS, ask, ask_web, is_sound, of_deployment


def test_a_sound_site_as_make_run_serves_it():
    """A deployment of its own: other tests change the shared one."""
    with servers.lighttpd() as site:
        is_sound(ask(site, site.url + "/"))


FASTCGI = ("lighttpd-fastcgi", "apache-fcgid", "apache-proxy-fcgi", "apache-systemd",
           "nginx")


@pytest.mark.parametrize("name", deployments.DEPLOYMENTS)
def test_a_sound_site_under_every_deployment(deployment, name):
    """Other tests may have left clients of any kind: about them there may be warnings."""
    site = deployment(name)
    assert site.get("/oauth/jwks").status_code == 200  # this request may start it
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
def spoiled(name, *changes):
    """The deployment with changed lines in its shipped files.  The copy is not in
    pytest's directory: only one user can enter that, and the next pytest makes it so
    again."""
    with servers.directory() as folder:
        copy = folder / "deploy"
        shutil.copytree(deployments.DEPLOY, copy)
        for file, old, new in changes:
            text = (copy / file).read_text()
            assert old in text
            (copy / file).write_text(text.replace(old, new))
        with mock.patch.object(deployments, "DEPLOY", copy):
            with deployments.deployed(name) as site:
                yield site


@pytest.mark.parametrize("name, file, line, cure", [
    ("apache-cgi", "apache/carnet.conf", "CGIPassAuth On", "CGIPassAuth On into the <Dir"),
    ("apache-fcgid", "apache/carnet.conf", "CGIPassAuth On", "FcgidPassHeader"),
    ("apache-proxy-fcgi", "apache/proxy-fcgi.conf", "CGIPassAuth On", "<Location>"),
    ("apache-htaccess", "apache/htaccess",
     "RewriteRule ^ - [E=HTTP_AUTHORIZATION:%1]", "E=HTTP_AUTHORIZATION")])
def test_apache_that_eats_authorization(name, file, line, cure):
    """RFC 3875 section 4.1.18: without those lines every token is refused."""
    with spoiled(name, (file, line, "")) as site:
        report = of_deployment(site)
        report.only("authorization", "wrong", "Apache", cure)
        site.conf.write_text("auth_header = X-Token\n" + site.conf.read_text())
        expect.until(lambda: of_deployment(site).level("authorization") == "warn")
        of_deployment(site).only("authorization", "warn", "X-Token does", cure)


def test_the_rewrite_rule_of_the_cure_works():
    """On a host that does not allow CGIPassAuth."""
    ours = "RewriteRule ^ - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]"
    with spoiled("apache-htaccess", (
            "apache/htaccess", "RewriteCond %{HTTP:Authorization} ^(.+)$\n", ""), (
            "apache/htaccess", "RewriteRule ^ - [E=HTTP_AUTHORIZATION:%1]",
            ours)) as site:
        is_sound(of_deployment(site))


def test_nginx_that_eats_authorization():
    """nginx does not send on request fields that are set to nothing."""
    line = "fastcgi_param GATEWAY_INTERFACE CGI/1.1;"
    with spoiled("nginx", ("nginx/program.conf", line, line +
                                     ' fastcgi_param HTTP_AUTHORIZATION "";')) as site:
        of_deployment(site).only("authorization", "wrong", "nginx",
                                 "fastcgi_param HTTP_AUTHORIZATION")


# The guard before a proxied program, written by somebody who has not read
# deploy/lighttpd/guard.conf.  The module that is loaded first decides.
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
    """Two modules are in the wrong order: the program is reached without a token."""
    def configure(site, port):
        return deployments.lighttpd(site, port, modules, BARE_GUARD)

    with mock.patch.dict(deployments.DEPLOYMENTS, {"lighttpd-fastcgi": (configure, None)}):
        with deployments.deployed("lighttpd-fastcgi") as site:
            text = site.conf.read_text()  # what nobody serves here has no rule
            site.conf.write_text(re.sub("(?m)^/mcp.*\n", "", text))
            r = site.get("/guarded/app/x")
            assert r.status_code == (200 if passed_by else 401)
            report = of_deployment(site)
            if passed_by:
                report.only("guard", "wrong", site.url + "/guarded/app is answered 200",
                            "mod_fastcgi before mod_proxy")
            else:
                assert "all 5 paths" in report.text("guard")
                is_sound(report)


@pytest.mark.parametrize("name, file, old, new, cure", [
    ("apache-fcgid", "apache/guard.conf", "Use CarnetGuarded /guarded\n",
     "Use CarnetGuarded /guarded/files\n", "Use CarnetGuarded"),
    ("nginx", "nginx/ask.conf", "auth_request ", "#", "auth_request into")])
def test_a_server_that_does_not_ask_the_guard(name, file, old, new, cure):
    """A line is missing, or covers too little."""
    with spoiled(name, (file, old, new)) as site:
        report = of_deployment(site)
        report.only("guard", "wrong", "/guarded/app", "is answered 200", cure)
        # nginx asks for the text of a refusal if a directory has no index
        assert len(report.at("wrong")) == 5, report.rows


@pytest.mark.parametrize("name, file, line, more", [
    ("apache-fcgid", "apache/guard.conf", "CGIPassAuth On", ""),
    ("nginx", "nginx/guard-params.conf", "fastcgi_param",
     'fastcgi_param HTTP_AUTHORIZATION ""; fastcgi_param')])
def test_a_server_that_keeps_authorization_from_the_guard(name, file, line,
                                                          more):
    """The other programs get the header: that proves nothing for the guard."""
    with spoiled(name, (file, line, more)) as site:
        report = of_deployment(site)
        assert report.level("authorization") == "ok"
        report.only("guard", "wrong", "does not reach the guard at " + site.url,
                    "CGIPassAuth On", "HTTP_AUTHORIZATION")


def test_a_guard_that_cannot_be_asked(deployment):
    """Nobody gets in, and doctor says so."""
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
    """The server behind the proxy is sound when it is asked itself."""
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


def test_secrets_that_htaccess_does_not_keep_back():
    """A shared host with everything in public_html, and without the lines that deny it."""
    with spoiled("apache-htaccess", ("apache/htaccess", " - [F,NC]", " - [NC]")) as site:
        copies = ["carnet.conf~", ".carnet.conf.swp", "#carnet.conf#", "carnet-old.conf",
                  "keys/ES256.pem.bak", "data/carnet.db.save"]
        for copy in copies:
            of = {"k": "keys/ES256.pem", "d": "data/carnet.db"}.get(copy[0], "carnet.conf")
            shutil.copy(site.dir / of, site.dir / copy)
        shutil.copy(site.dir / "carnet.conf", site.dir / "carnet.conf.example")
        deployments.give_away(site.dir)
        report = of_deployment(site)
        report.only("exposure", "wrong")
        said = report.text("exposure")
        for name in ("data/carnet.db", "carnet.conf", "keys/ES256.pem", *copies):
            assert "%s/%s" % (site.url, name.replace("#", "%23")) in said, name
        assert "example" not in said


def test_a_program_that_does_not_run():
    """The server answers in place of the program: doctor names mode, owner and
    directory."""
    with spoiled("apache-cgi") as site:
        (site.dir / "cgi-bin/revoke").chmod(0o644)
        said = of_deployment(site).text("paths")
        assert "/oauth/revoke answers 500" in said and "mode 0755" in said


def stored(site):
    """All rows and all files, except the web server's own log."""
    tables = [t for t, in site.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return ({t: site.sql("SELECT * FROM " + t) for t in tables},
            {p: p.read_bytes() for p in (site.dir / "data").rglob("*")
             if not p.name.endswith(("-wal", "-shm", "-sync"))})


def test_it_stores_nothing(site):
    """doctor adds no row, and no line to the audit trail."""
    was = stored(site)
    assert site.command("doctor", site.url).returncode == 0
    assert stored(site) == was
