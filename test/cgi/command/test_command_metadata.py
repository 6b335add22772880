"""carnet metadata: what is under /.well-known, printed, or written as files."""
import functools
import json
import os
import stat
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest
import requests

NAMES = ("oauth-authorization-server", "openid-configuration", "oauth-protected-resource")
ISSUERS = ("https://host.example", "https://host.example/%7Eada/auth",
           "http://127.0.0.1:8080/x")


@pytest.fixture
def www(tmp_path):
    """A static web server: its directory and its URL."""
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield tmp_path, "http://127.0.0.1:%d" % server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def url_of(name, issuer):
    """RFC 8414 section 3.1, RFC 9728 section 3.1, OpenID Connect Discovery section 4:
    without the host."""
    path = urlsplit(issuer).path
    if name == "openid-configuration":
        return path + "/.well-known/" + name
    return "/.well-known/" + name + path


def test_it_prints_what_the_programs_serve(cgi):
    """The command and the program use the same function."""
    server, openid, resource = (cgi.get("/.well-known/" + name).json() for name in NAMES)
    assert json.loads(cgi.carnet("metadata")) == server == openid
    assert cgi.carnet_json("metadata", "--resource") == resource


@pytest.mark.parametrize("issuer", ISSUERS)
def test_files_are_served_where_clients_look(cgi, www, issuer):
    """RFC 8414 section 3.1, RFC 9728 section 3.1: the same text as the programs',
    written to a new place and over an old file."""
    site = cgi.variant("issuer = " + issuer)
    directory, base = www
    for _ in range(2):
        files = site.carnet_json("metadata", "--write", str(directory))["files"]
        assert len(files) == 3
        for name, file in zip(NAMES, files):
            served = requests.get(base + url_of(name, issuer), timeout=60)
            assert served.status_code == 200
            assert served.json() == site.get("/.well-known/" + name).json()
            assert stat.S_IMODE(os.stat(file).st_mode) == 0o644
        found = [p for p in directory.rglob("*")]
        assert sorted(str(p) for p in found if p.is_file()) == sorted(
            [*files, *htaccess(directory, issuer)])
        for p in found:
            assert p.is_file() or stat.S_IMODE(p.stat().st_mode) == 0o755


def htaccess(directory, issuer):
    """The .htaccess that tells Apache the type of the documents."""
    return {str((directory / unquote(url_of(name, issuer)[1:])).parent / ".htaccess")
            for name in NAMES}


@pytest.mark.parametrize("issuer", ISSUERS)
def test_what_apache_is_told_already_stays(cgi, tmp_path, issuer):
    """.well-known has files of others, too: they stay, and what we write is only about
    our own documents."""
    site = cgi.variant("issuer = " + issuer)
    site.carnet("metadata", "--write", str(tmp_path))
    for file in htaccess(tmp_path, issuer):
        with open(file) as f:
            text = f.read()
        assert "ForceType application/json" in text
        assert ("<FilesMatch" in text) == (os.path.basename(os.path.dirname(file)) == ".well-known")
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o644
        with open(file, "w") as f:
            f.write("# mine\n")
    site.carnet("metadata", "--write", str(tmp_path))
    for file in htaccess(tmp_path, issuer):
        with open(file) as f:
            assert f.read() == "# mine\n"


def test_it_says_in_one_line_what_is_left_to_do(cgi, tmp_path):
    """Apache gives a file without a suffix no type."""
    text = cgi.carnet("metadata", "--write", str(tmp_path))
    assert text.count("\n") == 1 and "application/json" in text
    assert all(str(tmp_path / ".well-known" / name) in text for name in NAMES)


def test_a_reader_never_sees_half_of_it(cgi, tmp_path):
    """A reader that has the old file open reads the old file to its end."""
    cgi.carnet("metadata", "--write", str(tmp_path))
    path = tmp_path / ".well-known" / NAMES[0]
    with path.open() as old:
        cgi.variant("issuer = https://new.example").carnet(
            "metadata", "--write", str(tmp_path))
        assert json.load(old)["issuer"] == cgi.url
    assert json.loads(path.read_text())["issuer"] == "https://new.example"


@pytest.mark.parametrize("issuer", [
    "https://host.example/..", "https://host.example/a/%2e%2E/b",
    "https://host.example/.", "https://host.example/a%2F%2F..",
    "https://host.example/%2F.."])
def test_a_path_that_leads_elsewhere_is_refused(cgi, tmp_path, issuer):
    """Nothing is written outside of DIR/.well-known."""
    p = cgi.variant("issuer = " + issuer).command("metadata", "--write", str(tmp_path))
    assert p.returncode == 1 and "cannot be that of a file" in p.stderr
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_told_and_leaves_nothing(cgi, tmp_path):
    """carnet(1)."""
    p = cgi.command("metadata", "--write", str(tmp_path / "x"))
    assert p.returncode == 1 and "is no directory" in p.stderr
    (tmp_path / ".well-known" / NAMES[0]).mkdir(parents=True)
    p = cgi.command("metadata", "--write", str(tmp_path))
    assert p.returncode == 1 and NAMES[0] in p.stderr
    assert [p.name for p in (tmp_path / ".well-known").iterdir()] == [NAMES[0]]


@pytest.mark.parametrize("args", [
    ["x"], ["--write"], ["--resource", "--write", "/tmp"], ["--nothing"]])
def test_wrong_words_are_2(cgi, args):
    """carnet(1)."""
    assert cgi.command("metadata", *args).returncode == 2


def test_it_needs_no_database(fresh):
    """For a shared host it may be run on another machine."""
    (fresh.dir / "data/carnet.db").unlink()
    assert json.loads(fresh.carnet("metadata"))["issuer"] == fresh.url
