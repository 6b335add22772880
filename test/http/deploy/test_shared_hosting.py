"""A shared host as its users know it: Apache runs CGI programs and allows some lines of
.htaccess.  The bundle is installed by its INSTALL, and once in a folder."""
import html
import os
import re
import shutil
import stat
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
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
    """The site's directory is the user's home; programs run as its owner."""
    with servers.directory() as home:
        for folder in ("public_html", "run", "www"):
            (home / folder).mkdir()
        deployments.give_away(home)
        port = servers.free_port()
        here = SimpleNamespace(dir=home, url="http://127.0.0.1:%d" % port, app_port=0,
                               guard_port=0, log=home / "error.log", more="")
        command = deployments.apache(here, port, ["alias", "cgid", "rewrite", "headers"],
                                     HOST)
        with deployments.running(here, port, command):
            yield here


def check(site):
    """It gives a token, guards the API, and has the documents where clients look."""
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
    """RFC 8414 section 3.1: the documents are at the root of the host."""
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
    """The lines of INSTALL for a shell."""
    return re.findall(r"^ {7}(\S.*)$", text, re.M)


def follow(home, url, lines):
    """Run the lines one after the other in one shell, which stops at a fault."""
    script = []
    for line in lines:
        if " user add " in line:  # there is no terminal to ask at
            line = "echo correct-horse-battery | %s --password-stdin" % line
        script.append(line.replace("https://YOUR.SITE", url))
    as_user = {"user": USER, "group": USER, "extra_groups": []} if AS_ROOT else {}
    p = subprocess.run(["sh", "-eux", "-c", "\n".join(script)], text=True,
                       cwd=home / "carnet-files", capture_output=True, timeout=100,
                       env={"PATH": os.environ["PATH"], "HOME": str(home)}, **as_user)
    assert p.returncode == 0, p.stdout + p.stderr
    return p.stdout


@contextmanager
def unpacked(bundle):
    """A host, and the bundle's files in the user's home."""
    with host() as here:
        with tarfile.open(bundle) as t:
            t.extractall(here.dir)
        top, = here.dir.glob("carnet-*")
        top.rename(here.dir / "carnet-files")
        deployments.give_away(here.dir)
        yield here


def served(here, url, said):
    """The new site works, and the first user can sign in.  said: what the command
    printed."""
    site = Site(here.dir / "public_html", url, here.dir / "public_html/carnet.conf")
    secret = re.search(r"password client +(\S+)\s+its secret +(\S+)", said)
    r = site.grant("password", Client(*secret.groups()), username="you@example.org",
                   password="correct-horse-battery")
    token = expect.tokens(r)["access_token"]
    assert site.get("/oauth/playground").status_code == 200
    assert site.get("/oauth/logout").status_code in (303, 405)
    return site, token


def test_the_bundle_is_served_by_the_steps_of_its_install(bundle):
    """make bundle: the tarball's INSTALL and htaccess, and nothing else of the source."""
    with unpacked(bundle) as here:
        lines = steps((here.dir / "carnet-files/INSTALL").read_text())
        assert len(lines) == 7
        said = follow(here.dir, here.url, lines)
        assert "0 wrong, 0 warned of" in said  # the last step is carnet doctor
        site, token = served(here, here.url, said)
        check(site)
        assert site.get("/api/user", token=token).json()["email"] == "you@example.org"
        assert site.get("/oauth/setup").status_code == 404


LINE = "a-line-that-nobody-guesses-0123456789"


def copy_files(here, token=LINE + "\r\n", rules=True):
    """What INSTALL says for FTP: files are copied, and no program is run."""
    top = here.dir / "public_html"
    shutil.copytree(here.dir / "carnet-files/cgi-bin", top / "cgi-bin")
    if rules:
        shutil.copy(here.dir / "carnet-files/htaccess", top / ".htaccess")
    if token is not None:
        (top / "setup-token").write_text(token)
    deployments.give_away(here.dir)
    return top


def form_of(here, **changes):
    return {"setup_token": LINE, "issuer": here.url, "data": str(here.dir / "carnet"),
            "email": "you@example.org", "password": "correct-horse-battery", **changes}


def made_on(r):
    assert r.status_code == 200 and "is set up" in r.text, r.text
    return html.unescape(re.search("<pre id=.made.>(.*?)</pre>", r.text, re.S)[1])


def test_a_site_is_set_up_with_files_alone(bundle):
    """INSTALL: a file with a line of one's own opens the page, one time."""
    with unpacked(bundle) as here:
        top = copy_files(here)
        http = Site(top, here.url).http
        assert http.get("/setup-token").status_code == 403
        r = http.get("/oauth/setup")
        assert r.status_code == 200 and LINE not in r.text
        assert 'value="%s/carnet"' % here.dir in r.text  # a place that no URL leads to
        assert 'value="%s"' % here.url in r.text
        for changes, status in (({"setup_token": LINE[:-1]}, 403),
                                ({"setup_token": ""}, 403), ({"email": ""}, 422),
                                ({"issuer": "http://example.org"}, 422),
                                ({"data": "carnet"}, 422)):
            r = http.post("/oauth/setup", data=form_of(here, **changes))
            assert (r.status_code, "error" in r.text) == (status, True), r.text
            assert LINE not in r.text and "correct-horse" not in r.text
            assert not (top / "carnet.conf").exists() and not (here.dir / "carnet").exists()
        said = made_on(http.post("/oauth/setup", data=form_of(here)))
        assert not list(top.glob("setup-token*"))
        assert http.get("/oauth/setup").status_code == 404
        assert http.post("/oauth/setup", data=form_of(here)).status_code == 404
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in
                 [top / "carnet.conf", here.dir / "carnet", here.dir / "carnet/keys",
                  here.dir / "carnet/data/carnet.db"]}
        assert modes == {"carnet.conf": 0o600, "carnet": 0o700, "keys": 0o700,
                         "carnet.db": 0o600}
        _, token = served(here, here.url, said)
        for name in ("carnet.db", "setup-token", "keys/ES256.pem"):
            assert http.get("/" + name).status_code in (403, 404)
        assert http.get("/api/user", token=token).json()["email"] == "you@example.org"


def test_guesses_are_few_and_the_owner_is_not_locked_out(bundle):
    """After twenty wrong guesses the page reads none for a minute; the file stays."""
    with unpacked(bundle) as here:
        top = copy_files(here)
        http = Site(top, here.url).http
        for n in range(20):
            r = http.post("/oauth/setup", data=form_of(here, setup_token="x%d" % n))
            assert r.status_code == 403
        for token in ("x20", LINE):
            r = http.post("/oauth/setup", data=form_of(here, setup_token=token))
            assert r.status_code == 429 and "wait a minute" in r.text
            assert 1 <= int(r.headers["Retry-After"]) <= 60
        assert (top / "setup-token").exists() and not (top / "carnet.conf").exists()
        count = top / "setup-token.wrong"
        assert http.get("/setup-token.wrong").status_code == 403
        os.utime(count, (count.stat().st_atime, count.stat().st_mtime - 60))
        assert http.post("/oauth/setup", data=form_of(here, setup_token="x")
                         ).status_code == 403  # the count begins again
        served(here, here.url, made_on(http.post("/oauth/setup", data=form_of(here))))
        assert not list(top.glob("setup-token*"))


def test_nothing_is_lost_where_the_user_cannot_be_added(bundle):
    """The page shows the secret that install prints once, and the next step."""
    with unpacked(bundle) as here:
        http = Site(copy_files(here), here.url).http
        for changes in ({"password": "short"}, {"email": "no address"}):
            r = http.post("/oauth/setup", data=form_of(here, **changes))
            assert r.status_code == 422 and 'id="error"' in r.text
            if "its secret" in r.text:
                said = html.unescape(
                    re.search("<pre id=.made.>(.*?)</pre>", r.text, re.S)[1])
        again = made_on(http.post("/oauth/setup", data=form_of(here)))
        assert "its secret" not in again
        served(here, here.url, said)


def test_the_page_answers_whatever_is_sent(bundle):
    """mod_cgid loses the answer of a program that leaves its input unread."""
    with unpacked(bundle) as here:
        http = Site(copy_files(here), here.url).http
        for size in (100_000, 3_000_000):
            r = http.post("/oauth/setup", data=b"x" * size)
            assert r.status_code == 403


@pytest.mark.parametrize("token, host, status", [
    (None, None, 500), ("short", None, 403), (LINE, "example.org", 403),
    ("x" * 300, None, 403)])
def test_the_page_is_for_the_owner_alone(bundle, token, host, status):
    """There is no page without the file, with a text that can be guessed, or by http
    from elsewhere.  A proxy has a loopback address, and does not count as this machine."""
    with unpacked(bundle) as here:
        top = copy_files(here, token)
        http = Site(top, here.url).http
        headers = {"Host": host} if host else {}
        for r in (http.get("/oauth/setup", headers=headers),
                  http.post("/oauth/setup", headers=headers,
                            data=form_of(here, setup_token=token or ""))):
            assert r.status_code == status
            assert 'name="setup_token"' not in r.text
        assert not (top / "carnet.conf").exists()


def test_two_at_once_set_up_one_site(bundle):
    with unpacked(bundle) as here, ThreadPoolExecutor(4) as pool:
        top = copy_files(here)
        sites = [Site(top, here.url) for _ in range(4)]
        answers = list(pool.map(lambda s: s.post("/oauth/setup", data=form_of(here)), sites))
        assert sorted(r.status_code for r in answers) == [200, 404, 404, 404]
        served(here, here.url, made_on(next(r for r in answers if r.status_code == 200)))


def test_a_host_without_rules(bundle):
    """Without mod_rewrite everything is below the program's own URL."""
    with unpacked(bundle) as here:
        copy_files(here, rules=False)
        url = here.url + "/cgi-bin/carnet.cgi"
        http = Site(here.dir, url).http
        assert 'value="%s"' % url in http.get("/oauth/setup").text
        said = made_on(http.post("/oauth/setup", data=form_of(here, issuer=url)))
        site, _ = served(here, url, said)
        assert site.get("/.well-known/oauth-authorization-server").json()["issuer"] == url
        assert site.get("/oauth/none").status_code == 404
        assert site.get("/api/posts").status_code == 401


@pytest.mark.parametrize("how", ["symbolic link", "link", "copy", "line"])
def test_a_name_for_each_program(bundle, how):
    """INSTALL: links, copies, or files of one line."""
    with unpacked(bundle) as here:
        one = copy_files(here) / "cgi-bin/carnet.cgi"
        made_on(Site(here.dir, here.url).post("/oauth/setup", data=form_of(here)))
        for name in ("jwks", "status"):
            path = one.with_name(name)
            if how == "line":
                path.write_text("#!%s\n" % one)
                path.chmod(0o755)
            else:
                {"symbolic link": lambda: path.symlink_to(one.name),
                 "link": lambda: path.hardlink_to(one),
                 "copy": lambda: shutil.copy(one, path)}[how]()
                # SymLinksIfOwnerMatch: the link is the user's own
                os.chown(path, one.stat().st_uid, one.stat().st_gid,
                         follow_symlinks=False)
        http = Site(here.dir, here.url).http
        assert http.get("/cgi-bin/jwks").json()["keys"]
        assert http.get("/cgi-bin/status").status_code == 401


def test_a_query_is_no_verb(bundle):
    """RFC 3875 section 4.4: a server passes a query without "=" as words of the command
    line."""
    with unpacked(bundle) as here:
        top = copy_files(here)
        http = Site(top, here.url).http
        for query in ("install+--issuer+" + here.url, "user+list", "help"):
            r = http.get("/cgi-bin/carnet.cgi?" + query)
            assert r.status_code in (404, 500) and "usage" not in r.text
        assert not (top / "carnet.conf").exists()
