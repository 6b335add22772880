"""carnet doctor without a URL: modes, owners, web roots, the disk."""
import os
import shutil
import subprocess
import tempfile
import time

import pytest

from kit import doctor
from kit.doctor import ask
from kit.site import BUILD, Site

AS_ROOT = os.getuid() == 0


@pytest.mark.parametrize("name, mode, level", [
    ("keys/ES256.pem", 0o640, "wrong"), ("keys/RS256.pem", 0o604, "wrong"),
    ("keys/ES256.pem.new", 0o644, "wrong"), ("keys/ES256-old.pem", 0o644, "wrong"),
    ("data/carnet.db", 0o644, "wrong"), ("data/carnet.db", 0o660, "warn"),
    ("carnet.conf", 0o646, "wrong"), ("carnet.conf", 0o664, "warn"),
    ("carnet.conf", 0o644, None),
    ("keys", 0o755, "warn"), ("keys", 0o777, "wrong"),
    ("data", 0o777, "wrong"), ("data", 0o775, "warn"), ("data", 0o1777, None)])
def test_what_others_may_read_or_write(fresh, name, mode, level):
    """Only one user may read private keys; a group may read the other files."""
    path = fresh.dir / name
    if not path.exists():
        shutil.copy(fresh.dir / "keys/ES256.pem", path)
    path.chmod(mode)
    report = ask(fresh)
    if level is None:
        assert report.at("wrong") + report.at("warn") == []
    else:
        report.only("modes", level, "%04o" % mode, "chmod 0", name.strip("."))


@pytest.mark.parametrize("mode, level", [(0o644, "wrong"), (0o640, "warn")])
def test_a_configuration_with_a_secret_is_private(fresh, mode, level):
    """[password_token] holds a client's secret."""
    client = fresh.password_client
    with fresh.conf.open("a") as f:
        f.write("[password_token]\nclient_id = %s\nclient_secret = %s\n" % client)
    assert ask(fresh).code == 0
    fresh.conf.chmod(mode)
    ask(fresh).only("modes", level, "a client's secret", "0600")


@pytest.mark.skipif(not AS_ROOT, reason="files are given away by root alone")
def test_files_of_two_owners_are_told(fresh):
    """A user who can use the one file cannot use the other."""
    os.chown(fresh.dir / "data/carnet.db", 65534, 65534)
    ask(fresh).only("access", "wrong", "nobody", "root", "chown -R nobody: %s %s" % (
        fresh.dir / "data", fresh.dir / "keys"))


def test_what_this_user_cannot_use_is_told(fresh):
    """The user who runs the command, if no program runs."""
    run = {"user": 65534, "group": 65534, "extra_groups": []} if AS_ROOT else {}
    for path in ("carnet.conf", "data/carnet.db", "keys", "keys/ES256.pem", "keys/RS256.pem"):
        (fresh.dir / path).chmod(0o700 if AS_ROOT else 0o000)
    fresh.conf.chmod(0o644)
    binary = fresh.dir / "carnet"
    shutil.copy(BUILD / "bin/carnet", binary)
    p = subprocess.run([binary, "doctor", "--json", "--conf", fresh.conf], text=True,
                       capture_output=True, **run)
    report = doctor.Report(p)
    assert p.returncode == 1
    for name in ("carnet.db", "keys", "ES256.pem"):
        assert "%s: user " % name in report.text("access")
    assert "cannot write" in report.text("access")


def test_an_audit_trail_that_cannot_be_written_is_told(fresh):
    """The files can be written, but no new file can be made beside them."""
    trail = fresh.dir / "audit"
    trail.mkdir(mode=0o755)
    (trail / "log").touch(mode=0o666)
    fresh.conf.write_text("audit_log = %s/log\n" % trail + fresh.conf.read_text())
    for path in fresh.dir.rglob("*") if AS_ROOT else []:
        os.chown(path, 65534, 65534)
    os.chown(fresh.dir, 65534, 65534)
    os.chown(trail, 0, 0)
    binary = fresh.dir / "carnet"
    shutil.copy(BUILD / "bin/carnet", binary)
    run = {"user": 65534, "group": 65534, "extra_groups": []} if AS_ROOT else {}
    if not AS_ROOT:
        trail.chmod(0o500)
    p = subprocess.run([binary, "doctor", "--json", "--conf", fresh.conf], text=True,
                       capture_output=True, **run)
    assert "%s: user " % trail in doctor.Report(p).text("access")


@pytest.mark.parametrize("name, mode, cure", [
    ("data/carnet.db", 0o400, "chmod u+rw "), ("data/carnet.db", 0o000, "chmod u+rw "),
    ("keys", 0o300, "chmod u+rx "), ("keys/ES256.pem", 0o200, "chmod u+r ")])
def test_what_its_owners_mode_forbids_is_told(fresh, name, mode, cure):
    """They own it already, and no file is missing: neither chown nor a copy helps."""
    run = {"user": 65534, "group": 65534, "extra_groups": []} if AS_ROOT else {}
    binary = fresh.dir / "carnet"
    shutil.copy(BUILD / "bin/carnet", binary)
    for path in [fresh.dir, *fresh.dir.rglob("*")] if AS_ROOT else []:
        os.chown(path, 65534, 65534)
    (fresh.dir / name).chmod(mode)
    p = subprocess.run([binary, "doctor", "--json", "--conf", fresh.conf], text=True,
                       capture_output=True, **run)
    (fresh.dir / name).chmod(0o700)
    report = doctor.Report(p)
    assert p.returncode == 1
    assert cure + str((fresh.dir / name).resolve()) in report.text("access")
    assert "chown" not in report.text("access")
    assert "Restore" not in report.text("database")


@pytest.mark.parametrize("name", [
    "public_html", "htdocs", "www", "cgi-bin", "public_html/deep/below"])
def test_what_lies_in_a_web_root_is_told(fresh, name):
    """The worst mistake: database and keys that anyone can fetch."""
    root = fresh.dir / name
    root.mkdir(parents=True)
    for entry in ("carnet.conf", "data", "keys"):
        (fresh.dir / entry).rename(root / entry)
    report = doctor.Report(fresh.command("doctor", "--json", "--conf",
                                         str(root / "carnet.conf")))
    levels = {r["what"].split(",")[1].strip(): r["level"] for r in report.rows
              if r["check"] == "web-root"}
    assert levels == {str(root / "carnet.conf"): "warn", str(root / "keys"): "wrong",
                      str(root / "data/carnet.db"): "wrong"}
    said = report.text("web-root")
    assert "anyone may be able to read it" in said and name.split("/")[0] in said
    client = fresh.password_client
    with (root / "carnet.conf").open("a") as f:
        f.write("[password_token]\nclient_id = %s\nclient_secret = %s\n" % client)
    report = doctor.Report(fresh.command("doctor", "--json", "--conf",
                                         str(root / "carnet.conf")))
    report.only("web-root", "wrong")  # it has a secret


def test_the_document_root_of_the_environment_counts(fresh):
    """As in a shell of a hosting panel, or in a CGI program."""
    assert ask(fresh, env={"DOCUMENT_ROOT": str(fresh.dir / "www")}).code == 0
    said = ask(fresh, env={"DOCUMENT_ROOT": str(fresh.dir)}).text("web-root")
    assert "carnet.db, lies" in said and "keys, lies" in said
    assert ask(fresh, env={"DOCUMENT_ROOT": str(fresh.dir) + "-other"}).code == 0


DISK_SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#define REAL(f) ((int (*)(const char *, void *))dlsym(RTLD_NEXT, f))
int statfs(const char *path, struct statfs *out)
{
	int rc = REAL("statfs")(path, out);
	if (getenv("SHIM_TYPE"))
		out->f_type = strtol(getenv("SHIM_TYPE"), NULL, 16);
	return rc;
}
int statvfs(const char *path, struct statvfs *out)
{
	int rc = REAL("statvfs")(path, out);
	if (getenv("SHIM_MIB"))
		out->f_bavail = (strtoul(getenv("SHIM_MIB"), NULL, 10) << 20) /
		    out->f_frsize;
	if (getenv("SHIM_FILES"))
		out->f_favail = strtoul(getenv("SHIM_FILES"), NULL, 10);
	return rc;
}
"""


@pytest.fixture(scope="module")
def disk_shim(tmp_path_factory):
    """A disk that is almost full, which a test cannot have."""
    path = tmp_path_factory.mktemp("shim")
    (path / "shim.c").write_text(DISK_SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path / "shim.so", path / "shim.c",
                    "-ldl"], check=True)
    return path / "shim.so"


@pytest.mark.parametrize("disk, level, said", [
    ({"SHIM_TYPE": "6969"}, "wrong", "NFS"), ({"SHIM_TYPE": "ff534d42"}, "wrong", "SMB"),
    ({"SHIM_TYPE": "65735546"}, "warn", "processes share memory"),
    ({"SHIM_MIB": "3"}, "wrong", "3 MiB left"), ({"SHIM_MIB": "20"}, "warn", "20 MiB"),
    ({"SHIM_FILES": "2"}, "wrong", "2 more files")])
def test_a_disk_that_will_not_do(fresh, disk_shim, disk, level, said):
    """doc/architecture.md, Storage: WAL does not work over a network."""
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    env = {**disk, "LD_PRELOAD": str(disk_shim), "ASAN_OPTIONS": asan}
    ask(fresh, env=env).only("disk", level, said)


def test_a_file_of_the_future_tells_of_the_clock(fresh):
    """A clock that a power cut has reset."""
    later = time.time() + 7200
    os.utime(fresh.conf, (later, later))
    ask(fresh).only("clock", "wrong", "carnet.conf was written at", "NTP")


@pytest.fixture
def read_only(fresh):
    """The same site on a read-only mount."""
    at = fresh.dir.parent / "read-only"
    at.mkdir()
    if subprocess.run(["mount", "--bind", fresh.dir, at], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", at], check=True)
        other = Site(at, fresh.url)
        other.serve_by_cgi()
        other.password_client = fresh.password_client
        yield other
    finally:
        subprocess.run(["umount", at], check=True)
        at.rmdir()


def test_a_mount_that_may_not_be_written(read_only):
    """Neither chmod nor chown helps there."""
    report = ask(read_only)
    found = [r for r in report.rows if r["check"] == "access" and r["level"] != "ok"]
    assert len(found) == 1, found
    assert "remount,rw %s" % read_only.dir in found[0]["cure"]
    assert "chmod" not in found[0]["cure"] and "chown" not in found[0]["cure"]


def test_plain_cgi_of_a_database_that_may_only_be_read_is_503(read_only):
    """RFC 9110 section 15.6.4; doc/faults.md, When something breaks."""
    r = read_only.grant("password", username=read_only.email, password="x")
    assert r.status_code == 503 and "Retry-After" in r.headers


def test_plain_cgi_that_may_not_write_the_file_is_503(fresh):
    """Only the file is read-only: its directory can be written."""
    client = fresh.client("client_credentials")
    for path in [fresh.dir, *fresh.dir.rglob("*")]:
        os.chown(path, 65534, 65534)
    (fresh.dir / "data/carnet.db").chmod(0o400)
    body = "grant_type=client_credentials&client_id=%s&client_secret=%s" % client
    with tempfile.TemporaryDirectory() as where:
        os.chmod(where, 0o755)
        program = shutil.copy(BUILD / "cgi-bin/token", where)
        p = subprocess.run([program], input=body, text=True, capture_output=True,
                           user=65534, group=65534, extra_groups=[], env={
            "REQUEST_METHOD": "POST", "CARNET_CONF": str(fresh.conf),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)), "GATEWAY_INTERFACE": "CGI/1.1"})
    assert p.stdout.startswith("Status: 503"), (p.stdout, p.stderr)
