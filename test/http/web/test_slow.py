"""No slow or silent client keeps others waiting: heads, bodies, readers, idle
connections; at the programs themselves and through web servers."""
import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from kit import deployments, expect, fastcgi, guarded, servers
from kit.site import BUILD, ROOT

PROGRAMS = sorted(path.stem for path in (ROOT / "cgi-bin").glob("*.c"))
IDLE = 40
WITHIN_S = 20  # a program that waits for a slow body would wait 30 s
FORM = (b"CONTENT_TYPE", b"application/x-www-form-urlencoded")


def variables(method=b"GET", *more):
    return [(b"REQUEST_METHOD", method), (b"REQUEST_URI", b"/x"),
            (b"REMOTE_ADDR", b"::1"), *more]


def head_of(method, *more, role=fastcgi.RESPONDER):
    return fastcgi.begin(role) + fastcgi.stream(
        fastcgi.PARAMS, fastcgi.pairs(variables(method, *more)))


@contextmanager
def running(site, name):
    program = fastcgi.Program(BUILD / "cgi-bin" / name, site.dir,
                              {"CARNET_CONF": str(site.variant().conf)})
    try:
        answer(program)  # the request has begun
        yield program
    finally:
        Path(program.address).unlink()
        assert program.stop() == 0


@contextmanager
def connected(program, data=b""):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(program.address)  # it waits while the queue is full
        s.settimeout(50)
        if data:
            s.sendall(data)
        yield s


def status_of(out):
    words = out.split(None, 2)
    return int(words[1]) if words[:1] == [b"Status:"] else None


def answer(program, method=b"GET", *more):
    out, _ = program.send(fastcgi.request(variables(method, *more), b""))
    return status_of(out)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_silent_and_the_slow_hold_up_no_program(cgi, name):
    """One process: idle connections, half a head, half a body."""
    whole = head_of(b"GET")
    slow = [b"", whole[:3], whole[:20], whole[:-9],
            head_of(b"POST", FORM, (b"CONTENT_LENGTH", b"60000")) +
            fastcgi.record(fastcgi.STDIN, b"x" * 20000)]
    with running(cgi, name) as program, ExitStack() as stack:
        for n in range(IDLE):
            stack.enter_context(connected(program, slow[n % len(slow)]))
        for _ in range(3):
            assert answer(program) is not None


@pytest.mark.parametrize("name", ["token", "posts", "login", "jwks"])
@pytest.mark.parametrize("method, length, kind, status", [
    (b"POST", b"8000000", FORM[1], 413), (b"PUT", b"8000000", FORM[1], 405),
    (b"POST", b"5000", b"image/png", 415), (b"GET", b"8000000", FORM[1], None)])
def test_a_refusal_does_not_wait_for_the_body(cgi, name, method, length, kind, status):
    """20 kB of the body have come, and no more come; unread bytes do not destroy the
    answer."""
    if name == "jwks" and method == b"POST":
        status = 405
    elif name == "posts":
        status = {415: 415, 413: 413}.get(status, 405 if method == b"PUT" else 401)
        kind = b"application/json" if status == 413 else kind
    elif method == b"GET":
        status = 405 if name == "token" else 200
    data = head_of(method, (b"CONTENT_TYPE", kind), (b"CONTENT_LENGTH", length)) + \
        fastcgi.record(fastcgi.STDIN, b"x" * 20000)
    with running(cgi, name) as program, connected(program, data) as s:
        out, _ = program.receive(s)
        assert status_of(out) == status


def test_a_body_has_a_time_in_all(cgi):
    """A byte a second does not keep the connection; half a head is closed."""
    head = head_of(b"POST", FORM, (b"CONTENT_LENGTH", b"60000"))
    with running(cgi, "token") as program, connected(program, head) as s, \
            connected(program, head[:40]) as half:
        begun, over = time.monotonic(), threading.Event()

        def drip():
            while not over.wait(0.5):
                try:
                    s.sendall(fastcgi.record(fastcgi.STDIN, b"x"))
                except OSError:
                    return
        thread = threading.Thread(target=drip)
        thread.start()
        out, _ = program.receive(s)
        over.set()
        thread.join()
        assert status_of(out) == 408
        assert time.monotonic() - begun > 20
        assert half.recv(1) == b""


def test_what_is_drained_is_bounded(cgi):
    """After a refusal that many bytes are read, and no more."""
    data = head_of(b"POST", FORM, (b"CONTENT_LENGTH", b"900000000"))
    with running(cgi, "token") as program, connected(program, data) as s:
        out, _ = program.receive(s)
        assert status_of(out) == 413
        with pytest.raises(OSError):
            for _ in range(400):
                s.sendall(fastcgi.record(fastcgi.STDIN, b"x" * 65535))


def test_a_slow_reader_holds_up_nobody(cgi):
    """An answer that is larger than the kernel's buffers, and is not read."""
    token = cgi.token("read-posts write-posts", cgi.user("*"))
    for n in range(12):
        r = cgi.post("/api/posts", token=token, json={"title": "t", "body": "x" * 60000})
        assert r.status_code == 201, r.text
    bearer = (b"HTTP_AUTHORIZATION", b"Bearer " + token.encode())
    ask = fastcgi.request(variables(b"GET", bearer), b"")
    with running(cgi, "posts") as program, ExitStack() as stack:
        slow = [stack.enter_context(connected(program, ask)) for _ in range(5)]
        assert answer(program, b"GET", bearer) == 200
        out, _ = program.receive(slow[0])
        body = json.loads(out.split(b"\r\n\r\n", 1)[1])
        assert len(body["data"]) >= 12


def test_one_connection_may_ask_again(cgi):
    """FastCGI 1.0 section 3.5: FCGI_KEEP_CONN."""
    keep = fastcgi.record(fastcgi.BEGIN, b"\0\1\1" + bytes(5))
    ask = keep + fastcgi.request(variables(), b"")[16:]
    with running(cgi, "jwks") as program, connected(program) as s:
        for _ in range(3):
            s.sendall(ask)
            out = b""
            while len(head := s.recv(8, socket.MSG_WAITALL)) == 8:
                content = s.recv(head[4] << 8 | head[5], socket.MSG_WAITALL) \
                    if head[4:6] != b"\0\0" else b""
                if head[1] == fastcgi.END:
                    break
                out += content
            assert status_of(out) == 200


CONNS_MAX = 192  # lib/web/loop.c
KEPT = fastcgi.record(fastcgi.BEGIN, b"\0\1\1" + bytes(5)) + \
    fastcgi.request(variables(), b"")[16:]


def answers_again(program, s):
    s.sendall(KEPT)
    head = s.recv(8, socket.MSG_WAITALL)
    while head[1:2] and head[1] != fastcgi.END:
        s.recv(head[4] << 8 | head[5], socket.MSG_WAITALL)
        head = s.recv(8, socket.MSG_WAITALL)
    return len(s.recv(8, socket.MSG_WAITALL)) == 8


def test_of_connections_that_stay_the_one_in_use_stays(cgi):
    """When there is no more room, the one that nobody has used for the longest goes."""
    with running(cgi, "jwks") as program, ExitStack() as stack:
        kept = [stack.enter_context(connected(program)) for _ in range(CONNS_MAX)]
        for s in kept:
            assert answers_again(program, s)
        assert answers_again(program, kept[0])
        more = [stack.enter_context(connected(program)) for _ in range(2)]
        for s in more:
            assert answers_again(program, s)
        assert answers_again(program, kept[0])
        assert [s.recv(1) for s in kept[1:3]] == [b"", b""]


def slow_post(port, path, stop):
    """Send a head, 20 kB, and then 600 bytes a second; return what comes back meanwhile."""
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 8000000\r\n"
              b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
              % path.encode() + b"x" * 20000)
    s.settimeout(0.5)
    got = b""
    while not stop.is_set():
        try:
            s.sendall(b"x" * 300)
        except OSError:
            pass  # nobody reads that; the answer can still be read
        try:
            more = s.recv(4096)
        except TimeoutError:
            continue
        except OSError:
            break
        got += more
        if not more:
            break
    s.close()
    return got


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/login"])
def test_slow_bodies_under_mod_proxy_fcgi(path):
    """Others are answered, and the refusal arrives."""
    with deployments.deployed("apache-proxy-fcgi") as site:
        port, stop, got = int(site.url.rpartition(":")[2]), threading.Event(), []
        threads = [threading.Thread(target=lambda: got.append(
            slow_post(port, path, stop))) for _ in range(6)]
        for t in threads:
            t.start()
        try:
            machine = site.client("client_credentials")
            for _ in range(5):
                begun = time.monotonic()
                expect.tokens(site.grant("client_credentials", machine))
                assert site.get("/oauth/login").status_code == 200
                assert time.monotonic() - begun < WITHIN_S
            expect.until(lambda: len(got) == 6)
        finally:
            stop.set()
            for t in threads:
                t.join()
        assert [g.split(None, 2)[1] for g in got] == [b"413"] * 6, got


def test_idle_connections_to_the_guards_port():
    """mod_authnz_fcgi reaches the guard by a port, which any local user may connect to."""
    with deployments.deployed("apache-fcgid") as site, ExitStack() as stack:
        token = site.token("read-posts", site.user("*"))
        for _ in range(IDLE):
            stack.enter_context(
                socket.create_connection(("127.0.0.1", site.guard_port)))
        for _ in range(3):
            r = site.get(guarded.KINDS["files"], token=token)
            assert r.status_code == 200 and guarded.MARK in r.text
