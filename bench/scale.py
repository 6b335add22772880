"""The same figures with few and with very many tokens in the database."""
import os
import subprocess
import time

from carnet import Site
from flows import Flows
from load import BUILD, ROUNDS, SCOPE, form_of, wrk

BATCH = 500000
PURGED_MOST = 1000000


def fill(site, tokens, users, clients):
    """Rows of tokens in order of time; half of them have expired."""
    now = int(time.time())
    with site.db() as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -400000")
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO users (email, name, password, created_at)"
            " SELECT 'u' || i || '@bench.example', 'U', 'x', 1 FROM n", (users,))
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO oauth_clients (identifier, name, secret, grants, redirect_uris,"
            " created_at) SELECT 'bench-' || i, 'C', randomblob(32), 'client_credentials',"
            " '', 1 FROM n", (clients,))
        client, = db.execute("SELECT max(id) FROM oauth_clients").fetchone()
        first, = db.execute("SELECT min(id) FROM oauth_clients"
                            " WHERE identifier LIKE 'bench-%'").fetchone()
        # The id is a time and then random bytes, as in the programs: 1,000 a second.
        db.create_function("new_id", 2, lambda t, i: t.to_bytes(5, "big")
                           + (i % 1000 * 16777).to_bytes(3, "big") + os.urandom(8))
        for at in range(0, tokens, BATCH):
            db.execute(
                "WITH RECURSIVE n(i) AS (SELECT :lo UNION ALL SELECT i + 1 FROM n WHERE i < :hi)"
                " INSERT INTO oauth_access_tokens (id, client_id, scope, created_at, expires_at,"
                " seal) SELECT new_id(:t + i / 1000, i), :first + i % (:last - :first + 1),"
                " 'read-posts', :t + i / 1000, :now + iif(i % 2, 86400, -10), randomblob(32)"
                " FROM n",
                {"lo": at, "hi": min(at + BATCH, tokens) - 1, "t": now - 86400,
                 "first": first, "last": client, "now": now})
            db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def purge(size):
    """How long carnet purge takes for half of the tokens, and how long a token
    request waited at most in that time: that is how long the lock was held."""
    site = Site()
    try:
        fill(site, size, 1, 1000)
        flows = Flows(site)
        site.start()
        body = form_of(flows.machine, grant_type="client_credentials",
                       scope=SCOPE)
        begun = time.monotonic()
        p = subprocess.Popen([BUILD / "bin/carnet", "purge"], env=site.env,
                             stdout=subprocess.DEVNULL)
        longest, ended = 0, None
        while ended is None:
            longest = max(longest, wrk(site.url + "/oauth/token", 1, 1,
                                       BODY=body)["max"])
            if p.poll() is not None:
                ended = time.monotonic()
        return ended - begun, longest
    finally:
        site.remove()


def measure(sizes):
    """For each size: rates, the purge, bytes for a token."""
    rows = []
    for size in sizes:
        site = Site()
        try:
            empty = (site.dir / "data/carnet.db").stat().st_size
            fill(site, size, min(size, 100000), min(size, 10000))
            bytes_each = ((site.dir / "data/carnet.db").stat().st_size - empty) / size
            flows = Flows(site)
            site.start()
            flows.prepare(1000)
            table = flows.table()
            row = {"size": size, "bytes": bytes_each}
            for name in ("the same, 1,000 tokens", "client_credentials, ES256", "refresh",
                         "introspect"):
                got = [table[name]() for _ in range(max(1, ROUNDS - 2))]
                row[name] = sorted(g["rate"] for g in got)[len(got) // 2]
            rows.append(row)
        finally:
            site.remove()
        if size <= PURGED_MOST:
            row["purge"], row["wait"] = purge(size)
    return rows
