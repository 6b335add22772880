"""carnet doctor without a URL: a sound installation, configuration, programs."""
import os
import shutil
import sqlite3
import subprocess

import pytest

from kit import doctor
from kit.doctor import ask, snapshot
from kit.site import BUILD, ROOT

LOCAL_CHECKS = {
    "configuration", "issuer", "scopes", "templates", "programs", "processes", "layout",
    "modes", "access", "web-root", "disk", "database", "keys", "clients", "users",
    "password-check", "mail", "clock",
    "old-keys"}


def settings(site, text):
    """Put lines before the sections of the configuration."""
    site.conf.write_text(text + "\n" + site.conf.read_text())


def test_a_new_installation_is_sound_and_nothing_is_written(fresh):
    """carnet(1): no check changes anything on disk."""
    before = snapshot(fresh.dir)
    report = ask(fresh)
    assert report.code == 0 and report.at("warn") == [], report.rows
    assert {r["check"] for r in report.rows} == LOCAL_CHECKS
    assert snapshot(fresh.dir) == before


def test_a_database_in_use_is_read_with_its_log(fresh):
    """SQLite's WAL: the newest rows may not be in the database file yet."""
    db = sqlite3.connect(fresh.dir / "data/carnet.db", isolation_level=None)
    db.execute("UPDATE oauth_clients SET role = NULL WHERE role = 'personal'")
    assert (fresh.dir / "data/carnet.db-wal").stat().st_size > 0
    before = snapshot(fresh.dir)
    ask(fresh).only("clients", "wrong", "no personal client", "carnet install")
    assert snapshot(fresh.dir) == before
    db.close()


def test_the_text_has_a_line_a_finding_and_one_a_cure(fresh):
    """carnet(1): one sentence for the fault, one for the cure."""
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
    """carnet(1)."""
    p = cgi.command("doctor", *args)
    assert (p.returncode, p.stdout) == (2, "") and "usage: carnet doctor" in p.stderr


def test_every_wrong_line_is_told_and_the_rest_is_checked(fresh):
    """The good settings still tell the other checks where database and keys are."""
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
    """No secret reaches an error text."""
    secret = "a-client-secret-0123456789"
    settings(fresh, "client_secret = %s\n%s" % (secret, secret))
    p = fresh.command("doctor")
    assert p.returncode == 1 and secret not in p.stdout + p.stderr


def test_without_an_issuer_the_files_are_checked(fresh):
    """issuer is the only setting that is required."""
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
    """With a broken configuration, all checks that do not need it still run."""
    make(fresh.conf)
    report = ask(fresh)
    report.only("configuration", "wrong", said)
    assert report.level("programs") == "ok" and report.level("database") is None


def test_scopes_that_are_not_sane(fresh):
    """doc/deploy.md, Configuration: privileged ones are not for all."""
    settings(fresh, "default_scopes = read-posts admin")
    ask(fresh).only("scopes", "warn", "privileged scope admin")
    fresh.conf.write_text("issuer = %s\n" % fresh.url)
    assert "no scopes" in ask(fresh).text("scopes")


def test_templates_that_do_not_render(fresh):
    """resp.c: a malformed template is a 500."""
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
    """Command and programs, copied as to a shared host."""
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
    """The table has the names of cgi-bin/."""
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
    """They may be installed elsewhere."""
    shutil.rmtree(copied.programs)
    assert copied().code == 0


def other_version(path):
    """As if a template or the schema had other bytes."""
    data = path.read_bytes()
    assert b"carnet files " in data
    path.write_bytes(data.replace(b"carnet files ", b"carnet files-"))


def no_library(path):
    data = path.read_bytes()
    assert b"libjson-c.so" in data or b"libsqlite3.so" in data
    path.write_bytes(data.replace(b"libjson-c.so", b"libjson-d.so")
                     .replace(b"libsqlite3.so", b"libsqlitf3.so"))


@pytest.mark.parametrize("spoil, said", [
    (lambda p: p.unlink(), "is missing"), (lambda p: p.chmod(0o644), "may not be run"),
    (other_version, "another version"), (no_library, "cannot open shared object"),
    (lambda p: p.write_text("text"), "does not run"),
    (lambda p: p.write_text("#!/bin/sh\necho hello\n"), "does not run: hello")],
    ids=["missing", "mode", "version", "library", "text", "script"])
def test_a_program_that_does_not_serve(copied, spoil, said):
    """What an FTP copy in text mode makes of programs."""
    spoil(copied.programs / "token")
    copied().only("programs", "wrong", said, "token")
