"""What programs cannot do once they serve, under every deployment."""
import os
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kit import deployments, expect, faults
from kit.guarded import KINDS

flow = pytest.mark.flow


@pytest.fixture(autouse=True)
def _no_sanitizers():
    if faults.SANITIZED:
        pytest.skip("the sanitizers need what the sandbox refuses")


@contextmanager
def held_up(site):
    """Lock the database, and meanwhile keep a request for a token waiting."""
    client, answers = site.client("client_credentials"), []
    with closing(sqlite3.connect(site.dir / "data/carnet.db", timeout=20,
                                 isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        asks = threading.Thread(
            target=lambda: answers.append(site.grant("client_credentials", client)))
        asks.start()
        try:
            yield
        finally:
            db.execute("ROLLBACK")
            asks.join()
    expect.tokens(answers[0])


def processes(site, program):
    """The site's processes of that program, whoever started them."""
    marks = {("CARNET_RUN=%s" % site.dir).encode(), ("CARNET_CONF=%s" % site.conf).encode()}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            exe = os.readlink(entry / "exe")
            if os.path.basename(exe) == program and (
                    exe.startswith("%s/" % site.dir) or
                    marks & set((entry / "environ").read_bytes().split(b"\0"))):
                yield int(entry.name)
        except OSError:
            pass  # it ended, or is another user's


def given_up(pid):
    """May it gain rights, does a filter check its calls, its umask, its core limit."""
    with open("/proc/%d/status" % pid) as f:
        told = dict(line.rstrip("\n").split(":\t", 1) for line in f)
    with open("/proc/%d/limits" % pid) as f:
        core = next(line.split()[4:6] for line in f if line.startswith("Max core file size"))
    return (told["NoNewPrivs"], told["Seccomp"].strip(), told["Umask"], *core)


HELD_S = 3  # a request waits five seconds for the database


def one_has(site, *wanted):
    """While it waits for the database, a process of token is in its sandbox; on a slow
    machine one that was started for a request may be late."""
    found, deadline = set(), time.monotonic() + 60
    while wanted not in found and time.monotonic() < deadline:
        with held_up(site):
            until = time.monotonic() + HELD_S
            while wanted not in found and time.monotonic() < until:
                for pid in processes(site, "token"):
                    try:
                        found.add(given_up(pid))
                    except OSError:
                        pass  # it ended
                time.sleep(0.01)
    return wanted in found, found


@flow("sandbox")
def test_a_program_that_serves_is_in_its_sandbox(server):
    """seccomp(2), umask(2), no core; read while the program waits for the database."""
    good, found = one_has(server, "1", "2", "0077", "0", "0")
    assert good, found


@pytest.mark.parametrize("name", deployments.DEPLOYMENTS)
def test_without_the_sandbox_all_is_as_before(name):
    """carnet.conf(5), sandbox = no."""
    with deployments.deployed(name, "sandbox = no") as site:
        good, found = one_has(site, "0", "0", "0077", "0", "0")
        assert good, found
        assert not any(seccomp == "2" for _, seccomp, *_ in found)
        old = site.sign_in("read-posts")
        new = expect.tokens(site.refresh(old["refresh_token"]))
        assert site.is_live(new["access_token"]) and not site.is_live(old["access_token"])
        assert "login" in site.get("/oauth/login").text
        if name in deployments.GUARDED:
            for path in KINDS.values():
                assert site.get(path, token=new["access_token"]).status_code == 200
                assert site.get(path).status_code == 401
