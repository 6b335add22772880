"""carnet database copy (carnet(1)): all rows, to another database and back."""
import os
import re
import sqlite3
import subprocess
from contextlib import closing

import pytest

from kit import postgres, servers
from kit.site import BUILD, Site

OVER_PGSQL = "STORE_URI" in os.environ
OWN = {"ledger", "purge_place", "schema_version"}  # they are about one database alone


@pytest.fixture(scope="module")
def used():
    """A site with some rows in most tables."""
    with servers.plain_cgi() as site:
        for i in range(40):
            user = site.user("*")
            site.sign_in("*", user)
        site.machine()
        site.post("/api/oauth/password/token", json={"username": "nobody@x.example",
                                                     "password": "wrong-password"})
        site.sql("INSERT INTO used_once (digest, expires_at) VALUES (?, 1)", b"\0\xff" * 16)
        site.sql("INSERT INTO posts (title, body, created_at) VALUES (?, '', 1)",
                 "\u00e4 \U0001f6c2 '\\N\t\n")
        # A number that was given to a user who is gone.
        gone = site.user("*")
        site.carnet("user", "delete", gone.email)
        site.gone = int(gone.id)
        yield site


def database_of(site):
    found = re.search(r"(?m)^database = (.*)", site.conf.read_text())
    return found[1] if found else str(site.dir / "data/carnet.db")


def sql(database, statement):
    if postgres.is_uri(database):
        return postgres.query(database, statement)
    with closing(sqlite3.connect(database)) as db, db:
        return db.execute(statement).fetchall()


def tables():
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript((servers.ROOT / "lib/store/sqlite/schema.sql").read_text())
        return {t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"
                                       " AND name NOT LIKE 'sqlite_%'")} - OWN


def rows(database):
    return {t: sorted(map(repr, sql(database, "SELECT * FROM " + t))) for t in tables()}


@pytest.fixture(params=["file", "server"] if OVER_PGSQL else ["file"])
def target(request, tmp_path):
    if request.param == "file":
        return str(tmp_path / "copy.db")
    return postgres.new_schema(os.environ["STORE_URI"])


def test_every_row_is_there_and_comes_back(used, target, tmp_path):
    before = rows(database_of(used))
    told = used.carnet_json("database", "copy", database_of(used), target)
    assert rows(target) == before
    assert told == {t: len(before[t]) for t in tables()}
    assert told["users"] == 41 and told["oauth_refresh_tokens"] == 40 and told["posts"] == 1
    back = str(tmp_path / "back.db")
    used.carnet("database", "copy", target, back)
    assert rows(back) == before


def test_the_site_goes_on_with_the_copy(used, target):
    """Tokens stay good, what is revoked stays so, and no number is given twice."""
    kept, revoked = used.sign_in("*"), used.sign_in("*")
    used.post("/oauth/revoke", data={
        "token": revoked["access_token"], "client_id": used.password_client.id,
        "client_secret": used.password_client.secret})
    used.carnet("database", "copy", database_of(used), target)
    moved = used.variant("database = " + target)
    assert moved.is_live(kept["access_token"]) and not moved.is_live(revoked["access_token"])
    assert moved.refresh(kept["refresh_token"]).status_code == 200
    assert int(moved.user().id) == used.gone + 1


def test_one_with_rows_is_left_as_it_is(used, target):
    used.carnet("database", "copy", database_of(used), target)
    before = rows(target)
    p = used.command("database", "copy", database_of(used), target)
    assert p.returncode == 1 and "users has rows" in p.stderr
    assert rows(target) == before


CHANGED = {
    False: "CREATE TRIGGER t AFTER INSERT ON posts BEGIN UPDATE posts SET title = 'changed'; END",
    True: "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS"
          " 'BEGIN NEW.title = ''changed''; RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON posts"
          " FOR EACH ROW EXECUTE FUNCTION t()"}


def test_rows_that_are_not_the_same_are_seen(used, target, tmp_path):
    """Of a target that changes a row nothing is kept."""
    empty = Site(tmp_path, "http://127.0.0.1")
    empty.carnet("install", "--issuer", empty.url, "--database", target)
    sql(target, "DELETE FROM oauth_clients")
    sql(target, CHANGED[postgres.is_uri(target)])
    p = used.command("database", "copy", database_of(used), target)
    assert p.returncode == 1 and "posts is not the same there" in p.stderr
    assert not any(rows(target).values())


def test_what_cannot_be_reached_is_told_in_one_line(used, tmp_path):
    nowhere = "postgresql://carnet:s3cret@/x?host=" + str(tmp_path)
    p = used.command("database", "copy", database_of(used), nowhere)
    assert p.returncode == 111 and p.stdout == ""
    line, = p.stderr.splitlines()
    assert ("database postgresql://carnet@/x" if OVER_PGSQL else "make PGSQL=1") in line
    assert "s3cret" not in line


@pytest.fixture
def archive(tmp_path):
    """A backup of a site in SQLite."""
    place = tmp_path / "sqlite"
    place.mkdir()
    site = Site(place, "http://127.0.0.1")
    site.carnet("install", "--issuer", site.url)
    site.carnet("backup", str(tmp_path / "b.tar"))
    return tmp_path / "b.tar"


def everything(site):
    """Each file but the audit trail, and what is in it."""
    return {p: p.read_bytes() for p in site.dir.rglob("*")
            if p.is_file() and not p.name.startswith("audit.log")}


@pytest.mark.pgsql
def test_a_backup_is_left_to_postgresql(used, archive, tmp_path):
    """doc/deploy.md, PostgreSQL: its own tools do it; no half file stays, nothing changes."""
    p = used.command("backup", str(tmp_path / "new.tar"))
    assert (p.returncode, p.stdout) == (1, "") and "pg_dump" in p.stderr
    assert not (tmp_path / "new.tar").exists()
    before = rows(database_of(used)), everything(used)
    p = used.command("restore", str(archive))
    assert (p.returncode, p.stdout) == (1, "") and "pg_restore" in p.stderr
    assert "postgresql://" not in p.stderr
    assert (rows(database_of(used)), everything(used)) == before


@pytest.mark.pgsql
def test_what_postgresql_took_back_is_accepted(fresh):
    """carnet restore --accept: all tokens end, and everybody signs in again."""
    pair = fresh.sign_in("*")
    assert fresh.is_live(pair["access_token"])
    told = fresh.carnet_json("restore", "--accept")
    assert (told["access_tokens"], told["refresh_tokens"]) == (1, 1)
    assert not fresh.is_live(pair["access_token"])
    assert fresh.refresh(pair["refresh_token"]).status_code == 400
    assert fresh.is_live(fresh.token("*"))


@pytest.mark.skipif(OVER_PGSQL, reason="this build has PostgreSQL in it")
def test_a_build_without_postgresql_says_so(tmp_path):
    """And links nothing of it."""
    site = Site(tmp_path, "http://127.0.0.1")
    p = site.command("install", "--issuer", site.url, "--database", "postgresql:///x")
    assert p.returncode == 111 and "make PGSQL=1 builds in PostgreSQL" in p.stderr
    for program in ("bin/carnet", "cgi-bin/token"):
        linked = subprocess.run(["ldd", BUILD / program], capture_output=True, text=True).stdout
        assert "libpq" not in linked
