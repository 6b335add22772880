"""carnet doctor: who may listen on the port where Apache asks the guard."""
import os
import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kit.doctor import Report, ask
from kit.site import BUILD, ROOT

AS_ROOT = os.getuid() == 0
FREE = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())


def asked(site, port):
    return ask(site, env={"CARNET_GUARD": "127.0.0.1:%d" % port})


def listener(port=0):
    s = socket.socket()
    s.bind(("127.0.0.1", port))
    s.listen(1)
    return closing(s)


def test_no_port_no_finding(fresh):
    assert "guard-port" not in {r["check"] for r in ask(fresh).rows}


def test_a_port_that_any_user_may_take(fresh):
    with listener() as s:
        port = s.getsockname()[1]
        asked(fresh, port).only("guard-port", "warn", "Any user", str(port), "below %d" % FREE)
    asked(fresh, port).only("guard-port", "wrong", "Nobody listens", "any user", "systemd")


@pytest.mark.skipif(not AS_ROOT, reason="root alone has such a port, and other users")
def test_a_port_of_root_and_one_of_a_stranger(fresh):
    if FREE < 2:
        pytest.skip("every port is for everybody here")
    for port in range(FREE - 1, 0, -1):
        try:
            with listener(port):
                assert asked(fresh, port).level("guard-port") == "ok"
            break
        except OSError:
            continue  # another has it
    asked(fresh, port).only("guard-port", "warn", "Nobody listens on port %d" % port)
    code = ("import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen(1)\n"
            "print(s.getsockname()[1], flush=True)\ninput()")
    with subprocess.Popen([sys.executable, "-c", code], user=65534, group=65534,
                          extra_groups=[], cwd="/", stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as p:
        port = int(p.stdout.readline())
        asked(fresh, port).only("guard-port", "wrong", "listens on port %d" % port,
                                "sees the tokens", "revoke")
        p.stdin.close()


@pytest.mark.skipif(not AS_ROOT, reason="only root can mount")
def test_mod_carnet_needs_no_port(fresh, tmp_path):
    """Debian's a2enmod enables a module by a file in this directory."""
    (tmp_path / "carnet.load").write_text(
        "# a comment\nLoadModule carnet_module /usr/lib/apache2/modules/mod_carnet.so\n")
    p = subprocess.run(["unshare", "-m", "mount", "--bind", tmp_path,
                        "/etc/apache2/mods-enabled"], capture_output=True)
    if p.returncode:
        pytest.skip("root cannot mount here")
    p = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount --bind $0 /etc/apache2/mods-enabled && exec $@",
         tmp_path, BUILD / "bin/carnet", "doctor", "--json"], capture_output=True, text=True,
        env={**os.environ, "CARNET_CONF": str(fresh.conf), "CARNET_GUARD": "127.0.0.1:9"})
    report = Report(p)
    assert report.level("guard-port") == "ok"
    assert "mod_carnet, on a socket" in report.text("guard-port")
    asked(fresh, 9).only("guard-port", "warn", "Nobody listens on port 9", "load mod_carnet")


def test_the_shipped_port_is_roots_and_one():
    """guard.conf, guard-port.conf, spawn.sh and doctor name the same one."""
    named = {int(n) for name in ("apache/guard.conf", "systemd/guard-port.conf", "spawn.sh")
             for n in re.findall(r"127\.0\.0\.1:(\d+)(?!\d)", (ROOT / "deploy" / name).read_text())
             if n != "8000"}
    named |= {int(n) for n in re.findall(r"DOCTOR_GUARD_PORT (\d+)",
                                         (ROOT / "bin/doctor/doctor.h").read_text())}
    assert len(named) == 1 and named.pop() < 1024
