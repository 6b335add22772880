"""The units that are shipped, under systemd itself, as the first process of a throwaway
root: those of deploy/systemd, and of the daemons of deploy/examples/password-check."""
import json
import shutil
import sqlite3
import textwrap
import time
from contextlib import closing
from urllib.parse import urlencode

import pytest

from kit import cms, expect, fastcgi, jose
from kit.site import BUILD, ROOT
from kit.throwaway import throwaway

SYSTEMD = "/lib/systemd/systemd"
EXAMPLES = ROOT / "deploy/examples/password-check"
WORD = "the-sites-own-word"
PROGRAMS = ("token", "login")
CONF = """issuer = http://localhost
database = /var/lib/carnet/data/carnet.db
keys = /var/lib/carnet/keys
"""


def lay_out(root):
    """What make install puts there, and the users."""
    local = root.path / "usr/local"
    for name in ("carnet", "carnet-smtp"):
        to = local / ("bin" if name == "carnet" else "lib/carnet")
        to.mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILD / "bin" / name, to)
    (local / "lib/carnet/cgi-bin").mkdir()
    for name in PROGRAMS:
        shutil.copy(BUILD / "cgi-bin" / name, local / "lib/carnet/cgi-bin")
    for unit in (ROOT / "deploy/systemd").iterdir():
        shutil.copy(unit, root.path / "etc/systemd/system")
    for user in ("carnet", "site"):
        root.run("useradd", "--system", "--user-group", user)
    root.run("install", "-d", "-o", "carnet", "-g", "carnet", "-m", "700", "/var/lib/carnet")
    for name in ("etc/carnet", "srv/site"):
        shutil.rmtree(root.path / name, ignore_errors=True)
        (root.path / name).mkdir(parents=True)


def configure(root, settings=""):
    conf = root.path / "etc/carnet/carnet.conf"
    conf.write_text(settings + CONF)
    conf.chmod(0o640)
    root.run("chown", "root:carnet", "/etc/carnet/carnet.conf")


@pytest.fixture(scope="module")
def machine():
    with throwaway(SYSTEMD) as root:
        if isinstance(root, str):
            pytest.skip(root)
        expect.until(lambda: root.run("systemctl", "is-active", "basic.target",
                                      check=False).returncode == 0)
        lay_out(root)
        configure(root)
        root.client = json.loads(carnet(root, "install", "--json"))["password_client"]
        root.run("systemctl", "daemon-reload")
        yield root


def carnet(root, *args, **kw):
    return root.run("env", "CARNET_CONF=/etc/carnet/carnet.conf", "/usr/local/bin/carnet", *args,
                    **kw).stdout


def journal(root, unit):
    return root.run("journalctl", "--no-pager", "-u", unit, check=False).stdout


def shows(root, unit, *names):
    said = root.run("systemctl", "show", unit, *("-p" + n for n in names)).stdout
    return dict(line.split("=", 1) for line in said.splitlines())


def sign_in(root, login, word):
    """Status and body of a password grant, of the program behind systemd's socket."""
    body = urlencode({"grant_type": "password", "username": login, "password": word,
                      **root.client}).encode()
    asked = [(b"REQUEST_METHOD", b"POST"), (b"CONTENT_LENGTH", b"%d" % len(body)),
             (b"CONTENT_TYPE", b"application/x-www-form-urlencoded"),
             (b"REMOTE_ADDR", b"192.0.2.1"), (b"SCRIPT_NAME", b"/oauth/token")]
    program = fastcgi.Program.__new__(fastcgi.Program)
    program.address = str(root.path / "run/carnet/token.sock")
    out, _ = program.send(fastcgi.request(asked, body))
    head, _, body = out.partition(b"\r\n\r\n")
    assert body, journal(root, "carnet@token")
    status = head.partition(b"Status: ")[2][:3]
    return int(status or 200), json.loads(body)


def answers(root, unit):
    """Wait until carnet doctor has an answer of the daemon, which may start slowly."""
    said, deadline = "", time.monotonic() + 60
    while "unix:/run/site-check/sock answers" not in said:
        assert time.monotonic() < deadline, said + journal(root, unit)
        said = carnet(root, "doctor", check=False)


def is_of(answer, sub):
    status, body = answer
    assert status == 200, body
    assert jose.claims_of(body["access_token"])["sub"] == sub


def database(to, scratch, *statements):
    """SQLite opens no file below /proc/PID/root."""
    with closing(sqlite3.connect(scratch / "db")) as db:
        for statement, *args in statements:
            db.execute(statement, args)
        db.commit()
    shutil.copy(scratch / "db", to)


def test_the_python_daemon_behind_carnets_own_units(machine, tmp_path):
    """doc/users.md, A daemon of your own: its lines, as they are."""
    database(
        machine.path / "srv/site/db.sqlite3", tmp_path, ("CREATE TABLE auth_user (id INTEGER, username TEXT, email TEXT, first_name TEXT,"
            " last_name TEXT, password TEXT, is_active INTEGER)",), (
            "INSERT INTO auth_user VALUES (40, 'Grace', 'Grace@Example.org', 'Grace',"
            " 'Hopper', ?, 1)", cms.django(WORD)))
    said = (ROOT / "doc/users.md").read_text().split("### A daemon of your own\n")[1]
    script = textwrap.dedent(said.split("For the one in Python:\n\n")[1].split("\n\n")[0])
    where = machine.path / "root/example"
    shutil.copytree(EXAMPLES, where)
    assert script.endswith("\ncarnet doctor")
    machine.run("sh", "-ec", "cd /root/example; PATH=/usr/local/bin:$PATH\n" + script,
                check=False)
    answers(machine, "site-check")
    machine.run("systemctl", "enable", "--now", "carnet@token.socket")
    for login in ("grace", "GRACE@example.org"):
        is_of(sign_in(machine, login, WORD), "40")
    assert sign_in(machine, "grace", "wrong")[0] == 400
    for unit in ("carnet@token.service", "site-check.service"):
        assert shows(machine, unit, "ActiveState") == {"ActiveState": "active"}
    # It dies, and systemd starts it anew.
    machine.run("systemctl", "kill", "--signal=KILL", "site-check.service")
    answers(machine, "site-check")
    is_of(sign_in(machine, "grace", WORD), "40")


def test_the_php_daemon(machine, tmp_path):
    """site-check-php.service: the user site listens, and so carnet has to be told of it."""
    database(
        machine.path / "srv/site/users.db", tmp_path, (
            "CREATE TABLE users (id INTEGER, login TEXT, email TEXT, name TEXT, password TEXT)",),
        ("INSERT INTO users VALUES (50, 'Barbara', 'b@example.org', 'Barbara', ?)",
         cms.php(WORD)))
    (machine.path / "etc/site-check.env").write_text("SITE_DSN=sqlite:/srv/site/users.db\n")
    shutil.copy(EXAMPLES / "check.php", machine.path / "srv/site")
    shutil.copy(EXAMPLES / "site-check-php.service", machine.path / "etc/systemd/system")
    machine.run("systemctl", "disable", "--now", "site-check.socket", "site-check.service",
                check=False)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "site-check-php.service")
    expect.until((machine.path / "run/site-check/sock").exists)
    settings = "password_check = unix:/run/site-check/sock\n"
    configure(machine, settings)
    said = carnet(machine, "doctor", check=False)
    assert "password_check_owner = site" in said, said
    configure(machine, settings + "password_check_owner = site\n")
    answers(machine, "site-check-php")
    # If one of its processes ends, all are started anew.
    first = shows(machine, "site-check-php.service", "MainPID")["MainPID"]
    machine.run("pkill", "-KILL", "--parent", first, "--oldest")
    expect.until(lambda: shows(machine, "site-check-php.service", "MainPID")["MainPID"] not in (
        first, "0"))
    answers(machine, "site-check-php")


MAILER = """#!/bin/sh
cat >>/var/lib/carnet/sent
"""


def test_the_couriers_units_send_mail(machine):
    """doc/users.md, Mail: from a timer once, and kept running."""
    sent = machine.path / "var/lib/carnet/sent"
    mailer = machine.path / "usr/local/bin/mailer"
    mailer.write_text(MAILER)
    mailer.chmod(0o755)
    configure(machine, "mail_from = no-reply@example.org\nmail_command = /usr/local/bin/mailer\n"
              "sign_up = invite\n")
    for i, unit in enumerate(("carnet-courier-once.service", "carnet-courier.service")):
        carnet(machine, "user", "invite", "new%d@example.org" % i)
        machine.run("systemctl", "start", unit)
        expect.until(lambda: sent.exists() and "new%d@example.org" % i in sent.read_text())
    machine.run("systemctl", "stop", "carnet-courier.service")
    assert shows(machine, "carnet-courier.service", "Result") == {"Result": "success"}


def test_the_purge_runs(machine):
    configure(machine)
    machine.run("systemctl", "start", "carnet-purge.service")
    assert shows(machine, "carnet-purge.service", "Result", "ExecMainStatus") == {
        "Result": "success", "ExecMainStatus": "0"}
