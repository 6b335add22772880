"""carnet purge: expired rows are deleted, while others write."""
import os
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

from kit.people import App, Browser
from kit.site import BUILD

TABLES = {"oauth_access_tokens", "oauth_refresh_tokens", "oauth_auth_codes",
          "oauth_device_codes", "sessions", "throttle", "links", "used_once",
          "fetches", "strangers", "registration_tickets",
          "pushed_requests"}
DAY = 86400
NONE = {**dict.fromkeys(TABLES, 0), "orphans": 0, "idle_clients": 0}


def rows(site):
    return {table: site.sql("SELECT count(*) FROM " + table)[0][0] for table in TABLES}


def pile_up(site, n):
    """n access tokens that expired long ago."""
    site.sql("WITH RECURSIVE i AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM i WHERE n < ?)"
             " INSERT INTO oauth_access_tokens (id, client_id, scope, created_at, expires_at)"
             " SELECT randomblob(16), 1, '', 1, 2 FROM i", n)


@pytest.fixture
def used(fresh):
    """A site with a live row of each kind."""
    app = App(fresh, grant="authorization_code,device_code")
    browser = Browser(fresh, fresh.user("*"))
    app.connect(browser)
    fresh.post("/oauth/device/code", data={
        "client_id": app.client.id, "client_secret": app.client.secret})
    fresh.machine()
    fresh.carnet("user", "reset", fresh.email)
    fresh.sql("INSERT INTO used_once (digest, expires_at) VALUES (randomblob(32), ?)",
              int(time.time()) + DAY)
    fresh.sql("INSERT INTO fetches (url, kind, asked_at, is_under_way, expires_at)"
              " VALUES ('https://a.example/', 'jwks', 0, 0, ?)", int(time.time()) + DAY)
    fresh.sql("INSERT INTO strangers (identifier, origin, metadata, created_at, expires_at)"
              " VALUES ('x', 'registered', '{}', 0, ?)", int(time.time()) + DAY)
    fresh.sql("INSERT INTO registration_tickets (digest, uses, expires_at)"
              " VALUES (randomblob(32), 1, ?)", int(time.time()) + DAY)
    assert fresh.post("/oauth/par", data={
        **app.request(), "client_secret": app.client.secret}).status_code == 201
    return fresh


def test_what_lives_stays(used):
    """carnet(1)."""
    before = rows(used)
    assert all(before.values())
    assert used.carnet_json("purge") == NONE
    assert rows(used) == before


@pytest.mark.parametrize("table", sorted(TABLES))
def test_what_expired_goes_and_is_counted_by_table(used, table):
    """carnet(1): a code is known as spent for one more day, and a device may poll once
    more."""
    n = rows(used)[table]
    kept = {"oauth_auth_codes": DAY, "oauth_device_codes": 60}.get(table, 0)
    used.sql("UPDATE %s SET expires_at = ?" % table, int(time.time()) - kept + 1000)
    assert used.carnet_json("purge")[table] == 0
    if table == "oauth_refresh_tokens":  # else it stays for its access token
        used.sql("UPDATE oauth_access_tokens SET revoked_at = ?", int(time.time()))
    used.sql("UPDATE %s SET expires_at = ?" % table, int(time.time()) - kept - 1)
    assert used.carnet_json("purge") == {**NONE, table: n}
    assert rows(used)[table] == 0


def test_revoked_tokens_go_a_day_later(used):
    """carnet(1); until then they can be compared with a log."""
    before = rows(used)
    for days, gone in ((-DAY + 1000, False), (-DAY - 1, True)):
        for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
            used.sql("UPDATE %s SET revoked_at = ?" % table, int(time.time()) + days)
        done = used.carnet_json("purge")
        for table in ("oauth_access_tokens", "oauth_refresh_tokens"):
            assert done[table] == (before[table] if gone else 0)


def test_a_revoked_refresh_token_stays_for_a_living_access_token(used):
    """A revocation of the family finds the access token by it."""
    used.sql("UPDATE oauth_refresh_tokens SET revoked_at = 5")
    assert used.carnet_json("purge")["oauth_refresh_tokens"] == 0


def test_without_json_it_is_a_table(used):
    """carnet(1)."""
    pile_up(used, 3)
    lines = [line.split("\t") for line in used.carnet("purge").splitlines()]
    assert dict(lines) == {**dict.fromkeys(TABLES, "0"), "oauth_access_tokens": "3"}


@pytest.mark.files
def test_others_write_between_its_batches_and_it_may_be_killed(fresh):
    """carnet(1): small batches, each whole."""
    n = 20000
    pile_up(fresh, n)
    env = {**os.environ, "CARNET_CONF": str(fresh.conf)}
    p = subprocess.Popen([BUILD / "bin/carnet", "purge"], env=env,
                         stdout=subprocess.DEVNULL)
    count = "SELECT count(*) FROM oauth_access_tokens"
    with closing(sqlite3.connect(fresh.dir / "data/carnet.db", timeout=60,
                                 isolation_level=None)) as db:
        left = n
        while left == n:
            db.execute("BEGIN IMMEDIATE")
            left = db.execute(count).fetchone()[0]
            db.execute("UPDATE users SET name = name")
            db.execute("COMMIT")
        p.kill()
        p.wait()
        assert 0 < left < n
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        left = db.execute(count).fetchone()[0]
    assert fresh.carnet_json("purge")["oauth_access_tokens"] == left > 0
