#!/usr/bin/python3
"""Engines in one run, by turns: SQLite; one PostgreSQL by a Unix socket; three of them with
synchronous commit, behind HAProxy (deploy/cluster).  The same programs, the same web server, the
same disk; each commit is on disk when it is answered.  Then Glewlwyd and Ory Hydra on the one
PostgreSQL, and what one more front end costs.

By itself, with the build of make pgsql and the packages of deploy/deps.sh cluster and bench:
BUILD=build/pgsql bench/engines.py
DURATION is of one round in seconds, RUNS the rounds.  HYDRA is Hydra's program, if there is one:
go build makes it of github.com/ory/hydra/v2.  THREE=0 leaves out the three."""
import base64
import hashlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from carnet import Site
from load import BUILD, CONNECTIONS, HERE, ROUNDS, SCOPE, form_of, free_port, pss_kb, tree
from load import wait_for, wrk

sys.path.insert(0, str(HERE.parent / "test"))
import stored_peers  # noqa: E402
from kit import cluster, postgres  # noqa: E402


class EngineSite(Site):
    """Without the floors of bench.conf, which make no use of the database."""

    @classmethod
    def copy_of(cls, site):
        """A front end of the same site; it is not started."""
        more = cls.__new__(cls)
        more.database, more.process = site.database, None
        more.dir = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        for name in ("www", "sock", "tmp", "data"):
            (more.dir / name).mkdir()
        subprocess.run(["cp", "-R", site.conf, site.dir / "keys", more.dir], check=True)
        more.port, more.conf = free_port(), more.dir / "carnet.conf"
        more.url = "http://127.0.0.1:%d" % more.port
        more.env = {**site.env, "CARNET_RUN": str(more.dir), "CARNET_CONF": str(more.conf),
                    "CARNET_PORT": str(more.port)}
        return more

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

    @staticmethod
    def same(flows, site):
        """Loads on another front end of the site: guarded requests, tokens."""
        own = flows.site.token(flows.machine, grant_type="client_credentials", scope=SCOPE)
        return [lambda: wrk(site.url + "/api/status", TOKEN=own["access_token"]),
                lambda: wrk(site.url + "/oauth/token", BODY=form_of(
                    flows.machine, grant_type="client_credentials", scope=SCOPE))]

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


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def measure(runs):
    """runs: functions by name.  Their rounds, by turns."""
    seen = {name: [] for name in runs}
    for i in range(ROUNDS):
        for name in list(runs)[::1 if i % 2 == 0 else -1]:
            seen[name].append(runs[name]())
    return seen


def report_engines(flows):
    names = list(flows)
    print("| flow |" + "".join(" %s, a second | p99, ms |" % n for n in names)
          + " of SQLite | failed |\n|---|" + "---:|" * (2 * len(names) + 2))
    for flow in flows["SQLite"].table:
        seen = measure({name: flows[name].table[flow] for name in names})
        rate = {name: median(seen[name], "rate") for name in names}
        print("| %s |" % flow + "".join(
            " %.0f | %.1f |" % (rate[name], median(seen[name], "p99")) for name in names)
            + " %s | %d |" % (", ".join("%.2f" % (rate[n] / rate["SQLite"]) for n in names[1:]),
                              sum(r["failed"] for of in seen.values() for r in of)),
            flush=True)


def report_peers(stack, flows, directory, server):
    """carnet and others on one PostgreSQL."""
    ours = {"client_credentials": flows.table["client_credentials"],
            "introspect": flows.table["introspect"]}
    print("\n| on one PostgreSQL | carnet, a second | p99, ms | other | a second | p99, ms |"
          " times | failed |\n|---|---:|---:|---|---:|---:|---:|---:|")
    for kind in stored_peers.ALL:
        try:
            peer = kind(directory, flows.site, server)
        except Exception as e:  # any: a program is not there, or does not start
            print("%s was not measured: %s" % (kind.name, str(e).splitlines()[0]))
            continue
        stack.callback(peer.stop)
        for flow, theirs in peer.rows().items():
            theirs()
            seen = measure({"carnet": ours[flow], "other": theirs})
            a, b = (median(seen[who], "rate") for who in ("carnet", "other"))
            print("| %s | %.0f | %.1f | %s | %.0f | %.1f | %.1f | %d |" % (
                flow, a, median(seen["carnet"], "p99"), peer.name, b,
                median(seen["other"], "p99"), a / max(b, 0.1),
                sum(r["failed"] for of in seen.values() for r in of)), flush=True)


def report_front(flows, server):
    """One more front end: a copy of configuration and keys, and programs of its own."""
    site = flows.site
    more = EngineSite.copy_of(site)
    try:
        run = flows.table["client_credentials"]
        alone = statistics.median(run()["rate"] for _ in range(ROUNDS))
        before = pss_kb(tree(server.postmaster())), server.connections()
        more.start()
        other = Flows.same(flows, more)
        for load in other:
            load()
        with ThreadPoolExecutor(2) as pool:
            both = [sum(f.result()["rate"] for f in [pool.submit(run), pool.submit(other[1])])
                    for _ in range(ROUNDS)]
        after = pss_kb(tree(server.postmaster())), server.connections()
        print("\none more front end: %d MB of memory; %d connections, for which PostgreSQL has"
              " %d MB; tokens a second %.0f with one, %.0f with two" % (
                  pss_kb(more.pids()) / 1024, after[1] - before[1], (after[0] - before[0]) / 1024,
                  alone, statistics.median(both)))
    finally:
        more.remove()


class Server:
    """One PostgreSQL, by a socket and on a port of 127.0.0.1; with fsync, as it is by default."""

    def __init__(self, made):
        self.made, self.port = made, free_port()
        made.stop("fast")
        made.start("-c listen_addresses=127.0.0.1 -c port=%d" % self.port)
        self.uri = "%s&port=%d" % (made.uri, self.port)

    def database(self, name):
        """A new database; what psql says of it is the caller's."""
        self.made.run("createdb", "-h", self.made.top, "-p", str(self.port), "-U", "carnet", name,
                      check=True)
        return name

    def postmaster(self):
        return int((self.made.top / "data/postmaster.pid").read_text().split()[0])

    def connections(self):
        return postgres.query(self.uri, "SELECT count(*) FROM pg_stat_activity"
                              " WHERE application_name = 'carnet'")[0][0]


@contextmanager
def three():
    """The URI by which HAProxy leads to the primary of three."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILD) as top:
        Path(top).chmod(0o711)
        with cluster.up(top) as (made, _):
            for front in ("front1", "front2"):
                made.command("stop", front)
            text = (Path(top) / "front1/carnet.conf").read_text()
            yield re.search(r"(?m)^database = (.*)", text)[1] + "?application_name=bench"


def main():
    if not (BUILD / "lib/store/pgsql").exists():
        sys.exit("%s has no PostgreSQL in it: make pgsql" % BUILD)
    with ExitStack() as stack:
        server = Server(stack.enter_context(postgres.cluster()))
        databases = {"SQLite": None, "one PostgreSQL": postgres.new_schema(server.uri)}
        if os.environ.get("THREE", "1") != "0":
            databases["three"] = postgres.new_schema(stack.enter_context(three()))
        flows = {}
        for name, database in databases.items():
            site = EngineSite(database=database)
            stack.callback(site.remove)
            site.start()
            flows[name] = Flows(site)
        report_engines(flows)
        one = flows["one PostgreSQL"]
        report_front(one, server)
        report_peers(stack, one, one.site.dir, server)


if __name__ == "__main__":
    main()
