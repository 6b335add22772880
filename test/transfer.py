#!/usr/bin/python3
"""transfer.py: carnet database copy of a million tokens, from SQLite to PostgreSQL and back:
make transfer.

TOKENS is how many.  Each row of each table is compared by this program, too.  The table tells
seconds, and the most memory of the command."""
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import postgres, servers  # noqa: E402
from kit.site import BUILD, Site  # noqa: E402

TOKENS = int(os.environ.get("TOKENS", 1000000))
USERS = max(1, TOKENS // 20)
OWN = {"ledger", "purge_place", "schema_version"}  # they are about one database alone
BEHIND = 20000  # rows that the driver fetches at once

FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :users)
INSERT INTO users (email, name, password, created_at)
SELECT 'u' || i || '@x.example', 'Zoë ' || i, '$2y$10$x', i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :tokens)
INSERT INTO oauth_access_tokens (id, client_id, user_id, family, scope, created_at, expires_at,
    revoked_at, seal)
SELECT randomblob(16), :client, :user + i % :users, randomblob(16), 'read-posts', :now - i % 86400,
    :now + 3600 - i % 7200, CASE i % 10 WHEN 0 THEN :now END, randomblob(32) FROM n;
INSERT INTO oauth_refresh_tokens (digest, family, access_token, client_id, user_id, scope, expires_at)
SELECT randomblob(32), family, id, client_id, user_id, scope, expires_at + 86400
FROM oauth_access_tokens;
"""


def fill(path, client):
    """TOKENS access tokens and as many refresh tokens, of some users."""
    with closing(sqlite3.connect(path)) as db, db:
        client, = db.execute("SELECT id FROM oauth_clients WHERE identifier = ?",
                             (client.id,)).fetchone()
        user, = db.execute("SELECT coalesce(max(id), 0) + 1 FROM users").fetchone()
        values = {"tokens": TOKENS, "users": USERS, "client": client, "user": user,
                  "now": int(time.time())}
        for statement in FILL.split(";\n")[:-1]:
            used = set(re.findall(r":(\w+)", statement))
            db.execute(statement, {k: v for k, v in values.items() if k in used})


def tables():
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript((ROOT / "lib/store/sqlite/schema.sql").read_text())
        return {t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"
                                       " AND name NOT LIKE 'sqlite_%'")} - OWN


def rows(database, table):
    """Its rows, one at a time, in no order."""
    if postgres.is_uri(database):
        import psycopg2
        with closing(psycopg2.connect(database)) as db, db.cursor("all") as c:
            c.itersize = BEHIND
            c.execute("SELECT * FROM " + table)
            for row in c:
                yield tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
    else:
        with closing(sqlite3.connect(database)) as db:
            yield from db.execute("SELECT * FROM " + table)


def picture(database):
    """Of each table the number of rows, and the sum of their digests."""
    found = {}
    for table in sorted(tables()):
        n = total = 0
        for row in rows(database, table):
            n += 1
            total += int.from_bytes(hashlib.sha256(repr(row).encode()).digest(), "big")
        found[table] = n, total % 2 ** 256
    return found


def copy(what, *databases):
    begun = time.monotonic()
    p = subprocess.Popen([BUILD / "bin/carnet", "database", "copy", *databases],
                         stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode:
        sys.exit("%s: status %d" % (what, p.returncode))
    print("%-24s %6.0f s %6.0f MB" % (what, time.monotonic() - begun, used.ru_maxrss / 1024),
          flush=True)


def main():
    with servers.directory() as place, postgres.cluster() as cluster:
        cluster.stop("fast")
        cluster.start("")  # with fsync, as a real one
        site = Site(place, "http://127.0.0.1")
        site.install()
        path, back = str(place / "data/carnet.db"), str(place / "back.db")
        fill(path, site.client("client_credentials"))
        before = picture(path)
        print("%d rows of %d tables, in %d MB" % (
            sum(n for n, _ in before.values()), sum(n > 0 for n, _ in before.values()),
            os.path.getsize(path) >> 20), flush=True)
        server = postgres.new_schema(cluster.uri)
        copy("SQLite to PostgreSQL", path, server)
        assert picture(server) == before
        copy("PostgreSQL to SQLite", server, back)
        assert picture(back) == before
        print("each row is there, and comes back")


if __name__ == "__main__":
    main()
