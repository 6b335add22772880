"""carnet backup and restore, and a copy of the database that was put back by hand."""
import io
import json
import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import tarfile
import time
from contextlib import closing

import pytest

from kit import expect, faults, servers
from kit.people import App, Browser
from kit.site import BUILD, Site

WHO = pwd.getpwnam("www-data")


@pytest.fixture
def own():
    with servers.plain_cgi() as site:
        yield site


@pytest.fixture
def empty():
    """A machine with nothing on it yet."""
    with servers.directory() as path:
        site = Site(path, "http://127.0.0.1")
        site.serve_by_cgi()
        yield site


def database(site):
    return next(site.dir.rglob("carnet.db"))


def backup(site, name="b.tar"):
    path = site.dir / name
    site.carnet("backup", str(path))
    return path


def restore(site, path, *options):
    return json.loads(site.carnet("restore", str(path), *options, "--json"))


def status(site, token):
    return site.get("/api/user", token=token).status_code


def copy_of(site):
    """A copy of the database, made by SQLite's own means."""
    path = site.dir / "copy.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(database(site))) as db:
        db.execute("VACUUM INTO ?", (str(path),))
    return path


def put_back(site, copy):
    """Put a copy in place as a careful operator does: the log belongs to the other file."""
    for suffix in "-wal", "-shm":
        database(site).with_name("carnet.db" + suffix).unlink(missing_ok=True)
    shutil.copyfile(copy, database(site).with_name("fresh.db"))
    os.replace(database(site).with_name("fresh.db"), database(site))


def contents(site):
    """All files, except the log of what the command did."""
    return {p: p.read_bytes() for p in site.dir.rglob("*")
            if p.is_file() and "audit" not in p.name and not p.name.endswith(("-shm", "-wal"))}


def test_it_is_a_tar_archive_with_the_digest_of_each_file(own, tmp_path):
    path = backup(own)
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(path) as t:
        assert t.getnames()[0] == "carnet.conf" and t.getnames()[-1] == "MANIFEST"
        assert {"keys/ES256.pem", "keys/RS256.pem", "carnet.db"} <= set(t.getnames())
        t.extractall(tmp_path)
    subprocess.run(["sha256sum", "--quiet", "-c", "MANIFEST"], cwd=tmp_path, check=True)
    assert (tmp_path / "keys/ES256.pem").read_bytes() == (
        own.dir / "keys/ES256.pem").read_bytes()
    assert (tmp_path / "keys/ES256.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["keys/login.key", "site.key"])
def test_the_key_that_the_site_has_too_is_in_it(own, empty, place):
    """carnet(1): wherever it is kept; and it is there again with its mode."""
    own.conf.write_text("login_key = %s\n" % place + own.conf.read_text())
    own.carnet("keys", "login")
    restore(empty, backup(own))
    there = empty.dir / "keys/login.key"
    assert there.read_bytes() == (own.dir / place).read_bytes()
    assert there.stat().st_mode & 0o777 == 0o600


def test_standard_output_takes_it_too(own):
    p = subprocess.run([*own.command("version").args[:1], "backup", "-"],
                       env={**os.environ, "CARNET_CONF": str(own.conf)},
                       capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(p.stdout)) as t:
        assert "MANIFEST" in t.getnames()


def test_a_file_that_is_there_is_not_written_over(own):
    path = own.dir / "kept"
    path.write_text("mine")
    p = own.command("backup", str(path))
    assert p.returncode == 1 and "File exists" in p.stderr
    assert path.read_text() == "mine"


def test_on_a_new_machine_nobody_knows_what_was_revoked(own, empty):
    """All files are there again, with their modes; the programs wait for the operator."""
    token = own.token("read-posts")
    path = backup(own)
    said = restore(empty, path)
    assert said["needs_accept"] is True
    assert status(empty, token) == 503
    p = empty.command("install")
    assert p.returncode == 111 and "carnet restore --accept" in p.stderr
    assert json.loads(empty.carnet("restore", "--accept", "--json"))["access_tokens"] >= 1
    assert status(empty, token) == 401
    empty.password_client = own.password_client
    assert status(empty, empty.token("read-posts")) == 200
    assert database(empty).stat().st_mode & 0o777 == 0o600
    assert (empty.dir / "keys").stat().st_mode & 0o777 == 0o700
    assert empty.conf.stat().st_mode & 0o777 == 0o600
    assert not list(empty.dir.rglob("restore-*"))


def test_where_nothing_was_revoked_since_all_goes_on(own):
    """The copy and the machine know of the same revocations."""
    token = own.token("read-posts")
    path = backup(own)
    for attempt in range(3):  # unless a minute ended in between
        if not restore(own, path)["needs_accept"]:
            break
        own.carnet("restore", "--accept")
        token = own.token("read-posts")
        path = backup(own, "b%d.tar" % attempt)
    assert status(own, token) == 200


MARK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) =
	    (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
	int rc = real(from, to), fd = open(getenv("MARK"), O_RDWR), one = 1;
	pwrite(fd, &one, sizeof(one), 28); /* is_overwritten of struct shared */
	close(fd);
	return rc;
}
"""


def test_a_database_that_programs_refuse_is_told_so(own, tmp_path):
    """Whatever the reason: here a program marks the database as overwritten while it
    is put in place."""
    if faults.SANITIZED:
        pytest.skip("nothing can be preloaded before the sanitizers")
    (tmp_path / "mark.c").write_text(MARK)
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", tmp_path / "mark.so",
                    tmp_path / "mark.c", "-ldl"], check=True)
    token, path = own.token("read-posts"), backup(own)
    p = subprocess.run([BUILD / "bin/carnet", "restore", path, "--json", "--conf", own.conf],
                       capture_output=True, text=True, env={
                           **os.environ, "LD_PRELOAD": str(tmp_path / "mark.so"),
                           "MARK": str(database(own)) + "-sync"})
    assert p.returncode == 0 and json.loads(p.stdout)["needs_accept"] is True, p.stderr
    assert status(own, token) == 503
    own.carnet("restore", "--accept")
    assert status(own, token) == 401 and status(own, own.token("read-posts")) == 200


def test_programs_that_serve_take_up_what_was_put_in_place():
    """The database has grown since, and one of the programs was idle meanwhile."""
    with faults.served("token", "login") as site:
        def token():
            return site.grant("password", username=site.email, password=site.password)

        site.get("/oauth/login")
        assert token().status_code == 200
        path = backup(site)
        for _ in range(4):
            site.sql("INSERT INTO posts (title, body, created_at) VALUES ('t', ?, 1)",
                     "x" * 100000)
            site.sql("PRAGMA wal_checkpoint(TRUNCATE)")
            assert token().status_code == 200
        with subprocess.Popen([*site.command("version").args[:1], "restore", str(path),
                               "--json", "--conf", str(site.conf)],
                              stdout=subprocess.PIPE) as p:
            while p.poll() is None:
                token()
                time.sleep(0.1)
            assert p.returncode == 0
            if json.load(p.stdout)["needs_accept"]:  # a minute ended in between
                site.carnet("restore", "--accept")
        expect.until(lambda: token().status_code == 200)
        site.get("/oauth/login")
        time.sleep(1.1)
        assert token().status_code == 200


TAKEN_BACK = {
    "token": lambda site, user, token: site.delete(
        "/api/personal-tokens/current", token=token),
    "user": lambda site, user, token: site.carnet("user", "disable", user.email),
    "password": lambda site, user, token: site.carnet(
        "user", "passwd", user.email, "--password-stdin", input="another-long-one\n"),
    "client": lambda site, user, token: site.carnet(
        "client", "revoke", site.password_client.id),
    "all": lambda site, user, token: site.carnet("token", "revoke", "--all"),
    "delete": lambda site, user, token: site.carnet("user", "delete", user.email),
    "scope": lambda site, user, token: site.carnet(
        "user", "edit", user.email, "--scope", ""),
    "client scope": lambda site, user, token: site.carnet(
        "client", "edit", site.password_client.id, "--scope", "write-posts"),
}
KEEPS_TOKEN = "password", "scope", "client scope"


@pytest.mark.parametrize("how", TAKEN_BACK)
@pytest.mark.parametrize("by", ["hand", "restore"])
def test_what_was_revoked_does_not_come_back(own, how, by):
    """In the copy the token lives."""
    user = own.user("*")
    token = own.token("read-posts", user)
    copy, path = copy_of(own), backup(own)
    TAKEN_BACK[how](own, user, token)
    assert status(own, token) in (401, 200 if how in KEEPS_TOKEN else 401)
    if by == "hand":
        put_back(own, copy)
    else:
        assert restore(own, path)["needs_accept"] is True
    assert status(own, token) == 503
    p = own.command("install")
    assert p.returncode == 111 and "carnet restore --accept" in p.stderr
    p = own.command("doctor")
    assert p.returncode == 1 and "carnet restore --accept" in p.stdout
    own.carnet("restore", "--accept")
    assert status(own, token) == 401
    own.carnet("install")
    if how != "client":
        assert status(own, own.token("read-posts")) == 200


def test_nobody_has_consented_to_anything_in_what_was_put_back(own):
    """An app whose consent was withdrawn since would be let in without a question."""
    app, browser = App(own), Browser(own, own.user("*"))
    app.connect(browser)
    path = backup(own)
    assert own.sql("SELECT count(*) FROM oauth_consents") == [(1,)]
    restore(own, path, "--accept")
    assert own.sql("SELECT count(*) FROM oauth_consents") == [(0,)]


def test_what_was_there_before_is_kept(own):
    path = backup(own)
    late = own.user("*")
    before = restore(own, path, "--accept")["before"]
    assert late.email not in own.carnet("user", "list")
    restore(own, before, "--accept")
    assert late.email in own.carnet("user", "list")


def test_a_key_that_the_backup_does_not_have_goes(own):
    path = backup(own)
    own.carnet("keys", "rotate", "--now")
    kids = {k["kid"] for k in own.carnet_json("keys", "list")}
    restore(own, path, "--accept")
    assert {k["kid"] for k in own.carnet_json("keys", "list")} < kids


def synced(site, *args):
    """The directories that the command synced, and the names that it made before that."""
    trace = site.dir / "trace"
    subprocess.run(["strace", "-f", "-y", "-e", "trace=fsync,rename,unlink,openat",
                    "-o", trace, BUILD / "bin/carnet", *args], check=True,
                   capture_output=True,
                   env={**os.environ, "CARNET_CONF": str(site.conf)})
    lines = trace.read_text().splitlines()
    trace.unlink()
    return lines


def last(lines, pattern):
    """The number of the last line that has it."""
    return max(i for i, line in enumerate(lines) if re.search(pattern, line))


def test_what_is_put_in_place_outlives_a_power_cut(own):
    """The names too: of a key, of the old site's backup, of the backup itself."""
    if not shutil.which("strace") or faults.SANITIZED:
        pytest.skip("strace, of programs without sanitizers, is needed")
    path = own.dir / "b.tar"
    lines = synced(own, "backup", str(path))
    assert last(lines, r"fsync\(\d+<%s>\)" % own.dir) > last(lines, r"b\.tar.*O_EXCL")
    own.carnet("keys", "rotate", "--now")
    lines = synced(own, "restore", str(path), "--accept")
    keys = r"fsync\(\d+<%s/keys>\)" % own.dir
    assert last(lines, keys) > last(lines, r'rename\(.*, "[^"]*/keys/[^"/]*"\)')
    assert last(lines, keys) > last(lines, r'unlink\("%s/keys/[^"/]*"' % own.dir)
    before = last(lines, r"before-restore.*O_EXCL")
    assert any(re.search(r"fsync\(\d+<%s/data>\)" % own.dir, line)
               for line in lines[before:before + 4])


def test_the_configuration_in_place_stays(own):
    path = backup(own)
    own.conf.write_text(own.conf.read_text() + "site_name = Newer\n")
    out = own.carnet("restore", str(path), "--accept")
    assert "is not the configuration of the backup" in out
    assert "Newer" in own.conf.read_text()


def test_a_damaged_one_changes_nothing(own):
    """Each of many bytes is changed, and the file is cut at many places."""
    path = backup(own)
    whole, was = path.read_bytes(), contents(own)
    bad = own.dir / "bad.tar"
    was[bad] = b""
    for i in range(0, len(whole) - 1024, len(whole) // 60):
        changed = bytearray(whole)
        changed[i] ^= 0x41
        for text in bytes(changed), whole[:i]:
            bad.write_bytes(text)
            p = own.command("restore", str(bad))
            assert p.returncode == 1 and "nothing was changed" in p.stderr, (i, p)
    bad.write_bytes(b"")
    assert contents(own) == was


def archive(path, names, link=False):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as t:
        for name, text in names:
            m = tarfile.TarInfo(name)
            m.size = len(text)
            if link and name == "keys/ES256.pem":
                m.type, m.linkname, m.size = tarfile.SYMTYPE, "/etc/passwd", 0
                text = b""
            t.addfile(m, io.BytesIO(text))


@pytest.mark.parametrize("name", ["../evil", "keys/../../evil", "/tmp/evil", "keys/a/b",
                                  "keys/", "keys/.hidden", "other", "templates/../x"])
def test_no_name_leads_elsewhere(own, name):
    conf = own.conf.read_bytes()
    bad = own.dir / "bad.tar"
    archive(bad, [("carnet.conf", conf), (name, b"evil"), ("MANIFEST", b"")])
    was = contents(own)
    p = own.command("restore", str(bad))
    assert p.returncode == 1 and "nothing was changed" in p.stderr
    assert contents(own) == was and not list(own.dir.parent.glob("evil"))


def test_no_link_is_followed(own):
    bad = own.dir / "bad.tar"
    archive(bad, [("carnet.conf", own.conf.read_bytes()), ("keys/ES256.pem", b"")], True)
    assert own.command("restore", str(bad)).returncode == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_roots_restore_is_for_who_runs_the_programs(own, empty):
    path = backup(own)
    path.chmod(0o600)
    os.chown(empty.dir, WHO.pw_uid, WHO.pw_gid)
    restore(empty, path, "--accept")
    assert {(p.stat().st_uid, p.stat().st_gid) for p in empty.dir.rglob("*")} == {
        (WHO.pw_uid, WHO.pw_gid)}


def test_a_backup_while_others_write_is_whole(own, empty):
    """It has every token that was answered before it began."""
    client = own.client("client_credentials")
    tokens = []
    with subprocess.Popen([*own.command("version").args[:1], "purge", "--conf",
                           str(own.conf)], stdout=subprocess.DEVNULL):
        for _ in range(20):
            tokens.append(own.grant("client_credentials", client, scope="*").json()[
                "access_token"])
        path = backup(own)
    with tarfile.open(path) as t:
        t.extract("carnet.db", own.dir / "x")
    with closing(sqlite3.connect(own.dir / "x/carnet.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM oauth_access_tokens").fetchone()[0] >= 20
