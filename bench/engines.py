#!/usr/bin/python3
"""PostgreSQL by a Unix socket beside SQLite, in one run, by turns: the same programs, the
same web server, the same disk; each commit is on disk when it is answered.

By itself, with the build of make pgsql: BUILD=build/pgsql bench/engines.py
DURATION is of one round in seconds, RUNS the rounds, STORE_URI a PostgreSQL that is there
already (else one is made, with PostgreSQL's defaults)."""
import base64
import hashlib
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack

from carnet import Site
from load import BUILD, CONNECTIONS, HERE, ROUNDS, SCOPE, form_of, wait_for, wrk

sys.path.insert(0, str(HERE.parent / "test"))
from kit import postgres  # noqa: E402


class EngineSite(Site):
    """Without the floors of bench.conf."""

    def start(self):
        self.process = subprocess.Popen(
            ["lighttpd", "-D", "-f", HERE.parent / "deploy/lighttpd/run.conf"], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)

    def sql(self, statement, *args):
        if self.database:
            return postgres.query(self.database, statement, *args)
        with self.db() as db, db:
            return db.execute(statement, args).fetchall()


class Flows:
    """By name, a function of the duration that loads one site."""

    def __init__(self, site):
        self.site = site
        self.machine = site.client("--grant", "client_credentials")
        self.person = site.client("--grant", "password,refresh_token")
        self.gateway = site.client("--grant", "introspect")
        self.pair = self.sign_in()
        own = site.token(self.machine, grant_type="client_credentials", scope=SCOPE)
        self.table = {
            "guarded GET /api/status": self.load("/api/status", TOKEN=own["access_token"]),
            "guarded GET /api/posts": self.load("/api/posts?limit=20",
                                                TOKEN=self.pair["access_token"]),
            "client_credentials": self.load("/oauth/token", BODY=form_of(
                self.machine, grant_type="client_credentials", scope=SCOPE)),
            "refresh": self.refresh,
            "introspect": self.load("/oauth/introspect", BODY=form_of(
                self.gateway, token=self.pair["access_token"]))}

    def sign_in(self):
        return self.site.token(self.person, grant_type="password", username=self.site.user,
                               password=self.site.password, scope=SCOPE)

    def load(self, path, **env):
        return lambda: wrk(self.site.url + path, **env)

    def refresh(self):
        """A family for each connection and more; a sign-in would cost a password hash."""
        row, = self.site.sql("SELECT client_id, user_id, scope, expires_at FROM"
                             " oauth_refresh_tokens ORDER BY expires_at DESC LIMIT 1")
        secrets = []
        for _ in range(4 * CONNECTIONS):
            secrets.append(base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode())
            self.site.sql("INSERT INTO oauth_refresh_tokens (digest, family, access_token,"
                          " client_id, user_id, scope, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                          hashlib.sha256(secrets[-1].encode()).digest(), os.urandom(16),
                          os.urandom(16), *row)
        items = self.site.dir / "refresh"
        items.write_text("\n".join(secrets) + "\n")
        return wrk(self.site.url + "/oauth/token", script="flows.lua", FLOW="refresh",
                   ITEMS=str(items), BODY=form_of(
                       self.person, grant_type="refresh_token", refresh_token=""))


def report(seen):
    print("| flow | SQLite, a second | PostgreSQL, a second | ratio, median | p99 SQLite, ms |"
          " p99 PostgreSQL, ms | failed |\n|---|---|---|---|---|---|---|")
    for name, rounds in seen.items():
        def median(engine, key):
            return statistics.median(r[engine][key] for r in rounds)

        ratio = statistics.median(r["pgsql"]["rate"] / r["sqlite"]["rate"] for r in rounds)
        print("| %s | %.0f | %.0f | %.2f | %.1f | %.1f | %d |" % (
            name, median("sqlite", "rate"), median("pgsql", "rate"), ratio,
            median("sqlite", "p99"), median("pgsql", "p99"),
            sum(r[e]["failed"] for r in rounds for e in r)))


def main():
    if not (BUILD / "lib/store/pgsql").exists():
        sys.exit("%s has no PostgreSQL in it: make pgsql" % BUILD)
    with ExitStack() as stack:
        uri = os.environ.get("STORE_URI")
        if uri is None:
            cluster = stack.enter_context(postgres.cluster())
            cluster.stop("fast")
            cluster.start("")  # as it is by default: with fsync
            uri = cluster.uri
        flows = {}
        for engine, database in ("sqlite", None), ("pgsql", postgres.new_schema(uri)):
            site = EngineSite(database=database)
            stack.callback(site.remove)
            site.start()
            flows[engine] = Flows(site)
        seen = {name: [] for name in flows["sqlite"].table}
        for i in range(ROUNDS):
            for name, rounds in seen.items():
                turns = list(flows)[::1 if i % 2 == 0 else -1]
                rounds.append({engine: flows[engine].table[name]() for engine in turns})
        report(seen)


if __name__ == "__main__":
    main()
