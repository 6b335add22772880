#!/usr/bin/python3
"""soak.py: what make test does for seconds, for long: make soak.

First REQUESTS (3000000) requests to a site whose tokens live for seconds, by wrk and
by people, apps and guessers who look at each answer: an answer that was not to be, a
program that ended, or memory, open files, database, log, audit trail or a table that
still grows in the last third, is a failure.  Then KILLS (100) workers are killed under
ANSWERS (100000) answered requests; what is used once is used ROUNDS (300) times by 64;
each allocation of a request fails in its turn.  Then many sign in at once, under each
deployment.  PARTS="soak faults flood" chooses."""
import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import flows, series, servers  # noqa: E402
from kit.site import BUILD  # noqa: E402

LONG = {"ANSWERS": "100000", "KILLS": "100", "ROUNDS": "300", "FAULT_STEP": "1",
        "SEEDS": "40"}
REQUESTS = int(os.environ.get("REQUESTS", 3000000))
SLOWEST = 400  # requests a second; any machine does more
SLICE_S = 10  # seconds of load, then the same again
ACTORS = 6
TABLES = ("oauth_access_tokens", "oauth_refresh_tokens", "oauth_auth_codes",
          "oauth_device_codes", "sessions", "throttle")
# Growth that is allowed beside a tenth, for each figure.
SLACK = {"rss of the largest, kB": 256, "most open files": 2, "database, kB": 256,
         "log, kB": 256, "audit trail, kB": 1024}


def faults():
    env = {**LONG, **os.environ}
    failed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider",
         "--rootdir", "test", "test/fault"], cwd=ROOT, env=env).returncode
    power = BUILD / "unit/test_power_cut"
    if power.exists():
        failed |= subprocess.run([power], cwd=ROOT, env=env).returncode
    return failed


def workers(site):
    programs = {p.name for p in (BUILD / "cgi-bin").iterdir() if not p.suffix}
    return {p for p in servers.processes_with("CARNET_RUN=%s" % site.dir)
            if servers.name_of(p) in programs}


def memory(pid):
    text = Path("/proc/%d/smaps_rollup" % pid).read_text()
    return int(re.search(r"Rss:\s+(\d+)", text)[1])


def sample(site, pids, lately):
    """lately: the memory of each program in the last samples; the least of them counts,
    as a hash takes 16 MiB for a moment."""
    lately.append({pid: memory(pid) for pid in pids})
    rss = max(min(m[pid] for m in lately if pid in m) for pid in pids)
    fds = max(len(os.listdir("/proc/%d/fd" % pid)) for pid in pids)
    size = {suffix: sum(f.stat().st_size for f in site.dir.glob("data/" + suffix)) >> 10
            for suffix in ("carnet.db", "carnet.db-wal", "audit.log*")}
    counts = site.sql("SELECT " + ", ".join("(SELECT count(*) FROM %s)" % t for t in TABLES))
    return dict(zip([*SLACK, *TABLES], [rss, fds, *size.values(), *counts[0]]))


def let_a_day_pass(site):
    """Codes are kept for a day after their end, and known places for 90 days."""
    for table in ("oauth_auth_codes", "oauth_device_codes"):
        site.sql("UPDATE %s SET expires_at = expires_at - 86400"
                 " WHERE expires_at < unixepoch() - 5" % table)
    site.sql("UPDATE throttle SET expires_at = unixepoch() - 1 WHERE failures = 0")


class Load:
    """Run wrk with one request, again and again; it must get 200."""

    def __init__(self, site, path, connections, body=None, token=None):
        env = {"METHOD": "POST" if body else "GET", "BODY": body, "TOKEN": token}
        self.env = {**os.environ, **{k: v for k, v in env.items() if v}}
        self.command = ["wrk", "-t1", "-c%d" % connections, "-d%ds" % SLICE_S, "--timeout",
                        "30s", "-s", ROOT / "test/soak.lua", site.url + path]
        self.path, self.process = path, None

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.env, text=True,
                                        stdout=subprocess.PIPE)

    def finish(self):
        """How many requests were answered; what was wrong, or None."""
        out = self.process.communicate()[0]
        line = re.search(r"^answers (.*)$", out, re.M)
        got = dict(re.findall(r"(\S+)=(\d+)", line[1])) if line else {}
        bad = {k: n for k, n in got.items() if k != "200" and int(n)}
        wrong = "%s: %s" % (self.path, bad or "no answer") if bad or "200" not in got else None
        return sum(int(n) for k, n in got.items() if k != "broken"), wrong


def loads(site):
    machine = site.client("client_credentials")
    patient = site.client("client_credentials", "--access-ttl", "7d")
    gateway = site.client("introspect")
    token = site.grant("client_credentials", patient, scope="*").json()["access_token"]
    pair = "&client_id=%s&client_secret=%s"
    person = "grant_type=password&username=%s&password=%s" % (site.email, site.password)
    return [Load(site, "/oauth/token", 6, "grant_type=client_credentials" + pair % machine),
            Load(site, "/oauth/token", 1, person + pair % site.password_client),
            Load(site, "/oauth/introspect", 2, "token=" + token + pair % gateway),
            Load(site, "/oauth/revoke", 1, "token=" + "A" * 43 + pair % machine),
            Load(site, "/api/posts?limit=1", 2, token=token),
            Load(site, "/guarded/any", 2, token=token)]


def drive(site, actors):
    """Send all requests; return the samples, how many were answered, what was wrong."""
    all_loads, rows, wrong, done = loads(site), [], [], 0
    deadline = time.monotonic() + 60 + REQUESTS / SLOWEST
    pids, lately = workers(site), deque(maxlen=10)
    name = {p: servers.name_of(p) for p in pids}
    while (done < REQUESTS or len(rows) < 3 * series.LEAST) and not wrong \
            and time.monotonic() < deadline:
        for load in all_loads:
            load.start()
        while any(x.process.poll() is None for x in all_loads):
            rows.append(sample(site, pids & workers(site), lately))
            time.sleep(SLICE_S / 10)
        for load in all_loads:
            n, bad = load.finish()
            done += n
            wrong += [bad] if bad else []
        wrong += [a.failure for a in actors if a.failure]
        let_a_day_pass(site)
    # lighttpd starts more processes of token under load, and ends some when they are idle.
    ended = [name[p] for p in pids - workers(site) if name[p] != "token"]
    if ended:
        wrong.append("programs ended: %s" % ended)
    return rows, done, wrong


def report(rows):
    """Plot the figures; return those that grew.  The number of live rows depends on the
    load just then, and does not count."""
    if len(rows) < series.LEAST:
        return ["%d samples tell nothing" % len(rows)]
    failed = []
    for name in rows[0]:
        values = [r[name] for r in rows]
        grew = name in SLACK and series.grew(values, SLACK[name])
        failed += [name + " grew"] if grew else []
        failed += [name + ": nothing ever"] if max(values) == 0 else []
        print("%-24s %s %d, at most %d%s" % (
            name, series.bars(values), values[-1], max(values), "  GREW" if grew else ""))
    return failed


def left(site):
    """When all rows have expired, requests that write delete them: in each process one
    in four looks at one table of six, and at 64 rows.  The walk passes over new access
    tokens."""
    client = site.client("client_credentials")
    many = [t for t in TABLES if site.sql("SELECT count(*) FROM %s" % t)[0][0] == 0]
    for table in TABLES:
        site.sql("UPDATE %s SET expires_at = unixepoch() - 2 * 86400" % table)
    rows = max(site.sql("SELECT count(*) FROM %s" % t)[0][0] for t in TABLES)
    for _ in range(rows * 3 // 4 + 20 * 24 + 60):
        site.grant("client_credentials", client)
    return ["%s: none" % t for t in many] + [
        "%s: what is over stays" % t for t in TABLES
        if site.sql("SELECT count(*) FROM %s WHERE expires_at < unixepoch() - 86400" % t)[0][0]]


def soak():
    with servers.lighttpd() as site:
        site.secrets = site.http.seen = flows.Few(site.secrets)
        site.conf.write_text(flows.SETTINGS + site.conf.read_text() + flows.LIMITS)
        time.sleep(1.5)
        begun, stop = time.monotonic(), threading.Event()
        actors = [flows.Actor(site, stop) for _ in range(ACTORS)]
        for a in actors:
            a.start()
        try:
            rows, done, wrong = drive(site, actors)
        finally:
            stop.set()
            for a in actors:
                a.join()
        wrong += [a.failure for a in actors if a.failure and a.failure not in wrong]
        did = {}
        for a in actors:
            done += a.adapter.answers
            for flow, n in a.done.items():
                did[flow] = did.get(flow, 0) + n
        wrong += report(rows)
        wrong += left(site)
        if done < REQUESTS:
            wrong.append("%d requests were to be made" % REQUESTS)
        if len(did) < 5:
            wrong.append("not each flow was gone through")
        print("%d requests in %d s; flows: %s" % (done, time.monotonic() - begun, ", ".join(
            "%s %d" % f for f in sorted(did.items()))))
    for text in wrong:
        print("FAILED:", text)
    return int(bool(wrong))


def flood():
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "test",
         "test/http/web/test_flood.py"], cwd=ROOT, env={"FLOODS": "all", **os.environ}).returncode


def main():
    parts = os.environ.get("PARTS", "soak faults flood").split()
    failed = [part() for part in (soak, faults, flood) if part.__name__ in parts]
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
