"""carnet doctor without a URL: each check, on an installation that is wrong."""
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kit import doctor
from kit.doctor import ask
from kit.site import BUILD, ROOT

AS_ROOT = os.getuid() == 0
LOCAL_CHECKS = {
    "configuration", "issuer", "scopes", "templates", "programs", "processes", "modes",
    "access", "web-root", "disk", "database", "keys", "clients", "clock", "old-keys"}


def snapshot(directory):
    """All there is below it: name, mode, size, time; -shm holds the locks of
    who reads."""
    return sorted((str(p), s.st_mode, s.st_size,
                   0 if p.name.endswith("-shm") else s.st_mtime_ns)
                  for p in [directory, *directory.rglob("*")] for s in [p.stat()])


def settings(site, text):
    """Put lines before the sections of the configuration."""
    site.conf.write_text(text + "\n" + site.conf.read_text())


def test_a_new_installation_is_sound_and_nothing_is_written(fresh):
    """DESIGN section 8: and no check changes anything on disk."""
    before = snapshot(fresh.dir)
    report = ask(fresh)
    assert report.code == 0 and report.at("warn") == [], report.rows
    assert {r["check"] for r in report.rows} == LOCAL_CHECKS
    assert snapshot(fresh.dir) == before


def test_a_database_in_use_is_read_with_its_log(fresh):
    """SQLite's WAL: the newest rows may not be in the file itself yet."""
    db = sqlite3.connect(fresh.dir / "carnet.db", isolation_level=None)
    db.execute("UPDATE oauth_clients SET role = NULL WHERE role = 'personal'")
    assert (fresh.dir / "carnet.db-wal").stat().st_size > 0
    before = snapshot(fresh.dir)
    ask(fresh).only("clients", "wrong", "no personal client", "carnet install")
    assert snapshot(fresh.dir) == before
    db.close()


def test_the_text_has_a_line_a_finding_and_one_a_cure(fresh):
    """DESIGN section 8: one sentence what, one sentence cure."""
    fresh.conf.chmod(0o666)
    p = fresh.command("doctor")
    assert (p.returncode, p.stderr) == (1, "")
    lines = p.stdout.splitlines()
    wrong, = [i for i, line in enumerate(lines) if line.startswith("wrong  modes ")]
    assert "can be written by every user" in lines[wrong]
    assert lines[wrong + 1].strip() == "cure: chmod 0644 %s" % fresh.conf
    assert lines[-1].startswith("1 wrong, 0 warned of, ")


@pytest.mark.parametrize("args", [
    ["x"], ["ftp://x.example"], ["http://"], ["https:///"], ["http://x", "http://y"],
    ["https://user:secret@x.example"], ["https://x.example/?a=b"], ["--nothing"],
    ["https://x.example/#a"], ["https://x.example/ a"], ["http://x\nurl=file:///"]])
def test_what_is_no_url_is_2(cgi, args):
    """DESIGN section 8."""
    p = cgi.command("doctor", *args)
    assert (p.returncode, p.stdout) == (2, "") and "usage: carnet doctor" in p.stderr


def test_every_wrong_line_is_told_and_the_rest_is_checked(fresh):
    """The sound settings still lead the other checks to database and keys."""
    (fresh.dir / "keys/ES256.pem").chmod(0o644)
    settings(fresh, "site_colour = red\nno equals sign\nacces_ttl = 1h")
    report = ask(fresh)
    said = report.text("configuration")
    for line, what in ((1, "site_colour"), (2, "name = value"), (3, "acces_ttl")):
        assert "carnet.conf:%d: " % line in said and what in said
    assert len(report.at("wrong")) == 4
    assert "ES256.pem" in report.text("modes")
    assert report.level("database") == report.level("keys") == "ok"


def test_a_wrong_line_with_a_secret_is_not_shown(fresh):
    """Nothing secret reaches an error text."""
    secret = "a-client-secret-0123456789"
    settings(fresh, "client_secret = %s\n%s" % (secret, secret))
    p = fresh.command("doctor")
    assert p.returncode == 1 and secret not in p.stdout + p.stderr


def test_without_an_issuer_the_files_are_checked(fresh):
    """issuer is the one setting that must be there."""
    text = fresh.conf.read_text().replace("issuer = ", "# ")
    fresh.conf.write_text(text)
    report = ask(fresh)
    report.only("configuration", "wrong", "issuer is not set")
    assert report.level("database") == "ok" and report.level("issuer") is None


@pytest.mark.parametrize("make, said", [
    (lambda conf: conf.unlink(), "carnet install --issuer"),
    (lambda conf: (conf.unlink(), conf.symlink_to(conf)), "Too many levels"),
    (lambda conf: (conf.unlink(), conf.mkdir()), "not a file")])
def test_without_a_configuration_the_programs_are_checked(fresh, make, said):
    """A broken configuration does not stop what can be done without it."""
    make(fresh.conf)
    report = ask(fresh)
    report.only("configuration", "wrong", said)
    assert report.level("programs") == "ok" and report.level("database") is None


@pytest.mark.parametrize("name, mode, level", [
    ("keys/ES256.pem", 0o640, "wrong"), ("keys/RS256.pem", 0o604, "wrong"),
    ("keys/ES256.pem.new", 0o644, "wrong"), ("keys/ES256-old.pem", 0o644, "wrong"),
    ("carnet.db", 0o644, "wrong"), ("carnet.db", 0o660, "warn"),
    ("carnet.conf", 0o646, "wrong"), ("carnet.conf", 0o664, "warn"),
    ("carnet.conf", 0o644, None),
    ("keys", 0o755, "warn"), ("keys", 0o777, "wrong"),
    (".", 0o777, "wrong"), (".", 0o775, "warn"), (".", 0o1777, None)])
def test_what_others_may_read_or_write(fresh, name, mode, level):
    """Private keys are one user's; a group may be trusted with the rest."""
    path = fresh.dir / name
    if not path.exists():
        shutil.copy(fresh.dir / "keys/ES256.pem", path)
    path.chmod(mode)
    report = ask(fresh)
    if level is None:
        assert report.at("wrong") + report.at("warn") == []
    else:
        report.only("modes", level, "%04o" % mode, "chmod 0", name.strip("."))
    fresh.dir.chmod(0o755)


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
    """Who can use the one cannot use the other."""
    os.chown(fresh.dir / "carnet.db", 65534, 65534)
    ask(fresh).only("access", "wrong", "nobody", "root", "chown")


def test_what_this_user_cannot_use_is_told(fresh):
    """The one that runs it, where no program runs."""
    run = {"user": 65534, "group": 65534, "extra_groups": []} if AS_ROOT else {}
    for path in ("carnet.conf", "carnet.db", "keys", "keys/ES256.pem", "keys/RS256.pem"):
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


@pytest.mark.parametrize("name, mode, cure", [
    ("carnet.db", 0o400, "chmod u+rw "), ("carnet.db", 0o000, "chmod u+rw "),
    ("keys", 0o300, "chmod u+rx "), ("keys/ES256.pem", 0o200, "chmod u+r ")])
def test_what_its_owners_mode_forbids_is_told(fresh, name, mode, cure):
    """It is theirs already, and nothing is lost: no chown helps, and no copy."""
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
    for entry in ("carnet.conf", "carnet.db", "keys"):
        (fresh.dir / entry).rename(root / entry)
    report = doctor.Report(fresh.command("doctor", "--json", "--conf",
                                         str(root / "carnet.conf")))
    levels = {r["what"].split(",")[1].strip(): r["level"] for r in report.rows
              if r["check"] == "web-root"}
    assert levels == {str(root / "carnet.conf"): "warn", str(root / "keys"): "wrong",
                      str(root / "carnet.db"): "wrong"}
    said = report.text("web-root")
    assert "anyone may be able to read it" in said and name.split("/")[0] in said
    client = fresh.password_client
    with (root / "carnet.conf").open("a") as f:
        f.write("[password_token]\nclient_id = %s\nclient_secret = %s\n" % client)
    report = doctor.Report(fresh.command("doctor", "--json", "--conf",
                                         str(root / "carnet.conf")))
    report.only("web-root", "wrong")  # a secret in it


def test_the_document_root_of_the_environment_counts(fresh):
    """As in a shell of the hosting panel, or in a CGI."""
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
    """A disk such as no test machine has."""
    path = tmp_path_factory.mktemp("shim")
    (path / "shim.c").write_text(DISK_SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path / "shim.so", path / "shim.c",
                    "-ldl"], check=True)
    return path / "shim.so"


@pytest.mark.parametrize("disk, level, said", [
    ({"SHIM_TYPE": "6969"}, "wrong", "NFS"), ({"SHIM_TYPE": "ff534d42"}, "wrong", "SMB"),
    ({"SHIM_MIB": "3"}, "wrong", "3 MiB left"), ({"SHIM_MIB": "20"}, "warn", "20 MiB"),
    ({"SHIM_FILES": "2"}, "wrong", "2 more files")])
def test_a_disk_that_will_not_do(fresh, disk_shim, disk, level, said):
    """DESIGN section 9: WAL does not work over a network."""
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    env = {**disk, "LD_PRELOAD": str(disk_shim), "ASAN_OPTIONS": asan}
    ask(fresh, env=env).only("disk", level, said)


def test_a_row_of_the_future_tells_of_the_clock(fresh):
    """Tokens would be refused as not valid yet."""
    fresh.sql("UPDATE users SET created_at = ?", int(time.time()) + 7200)
    ask(fresh).only("database", "wrong", "newest row", "clock")


def test_a_file_of_the_future_tells_of_the_clock(fresh):
    """A clock that was reset at a power cut."""
    later = time.time() + 7200
    os.utime(fresh.conf, (later, later))
    ask(fresh).only("clock", "wrong", "carnet.conf was written at", "NTP")


def damage(path):
    """A page of zeros where the table of users had one."""
    with closing(sqlite3.connect(path)) as db:
        page, = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'users'").fetchone()
        size, = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as f:
        f.seek((page - 1) * size)
        f.write(b"\xff" * size)


def pragma(text):
    def run(path):
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA " + text).fetchall()
    return run


def orphan(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO posts (user, title, body, created_at)"
                   " VALUES (999, 'x', 'x', 1)")
        db.commit()


@pytest.mark.parametrize("spoil, level, said, cure", [
    (lambda p: p.unlink(), "wrong", "No such file", "carnet install"),
    (lambda p: p.write_bytes(b"x" * 4096), "wrong", "not a database", "Restore"),
    (lambda p: p.write_bytes(b""), "wrong", "version 0", "carnet install"),
    (pragma("user_version = 0"), "wrong", "version 0", "carnet install"),
    (pragma("user_version = 99"), "wrong", "version 99", "newer version"),
    (pragma("journal_mode = DELETE"), "wrong", "not in WAL mode", "carnet install"),
    (damage, "wrong", "is damaged", "Restore"),
    (orphan, "warn", "refer to rows", "foreign_key_check")],
    ids=["gone", "noise", "empty", "older", "newer", "mode", "damaged", "orphan"])
def test_a_database_that_is_not_sound(fresh, spoil, level, said, cure):
    """DESIGN section 9; the keys are checked all the same."""
    spoil(fresh.dir / "carnet.db")
    before = snapshot(fresh.dir)
    report = ask(fresh)
    assert report.level("database") == level, report.rows
    assert said in report.text("database") and cure in report.text("database")
    assert report.level("keys") == "ok"
    assert snapshot(fresh.dir) == before


def no_keys(keys):
    for path in keys.iterdir():
        path.unlink()


@pytest.mark.parametrize("spoil, said", [
    (no_keys, "no key in it"), (shutil.rmtree, "carnet install makes them"),
    (lambda keys: (keys / "ES256.pem").write_text("x"), "ES256.pem"),
    (lambda keys: (keys / "ES256.pem").unlink(), "keys generate --alg ES256"),
    (lambda keys: (keys / "RS256.pem").write_bytes(
        (keys / "ES256.pem").read_bytes()), "RS256.pem"),
    (lambda keys: (keys / "signer").write_text("EdDSA\n"), "signs with EdDSA"),
    (lambda keys: (keys / "signer").write_text("HS256\n"), "HS256 is no algorithm")])
def test_keys_that_do_not_sign(fresh, spoil, said):
    """DESIGN section 4."""
    spoil(fresh.dir / "keys")
    report = ask(fresh)
    assert report.level("keys") == "wrong" and said in report.text("keys"), report.rows
    assert report.level("database") == "ok"


def test_a_weak_key_is_told(fresh):
    """RFC 7518 section 3.3: RSA of 2048 bits and up."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    (fresh.dir / "keys/RS256.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    report = ask(fresh)
    assert report.level("keys") == "wrong" and "RS256.pem" in report.text("keys")


def test_an_old_key_is_due_when_its_last_token_has_expired(fresh):
    """DESIGN section 4: until then it verifies."""
    token = fresh.token("read-posts")
    fresh.carnet("keys", "rotate")
    past = time.time() - 60
    os.utime(fresh.dir / "keys/ES256.pem", (past, past))
    fresh.sql("UPDATE oauth_access_tokens SET created_at = created_at - 120")
    old, = [k["kid"] for k in fresh.carnet_json("keys", "list") if not k["signs"]]
    assert ask(fresh).at("warn") == [] and token
    fresh.sql("UPDATE oauth_access_tokens SET expires_at = created_at")
    report = ask(fresh)
    report.only("old-keys", "warn", old)
    cure = next(r["cure"] for r in report.at("warn"))
    fresh.carnet(*cure.split()[1:])
    assert ask(fresh).at("warn") == []


@pytest.mark.parametrize("late, due", [(0, False), (2, False), (30, True)])
def test_a_token_of_the_moment_of_a_rotation_is_the_old_keys(fresh, late, due):
    """A program signs with the old key for about a second more."""
    fresh.token("read-posts")
    fresh.carnet("keys", "rotate")
    past = int(time.time()) - 60
    os.utime(fresh.dir / "keys/ES256.pem", (past, past))
    fresh.sql("UPDATE oauth_access_tokens SET created_at = ?", past + late)
    assert bool(ask(fresh).at("warn")) == due


@pytest.mark.parametrize("role", ["password", "personal"])
def test_a_missing_client_of_install_is_told(fresh, role):
    """DESIGN section 8."""
    fresh.sql("UPDATE oauth_clients SET role = NULL WHERE role = ?", role)
    ask(fresh).only("clients", "wrong", "no %s client" % role, "carnet install")


@pytest.mark.parametrize("make, said", [
    (lambda site: ("nobody", "x"), "is none of ours"),
    (lambda site: (site.password_client.id, "x"), "has another secret"),
    (lambda site: site.client("client_credentials"), "the grant password"),
    (lambda site: revoked(site), "was revoked")])
def test_the_client_of_password_token_is_checked(fresh, make, said):
    """carnet.conf(5)."""
    pair = make(fresh)
    with fresh.conf.open("a") as f:
        f.write("[password_token]\nclient_id = %s\nclient_secret = %s\n" % tuple(pair))
    report = ask(fresh)
    report.only("clients", "wrong", said)
    assert pair[1] == "x" or pair[1] not in report.text("clients")


def revoked(site):
    client = site.client("password")
    site.carnet("client", "revoke", client.id)
    return client


def test_a_clients_scope_that_is_no_more_is_told(fresh):
    """A word that [scopes] does not have."""
    client = fresh.client("client_credentials", scope="admin")
    fresh.conf.write_text(fresh.conf.read_text().replace("admin =", "other ="))
    fresh.sql("UPDATE users SET scope = NULL")
    ask(fresh).only("clients", "warn", client.id, "admin")


def test_a_clients_algorithm_without_a_key_is_told(fresh):
    """It gets no tokens."""
    client = fresh.client("client_credentials", "--alg", "EdDSA")
    ask(fresh).only("clients", "wrong", client.id, "keys generate --alg EdDSA")


def test_scopes_that_are_not_sane(fresh):
    """DESIGN section 1: privileged ones are not for all."""
    settings(fresh, "default_scopes = read-posts admin")
    ask(fresh).only("scopes", "warn", "privileged scope admin")
    fresh.conf.write_text("issuer = %s\n" % fresh.url)
    assert "no scopes" in ask(fresh).text("scopes")


def test_templates_that_do_not_render(fresh):
    """resp.c: a malformed one is a 500."""
    settings(fresh, "templates = mine")
    ask(fresh).only("templates", "wrong", "No such file")
    mine = fresh.dir / "mine"
    mine.mkdir()
    shutil.copy(ROOT / "templates/error.html", mine)
    assert ask(fresh).code == 0
    (mine / "eror.html").write_text("x")
    ask(fresh).only("templates", "warn", "eror.html")
    (mine / "eror.html").rename(mine / "error.html")
    for text in ("{{#open}}", "{{{raw}}}", "{{#no}}{{&raw}}{{/no}}", "{{> head.html"):
        (mine / "error.html").write_text(text)
        ask(fresh).only("templates", "wrong", "error.html is malformed")


@pytest.fixture
def copied(fresh):
    """Command and programs copied, as on a shared host."""
    (fresh.dir / "bin").mkdir()
    (fresh.dir / "cgi-bin").mkdir()
    shutil.copy(BUILD / "bin/carnet", fresh.dir / "bin")
    for source in (ROOT / "cgi-bin").glob("*.c"):
        shutil.copy(BUILD / "cgi-bin" / source.stem, fresh.dir / "cgi-bin")

    def run():
        return doctor.Report(subprocess.run(
            [fresh.dir / "bin/carnet", "doctor", "--json"], text=True,
            capture_output=True, env={k: v for k, v in os.environ.items()
                                      if k != "CARNET_CONF"}))
    run.programs = fresh.dir / "cgi-bin"
    return run


def test_every_program_is_looked_for(copied):
    """The table of names is that of cgi-bin/."""
    report = copied()
    assert report.code == 0 and str(copied.programs) in report.text("programs")
    names = {p.name for p in copied.programs.iterdir()}
    assert "%d in " % len(names) in report.text("programs")
    for path in copied.programs.iterdir():
        path.unlink()
    report = copied()
    for name in names:
        assert "/%s is missing" % name in report.text("programs")


def test_no_program_beside_the_command_is_no_fault(copied):
    """They may have been installed elsewhere."""
    shutil.rmtree(copied.programs)
    assert copied().code == 0


def other_version(path):
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE users", b"CREATE TABLE USERS"))


def no_library(path):
    data = path.read_bytes()
    assert b"libfcgi.so" in data or b"libsqlite3.so" in data
    path.write_bytes(data.replace(b"libfcgi.so", b"libfcgj.so")
                     .replace(b"libsqlite3.so", b"libsqlitf3.so"))


@pytest.mark.parametrize("spoil, said", [
    (lambda p: p.unlink(), "is missing"), (lambda p: p.chmod(0o644), "may not be run"),
    (other_version, "another version"), (no_library, "cannot open shared object"),
    (lambda p: p.write_text("text"), "does not run"),
    (lambda p: p.write_text("#!/bin/sh\necho hello\n"), "does not run: hello")],
    ids=["missing", "mode", "version", "library", "text", "script"])
def test_a_program_that_does_not_serve(copied, spoil, said):
    """What a copy over FTP makes of programs."""
    spoil(copied.programs / "token")
    copied().only("programs", "wrong", said, "token")
