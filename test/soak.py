#!/usr/bin/python3
"""soak.py: what make test does for seconds, for long: make soak.

First SOAK (600) seconds of load on a site whose tokens live for seconds: memory, open
files, database and log must stay as they are after the first tenth; a table, and
a plot in soak.svg of the build.  Then KILLS (100) workers are killed under ANSWERS
(100000) answered requests; what is used once is used ROUNDS (100) times by 64; each
allocation of a request fails in its turn.  Exit status 1 if anything was lost, or
grew.  PARTS="soak faults" chooses."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "test"))

from kit import servers  # noqa: E402
from kit.site import BUILD  # noqa: E402

LONG = {"ANSWERS": "100000", "KILLS": "100", "ROUNDS": "100", "FAULT_STEP": "1",
        "SEEDS": "40"}
SECONDS = int(os.environ.get("SOAK", 600))
SHORT_LIVES = """access_ttl = 3s
refresh_ttl = 5s
code_ttl = 2s
device_code_ttl = 3s
session_ttl = 60s
"""
ROOM = 1.15  # what may be added after the first tenth


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
    return [p for p in servers.processes_with("CARNET_RUN=%s" % site.dir)
            if (servers.name_of(p) or "") in ("token", "posts", "introspect")]


def sample(site, pids):
    rss = fds = 0
    for pid in pids:
        text = Path("/proc/%d/smaps_rollup" % pid).read_text()
        rss = max(rss, int(re.search(r"Rss:\s+(\d+)", text)[1]))
        fds += len(os.listdir("/proc/%d/fd" % pid))
    sizes = [(site.dir / name).stat().st_size >> 10 for name in
             ("carnet.db", "carnet.db-wal")]
    return {"rss of the largest, kB": rss, "open files": fds, "database, kB": sizes[0],
            "log, kB": sizes[1]}


def load(site, body, path="/oauth/token", token=None, connections=8):
    env = {**os.environ, **({"BODY": body} if body else {}), **({"TOKEN": token} if token else {})}
    return subprocess.Popen(
        ["wrk", "-t1", "-c%d" % connections, "-d%ds" % SECONDS, "--timeout", "30s", "-s",
         ROOT / "bench/request.lua", site.url + path], env=env, text=True,
        stdout=subprocess.PIPE)


def plot(rows, path):
    """Each figure as a line, in a panel of its own."""
    width, height, names = 640, 90, list(rows[0])
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"'
           ' font-family="system-ui, sans-serif" font-size="12">' % (
               width, height * len(names)), '<rect width="100%" height="100%" fill="#fff"/>']
    for i, name in enumerate(names):
        values = [r[name] for r in rows]
        top, base = max(values) * 1.1 or 1, height * (i + 1) - 12
        points = " ".join("%.1f,%.1f" % (10 + (width - 20) * k / max(1, len(values) - 1),
                                         base - (height - 34) * v / top)
                          for k, v in enumerate(values))
        out.append('<text x="10" y="%d">%s: %d at first, %d at last, %d at most</text>' % (
            height * i + 14, name, values[0], values[-1], max(values)))
        out.append('<polyline points="%s" fill="none" stroke="#0b5d54" stroke-width="1.5"/>'
                   % points)
    path.write_text("\n".join(out) + "\n</svg>\n")


def soak():
    with servers.lighttpd() as site:
        site.conf.write_text(SHORT_LIVES + site.conf.read_text())
        time.sleep(1.5)
        machine, gateway = site.client("client_credentials"), site.client("introspect")
        person = "grant_type=password&username=%s&password=%s&client_id=%s&client_secret=%s" % (
            site.email, site.password, *site.password_client)
        own = "grant_type=client_credentials&client_id=%s&client_secret=%s" % machine
        token = site.token("read-posts")
        asked = "client_id=%s&client_secret=%s&token=%s" % (*gateway, token)
        loads = [load(site, own), load(site, person, connections=2),
                 load(site, asked, "/oauth/introspect", connections=4)]
        step, rows = max(1, SECONDS // 60), []
        time.sleep(min(10, SECONDS / 4))
        pids = workers(site)
        while any(p.poll() is None for p in loads):
            rows.append(sample(site, pids))
            time.sleep(step)
        done = 0
        for p in loads:
            done += int(re.search(r"(\d+) requests in", p.stdout.read())[1])
        plot(rows, BUILD / "soak.svg")
        failed = 0
        head = rows[:max(1, len(rows) // 10)]
        print("%d requests in %d s" % (done, SECONDS))
        for name in rows[0]:
            first, last = max(r[name] for r in head), rows[-1][name]
            grew = last > first * ROOM
            failed |= grew
            print("%-24s %8d at first, %8d at last, %8d at most%s" % (
                name, first, last, max(r[name] for r in rows), "  GREW" if grew else ""))
        left = site.sql("SELECT count(*) FROM oauth_access_tokens")[0][0]
        print("%d rows of access tokens are left" % left)
        return int(failed)


def main():
    parts = os.environ.get("PARTS", "soak faults").split()
    failed = [part() for part in (soak, faults) if part.__name__ in parts]
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
