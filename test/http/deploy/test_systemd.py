"""deploy/systemd: what each unit says, and that systemd reads it so.
test_deployments.py runs the programs behind these sockets (apache-systemd)."""
import re
import subprocess

import pytest

from kit import systemd
from kit.deployments import DEPLOY
from kit.site import BUILD, ROOT

COURIERS = ["carnet-courier.service", "carnet-courier-once.service"]
SERVICES = ["carnet@.service", "carnet-purge.service", *COURIERS]
UNITS = sorted(p.name for p in systemd.UNITS.glob("carnet*"))

# systemd.exec(5): each of these in each service.
HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
    "PrivateTmp": "yes", "PrivateDevices": "yes", "PrivateNetwork": "yes",
    "ProtectProc": "invisible", "ProtectClock": "yes", "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes", "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes", "ProtectControlGroups": "yes",
    "RestrictAddressFamilies": "AF_UNIX", "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes", "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes", "CapabilityBoundingSet": "",
    "SystemCallArchitectures": "native", "UMask": "0077", "LimitCORE": "0",
    "User": "carnet", "Group": "carnet", "ReadWritePaths": "/var/lib/carnet"}
# What a program that serves does not need either.
TIGHTER = {
    "PrivateUsers": "yes", "ProcSubset": "pid", "RemoveIPC": "yes", "NoExecPaths": "/",
    "AmbientCapabilities": "", "IPAddressDeny": "any", "MemoryMax": "64M", "TasksMax": "4",
    "StandardInput": "socket", "SystemCallErrorNumber": "EPERM"}
# Who goes out.
OUTGOING = {"PrivateNetwork": None, "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
            "InaccessiblePaths": "-/var/lib/carnet/keys"}
DENIED = {"@privileged", "@resources"}


def analyze(*args):
    """Run systemd-analyze; return its exit status and output."""
    try:
        p = subprocess.run(["systemd-analyze", *args], text=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no systemd-analyze here")
    return p.returncode, p.stdout + p.stderr


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    """The units, with the programs in the places where make install puts them."""
    where = tmp_path_factory.mktemp("units")
    local = where / "usr/local"
    (local / "bin").mkdir(parents=True)
    (local / "bin/carnet").symlink_to(BUILD / "bin/carnet")
    (local / "lib/carnet").mkdir(parents=True)
    (local / "lib/carnet/cgi-bin").symlink_to(BUILD / "cgi-bin")
    for name in UNITS:
        text = (systemd.UNITS / name).read_text().replace("/usr/local", str(local))
        (where / name.replace("@", "@token")).write_text(text)
    return where


# These take away more, and systemd 252 has them in no group.
LANDLOCK = ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"]


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_gives_up_what_it_has_no_use_for(service):
    """Check each directive: a score does not tell which one is missing."""
    said = systemd.read(systemd.UNITS / service)
    wanted = {**HARDENED, **(TIGHTER if "@" in service else {}),
              **(OUTGOING if service in COURIERS else {})}
    assert {name: said.get(("Service", name)) for name in wanted} == {
        name: None if value is None else [value] for name, value in wanted.items()}
    allowed, *denied = said["Service", "SystemCallFilter"]
    assert allowed.split() == ["@system-service", *([] if "purge" in service else LANDLOCK)]
    assert all(line.startswith("~") for line in denied)
    assert DENIED <= {word for line in denied for word in line.lstrip("~").split()}


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_each_unit_as_it_is(units, unit):
    """systemd-analyze(1) verify names what systemd would ignore."""
    status, said = analyze("verify", "--man=no", units / unit.replace("@", "@token"))
    said = [line for line in said.splitlines() if "carnet" in line]
    assert (status, said) == (0, [])


@pytest.mark.parametrize("timer", ["carnet-purge.timer", "carnet-courier.timer"])
def test_a_timer_has_a_time(timer):
    said = systemd.read(systemd.UNITS / timer)
    status, text = analyze("calendar", *said["Timer", "OnCalendar"])
    assert status == 0, text


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_left_exposed_is_little(units, service):
    """systemd-analyze(1) security: of 10.0, 1.0 at most; 2.5 for who goes out."""
    status, said = analyze("security", "--offline=true",
                           "--threshold=%d" % systemd.most_exposed(service),
                           units / service.replace("@", "@token"))
    assert status == 0, said


def test_the_guards_port_is_where_apache_looks(units):
    """deploy/apache/guard.conf: mod_authnz_fcgi needs a port."""
    drop_in = systemd.UNITS / "guard-port.conf"
    told = re.search(r"Define CARNET_GUARD (\S+)\n</IfDefine>",
                     (DEPLOY / "apache/guard.conf").read_text())[1]
    said = systemd.read(systemd.UNITS / "carnet@.socket", drop_in)
    assert said["Socket", "ListenStream"] == [told]
    # systemd.resource-control(5): for a socket that is passed on, the socket's own limits
    # count
    assert said["Socket", "IPAddressDeny"] == ["any"]
    assert said["Socket", "IPAddressAllow"] == ["localhost"]
    socket = (units / "carnet@token.socket").read_text()
    try:
        (units / "carnet@guard.socket").write_text(socket)
        (units / "carnet@guard.service").write_text(
            (units / "carnet@token.service").read_text())
        (units / "carnet@guard.socket.d").mkdir()
        (units / "carnet@guard.socket.d/port.conf").write_text(drop_in.read_text())
        status, said = analyze("verify", "--man=no", units / "carnet@guard.socket")
        assert (status, [s for s in said.splitlines() if "carnet" in s]) == (0, [])
    finally:
        for name in ("socket", "service"):
            (units / ("carnet@guard." + name)).unlink()


def test_the_manual_names_each_unit():
    text = (ROOT / "man/carnet-deploy.7").read_text()
    for name in (*UNITS, "guard-port.conf", "courier-sendmail.conf"):
        assert name in text, name


@pytest.mark.parametrize("service", COURIERS)
def test_a_setuid_mailer_gets_its_own_rights(service):
    """systemd.exec(5): what implies NoNewPrivileges for a service with User= is off."""
    said = systemd.read(systemd.UNITS / service, systemd.UNITS / "courier-sendmail.conf")
    assert said["Service", "NoNewPrivileges"][-1] == "no"
    for name in ("SystemCallFilter", "SystemCallArchitectures", "RestrictAddressFamilies"):
        assert not said["Service", name], name
    for name in ("RestrictNamespaces", "PrivateDevices", "ProtectKernelTunables",
                 "ProtectKernelModules", "ProtectKernelLogs", "ProtectClock",
                 "MemoryDenyWriteExecute", "RestrictRealtime", "RestrictSUIDSGID",
                 "LockPersonality", "ProtectHostname"):
        assert said["Service", name][-1] == "no", name
