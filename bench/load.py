"""Load on a server, and its cost: wrk, CPU time, memory."""
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("BUILD", "build")).resolve()
QUICK = bool(os.environ.get("QUICK"))
ROUNDS = int(os.environ.get("RUNS", 1 if QUICK else 5))
SECONDS = float(os.environ.get("DURATION", 1 if QUICK else 3))
CONNECTIONS = int(os.environ.get("CONNECTIONS", 32))
TICKS = os.sysconf("SC_CLK_TCK")
SCOPE = "read-posts"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("nothing answers on port %d" % port)


def post(url, form, headers=None):
    rq = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), headers or {})
    with urllib.request.urlopen(rq, timeout=30) as r:
        return json.loads(r.read() or b"{}")


def form_of(client, **params):
    return urllib.parse.urlencode({**client, **params})


def in_ms(text):
    n = float(re.match(r"[\d.]+", text)[0])
    return n / 1000 if text.endswith("us") else n if text.endswith("ms") else n * 1000


def wrk(url, seconds=None, connections=None, script="request.lua", pids=None, **env):
    """Requests a second; longest, p50 and p99 in ms; failed replies; and the CPU time
    in us for a request, of the processes of pids()."""
    n = connections or CONNECTIONS
    threads = min(2, n)
    before, begun = cpu_of(pids() if pids else ()), time.monotonic()
    out = subprocess.run(
        ["wrk", "-t%d" % threads, "-c%d" % n, "-d%ds" % max(1, round(seconds or SECONDS)),
         "--timeout", "30s", "--latency", "-s", HERE / script, url],
        env={**os.environ, "THREADS": str(threads), **env}, check=True,
        capture_output=True, text=True).stdout
    took = time.monotonic() - begun
    used = cpu_of(pids() if pids else ()) - before
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    bad = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", out))
    for line in re.findall(r"Socket errors: (.*)", out):
        bad += sum(int(n) for n in re.findall(r"\d+", line))
    return {"rate": rate, "cpu": used / max(1, rate * took) * 1e6,
            "max": in_ms(re.search(r"^\s+Latency\s+\S+\s+\S+\s+(\S+)", out, re.M)[1]),
            "p50": in_ms(re.search(r"^\s+50%\s+(\S+)", out, re.M)[1]),
            "p99": in_ms(re.search(r"^\s+99%\s+(\S+)", out, re.M)[1]), "failed": bad}


def cpu_of(pids):
    """Seconds of user and system time that the processes have used."""
    used = 0
    for pid in pids:
        try:
            fields = Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for task in Path("/proc/%d/task" % pid).glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue  # the thread has ended
        for child in children:
            found += tree(int(child))
    return found


def pss_kb(pids, name="Pss"):
    return sum(int(re.search(name + r":\s+(\d+)", Path("/proc/%d/smaps_rollup" % p)
                             .read_text())[1]) for p in pids)
