"""make install, uninstall, dist and bundle: what a package or a shared host gets."""
import os
import re
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path

import pytest

from kit import expect, plaincgi
from kit.site import BUILD, ROOT, Site

PROGRAMS = {p.stem for p in (ROOT / "cgi-bin").glob("*.c")}


def make(*args):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    p = subprocess.run(["make", "-s", "BUILD=%s" % BUILD, *args], cwd=ROOT, env=env,
                       text=True, capture_output=True)
    assert p.returncode == 0, p.stdout + p.stderr
    return p.stdout


def files(directory):
    return {str(p.relative_to(directory)): stat.S_IMODE(p.stat().st_mode)
            for p in directory.rglob("*") if p.is_file()}


def test_install_and_uninstall(tmp_path):
    """GNU Coding Standards, sections 7.2.4 and 7.2.5: DESTDIR and PREFIX; a second time
    changes nothing."""
    where = ["DESTDIR=%s" % tmp_path, "PREFIX=/opt/carnet"]
    make("install", *where)
    first = files(tmp_path)
    make("install", *where)
    assert files(tmp_path) == first
    top = "opt/carnet/"
    for name in PROGRAMS:
        assert first.pop(top + "lib/carnet/cgi-bin/" + name) == 0o755
    assert first.pop(top + "bin/carnet") == 0o755
    for name in ("carnet-smtp", "carnet-fetch"):
        assert first.pop(top + "lib/carnet/" + name) == 0o755
    for page in ("man1/carnet.1", "man5/carnet.conf.5", "man7/carnet.7",
                 "man7/carnet-deploy.7",
                 "man8/carnet-cgi.8", "man8/carnet-token.8"):
        assert first[top + "share/man/" + page] == 0o644
    assert first.pop(top + "share/carnet/deploy/spawn.sh") == 0o755
    assert set(first.values()) == {0o644}
    for path in ("templates/login.html", "carnet.conf.example",
                 "deploy/apache/htaccess", "deploy/systemd/carnet@.service"):
        assert top + "share/carnet/" + path in first
    assert top + "share/doc/carnet/README.md" in first
    assert top + "share/doc/carnet/doc/protocol.md" in first
    own = tmp_path / "etc/carnet/carnet.conf"
    own.write_text("# mine\n")
    make("uninstall", *where)
    assert files(tmp_path) == {"etc/carnet/carnet.conf": stat.S_IMODE(own.stat().st_mode)}


def test_what_is_installed_serves(tmp_path):
    """The programs find carnet.conf in the parent of their directory."""
    make("install", "DESTDIR=%s" % tmp_path, "PREFIX=/usr")
    site = Site(tmp_path / "usr/lib/carnet", "http://127.0.0.1:1")
    site.install()
    programs = tmp_path / "usr/lib/carnet/cgi-bin"
    answer = plaincgi.run(programs / "jwks", {"REQUEST_METHOD": "GET",
                                              "SCRIPT_NAME": "/oauth/jwks"})
    assert answer.status == 200 and b'"keys"' in answer.body


@pytest.fixture(scope="module")
def dist():
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT,
                      capture_output=True).returncode != 0:
        pytest.skip("not a git checkout")
    make("dist")
    path, = [t for t in BUILD.glob("carnet-[0-9]*.tar.gz") if "linux" not in t.name]
    return path


def test_dist_is_what_is_committed(dist):
    with tarfile.open(dist) as t:
        held = {n.partition("/")[2] for n in t.getnames()}
    wanted = subprocess.check_output(["git", "ls-tree", "-r", "--name-only", "HEAD"],
                                     cwd=ROOT, text=True).split()
    assert set(wanted) <= held


def test_dist_has_all_that_a_build_needs(dist, tmp_path):
    """It works without git, and leaves out files that do not belong to the source."""
    with tarfile.open(dist) as t:
        t.extractall(tmp_path)
    source, = tmp_path.iterdir()
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "BUILD")}
    subprocess.run(["make", "-s", "-j2", "CI=1", "CFLAGS=-O0", "WARN=-w",
                    "HARDEN=", "all"], cwd=source, env=env, check=True, timeout=300)
    assert {p.name for p in (source / "build/cgi-bin").iterdir()} >= PROGRAMS
    p = subprocess.run(["make", "-s", "install", "DESTDIR=%s" % (tmp_path / "root"),
                        "CFLAGS=-O0", "WARN=-w", "HARDEN="], cwd=source, env=env)
    assert p.returncode == 0 and (tmp_path / "root/usr/local/bin/carnet").exists()


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    if BUILD.name == "asan":
        pytest.skip("the sanitizers cannot be linked statically")
    path = make("bundle").split()[-1]
    make("static")
    where = tmp_path_factory.mktemp("bundle")
    with tarfile.open(ROOT / path) as t:
        t.extractall(where)
    (top,) = where.iterdir()
    return top


@pytest.fixture
def bundle(unpacked, tmp_path):
    """One bundle for all tests, which may make a site in it."""
    return shutil.copytree(unpacked, tmp_path / "bundle")


def test_the_bundle_is_one_small_file(bundle):
    """The program needs no library."""
    held = files(bundle)
    assert held == {"cgi-bin/carnet.cgi": 0o755, "htaccess": 0o644, "INSTALL": 0o644,
                    "LICENSE": 0o644, "carnet.conf.example": 0o644, "LIBRARIES": 0o644}
    assert sum((bundle / name).stat().st_size for name in held) < 8 << 20
    assert (bundle / "LIBRARIES").read_text() == ""


def program(bundle, name):
    """The program as its .htaccess calls it: a function like plaincgi.run."""
    def run(env):
        return plaincgi.run(bundle / "cgi-bin/carnet.cgi", {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/cgi-bin/carnet.cgi",
            "PATH_INFO": name, "CARNET_CONF": str(bundle / "carnet.conf"), **env})
    return run


def installed(bundle):
    """A site in the bundle's directory, made by the bundle's command."""
    site = Site(bundle, "http://127.0.0.1:1")
    subprocess.run([bundle / "cgi-bin/carnet.cgi", "install", "--issuer", site.url,
                    "--conf", site.conf], check=True, capture_output=True)
    return site


def test_the_bundle_serves_from_where_it_is_copied(bundle):
    """INSTALL: carnet.conf beside cgi-bin/; the command is the same file."""
    site = installed(bundle)
    for name in PROGRAMS | {"logout"}:
        (bundle / "cgi-bin" / name).symlink_to("carnet.cgi")
    user = site.user("read-posts")
    client = site.client("password")
    site.http.mount(site.url, plaincgi.Adapter(bundle / "cgi-bin", site.conf))
    r = site.grant("password", client, username=user.email, password=user.password)
    token = expect.tokens(r)["access_token"]
    assert site.get("/api/user", token=token).status_code == 200


def test_each_url_leads_to_its_program(bundle):
    """deploy/lighttpd/fastcgi.conf names the program of each URL.  By URL and by name,
    the answer is the same as the single program's."""
    own = {"REQUEST_METHOD": "DELETE"}
    installed(bundle)

    def told(answer):
        return answer.status, answer.headers.get("Allow"), answer.body

    for path, name in plaincgi.ROUTES.items():
        alone = plaincgi.run(BUILD / "static/cgi-bin" / name, {
            **own, "SCRIPT_NAME": path, "CARNET_CONF": str(bundle / "carnet.conf")})
        by_url = program(bundle, path)(own)
        by_name = program(bundle, "/" + name)(own)
        assert told(by_url)[:2] == told(alone)[:2], path
        if name == "passport":  # it has four URLs, and its own name is none of them
            assert by_name.status == 404
        else:
            assert told(by_name)[:2] == told(alone)[:2], path
    for path in ("/oauth/tokenz", "/api/none", "/none", "", "/oauth", "/tokenx"):
        assert program(bundle, path)({}).status == 404, path


@pytest.mark.skipif(not shutil.which("valgrind"), reason="no valgrind")
def test_one_file_costs_a_request_no_more(bundle, fresh):
    """Instructions of a guarded GET, plain CGI: at most 2 % more."""
    def cost(path, env):
        p = subprocess.run(["valgrind", "--tool=callgrind",
                            "--callgrind-out-file=/dev/null", path], text=True,
                           capture_output=True, stdin=subprocess.DEVNULL, env={
                               "PATH": os.environ["PATH"], "REQUEST_METHOD": "GET", **env,
                               "HTTP_AUTHORIZATION": "Bearer " + token,
                               "CARNET_CONF": str(fresh.conf)})
        assert "Status: 200" in p.stdout
        return int(re.search(r"Collected : (\d+)", p.stderr)[1])

    token = fresh.token("read-posts")
    # system calls that valgrind makes for itself, and programs do not need
    fresh.conf.write_text("sandbox = no\n" + fresh.conf.read_text())
    one = cost(bundle / "cgi-bin/carnet.cgi",
               {"SCRIPT_NAME": "/cgi-bin/carnet.cgi", "PATH_INFO": "/posts"})
    assert one < 1.02 * cost(BUILD / "static/cgi-bin/posts", {"SCRIPT_NAME": "/api/posts"})


# What Debian's apache2 enables when it is installed (its postinst).
AT_FIRST = """access_compat alias auth_basic authn_core authn_file authz_core authz_host
authz_user autoindex deflate dir env filter mime mpm_event negotiation reqtimeout
setenvif status""".split()


def enabled(names):
    """What a2enmod enables: these modules and what they depend on, in Apache's order."""
    files, wanted = {}, list(names)
    while wanted:
        file = Path("/etc/apache2/mods-available/%s.load" % wanted.pop())
        files[file.name] = file.read_text()
        wanted += " ".join(re.findall(r"# Depends: (.*)", files[file.name])).split()
    return [line for name in sorted(files) for line in files[name].splitlines()
            if line.startswith("LoadModule")]


@pytest.mark.parametrize("page", ["man/carnet-deploy.7", "debian/carnet.README.Debian"])
def test_apache_takes_the_lines_of_the_manual(tmp_path, page):
    """The modules that the text names are enough, and the files are where it says."""
    text = (ROOT / page).read_text()
    modules = [m.split() for m in re.findall(r"a2enmod ([\w ]+)$", text, re.M)][-1]
    lines = re.findall(r"^ *((?:Define|Include) \S*(?: ?/\S+)?)$", text, re.M)
    ours = [re.sub(r"/usr(?:/local)?/share/carnet", str(ROOT), line) for line in lines]
    assert "Define CARNET_DEPLOY %s/deploy" % ROOT in ours
    assert any(line.endswith("guard.conf") for line in ours)
    conf = tmp_path / "apache.conf"
    conf.write_text("\n".join([*enabled(AT_FIRST + modules), "ServerName x", "Listen 1",
                               "ErrorLog %s/log" % tmp_path, *ours, ""]))
    env = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
    p = subprocess.run(["apache2", "-t", "-f", str(conf)], env=env, text=True,
                       capture_output=True)
    assert p.returncode == 0, p.stderr
