"""However many people sign in, requests that hash nothing are answered in time, under each
deployment.  FLOODS=all: each kind of flood under each of them (make soak)."""
import http.client
import multiprocessing
import os
import queue
import threading
import time
import urllib.parse
from contextlib import contextmanager

import pytest

from kit import deployments, expect, servers

AT_LEAST_S = 0.25
RIGHT, WRONG = "correct-horse-battery", "wrong"
# Under these a process has one request at a time.  mod_fcgid lets a request sleep for a
# second if it finds all processes of its program busy; as plain CGI, each sign-in of a
# flood starts a process.  So here this part of the requests is in time.
IN_TIME = {"apache-fcgid": 0.95, "lighttpd-cgi": 0.9, "apache-cgi": 0.9,
           "apache-htaccess": 0.9}
FLOODS = [("make-run", n, password) for n in (256, 1000) for password in (RIGHT, WRONG)] + [
    ("apache-fcgid", 256, RIGHT), ("apache-proxy-fcgi", 1000, RIGHT), ("nginx", 256, WRONG)]
if os.environ.get("FLOODS") == "all":
    FLOODS = [(name, n, password) for n in (256, 1000) for password in (RIGHT, WRONG)
              for name in ("make-run", *deployments.DEPLOYMENTS)]


def ask(site, form, kept=None):
    """One POST /oauth/token: its status, Retry-After, and seconds."""
    c = kept or http.client.HTTPConnection(urllib.parse.urlsplit(site.url).netloc, timeout=60)
    begun = time.monotonic()
    c.request("POST", "/oauth/token", urllib.parse.urlencode(form),
              {"Content-Type": "application/x-www-form-urlencoded"})
    r = c.getresponse()
    r.read()
    return r.status, r.headers["Retry-After"], time.monotonic() - begun


def slowest(seconds, part=0.99):
    """What that part of them does not exceed."""
    return sorted(seconds)[int(len(seconds) * part)]


def flood(site, form, n, out):
    """n sign in at once, in a process of their own, which does not delay the measurement."""
    answers, start = [], threading.Barrier(n)

    def sign_in():
        start.wait()
        answers.append(ask(site, form))

    threads = [threading.Thread(target=sign_in) for _ in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    out.send(answers)


def by_turns(site, client, alone, until, least):
    """Seconds that client_credentials took, and, by turns with it, a page that the web
    server answers alone; at least so many of each, and until until()."""
    form = {"grant_type": "client_credentials", "client_id": client.id,
            "client_secret": client.secret, "scope": "read-posts"}
    took, control = [], []
    while len(took) < least or not until():
        status, _, seconds = ask(site, form)
        assert status == 200
        took.append(seconds)
        control.append(others_s(site, *alone))
    return took, control


def others_s(site, path, status):
    c = http.client.HTTPConnection(urllib.parse.urlsplit(site.url).netloc, timeout=60)
    begun = time.monotonic()
    c.request("GET", path)
    r = c.getresponse()
    assert r.status == status and b"carnet" not in r.read()
    return time.monotonic() - begun


def flooded(site, alone, n, password, part):
    """How long that part of the requests took at most while n sign in at once, and how
    long it may take.  A machine that is busy with other things makes everything slow:
    the page that no program of ours answers shows it."""
    user, machine = site.user("*"), site.client("client_credentials")
    client = site.password_client
    form = {"grant_type": "password", "username": user.email, "password": password,
            "client_id": client.id, "client_secret": client.secret, "scope": "read-posts"}
    idle, _ = by_turns(site, machine, alone, lambda: True, 100)
    there, here = multiprocessing.get_context("fork").Pipe()
    p = multiprocessing.get_context("fork").Process(target=flood, args=(site, form, n, here))
    p.start()
    busy, control = by_turns(site, machine, alone, there.poll, 100)
    answers = there.recv()
    p.join()
    assert len(answers) == n
    good = 200 if password == site.password else 400
    assert {status for status, _, _ in answers} <= {good, 429, 503}
    assert all(int(after) > 0 for status, after, _ in answers if status in (429, 503))
    assert any(status == good for status, _, _ in answers)
    return slowest(busy, part), max(5 * slowest(idle), 5 * slowest(control), AT_LEAST_S)


@contextmanager
def served(name):
    """A site under that deployment, and a page that the web server answers alone: its
    path and status.  Failures of another flood would count against this address."""
    if name == "make-run":
        with servers.lighttpd() as site:
            yield site, ("/", 302)
        return
    with deployments.deployed(name) as site:
        path = site.dir / ("" if name == "apache-htaccess" else "www") / "alone.html"
        path.write_text("The web server's own.")
        path.chmod(0o644)
        yield site, ("/alone.html", 200)


@pytest.mark.parametrize("name, n, password", FLOODS)
def test_a_flood_of_sign_ins_delays_nothing_else(name, n, password):
    """RFC 9110 section 15.6.4: a client that cannot be served now is told when to come
    back.  A fault of ours delays every flood, and other work of the machine only some."""
    for _ in range(3):
        with served(name) as (site, alone):
            took_s, allowed_s = flooded(site, alone, n, password, IN_TIME.get(name, 0.99))
        if took_s <= allowed_s:
            return
    assert took_s <= allowed_s


@pytest.mark.parametrize("n", [100, 300])
def test_as_many_wait_as_the_queue_is_long(n):
    """Of n sign-ins at once, hash_queue wait, however fast the machine hashes: nobody hashes
    until all others are refused.  Those who waited are signed in (carnet.conf.5,
    hash_queue)."""
    waiting, answers = 40, queue.Queue()
    with servers.lighttpd() as site:
        servers.configure(site, last="\n[throttle]\nhash_queue = %d\nhash_wait = 60s\n"
                          % waiting)
        user, machine, client = site.user("*"), site.client("client_credentials"), \
            site.password_client
        form = {"grant_type": "password", "username": user.email, "password": user.password,
                "client_id": client.id, "client_secret": client.secret}
        with servers.nobody_hashes(site):
            threads = [threading.Thread(target=lambda: answers.put(ask(site, form)))
                       for _ in range(n)]
            for t in threads:
                t.start()
            refused = [answers.get(timeout=60) for _ in range(n - waiting)]
            assert {status for status, _, _ in refused} == {503}
            assert all(int(after) > 0 for _, after, _ in refused)
            # Of those who wait, none is answered, and others are.
            for _ in range(20):
                expect.tokens(site.grant("client_credentials", machine))
            assert answers.empty()
        for t in threads:
            t.join()
        assert [answers.get_nowait()[0] for _ in range(waiting)] == [200] * waiting
