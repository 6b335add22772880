"""carnet.conf(5): where the data is; sites of earlier versions."""
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from kit import expect
from kit.doctor import ask
from kit.site import Site

AS_ROOT = os.getuid() == 0


def make_old(site):
    """The layout of earlier versions: everything is beside carnet.conf."""
    for path in (site.dir / "data").iterdir():
        name = path.name if path.name.startswith("carnet.db") else (
            "carnet.db-" + path.name)
        path.rename(site.dir / name)
    (site.dir / "data").rmdir()


def test_what_the_programs_write_is_in_a_directory_of_its_own(fresh):
    """doc/architecture.md, Storage: database, locks, audit trail."""
    before = {p.name for p in fresh.dir.iterdir()}
    expect.tokens(fresh.grant("password", username=fresh.email, password=fresh.password))
    fresh.grant("password", username=fresh.email, password="wrong")
    assert {p.name for p in fresh.dir.iterdir()} == before
    assert before >= {"carnet.conf", "data", "keys"}
    assert {p.name for p in (fresh.dir / "data").iterdir()} >= {
        "carnet.db", "slots", "audit.log", "audit.log.strangers"}
    assert (fresh.dir / "data").stat().st_mode & 0o7777 == 0o700


def test_state_is_where_it_says(fresh):
    """Locks and the audit trail go there; the database stays."""
    fresh.conf.write_text("state = state\n" + fresh.conf.read_text())
    fresh.carnet("install")
    assert (fresh.dir / "state").stat().st_mode & 0o7777 == 0o700
    for f in [*(fresh.dir / "data").glob("audit*"), *(fresh.dir / "data").glob("slots")]:
        f.unlink()
    expect.tokens(fresh.grant("password", username=fresh.email, password=fresh.password))
    assert {p.name for p in (fresh.dir / "state").iterdir()} == {"slots", "audit.log"}
    assert {p.name.split("-")[0] for p in (fresh.dir / "data").iterdir()} == {"carnet.db"}


def test_an_old_layout_keeps_its_database_and_trail(fresh):
    """Neither programs nor install make a new, empty database instead."""
    make_old(fresh)
    expect.tokens(fresh.grant("password", username=fresh.email, password=fresh.password))
    p = fresh.command("install")
    assert p.returncode == 0
    assert "the database stays at %s/carnet.db" % fresh.dir in p.stderr
    assert not (fresh.dir / "data").exists()
    assert fresh.email in fresh.carnet("user", "list")
    assert "install" in fresh.carnet("log")
    assert not list(fresh.dir.glob("carnet.db-audit.log*"))
    ask(fresh).only("layout", "warn", str(fresh.dir), "the configuration", "mkdir -m 700")


def test_a_new_configuration_over_an_old_database_keeps_it(fresh):
    """carnet.conf was lost."""
    make_old(fresh)
    fresh.conf.unlink()
    fresh.carnet("install", "--issuer", fresh.url)
    assert fresh.email in fresh.carnet("user", "list")
    assert not (fresh.dir / "data").exists()


@pytest.mark.parametrize("installed", [False, True])
def test_the_cure_that_doctor_names_works(fresh, installed):
    make_old(fresh)
    if installed:
        fresh.carnet("install")
    cure, = [r["cure"] for r in ask(fresh).rows if r["check"] == "layout"]
    _, mkdir, move, name, _ = cure.split("; ")
    assert os.system(mkdir) == 0 and os.system(move) == 0
    assert name == "set database in carnet.conf to %s/data/carnet.db" % fresh.dir
    fresh.conf.write_text("database = %s\n" % name.split()[-1] + fresh.conf.read_text())
    fresh.carnet("install")
    assert ask(fresh).level("layout") == "ok"
    assert fresh.email in fresh.carnet("user", "list")
    assert "user add" in fresh.carnet("log")
    assert {p.name for p in fresh.dir.iterdir()} <= {"carnet.conf", "data", "keys", "slots"}


def test_an_old_copy_does_not_come_back(fresh):
    """If there is data/, a database beside carnet.conf is not used: tokens that were
    revoked since would be valid again."""
    shutil.copy(fresh.dir / "data/carnet.db", fresh.dir / "carnet.db")
    (fresh.dir / "data/carnet.db").rename(fresh.dir / "data/away")
    r = fresh.grant("password", username=fresh.email, password=fresh.password)
    expect.error(r, 503, "temporarily_unavailable")


@pytest.mark.parametrize("line, level", [
    ("state = .", "warn"), ("audit_log = keys/audit.log", "warn"),
    ("database = keys/carnet.db", "warn"), ("templates = data", "warn"),
    ("state = other", "ok")])
def test_doctor_sees_what_else_can_be_written(fresh, line, level):
    fresh.conf.write_text(line + "\n" + fresh.conf.read_text())
    fresh.carnet("install")
    (fresh.dir / "keys").chmod(0o700)
    assert ask(fresh).level("layout") == level


@pytest.mark.skipif(not AS_ROOT, reason="files are given away by root alone")
def test_root_makes_the_directory_for_its_parents_owner():
    with tempfile.TemporaryDirectory(prefix="carnet-test-") as name:
        where = Path(name)
        os.chown(where, 65534, 65534)
        Site(where, "http://127.0.0.1").install()
        made = [where / "data", *(where / "data").iterdir(), where / "keys"]
        assert {(p.stat().st_uid, p.stat().st_gid) for p in made} == {(65534, 65534)}
