"""The daemons of deploy/examples/password-check, each asked by carnet: doc/users.md, A daemon
of your own."""
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from kit import cms, expect, faults, jose, servers, systemd
from kit.site import ROOT

EXAMPLES = ROOT / "deploy/examples/password-check"
WORD = "the-sites-own-word"


# crypt(3), bcrypt at its least cost, of WORD.
BCRYPT = "$2y$04$abcdefghijklmnopqrstuuwWcaaBDFlSJ5M7dhwxywjoHpCpA6.hm"


def python_site(top):
    with closing(sqlite3.connect(top / "site.db")) as db:
        db.execute("CREATE TABLE auth_user (id INTEGER, username TEXT, email TEXT,"
                   " first_name TEXT, last_name TEXT, password TEXT, is_active INTEGER)")
        db.execute("INSERT INTO auth_user VALUES (40, 'Grace', 'Grace@Example.org', 'Grace',"
                   " 'Hopper', ?, 1)", (cms.django(WORD),))
        db.execute("INSERT INTO auth_user VALUES (41, 'gone', '', '', '', ?, 0)",
                   (cms.django(WORD),))
        db.commit()


def php_site(top):
    with closing(sqlite3.connect(top / "site.db")) as db:
        db.execute("CREATE TABLE users (id INTEGER, login TEXT, email TEXT, name TEXT,"
                   " password TEXT)")
        db.execute("INSERT INTO users VALUES (40, 'Grace', 'Grace@Example.org', 'Grace Hopper', ?)",
                   (BCRYPT,))
        db.commit()


def unit(name):
    return systemd.read(EXAMPLES / name)


@contextmanager
def running(top, argv, env, **kw):
    log = open(top / "daemon.log", "wb")
    p = subprocess.Popen(argv, env={"PATH": os.environ["PATH"], **env}, stderr=log, stdout=log,
                         stdin=subprocess.DEVNULL, start_new_session=True, **kw)
    try:
        yield
    finally:
        os.killpg(p.pid, signal.SIGTERM)
        p.wait(20)
        log.close()


@contextmanager
def python_daemon(top):
    """systemd listens, with the owner and the mode that the unit says, and hands the
    socket on as descriptor 3."""
    python_site(top)
    path = top / "sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        says = unit("site-check.socket")
        assert says["Socket", "SocketUser"] == ["root"]
        path.chmod(int(says["Socket", "SocketMode"][0], 8))
        argv = unit("site-check.service")["Service", "ExecStart"][0].split()
        assert argv.pop() == "/srv/site/check.py"
        hand_on = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execv(sys.argv[2], sys.argv[2:])"
        with running(top, [sys.executable, "-c", hand_on, str(listener.fileno()), *argv,
                           EXAMPLES / "check.py"],
                     {"SITE_DATABASE": str(top / "site.db")}, pass_fds=(listener.fileno(),)):
            yield path


@contextmanager
def php_daemon(top):
    """It makes its socket itself, for its group."""
    if not shutil.which("php"):
        pytest.skip("no php here (deploy/deps.sh test)")
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True).stdout.split()
    if "pdo_sqlite" not in modules or "pcntl" not in modules:
        pytest.skip("php has no PDO for SQLite here (deploy/deps.sh test)")
    php_site(top)
    path = top / "sock"
    argv = unit("site-check-php.service")["Service", "ExecStart"][0].split()
    assert argv.pop() == "/srv/site/check.php"
    with running(top, [*argv, EXAMPLES / "check.php"],
                 {"SITE_SOCKET": str(path), "SITE_DSN": "sqlite:%s" % (top / "site.db")}):
        expect.until(path.exists)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        yield path


@pytest.mark.parametrize("daemon", [python_daemon, php_daemon])
def test_a_daemon_signs_people_in(daemon):
    with servers.directory() as top, daemon(top) as path, \
            faults.served("token", settings="password_check = unix:%s" % path) as site:
        site.secrets.add(WORD)
        for login in ("GRACE", "grace@example.org"):
            r = site.grant("password", username=login, password=WORD)
            assert jose.claims_of(expect.tokens(r)["access_token"])["sub"] == "40"
        assert site.sql("SELECT id, login, email, name FROM users WHERE id > 1") == [
            (40, "grace", "grace@example.org", "Grace Hopper")]
        for login, word in (("grace", "wrong"), ("nobody", WORD), ("gone", WORD),
                            ("' OR 1 --", WORD)):
            expect.error(site.grant("password", username=login, password=word),
                         400, "invalid_grant")
        # What it cannot tell is not "wrong".
        (top / "site.db").write_bytes(b"no database, for sure" * 100)
        r = site.grant("password", username="grace", password=WORD)
        expect.error(r, 503, "temporarily_unavailable")
