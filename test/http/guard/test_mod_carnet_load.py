"""mod_carnet under load: nobody gets in unguarded, whatever is restarted meanwhile."""
import http.client
import os
import signal
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from kit import deployments, descriptors, expect, fastcgi, servers
from kit.guarded import KINDS, MARK

FILE = KINDS["files"]
MANY = """
MaxConnectionsPerChild 400
ThreadsPerChild 32
ServerLimit 8
MaxRequestWorkers 256
ListenBacklog 1024
"""


@pytest.fixture(scope="module")
def site():
    with deployments.deployed("apache-proxy-fcgi", more=MANY) as s:
        yield s


@pytest.fixture
def tokens(site):
    """One that lets in, one that lacks the scope, a revoked one, none."""
    revoked = site.token("read-posts")
    site.post("/oauth/revoke", auth=site.password_client, data={"token": revoked})
    return {"good": site.token("read-posts"), "poor": site.token("write-posts"),
            "revoked": revoked, "none": None}


def ask(site, token):
    """Each request has a connection of its own.  Return the status, and whether the
    file was served; status 0: the server hung up."""
    c = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    try:
        c.request("GET", FILE, headers={"Authorization": "Bearer " + token} if token else {})
        r = c.getresponse()
        return r.status, MARK.encode() in r.read()
    except (http.client.HTTPException, ConnectionError):
        return 0, False
    finally:
        c.close()


@contextmanager
def load(site, tokens, seen):
    """Requests by all of the tokens, until the block is over: seen counts answers."""
    stop = threading.Event()

    def run(name):
        while not stop.is_set():
            seen[name, *ask(site, tokens[name])] += 1

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(run, name) for name in tokens for _ in range(2)]
        try:
            yield
        finally:
            stop.set()
        for job in jobs:
            job.result()


def check(seen, good=frozenset({(200, True)})):
    """Who has no good token gets no file, and is never told anything but why; the
    good one gets only these answers."""
    answers = {name: {answer[1:] for answer in seen if answer[0] == name}
               for name in ("good", "poor", "revoked", "none")}
    assert (200, True) in answers["good"] and answers["good"] <= good, seen
    for name, status in (("poor", 403), ("revoked", 401), ("none", 401)):
        assert (status, False) in answers[name], seen
        assert answers[name] <= {(status, False)} | good - {(200, True)}, seen


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return set(f.read().split())


def test_graceful_restarts_let_nobody_in(site, tokens):
    """And they refuse nobody: each process asks until it ends."""
    seen = Counter()
    with load(site, tokens, seen):
        for _ in range(4):
            before, told = children(site.process.pid), sum(seen.values())
            site.process.send_signal(signal.SIGUSR1)
            expect.until(lambda: children(site.process.pid) - before)
            expect.until(lambda: sum(seen.values()) > told + 100)
    check(seen)


def test_hard_restarts_let_nobody_in(site, tokens):
    """SIGHUP ends requests that run; who gets an answer gets the right one."""
    seen = Counter()
    with load(site, tokens, seen):
        for _ in range(3):
            told = sum(seen.values())
            site.process.send_signal(signal.SIGHUP)
            expect.until(lambda: sum(seen.values()) > told + 100)
            expect.until(lambda: servers.answers(int(urlsplit(site.url).port)))
    check(seen, {(200, True), (0, False), (503, False)})


def guards(site):
    return [pid for pid in deployments.programs_of(site) if servers.name_of(pid) == "guard"]


def test_a_guard_that_is_killed_lets_nobody_in(site, tokens):
    """Of two processes one, and then both: 503 at worst, until they are back."""
    seen = Counter()
    with load(site, tokens, seen):
        for n in (1, 2, 1):
            for pid in guards(site)[:n]:
                deployments.kill(pid)
            told = seen["good", 200, True]
            if n == 2:
                expect.until(lambda: seen["good", 503, False])
            assert deployments.spawn(site, "start", "guard").returncode == 0
            expect.until(lambda: seen["good", 200, True] > told + 50)
    check(seen, {(200, True), (503, False)})


def test_a_guard_that_is_restarted_is_asked_anew(site, tokens):
    """spawn.sh stop lets it finish what it began."""
    seen = Counter()
    with load(site, tokens, seen):
        for _ in range(2):
            told = seen["good", 200, True]
            for verb in ("stop", "start"):
                assert deployments.spawn(site, verb, "guard").returncode == 0
            expect.until(lambda: seen["good", 200, True] > told + 50)
    check(seen, {(200, True), (503, False)})


def test_a_thousand_at_once_are_answered(site, tokens):
    """More than Apache's threads, and than one process of the guard has room for."""
    url, open_ones = urlsplit(site.url), []
    names = list(tokens) * 250
    try:
        for _ in names:
            open_ones.append(socket.create_connection((url.hostname, url.port), 60))
        for name, s in zip(names, open_ones):
            line = "Authorization: Bearer %s\r\n" % tokens[name] if tokens[name] else ""
            s.sendall(("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n"
                       % (FILE, line)).encode())
        seen = Counter()
        for name, s in zip(names, open_ones):
            text = b"".join(iter(lambda: s.recv(65536), b""))
            seen[name, int(text.split()[1]), MARK.encode() in text] += 1
    finally:
        for s in open_ones:
            s.close()
    assert seen == {("good", 200, True): 250, ("poor", 403, False): 250,
                    ("revoked", 401, False): 250, ("none", 401, False): 250}


def sockets_of(pid):
    """The connections that a process has, and its listener."""
    return sum(to.startswith("socket:") for to in descriptors.of(pid).values())


def test_processes_of_the_guard_share_connections(site):
    """A connection that stays gives work to one process: made one after the other,
    when all processes wait, they are of each.  Which one is quicker is chance, so the
    next ones are tried until each has three."""
    question = fastcgi.record(fastcgi.BEGIN, b"\0\2\1" + bytes(5)) + fastcgi.stream(
        fastcgi.PARAMS, fastcgi.pairs([(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", b"/")]))
    before = {pid: sockets_of(pid) for pid in guards(site)}
    assert len(before) == 2
    with ExitStack() as stack:
        for _ in range(40):
            s = stack.enter_context(socket.socket(socket.AF_UNIX))
            s.connect(str(site.dir / "run/guard.sock"))
            s.sendall(question)
            assert s.recv(8)
            if min(sockets_of(pid) - n for pid, n in before.items()) >= 3:
                break
        assert min(sockets_of(pid) - n for pid, n in before.items()) >= 3


def test_a_revocation_counts_at_once(site):
    """doc/guard.md, What is checked: over connections that are kept, too."""
    for _ in range(20):
        token = site.token("read-posts")
        assert ask(site, token) == (200, True)
        site.post("/oauth/revoke", auth=site.password_client, data={"token": token})
        assert ask(site, token) == (401, False)
