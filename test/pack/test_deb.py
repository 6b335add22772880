"""The Debian package, in a throwaway root: its maintainer scripts run, and the
distribution's own web servers serve it by one command each."""
import os
import pwd
import stat
import subprocess
from pathlib import Path

import pytest
import requests

from kit import expect, fastcgi, systemd
from kit.site import BUILD, ROOT
from kit.throwaway import PackagedSite, throwaway

WWW = pwd.getpwnam("www-data")
SERVERS = {  # the command that enables it, the one that takes it up, and the file that it made
    "lighttpd": ("lighty-enable-mod", "force-reload",
                 "/etc/lighttpd/conf-enabled/50-carnet.conf"),
    # mod_cgid starts its daemon at a start, and not at a reload that loads it
    "apache2": ("a2enconf", "restart", "/etc/apache2/conf-enabled/carnet.conf"),
}


@pytest.fixture(scope="module")
def deb():
    """Built as by make deb, without the unit tests, which have run."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    p = subprocess.run(["make", "-s", "BUILD=%s" % BUILD, "deb"], cwd=ROOT, text=True,
                       env={**env, "DEB_BUILD_OPTIONS": "nocheck"}, capture_output=True)
    assert p.returncode == 0, p.stdout + p.stderr
    return p.stdout.split()[-1]


@pytest.fixture
def root(deb):
    with throwaway() as made:
        if isinstance(made, str):
            pytest.skip(made)
        made.run("rm", "-rf", "/etc/carnet", "/var/lib/carnet", "/usr/sbin/policy-rc.d")
        (made.path / "tmp/carnet.deb").write_bytes(open(deb, "rb").read())
        yield made


@pytest.fixture
def site(root):
    root.run("dpkg", "-i", "/tmp/carnet.deb")
    return PackagedSite(root)


def mode_and_owner(path):
    s = path.stat()
    return stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid


def serve(root, server):
    """What README.Debian says."""
    root.run("service", server, "start")
    root.run(SERVERS[server][0], "carnet")
    root.run("service", server, SERVERS[server][1])


def status(site, path):
    """The answer's status; None: nobody listens, as during a reload."""
    try:
        return site.get(path).status_code
    except requests.ConnectionError:
        return None


def use(site):
    """Sign in and call the API; without a token it refuses."""
    expect.until(lambda: status(site, "/oauth/jwks") == 200)
    user = site.user("read-posts")
    client = site.client("password refresh_token".replace(" ", ","))
    r = site.grant("password", client, basic=True, username=user.email,
                   password=user.password)
    token = expect.tokens(r)["access_token"]
    assert site.get("/api/user", token=token).json()["email"] == user.email
    expect.unauthenticated(site.get("/api/user", token=token + "x"))
    expect.unauthenticated(site.get("/api/user"), None)
    expect.insufficient(site.post("/api/posts", token=token, json={}), "write-posts")
    _, machine = site.machine()
    assert site.get("/api/status", token=machine).status_code == 200
    metadata = site.get("/.well-known/oauth-authorization-server")
    assert metadata.json()["issuer"] == site.url
    assert site.get("/oauth/login").status_code == 200


def test_what_it_installs_only_the_programs_can_read(site):
    """Debian policy 10.9; carnet(1): a key that others can read is the worst mistake."""
    root = site.root
    assert mode_and_owner(site.dir) == (0o700, WWW.pw_uid, WWW.pw_gid)
    held = list(site.dir.rglob("*"))
    assert {p.name for p in held} >= {"carnet.db", "keys", "ES256.pem", "RS256.pem"}
    for path in held:
        assert mode_and_owner(path) == (0o700 if path.is_dir() else 0o600,
                                        WWW.pw_uid, WWW.pw_gid), path
    assert mode_and_owner(site.conf) == (0o640, 0, WWW.pw_gid)
    assert "carnet" not in root.run("ls", "/etc/lighttpd/conf-enabled",
                                    "/etc/apache2/conf-enabled").stdout
    assert root.run("man", "-w", "carnet-token").returncode == 0


UNITS = sorted(p.name for p in systemd.UNITS.glob("carnet*"))


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_packages_units(root, unit):
    """As debian/rules writes them: the programs and users that they name exist."""
    if not (root.path / "usr/bin/systemd-analyze").exists():
        pytest.skip("no systemd-analyze here")
    root.run("dpkg", "-i", "/tmp/carnet.deb")
    theirs = root.path / "lib/systemd/system" / unit
    made, source = systemd.read(theirs), systemd.read(systemd.UNITS / unit)
    assert set(made) == set(source)
    for key, values in source.items():
        wanted = [v.replace("/usr/local", "/usr") for v in values]
        assert made[key] == (["www-data"] if key[1] in ("User", "Group") else wanted), key
    assert "/usr/local" not in theirs.read_text()
    named = "/tmp/" + unit.replace("@", "@token")
    root.run("cp", "/lib/systemd/system/" + unit, named)
    p = root.run("systemd-analyze", "verify", named)
    assert not [s for s in p.stdout.splitlines() if "carnet" in s], p.stdout
    if unit.endswith(".service"):
        root.run("systemd-analyze", "security", "--offline=true",
                 "--threshold=%d" % systemd.most_exposed(unit), named)


def as_unit(root, unit, *command):
    """Run the command of ExecStart as that unit's user, with its environment."""
    said = systemd.read(root.path / "lib/systemd/system" / unit)
    user, = said["Service", "User"]
    return ["nsenter", "--target", root.pid, "--mount", "--net", "--root",
            "--wdns=/", "setpriv", "--reuid", user, "--regid", user, "--clear-groups",
            "env", "-i", *said.get(("Service", "Environment"), []),
            *said["Service", "ExecStart"][0].replace("%i", "jwks").split()]


def test_what_the_packages_units_start_serves(root, tmp_path):
    """With a socket as standard input, as systemd passes it; and the purge runs."""
    root.run("dpkg", "-i", "/tmp/carnet.deb")
    program = fastcgi.Program(as_unit(root, "carnet@.service"), tmp_path, name="jwks")
    try:
        out, _ = program.send(fastcgi.request([(b"REQUEST_METHOD", b"GET"),
                                               (b"SCRIPT_NAME", b"/oauth/jwks")], b""))
    finally:
        assert program.stop() == 0
    assert b"200" in out.split(b"\r\n")[0] and b'"keys"' in out
    purge = as_unit(root, "carnet-purge.service")
    p = subprocess.run(purge, text=True, capture_output=True)
    assert p.returncode == 0, p.stdout + p.stderr


def test_it_runs_no_server_and_speaks_to_none(root):
    """dpkg -i in a root that has only a loopback network."""
    root.run("dpkg", "-i", "/tmp/carnet.deb")
    running = set(root.processes())
    assert len(running) == 1, running


@pytest.mark.parametrize("server", SERVERS)
def test_one_command_serves_it_and_removal_ends_that(site, server):
    root = site.root
    serve(root, server)
    use(site)
    root.run("carnet", "keys", "rotate", "--now")  # as root; the programs can read it
    use(site)
    before = site.carnet_json("keys", "list")
    root.run("dpkg", "-r", "carnet")
    expect.until(lambda: status(site, "/oauth/jwks") == 404)
    root.run("service", server, "restart")
    expect.until(lambda: status(site, "/oauth/jwks") == 404)
    assert site.conf.exists() and (site.dir / "data/carnet.db").exists()
    assert not os.path.lexists(root.path / SERVERS[server][2].lstrip("/"))
    root.run("dpkg", "-i", "/tmp/carnet.deb")
    assert site.carnet_json("keys", "list") == before


def test_apache_serves_it_without_mod_fcgid(site):
    """Plain CGI; the package loads its module."""
    site.root.run("a2dismod", "fcgid")
    serve(site.root, "apache2")
    use(site)
    assert "token" not in site.root.processes()


def test_the_module_of_apache_is_a_package_of_its_own(deb, site):
    """It is enabled, guard.conf asks by it, and its removal disables it."""
    root = site.root
    module, = Path(deb).parent.glob("libapache2-mod-carnet_*.deb")
    (root.path / "tmp/module.deb").write_bytes(module.read_bytes())
    root.run("dpkg", "-i", "/tmp/module.deb")
    root.run("a2enmod", "macro", "proxy_fcgi", "proxy_http")
    (root.path / "etc/apache2/conf-enabled/guard.conf").write_text(
        "Include /usr/share/carnet/deploy/apache/guard.conf\n")
    assert "carnet_module" in root.run("apache2ctl", "-M").stdout
    assert "by mod_carnet, on a socket" in root.run("carnet", "doctor", check=False).stdout
    root.run("service", "apache2", "start")
    expect.until(lambda: status(site, "/guarded/x") == 503)  # nobody runs the guard
    root.run("dpkg", "-r", "libapache2-mod-carnet")
    assert not os.path.lexists(root.path / "etc/apache2/mods-enabled/carnet.load")


def test_carnet_pgsql_takes_its_place_and_back(deb, site):
    """doc/deploy.md, PostgreSQL: nothing else changes, and the purge of the one that went
    leaves the site."""
    root = site.root
    other, = Path(deb).parent.glob("carnet-pgsql_*.deb")
    (root.path / "tmp/pgsql.deb").write_bytes(other.read_bytes())
    clients = site.carnet_json("client", "list")
    for name, gone in ("pgsql", "carnet"), ("carnet", "carnet-pgsql"):
        root.run("dpkg", "-i", "--auto-deconfigure", "-B", "/tmp/%s.deb" % name)
        root.run("dpkg", "--purge", gone)
        assert site.carnet_json("client", "list") == clients
        linked = root.run("ldd", "/usr/lib/carnet/cgi-bin/token").stdout
        assert ("libpq" in linked) == (name == "pgsql")


def test_the_module_of_nginx_is_a_package_of_its_own(deb, site):
    """nginx loads it, and its removal disables it."""
    root = site.root
    module, = Path(deb).parent.glob("libnginx-mod-carnet_*.deb")
    (root.path / "tmp/module.deb").write_bytes(module.read_bytes())
    root.run("dpkg", "-i", "/tmp/module.deb")
    (root.path / "etc/nginx/conf.d").mkdir(exist_ok=True)
    (root.path / "etc/nginx/conf.d/carnet.conf").write_text(
        "carnet_socket unix:/run/carnet/guard.sock;\n")
    root.run("nginx", "-t")
    root.run("dpkg", "-r", "libnginx-mod-carnet")
    assert "unknown directive" in root.run("nginx", "-t", check=False).stdout


@pytest.mark.parametrize("server", SERVERS)
def test_purge_leaves_nothing(root, server):
    """Debian policy 6.8."""
    def files():
        found = root.run("find", "/etc", "/usr", "/var", "/lib/systemd", "-xdev", "-path",
                         "/var/lib/dpkg", "-prune", "-o", "-ipath", "*carnet*", "-print")
        return {f for f in found.stdout.splitlines() if not f.startswith(str(ROOT))}

    before = files()
    root.run("dpkg", "-i", "/tmp/carnet.deb")
    assert "/usr/bin/carnet" in files() - before
    serve(root, server)
    root.run("dpkg", "--purge", "carnet")
    assert files() == before
    root.run("service", server, "restart")


def test_installed_again_it_keeps_what_the_administrator_changed(site):
    """Debian policy 6.2: maintainer scripts may run again."""
    root = site.root
    site.conf.write_text(site.conf.read_text() + "\n# mine\n")
    site.conf.chmod(0o600)
    root.run("chown", "-R", "daemon:daemon", "/var/lib/carnet")
    root.run("chown", "daemon:daemon", "/etc/carnet/carnet.conf")
    kept = {p: (mode_and_owner(p), p.read_bytes() if p.suffix == ".pem" else b"")
            for p in [site.conf, site.dir, *site.dir.rglob("*")]}
    clients = site.carnet_json("client", "list")
    for _ in range(2):
        root.run("dpkg", "-i", "/tmp/carnet.deb")
    assert site.conf.read_text().endswith("# mine\n")
    assert site.carnet_json("client", "list") == clients
    assert {p: (mode_and_owner(p), p.read_bytes() if p.suffix == ".pem" else b"")
            for p in kept} == kept


def test_a_broken_configuration_does_not_break_the_upgrade(site):
    """The failure is told, and the package is installed."""
    site.conf.write_text("issuer = nonsense\n")
    p = site.root.run("dpkg", "-i", "/tmp/carnet.deb")
    assert "carnet.conf:1" in p.stdout and "carnet install" in p.stdout
