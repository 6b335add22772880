"""Every write, sync and allocation of a token request fails in its turn, in a plain CGI
program and in one that serves on.  The answer is a token that is stored, or an error,
and never a half of one."""
import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from kit import fastcgi, faults, jose, plaincgi, servers
from kit.faults import served
from kit.people import App, Browser
from kit.site import BUILD

# There are many allocations: FAULT_STEP=1 tries each of them.
STEP = int(os.environ.get("FAULT_STEP", 23))
# Without memory these end the process: GMP, in allocations for GnuTLS; libfcgi; and
# libtasn1, which does not check.
FRAGILE = (["libgmp.so"], ["libgnutls.so", "libgmp.so"], ["libfcgi.so"], ["libtasn1.so"])


@pytest.fixture(scope="module")
def site():
    with servers.plain_cgi() as s:
        prepare(s)
        yield s


@pytest.fixture(scope="module")
def worker():
    with served("token", "login", "authorize") as s:
        prepare(s)
        yield s


@pytest.fixture
def fault(tmp_path):
    return faults.Faults(tmp_path)


def prepare(site):
    site.machine_client = site.client("client_credentials")
    site.pair = site.sign_in()
    site.app = App(site)
    site.browser = Browser(site, site.user("read-posts"))


def form(site, grant):
    client, params = site.password_client, {}
    if grant == "refresh_token":
        params = {"refresh_token": site.pair["refresh_token"]}
    elif grant == "password":
        params = {"username": site.email, "password": site.password}
    elif grant == "authorization_code":
        client = site.app.client
        params = {"code": site.app.code(site.browser), "redirect_uri": site.app.uri,
                  "code_verifier": site.app.verifier}
    else:
        client = site.machine_client
    return "&".join("%s=%s" % p for p in {
        "grant_type": grant, **params, "client_id": client.id,
        "client_secret": client.secret}.items()).encode()


def variables(body):
    return {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)), "SCRIPT_NAME": "/oauth/token",
            "REMOTE_ADDR": "127.0.0.1"}


class Once:
    """The program as plain CGI: each request is a process."""

    def __init__(self, site, fault):
        self.site, self.fault = site, fault

    def ask(self, body):
        """Its answer, its log, and how it ended, or None."""
        p = subprocess.run([BUILD / "cgi-bin/token"], input=body, timeout=60,
                           capture_output=True, env={
            **plaincgi.kept_environment(), **variables(body),
            "CARNET_CONF": str(self.site.conf), **self.fault.env})
        return p.stdout, p.stderr, p.returncode or None

    def close(self):
        pass


class Worker:
    """The program under FastCGI: one process, which is started anew only if it ended."""

    def __init__(self, site, fault):
        self.site, self.fault = site, fault
        site.programs.pop("token").stop()
        self.start()

    def start(self):
        (self.site.dir / "token.sock").unlink(missing_ok=True)
        self.program = faults.start("token", self.site.dir, {
            **os.environ, "CARNET_CONF": str(self.site.conf), **self.fault.env})
        self.site.programs["token"] = self.program

    def ask(self, body):
        log = self.site.dir / "token.log"
        before = log.stat().st_size
        out, err = self.program.send(fastcgi.request(
            [(k.encode(), v.encode()) for k, v in variables(body).items()], body))
        ended = None
        if not out:
            ended = self.program.process.wait(60)
            self.start()
        return out, err + log.read_bytes()[before:], ended

    def close(self):
        """Switch the faults off for the next test."""
        self.fault.arm()


def is_stored(site, token):
    jti = jose.unb64u(jose.claims_of(token)["jti"])
    return site.sql("SELECT count(*) FROM oauth_access_tokens WHERE id = ?"
                    " AND revoked_at IS NULL", jti) == [(1,)]


def rows(site):
    return site.sql("SELECT (SELECT count(*) FROM oauth_access_tokens),"
                    " (SELECT count(*) FROM oauth_refresh_tokens)")[0]


def check_pairs(site):
    """There is no half of a pair: each refresh token came with an access token, and a
    spent code gave one."""
    assert site.sql("SELECT count(*) FROM oauth_refresh_tokens r WHERE NOT EXISTS (SELECT 1"
                    " FROM oauth_access_tokens t WHERE t.id = r.access_token)") == [(0,)]
    assert site.sql("SELECT count(*) FROM oauth_auth_codes c WHERE spent_at IS NOT NULL AND"
                    " NOT EXISTS (SELECT 1 FROM oauth_refresh_tokens r"
                    " WHERE r.family = c.family)") == [(0,)]


def check_unlocked(site):
    """No process is inside a transaction."""
    with closing(sqlite3.connect(site.dir / "data/carnet.db", timeout=20,
                                 isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("ROLLBACK")


def check_end(fault, log, ended):
    """No answer: without memory the program ends itself, and says so."""
    if ended == 111:
        assert log.strip(), "111, and no word"
        return
    assert ended in (-signal.SIGABRT, -signal.SIGSEGV), ended
    callers = fault.callers()
    assert any(len(callers) >= len(chain) and all(map(str.startswith, callers, chain))
               for chain in FRAGILE), callers


def take(way, grant, body):
    """Make one request, and check its answer; return its status, 0 if there was none."""
    site = way.site
    before = rows(site)
    out, log, ended = way.ask(body)
    head, _, content = out.partition(b"\r\n\r\n")
    check_unlocked(site)
    if not head:
        check_end(way.fault, log, ended)
        assert ended == 111 or rows(site) == before
        return 0
    assert ended is None, ended
    status = int(head.split(b"\r\n")[0].split()[1])
    if status == 200:
        answer = json.loads(content)
        assert is_stored(site, answer["access_token"])
        if grant == "refresh_token":
            site.pair = answer
    else:
        assert status in (500, 503), out
        assert json.loads(content)["error"] in ("server_error", "temporarily_unavailable")
        assert log.strip()
    return status


def pid_of(way):
    return way.program.process.pid if isinstance(way, Worker) else None


def go_through(way, kind, grant):
    """The n-th call fails, for each n.  The next request succeeds, in the same process
    if it lives."""
    fault, seen = way.fault, set()
    for _ in range(2):  # the second time, a worker has everything that it keeps
        body = form(way.site, grant)
        fault.arm()
        assert take(way, grant, body) == 200
        total = fault.count(kind)
    assert total > 0
    for n in range(1, total + 1, STEP if kind == "malloc" else 1):
        body = form(way.site, grant)
        pid = pid_of(way)
        fault.arm(kind, n)
        status = take(way, grant, body)
        seen.add(status)
        fault.arm()
        if status != 0:
            assert pid_of(way) == pid
        faults.check_sound(way.site)
        check_pairs(way.site)
        if isinstance(way, Worker) or n == 1:
            pid = pid_of(way)
            # A retry of a refresh gets the same token as the lost answer.
            assert take(way, grant, form(way.site, grant)) == 200
            assert pid_of(way) == pid
    assert take(way, grant, form(way.site, grant)) == 200
    if kind != "sync":  # with it the log may begin anew, and all is well
        assert seen - {200}


GRANTS = ["client_credentials", "refresh_token", "authorization_code", "password"]
KINDS = ["write", "sync", "malloc"]


@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_call_may_fail(site, fault, kind, grant):
    go_through(Once(site, fault), kind, grant)


@pytest.mark.parametrize("grant", GRANTS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_call_of_a_worker_may_fail(worker, fault, kind, grant):
    way = Worker(worker, fault)
    try:
        go_through(way, kind, grant)
    finally:
        way.close()
