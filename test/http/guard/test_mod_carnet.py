"""mod_carnet: what Apache does when the guard answers, does not, or is another."""
import socket
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from kit import deployments, expect, raw
from kit.fakeguard import FakeGuard, answer
from kit.fastcgi import END, STDERR, STDOUT, record
from kit.guarded import MARK

MORE = """
LoadModule access_compat_module %(modules)s/mod_access_compat.so
LoadModule authz_user_module %(modules)s/mod_authz_user.so
LoadModule dir_module %(modules)s/mod_dir.so
LoadModule autoindex_module %(modules)s/mod_autoindex.so
LoadModule headers_module %(modules)s/mod_headers.so
LoadModule proxy_wstunnel_module %(modules)s/mod_proxy_wstunnel.so
LimitRequestFieldSize 60000
CarnetSocket run/fake.sock timeout=1
<Directory {dir}/www/site>
    AllowOverride AuthConfig
    Options +Indexes
</Directory>
<Location /site/any>
    AuthType Carnet
    Satisfy Any
    Require all granted
</Location>
ProxyPass /site/ws ws://127.0.0.1:%(ws)d/
<Location /site/ws>
    AuthType Carnet
    Require carnet
</Location>
"""

FILES = {"/site/a/a.txt": "AuthType Carnet\nRequire carnet\n",
         "/site/bare/a.txt": "AuthType Carnet\n",
         "/site/scope/a.txt": "AuthType Carnet\nRequire carnet-scope read write\n",
         "/site/both/a.txt": "AuthType Carnet\n<RequireAll>\nRequire carnet-scope read\n"
                             "Require carnet-scope write\n</RequireAll>\n",
         "/site/either/a.txt": "AuthType Carnet\nRequire carnet-scope write\n"
                               "Require carnet-scope read\n",
         "/site/user/a.txt": "AuthType Carnet\nRequire valid-user\n",
         "/site/none/a.txt": "AuthType None\nRequire carnet\n",
         "/site/socket/a.txt": "AuthType Carnet\nCarnetSocket run/guard.sock\n",
         "/site/any/a.txt": None}


@contextmanager
def web_socket():
    """A program that accepts each WebSocket, says who its caller is, and then repeats
    what it gets."""
    def serve(s):
        with s, s.makefile("rb") as f:
            lines = [line.strip() for line in iter(f.readline, b"\r\n")]
            user = [line for line in lines if line.startswith(b"X-Carnet-Remote-User:")]
            s.sendall(b"\r\n".join([b"HTTP/1.1 101 X", b"Upgrade: websocket",
                                    b"Connection: Upgrade", *user, b"", b""]))
            while data := f.read1():
                s.sendall(data)

    def accept():
        while True:
            try:
                s, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(s,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def site():
    """Apache with mod_carnet and .htaccess files; its guard is a fake one."""
    with web_socket() as port, deployments.deployed("apache-proxy-fcgi", more=MORE % {
            "modules": deployments.MODULES, "ws": port}) as s:
        for path, lines in FILES.items():
            file = s.dir / "www" / path[1:]
            file.parent.mkdir(parents=True)
            file.write_text(MARK)
            if lines:
                (file.parent / ".htaccess").write_text(lines)
        yield s


@pytest.fixture
def guard(site):
    (site.dir / "run/fake.sock").unlink(missing_ok=True)
    g = FakeGuard(site.dir / "run/fake.sock")
    yield g
    g.stop()


def let_in(scope="", user="7"):
    headers = [("Variable-CARNET_SCOPE", scope), ("Variable-REMOTE_USER", user)]
    return lambda request, env: answer(200, headers, request=request)


def is_503(r):
    """Nobody is let in, and it reads like an answer of the guard."""
    assert r.status_code == 503, r.text
    assert r.headers["Content-Type"] == "application/json"
    assert r.headers["Cache-Control"] == "no-store"
    assert int(r.headers["Retry-After"]) > 0
    assert r.json()["error"] == "temporarily_unavailable"
    return True


# What the guard is told, and what it answers

def test_the_question_is_about_the_request_as_it_came(site, guard):
    """doc/guard.md, Paths: the guard gets the target unchanged, and no cookie or body."""
    r = raw.request(site, "/site/./a/%61.txt?x=%2f", "POST", [
        ("Authorization", "Bearer x.y"), ("Cookie", "secret=1"), ("Content-Length", "3"),
        ("Auth-Header", "z"), ("Auth_Header", "forged"), ("X-Original-URL", "/"),
        ("X-Carnet-User-Id", "1")], b"abc")
    assert r.status in (200, 405)
    env, = guard.asked
    assert env["REQUEST_URI"] == "/site/./a/%61.txt?x=%2f"
    assert env["REQUEST_METHOD"] == "POST"
    assert env["HTTP_AUTHORIZATION"] == "Bearer x.y" and env["HTTP_AUTH_HEADER"] == "z"
    assert env["REMOTE_ADDR"] == "127.0.0.1"
    assert env.pop("CARNET_REMEMBERS") == ""  # it has no file of the guard's yet
    for name in env:
        assert "COOKIE" not in name and "CONTENT" not in name and "CARNET" not in name
        assert name != "HTTP_X_ORIGINAL_URL"


def test_connections_are_kept(site, guard):
    """One question after the other needs one connection."""
    for _ in range(20):
        assert site.get("/site/a/a.txt").text == MARK
    assert (guard.connections, len(guard.asked)) == (1, 20)
    assert len(set(guard.ids)) == 20  # so that a late answer is none to the next


def test_a_connection_that_was_closed_is_replaced(site, guard):
    """A guard that was started anew refuses nobody for it."""
    assert site.get("/site/a/a.txt").status_code == 200
    for _ in range(5):
        guard.hang_up()
        expect.until(lambda: not guard.open)
        assert site.get("/site/a/a.txt").text == MARK
    assert guard.connections == 6


def test_one_request_is_one_question(site, guard):
    """A list of a directory looks at each file in it."""
    for i in range(3):
        (site.dir / ("www/site/a/%d.txt" % i)).write_text(MARK)
    r = site.get("/site/a/")
    assert r.status_code == 200 and "2.txt" in r.text
    assert len(guard.asked) == 1


BODY = '{"error":"invalid_token","message":"Unauthenticated."}'


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_a_refusal_is_the_guards_own(site, guard, method):
    """RFC 6750 section 3: status, headers and body, and nothing of Apache's."""
    headers = [("WWW-Authenticate", 'Bearer realm="x"'), ("Content-Type", "application/json"),
               ("Cache-Control", "no-store"), ("X-Request-Id", "abc"), ("Allow", "GET, PATCH")]
    for status in (400, 401, 403, 405, 429, 500, 503):
        guard.reply = lambda request, env: answer(status, headers, BODY, request)
        r = site.request(method, "/site/a/a.txt")
        assert (r.status_code, r.text) == (status, BODY)
        for name, value in headers:
            assert r.headers[name] == value
        r = site.request("HEAD", "/site/a/a.txt")
        assert (r.status_code, r.content) == (status, b"")
        assert r.headers["Content-Type"] == "application/json"


def cut(n):
    return lambda request, env: answer(request=request)[:n]


ALL = len(answer())
BROKEN = {
    "nothing": lambda request, env: b"",
    "silence": lambda request, env: None,
    "half a head": cut(5), "half a record": cut(20), "no end": cut(ALL - 16),
    "half an end": cut(ALL - 3),
    "other bytes": lambda request, env: b"HTTP/1.1 200 OK\r\n\r\n" * 3,
    "another's answer": lambda request, env: answer(request=request + 1),
    "another version": lambda request, env: b"\x02" + answer(request=request)[1:],
    "no text": lambda request, env: record(END, bytes(8), request),
    "overloaded": lambda request, env: answer(request=request)[:-16] + record(
        END, struct.pack(">LB3x", 0, 2), request),
    "no status": lambda request, env: record(STDOUT, b"A: b\r\n\r\n", request) + record(
        END, bytes(8), request),
    "no end of headers": lambda request, env: record(
        STDOUT, b"Status: 200 OK\r\n", request) + record(END, bytes(8), request),
    "no header": lambda request, env: record(
        STDOUT, b"Status: 200 OK\r\nabc\r\n\r\n", request) + record(END, bytes(8), request),
    "a redirect": lambda request, env: answer(302, request=request),
    "a status of its own": lambda request, env: answer(999, request=request),
    "too much": lambda request, env: answer(200, body="x" * 60000, request=request)[:-16] +
        record(STDOUT, b"x" * 60000, request) + record(END, bytes(8), request),
}


@pytest.mark.parametrize("how", BROKEN)
def test_half_an_answer_is_none(site, guard, how):
    """Nobody is let in, within the second that CarnetSocket allows; and the next
    question has an answer of its own."""
    guard.reply = BROKEN[how]
    guard.hangs_up = how.startswith("half")
    assert is_503(site.get("/site/a/a.txt"))
    guard.hangs_up = False
    guard.reply = lambda request, env: answer(401, (), BODY, request)
    assert site.get("/site/a/a.txt").status_code == 401


def test_what_follows_an_answer_is_for_nobody(site, guard):
    """The connection is not used again."""
    guard.reply = lambda request, env: answer(request=request) + answer(request=request + 1)
    for n in (1, 2, 3):
        assert site.get("/site/a/a.txt").text == MARK
        assert guard.connections == n


def test_what_the_guard_logs_is_in_apaches_log(site, guard):
    """FastCGI 1.0 section 5.3."""
    guard.reply = lambda request, env: record(STDERR, b"said by the guard\n", request) + \
        answer(request=request)
    assert site.get("/site/a/a.txt").text == MARK
    assert "said by the guard" in site.log.read_text()


def test_without_a_guard_it_is_503(site):
    """No socket; one where nobody listens; and a file that is none."""
    path = site.dir / "run/fake.sock"
    path.unlink(missing_ok=True)
    assert is_503(site.get("/site/a/a.txt"))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
    assert is_503(site.get("/site/a/a.txt"))
    path.unlink()
    path.write_text("")
    assert is_503(site.get("/site/a/a.txt"))
    path.unlink()


def test_a_guard_that_accepts_nobody_is_503(site):
    """Its queue is full: connect(2) waits no longer than CarnetSocket allows."""
    path = site.dir / "run/fake.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
        path.chmod(0o666)
        s.listen(0)
        threads = [threading.Thread(target=lambda: is_503(site.get("/site/a/a.txt")))
                   for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(20)
            assert not t.is_alive()
        assert is_503(site.get("/site/a/a.txt"))
    path.unlink()


@contextmanager
def stranger(path):
    """Another user listens there, who would let everybody in."""
    code = ("import os, sys\nos.umask(0)\nsys.path[:0] = sys.argv[2:]\nimport pathlib\n"
            "from kit.fakeguard import FakeGuard\nFakeGuard(pathlib.Path(sys.argv[1]))\n"
            "print(flush=True)\ninput()")
    with subprocess.Popen([sys.executable, "-c", code, path, *sys.path], user=65534,
                          group=65534, extra_groups=[], cwd="/", stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout.readline() == "\n"
        yield
        p.stdin.close()


@pytest.mark.skipif(not deployments.AS_ROOT, reason="only root can be another user")
def test_another_user_is_no_guard(site):
    """doc/guard.md, Rules: the kernel says who listens, whatever the file is called."""
    path, folder = site.dir / "run/fake.sock", site.dir / "run/open"
    path.unlink(missing_ok=True)
    folder.mkdir()
    folder.chmod(0o777)
    path.symlink_to(folder / "s")
    with stranger(folder / "s"):
        assert is_503(site.get("/site/a/a.txt"))
    assert "another user listens there" in site.log.read_text()
    path.unlink()


# Require, .htaccess and Satisfy

def test_auth_type_alone_asks(site, guard):
    """Also where a Require of Apache's lets everybody in."""
    guard.reply = lambda request, env: answer(401, (), BODY, request)
    for path in ("/site/bare/a.txt", "/site/any/a.txt", "/site/a/a.txt"):
        r = site.get(path)
        assert (r.status_code, r.text) == (401, BODY), path
    guard.reply = let_in()
    for path in ("/site/bare/a.txt", "/site/any/a.txt", "/site/a/a.txt"):
        assert site.get(path).text == MARK


@pytest.mark.parametrize("path, scope, lets_in", [
    ("scope", "read", True), ("scope", "x write", True), ("scope", "readonly", False),
    ("scope", "", False), ("both", "read", False), ("both", "write read", True),
    ("either", "read", True), ("either", "write", True), ("either", "x", False)])
def test_a_scope_may_be_required_in_apaches_way(site, guard, path, scope, lets_in):
    """RFC 6750 section 3.1: the challenge names what is missing."""
    guard.reply = let_in(scope)
    r = site.get("/site/%s/a.txt" % path)
    if lets_in:
        assert r.text == MARK
        assert "WWW-Authenticate" not in r.headers
        return
    assert r.status_code == 403 and r.json()["error"] == "insufficient_scope"
    assert r.headers["Content-Type"] == "application/json"
    assert r.headers["WWW-Authenticate"].startswith('Bearer error="insufficient_scope", scope=')


def test_a_user_may_be_required(site, guard):
    """Of a rule that is public the guard names nobody."""
    assert site.get("/site/user/a.txt").text == MARK
    guard.reply = let_in(user="")
    for path in ("user", "scope"):
        r = site.get("/site/%s/a.txt" % path)
        assert r.status_code == 401
        assert r.headers["WWW-Authenticate"] == "Bearer"
        assert r.headers["Content-Type"] == "application/json"
    assert site.get("/site/a/a.txt").text == MARK


def test_require_carnet_needs_the_guard(site, guard):
    """A file that takes AuthType away opens nothing; none names another guard."""
    assert site.get("/site/none/a.txt").status_code == 403
    assert site.get("/site/socket/a.txt").status_code == 500
    assert guard.asked == []


def test_a_web_socket_is_guarded(site, guard):
    """RFC 6455 section 4.1: its first request is a request like others."""
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
               ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "eA=="),
               ("X-Carnet-Remote-User", "forged")]
    host, port = site.url.removeprefix("http://").split(":")
    text = "GET /site/ws/x HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % "\r\n".join(
        "%s: %s" % pair for pair in headers)

    def first():
        s = socket.create_connection((host, int(port)), 60)
        s.sendall(text.encode())
        f = s.makefile("rb")
        return s, f, [line.strip() for line in iter(f.readline, b"\r\n")]

    guard.reply = lambda request, env: answer(401, (), BODY, request)
    s, f, lines = first()
    assert b" 401 " in lines[0]
    s.close()
    guard.reply = let_in(user="42")
    s, f, lines = first()
    with s:
        assert b" 101 " in lines[0] and b"X-Carnet-Remote-User: 42" in lines
        s.sendall(b"abc")
        assert f.read(3) == b"abc"


# Sizes

def test_long_tokens_and_headers_arrive(site, guard):
    """16 KB, and more than one record of FastCGI (65,535 bytes)."""
    token = "x" * 16384
    headers = {"X-Long-%d" % i: "y" * 50000 for i in range(3)}
    assert site.get("/site/a/a.txt", token=token, headers=headers).text == MARK
    env, = guard.asked
    assert env["HTTP_AUTHORIZATION"] == "Bearer " + token
    assert [env["HTTP_X_LONG_%d" % i] for i in range(3)] == ["y" * 50000] * 3
    assert len(env["HTTP_X_LONG_2"]) == 50000


def test_too_many_headers_are_431(site, guard):
    """RFC 6585 section 5: more than the guard takes."""
    headers = {"X-Long-%d" % i: "y" * 50000 for i in range(5)}
    r = site.get("/site/a/a.txt", headers=headers)
    assert r.status_code == 431 and r.json()["error"] == "invalid_request"
    assert guard.asked == []
