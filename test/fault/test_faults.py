"""Faults of a machine, while programs run: a clear answer, a line in the log that says
what to do, nothing half done, and recovery without a restart when the cause is gone."""
import fcntl
import os
import resource
import socket
import sqlite3
import subprocess
import termios
import time
from contextlib import closing

import pytest

from kit import expect, fastcgi, faults
from kit.faults import served


def grant(site):
    return site.grant("password", username=site.email, password=site.password,
                      scope="read-posts")


def tokens(site, database="data/carnet.db"):
    with closing(sqlite3.connect(site.dir / database, timeout=60)) as db:
        return db.execute("SELECT (SELECT count(*) FROM oauth_access_tokens),"
                          " (SELECT count(*) FROM oauth_refresh_tokens)").fetchone()


def log_of(site, program):
    return (site.dir / (program + ".log")).read_text()


def recovers(site, pairs=True):
    """It recovers within seconds, without a restart."""
    pids = {name: p.process.pid for name, p in site.programs.items()}
    expect.until(lambda: grant(site).status_code == 200)
    assert pids == {name: p.process.pid for name, p in site.programs.items()}
    assert all(p.process.poll() is None for p in site.programs.values())
    faults.check_sound(site)
    access, refresh = tokens(site)
    assert access == refresh or not pairs  # and not a half of one


def answer(request, fits):
    """The first answer with that status."""
    kept = []

    def ask():
        kept[:] = [request()]
        return fits(kept[0].status_code)

    expect.until(ask)
    return kept[0]


def refused(r, status, *hints):
    code = {503: "temporarily_unavailable", 500: "server_error"}[status]
    expect.error(r, status, code)
    if status == 503:
        assert int(r.headers["Retry-After"]) > 0
    # One line says what to do, and one says what was answered.
    lines = [line for line in r.log.splitlines() if r.headers["X-Request-Id"] in line]
    assert sum(all(h in line for h in hints) for line in lines) == 1, r.log
    assert sum("status=%d" % status in line for line in lines) == 1, r.log


@pytest.fixture
def shim(tmp_path):
    return faults.shim(tmp_path)


def test_a_full_disk(shim, tmp_path):
    full = tmp_path / "full"
    with served("token", "posts", env={"LD_PRELOAD": shim, "FAULT_FULL": str(full)}) as site:
        token = grant(site).json()["access_token"]
        before = tokens(site)
        full.touch()
        refused(grant(site), 503, "full", "make room")
        refused(grant(site), 503, "full", "make room")
        assert tokens(site) == before
        assert site.get("/api/posts", token=token).status_code == 200
        full.unlink()
        recovers(site)


def test_a_full_file_system():
    """A real full disk: a tmpfs of 4 MiB, filled to the last byte."""
    with served("token") as site:
        where = site.dir / "small"
        where.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", where],
                          capture_output=True).returncode:
            pytest.skip("no right to mount a file system")
        try:
            site.sql("VACUUM INTO '%s'" % (where / "carnet.db"))
            site.conf.write_text("database = small/carnet.db\n" + site.conf.read_text())
            site.carnet("install")
            expect.until(lambda: grant(site).status_code == 200
                         and (where / "carnet.db-wal").exists())
            with open(where / "fill", "wb", buffering=0) as f:
                with pytest.raises(OSError):
                    while True:
                        f.write(bytes(4096))
            refused(fill_log(site), 503, "full", "make room")
            faults.check_sound(site, "small/carnet.db")
            access, refresh = before = tokens(site, "small/carnet.db")
            assert access == refresh > 0
            refused(grant(site), 503, "full", "make room")
            assert tokens(site, "small/carnet.db") == before
            (where / "fill").unlink()
            expect.until(lambda: grant(site).status_code == 200)
            faults.check_sound(site, "small/carnet.db")
            assert tokens(site, "small/carnet.db") == (access + 1, refresh + 1)
        finally:
            site.programs.pop("token").stop()
            subprocess.run(["umount", where], check=True)


def fill_log(site):
    """The log has some space left, which ends."""
    return answer(lambda: grant(site), lambda s: s != 200)


def test_a_log_that_cannot_grow():
    """RLIMIT_FSIZE: EFBIG, and a signal that would end the process."""
    with served("token") as site:
        grant(site)
        before = tokens(site)
        old = faults.limit(site, "token", resource.RLIMIT_FSIZE, 4096)
        refused(grant(site), 500, "look at the disk")
        assert tokens(site) == before
        faults.limit(site, "token", resource.RLIMIT_FSIZE, old)
        recovers(site)


def test_out_of_file_descriptors():
    with served("token") as site:
        grant(site)
        before = tokens(site)
        old = faults.limit(site, "token", resource.RLIMIT_NOFILE, 3)
        p = site.programs["token"]
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(p.address)
            expect.until(lambda: "Too many open files" in log_of(site, "token"))
            time.sleep(0.5)
            log = log_of(site, "token")
            assert p.process.poll() is None
        # One line, as long as it lasts.
        assert log.count("Too many open files; raise the limit on open files") == 1
        assert tokens(site) == before
        faults.limit(site, "token", resource.RLIMIT_NOFILE, old)
        recovers(site)


def form_of(site):
    """A request for a token, as the web server sends it to the program."""
    client = site.password_client
    body = ("grant_type=password&username=%s&password=%s&client_id=%s&client_secret=%s"
            % (site.email, site.password, client.id, client.secret)).encode()
    env = {"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/oauth/token",
           "CONTENT_TYPE": "application/x-www-form-urlencoded",
           "CONTENT_LENGTH": str(len(body)), "REMOTE_ADDR": "127.0.0.1"}
    return fastcgi.request([(k.encode(), v.encode()) for k, v in env.items()], body)


def is_read(s):
    """Has the program read everything that was sent?"""
    return fcntl.ioctl(s, termios.TIOCOUTQ, bytes(4)) == bytes(4)


def ask_without_descriptors(site):
    """Its connection is accepted while there are descriptors; then there are none.
    Return answer and log."""
    p, data = site.programs["token"], form_of(site)
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(p.address)
        s.sendall(data[:8])
        expect.until(lambda: is_read(s))
        old = faults.limit(site, "token", resource.RLIMIT_NOFILE, 3)
        s.sendall(data[8:])
        out, log = p.receive(s)
        faults.limit(site, "token", resource.RLIMIT_NOFILE, old)
    return out.decode(), log.decode()


SHORT = "Too many open files; raise the limit on open files"


def test_no_file_descriptor_left_for_a_request():
    """The connection took the last one: what needs a file is left out, and the log says
    so."""
    with served("token", settings="audit_size = 0") as site:
        grant(site)
        access, refresh = tokens(site)
        out, log = ask_without_descriptors(site)
        assert out.startswith("Status: 200") and '"access_token"' in out
        assert log.count("data/slots: Too many open files; until it can be opened,"
                         " any number of passwords is hashed at a time; raise the limit"
                         " on open files") == 1
        # The keys too, if they are checked in this very second.
        assert all("Too many open files" in line and "raise the limit" in line
                   for line in log.splitlines()), log
        assert tokens(site) == (access + 1, refresh + 1)
        assert grant(site).log == ""
        recovers(site)


def test_a_program_that_has_opened_nothing_yet_and_cannot():
    """The configuration, in that case; it is read as soon as possible."""
    with served("token") as site:
        out, log = ask_without_descriptors(site)
        assert out.startswith("Status: 500")
        assert log.count("carnet.conf: " + SHORT) == 1, log
        recovers(site)


def test_no_file_descriptor_left_for_the_database():
    """The database was replaced, and must be opened anew: the log does not blame
    permissions."""
    with served("token") as site:
        grant(site)
        copy = site.dir / "copy.db"
        site.sql("VACUUM INTO '%s'" % copy)
        for f in site.dir.glob("data/carnet.db-[ws]*"):
            f.unlink()
        copy.rename(site.dir / "data/carnet.db")
        time.sleep(1.1)  # files are checked once a second
        out, log = ask_without_descriptors(site)
        assert out.startswith("Status: 503")
        assert log.count("carnet.db: unable to open database file: " + SHORT) == 1, log
        assert "must be able to write" not in log
        recovers(site)


def test_no_file_descriptor_left_for_the_keys():
    """The keys are read for the first token."""
    with served("token") as site:
        r = site.grant("password", username=site.email, password="wrong")
        assert r.status_code == 400
        out, log = ask_without_descriptors(site)
        assert out.startswith("Status: 500")
        assert log.count("keys: " + SHORT) == 1, log
        recovers(site)


def test_a_database_that_another_program_holds():
    with served("token", "posts") as site:
        token = grant(site).json()["access_token"]
        before = tokens(site)
        db = sqlite3.connect(site.dir / "data/carnet.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        refused(grant(site), 503, "locked", "another program")
        assert site.get("/api/posts", token=token).status_code == 200
        db.execute("ROLLBACK")
        db.close()
        assert tokens(site) == before
        recovers(site)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_database_that_may_only_be_read():
    with served("token", user="nobody") as site:
        files = list(site.dir.glob("data/carnet.db*"))
        os.chown(site.dir / "data", 0, -1)
        (site.dir / "data").chmod(0o755)
        for f in files:
            os.chown(f, 0, -1)
            f.chmod(0o644)
        refused(grant(site), 503, "must be able to write")
        for f in files:
            f.chmod(0o666)
        (site.dir / "data").chmod(0o777)
        recovers(site)


def test_a_database_that_is_deleted_and_comes_back():
    with served("token") as site:
        grant(site)
        away = site.dir / "away"
        away.mkdir()
        files = list(site.dir.glob("data/carnet.db*"))
        for f in files:
            f.rename(away / f.name)
        r = answer(lambda: grant(site), lambda s: s != 200)
        refused(r, 503, "carnet install makes it")
        for f in files:
            (away / f.name).rename(f)
        recovers(site)


def test_a_database_that_is_overwritten():
    """A copy went wrong, and left a file that is no database."""
    with served("token") as site:
        grant(site)
        good = site.dir / "good.db"
        site.sql("VACUUM INTO '%s'" % good)
        for f in site.dir.glob("data/carnet.db*"):
            if not f.name.endswith(".log"):
                f.unlink()
        (site.dir / "data/carnet.db").write_bytes(b"no database" * 1000)
        r = answer(lambda: grant(site), lambda s: s != 200)
        assert r.status_code == 503 and "not a database" in r.log
        good.rename(site.dir / "data/carnet.db")
        site.carnet("install")
        recovers(site)


@pytest.mark.parametrize("off", [-86400, 86400 * 400])
def test_a_clock_that_steps(shim, tmp_path, off):
    """A day back, or a year ahead.  Everything that is given can be revoked, and when
    the clock is right again all is well."""
    clock = tmp_path / "clock"
    env = {"LD_PRELOAD": shim, "FAULT_CLOCK": str(clock)}
    # The sandbox lets programs open only what their configuration names; the same is true
    # of the shim.
    with served("token", "user", env=env, settings="state = %s" % tmp_path) as site:
        pair = grant(site).json()
        clock.write_text(str(off))
        r = answer(lambda: site.get(
            "/api/user", token=pair["access_token"]), lambda s: s == 401)
        expect.unauthenticated(r)
        assert ("expired" if off > 0 else "not valid yet") in r.log
        r = grant(site)
        if r.status_code == 200:
            assert site.get("/api/user", token=r.json()["access_token"]).status_code == 200
        wrong = [site.grant("password", username=site.email, password="wrong").status_code
                 for _ in range(12)]
        assert wrong[0] == 400 and wrong[-1] == 429
        clock.unlink()
        # Failures that were counted under the wrong clock lock nobody out.
        recovers(site, pairs=False)
        r = site.get("/api/user", token=pair["access_token"])
        if off < 0:
            assert r.status_code == 200
        else:  # a year ahead, expired rows were purged: doc/faults.md says so
            expect.unauthenticated(r)
            expect.error(site.refresh(pair["refresh_token"]), 400, "invalid_grant")


def test_a_configuration_that_is_broken():
    with served("token") as site:
        grant(site)
        good = site.conf.read_text()
        site.conf.write_text("issuer = nonsense\n")
        end, log = time.monotonic() + 2.5, ""
        while time.monotonic() < end or not log:
            r = grant(site)
            assert r.status_code == 200
            log += r.log
        line, = log.splitlines()  # which key, where, and what to do
        assert "carnet.conf:1: issuer" in line
        assert line.endswith("; the old configuration stays")
        site.conf.write_text(good)
        recovers(site)


def test_keys_that_are_gone():
    """A running program keeps the keys that it has read; a new one says what to do."""
    with served("token", "user", "jwks") as site:
        token = grant(site).json()["access_token"]
        assert site.get("/api/user", token=token).status_code == 200
        (site.dir / "keys").rename(site.dir / "away")
        refused(site.get("/oauth/jwks"), 500, "carnet install makes them")
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            r = grant(site)
            assert r.status_code == 200
            assert site.get("/api/user", token=r.json()["access_token"]).status_code == 200
        (site.dir / "away").rename(site.dir / "keys")
        assert answer(lambda: site.get("/oauth/jwks"), lambda s: s == 200).json()["keys"]
        recovers(site)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_key_that_may_not_be_read():
    """For a program that has not read it yet; a program that has goes on."""
    with served("token", user="nobody") as site:
        key = site.dir / "keys/ES256.pem"
        key.chmod(0)
        refused(grant(site), 500, "ES256.pem: Permission denied", "must be able to read it")
        key.chmod(0o600)
        recovers(site)
        key.chmod(0)
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            assert grant(site).status_code == 200
        key.chmod(0o600)
        recovers(site)


BROKEN = ["{{#title}} never closed {{nonsense", "{{#title}}never closed", "{{/title}}",
          "never closed {{title", "{{{title}}}"]


def test_a_template_that_is_broken():
    """A malformed template is a 500, with our own text.  One that cannot be read counts
    as missing: the compiled page is shown."""
    with served("login", settings="templates = pages") as site:
        pages = site.dir / "pages"
        pages.mkdir()
        for text in BROKEN:
            (pages / "login.html").write_text(text)
            r = site.get("/oauth/login")
            assert r.status_code == 500, text
            assert r.log.count("template login.html: missing or malformed") == 1
            assert "never closed" not in r.text and r.headers["X-Request-Id"] in r.text
        (pages / "login.html").unlink()
        (pages / "login.html").symlink_to("login.html")
        not_taken(site, "Too many levels of symbolic links")
        (pages / "login.html").unlink()
        (pages / "login.html").mkdir()
        not_taken(site, "cannot be read")
        (pages / "login.html").rmdir()
        (pages / "login.html").write_text("<p>{{title}}</p>")
        assert site.get("/oauth/login").text == "<p>Sign in</p>"
        faults.check_sound(site)


def not_taken(site, why):
    r = site.get("/oauth/login")
    assert r.status_code == 200 and 'id="login"' in r.text, r.text
    assert r.log.count("login.html: " + why) == 1, r.log


def test_sigterm_finishes_the_request_at_hand():
    """It is told to end while a body comes in: the answer is whole, and then the process
    ends with 0."""
    with served("token") as site:
        p = site.programs["token"]
        data = form_of(site)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(p.address)
            s.sendall(data[:-40])
            expect.until(lambda: is_read(s))  # the request has begun
            p.process.terminate()
            time.sleep(0.2)
            assert p.process.poll() is None
            s.sendall(data[-40:])
            out, _ = p.receive(s)
        assert b'"access_token"' in out
        assert p.process.wait(60) == 0
        assert tokens(site) == (1, 1)
        faults.check_sound(site)


def test_a_copy_over_a_database_in_use(tmp_path):
    """An older copy, by cp: the log belongs to the other file."""
    with served("token") as site:
        grant(site)
        copy, whole = tmp_path / "copy.db", tmp_path / "whole.tar"
        site.sql("VACUUM INTO '%s'" % copy)
        site.carnet("backup", str(whole))
        for _ in range(3):
            grant(site)
            site.user()
        site.sql("PRAGMA wal_checkpoint(PASSIVE)")
        time.sleep(1.1)  # files are checked once a second
        grant(site)
        (site.dir / "data/carnet.db").write_bytes(copy.read_bytes())
        expect.until(lambda: "copied over it while it was in use" in grant(site).log)
        assert grant(site).status_code == 503
        p = site.command("doctor")
        assert "copied over" in p.stdout and "carnet restore FILE" in p.stdout
        site.carnet("restore", str(whole), "--accept")
        recovers(site)
