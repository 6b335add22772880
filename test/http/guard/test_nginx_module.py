"""carnet's module for nginx under load: nobody gets in unguarded, whatever is restarted
meanwhile (doc/guard.md, Rules)."""
import os
import signal
import socket
import subprocess
from collections import Counter

import pytest

from kit import deployments, expect, servers
from kit.guarded import KINDS, MARK
from test_mod_carnet_load import check, children, guards, load

FILE = KINDS["files"]


@pytest.fixture(scope="module")
def site():
    with deployments.deployed("nginx-module") as s:
        yield s


@pytest.fixture
def tokens(site):
    """One that lets in, one that lacks the scope, a revoked one, none."""
    revoked = site.token("read-posts")
    assert site.get(FILE, token=revoked).text == MARK
    site.post("/oauth/revoke", auth=site.password_client, data={"token": revoked})
    return {"good": site.token("read-posts"), "poor": site.token("write-posts"),
            "revoked": revoked, "none": None}


def test_a_reload_lets_nobody_in_and_refuses_nobody(site, tokens):
    """Old workers end, new ones begin with nothing in their memory."""
    seen = Counter()
    with load(site, tokens, seen):
        for _ in range(4):
            before, told = children(site.process.pid), sum(seen.values())
            site.process.send_signal(signal.SIGHUP)
            expect.until(lambda: children(site.process.pid) - before)
            expect.until(lambda: sum(seen.values()) > told + 100)
    check(seen)


def test_a_worker_that_is_killed_lets_nobody_in(site, tokens):
    seen = Counter()
    with load(site, tokens, seen):
        for _ in range(3):
            told = seen["good", 200, True]
            for pid in children(site.process.pid):
                os.kill(int(pid), signal.SIGKILL)
            expect.until(lambda: seen["good", 200, True] > told + 50)
    check(seen, {(200, True), (0, False)})


def test_a_guard_that_is_killed_lets_nobody_in(site, tokens):
    """What it has said counts for the rest of the second; then it is an error of the
    server, until it is back."""
    seen = Counter()
    with load(site, tokens, seen):
        for _ in range(2):
            for pid in guards(site):
                deployments.kill(pid)
            expect.until(lambda: any(key[0] == "good" and key[1] >= 500 for key in seen))
            assert deployments.spawn(site, "start", "guard").returncode == 0
            told = seen["good", 200, True]
            expect.until(lambda: seen["good", 200, True] > told + 50)
    errors = {answer[1:] for answer in seen if answer[1] >= 500}
    assert all(not is_let_in for _, is_let_in in errors)
    check(seen, {(200, True), *errors})


def is_refused(site, token):
    r = site.get(FILE, token=token)
    assert r.status_code >= 500 and MARK not in r.text
    return True


@pytest.fixture
def away(site):
    """The guard's socket, which is not in its place."""
    path = site.dir / "run/guard.sock"
    other = path.with_name("away.sock")
    path.rename(other)
    before = children(site.process.pid)  # they have connections to it
    site.process.send_signal(signal.SIGHUP)
    expect.until(lambda: not before & children(site.process.pid))
    yield path
    path.unlink(missing_ok=True)
    other.rename(path)


@pytest.mark.parametrize("text", [b"", b"\x01", b"\x01\x06\x00\x01\x00\x50\x00\x00Status: 200",
                                  b"HTTP/1.1 200 OK\r\n\r\n"], ids=range(4))
def test_half_an_answer_lets_nobody_in(site, tokens, away, text):
    """Nor what is no FastCGI."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(away))
        away.chmod(0o666)
        s.listen(64)
        s.settimeout(0.2)

        def answer_all(p):
            while p.poll() is None:
                try:
                    c, _ = s.accept()
                except TimeoutError:
                    continue
                with c:
                    c.recv(65536)
                    c.sendall(text)
            return p.communicate()[0]

        p = subprocess.Popen(
            ["curl", "-s", "-m", "20", "-w", "%{http_code}", "-H",
             "Authorization: Bearer " + tokens["good"], site.url + FILE],
            stdout=subprocess.PIPE, text=True)
        out = answer_all(p)
    assert MARK not in out and int(out[-3:]) >= 500


def test_without_a_guard_nobody_is_let_in(site, tokens, away):
    expect.until(lambda: site.get(FILE, token=tokens["good"]).status_code >= 500)
    assert is_refused(site, tokens["good"]) and is_refused(site, None)


def test_nginx_refuses_settings_that_make_no_sense(site):
    """Each says what is wrong."""
    def errors(text):
        conf = site.dir / "wrong.conf"
        conf.write_text("load_module %s;\nevents {}\nhttp {\n%s\n}\n" % (
            deployments.NGINX_MODULE, text))
        p = subprocess.run(["nginx", "-t", "-e", site.dir / "wrong.log", "-p", site.dir,
                            "-c", conf], capture_output=True, text=True,
                           env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        return None if p.returncode == 0 else p.stderr

    assert "needs unix: and a path" in errors("carnet_socket /run/guard.sock;")
    assert "needs unix: and a path" in errors("carnet_socket unix:;")
    assert "needs unix: and a path" in errors("carnet_socket unix:/%s;" % ("x" * 107))
    assert "is duplicate" in errors("carnet_socket unix:/a; carnet_socket unix:/b;")
    assert "is duplicate" in errors("carnet_guard /a; carnet_guard off;")
    assert servers.answers(int(site.url.rpartition(":")[2]))
