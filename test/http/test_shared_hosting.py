"""A shared host, as its users know it: Apache runs CGI programs and allows some lines
of .htaccess.  The bundle by its own INSTALL, and a site in a folder."""
import os
import re
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from kit import deployments, expect, servers
from kit.deployments import AS_ROOT, USER
from kit.doctor import Report
from kit.site import BUILD, ROOT, Client, Site

# The host's own configuration: public_html of a user, and its cgi-bin.
HOST = """
DocumentRoot {dir}/public_html
ScriptAlias /cgi-bin/ {dir}/public_html/cgi-bin/
<Files ".ht*">
    Require all denied
</Files>
<Directory {dir}/public_html>
    Options SymLinksIfOwnerMatch
    AllowOverride FileInfo Options=ExecCGI
    Require all granted
</Directory>
"""


@contextmanager
def host():
    """Its directory is the user's home; programs run as its owner."""
    with servers.directory() as home:
        for folder in ("public_html", "run", "www"):
            (home / folder).mkdir()
        deployments.give_away(home)
        port = servers.free_port()
        here = SimpleNamespace(dir=home, url="http://127.0.0.1:%d" % port, app_port=0,
                               guard_port=0, log=home / "error.log")
        command = deployments.apache(here, port, ["alias", "cgid", "rewrite", "headers"],
                                     HOST)
        with deployments.running(here, port, command):
            yield here


def check(site):
    """A token, what is guarded, and the documents where clients look."""
    _, token = site.machine()
    assert site.get("/api/status", token=token).status_code == 200
    expect.unauthenticated(site.get("/api/status", token=token + "x"))
    expect.unauthenticated(site.get("/api/status"), None)
    root, path = re.fullmatch("(http://[^/]+)(.*)", site.url).groups()
    for name in ("oauth-authorization-server", "oauth-protected-resource"):
        r = Site(site.dir, root).get("/.well-known/%s%s" % (name, path))
        assert r.status_code == 200
        assert r.headers["Content-Type"] == "application/json"
        assert r.headers["Access-Control-Allow-Origin"] == "*"
        assert r.headers["ETag"]  # it is a file
        assert r.json().get("issuer", r.json().get("resource")) == site.url
    for private in ("carnet.conf", "cgi-bin/.htaccess"):
        assert site.get("/" + private).status_code == 403


def test_a_site_in_a_folder():
    """RFC 8414 section 3.1: its documents are at the root of the host."""
    with host() as here:
        folder = here.dir / "public_html/app"
        folder.mkdir()
        site = Site(folder, here.url + "/app")
        site.install()
        private = here.dir / "carnet"
        private.mkdir()
        shutil.move(folder / "data", private)
        shutil.move(folder / "keys", private)
        site.conf.write_text("database = %s/data/carnet.db\nkeys = %s/keys\n%s" % (
            private, private, site.conf.read_text()))
        shutil.copytree(BUILD / "cgi-bin", folder / "cgi-bin",
                        ignore=shutil.ignore_patterns("*.o", "*.d"))
        shutil.copy(folder / "cgi-bin/login", folder / "cgi-bin/logout")
        rules = (ROOT / "deploy/apache/htaccess").read_text()
        (folder / ".htaccess").write_text(rules)
        lines = re.search(r"are\n# app/cgi-bin/.htaccess:\n#\n((?:#\t.*\n)+)#\n", rules)[1]
        (folder / "cgi-bin/.htaccess").write_text(lines.replace("#\t", ""))
        deployments.give_away(here.dir)
        site.carnet("metadata", "--write", str(here.dir / "public_html"))
        check(site)
        report = Report(site.command("doctor", site.url, "--json"))
        assert report.at("wrong") == []
        for top in (here.dir / "public_html/.well-known").iterdir():
            (top / ".htaccess").unlink()
        report = Report(site.command("doctor", site.url, "--json"))
        assert {r["check"] for r in report.at("wrong")} == {"metadata"}
        assert "has the type" in report.text("metadata")


@pytest.fixture(scope="module")
def bundle():
    if BUILD.name == "asan":
        pytest.skip("the sanitizers cannot be linked statically")
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    p = subprocess.run(["make", "-s", "BUILD=%s" % BUILD, "bundle"], cwd=ROOT, env=env,
                       text=True, capture_output=True)
    assert p.returncode == 0, p.stdout + p.stderr
    return ROOT / p.stdout.split()[-1]


def steps(text):
    """The shell's lines of INSTALL, and the settings that it tells to write."""
    lines = re.findall(r"^ {7}(\S.*)$", text, re.M)
    settings = {line.split(" = ")[0]: line for line in lines if " = " in line}
    return [line for line in lines if " = " not in line], settings


def follow(home, url, lines, settings):
    """Line by line as the user types them: in one shell, which stops at a fault."""
    conf = home / "public_html/carnet.conf"

    def ours(text):
        return text.replace("https://YOUR.SITE", url).replace("/home/YOU", str(home))

    script = []
    for line in lines:
        if " install" in line:  # between them, the settings are written
            for name, value in settings.items():
                script.append("sed -i 's|^#*%s = .*|%s|' %s" % (name, ours(value), conf))
        if " user add " in line:  # no terminal is here to ask on
            line = "echo correct-horse-battery | %s --password-stdin" % line
        script.append(ours(line))
    as_user = {"user": USER, "group": USER, "extra_groups": []} if AS_ROOT else {}
    p = subprocess.run(["sh", "-eux", "-c", "\n".join(script)], text=True,
                       cwd=home / "carnet-files", capture_output=True, timeout=100,
                       env={"PATH": os.environ["PATH"], "HOME": str(home)}, **as_user)
    assert p.returncode == 0, p.stdout + p.stderr
    return p.stdout


def test_the_bundle_is_served_by_the_steps_of_its_install(bundle):
    """make bundle: the tarball, its INSTALL and its htaccess, and nothing else."""
    with host() as here:
        with tarfile.open(bundle) as t:
            t.extractall(here.dir)
        top, = here.dir.glob("carnet-*")
        top.rename(here.dir / "carnet-files")
        deployments.give_away(here.dir)
        lines, settings = steps((here.dir / "carnet-files/INSTALL").read_text())
        assert set(settings) == {"issuer", "database", "keys"} and len(lines) == 11
        said = follow(here.dir, here.url, lines, settings)
        assert "0 wrong, 0 warned of" in said  # carnet doctor, the last step
        conf = here.dir / "public_html/carnet.conf"
        site = Site(here.dir / "public_html", here.url, conf)
        check(site)
        secret = re.search(r"password client +(\S+)\n +its secret +(\S+)", said)
        r = site.grant("password", Client(*secret.groups()), username="you@example.org",
                       password="correct-horse-battery")
        token = expect.tokens(r)["access_token"]
        assert site.get("/api/user", token=token).json()["email"] == "you@example.org"
        assert site.get("/oauth/playground").status_code == 200
        assert site.get("/oauth/logout").status_code in (303, 405)
