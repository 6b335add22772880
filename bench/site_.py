"""A carnet of its own under lighttpd, and what puts load on servers."""
import json
import os
import re
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from contextlib import closing
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
    """Requests a second, longest, p50 and p99 in ms, failed replies; the CPU time
    in us that what pids() names used a request."""
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


class Site:
    """carnet on a disk, as a database is: memory would cost a sync nothing."""

    def __init__(self, settings=""):
        self.dir = Path(tempfile.mkdtemp(prefix="bench-", dir=BUILD))
        for name in ("www/guarded", "www/pass", "sock", "tmp"):
            (self.dir / name).mkdir(parents=True)
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.conf = self.dir / "carnet.conf"
        self.env = {**os.environ, "CARNET_RUN": str(self.dir), "CARNET_PORT": str(self.port),
                    "CARNET_BIN": str(BUILD / "cgi-bin"), "CARNET_CONF": str(self.conf),
                    "CARNET_DEPLOY": str(HERE.parent / "deploy"),
                    "BENCH_BIN": str(BUILD / "bench")}
        self.carnet("install", "--issuer", self.url)
        self.carnet("keys", "generate", "--alg", "EdDSA")
        text = self.conf.read_text()
        self.conf.write_text(settings + "\n" + text + "\n[guard]\n/guarded = token\n")
        for where in ("guarded", "pass"):
            (self.dir / "www" / where / "static.txt").write_text('{"hello":"world"}\n')
        self.user = "ada@example.org"
        self.password = "correct-horse-battery"
        self.carnet("user", "add", self.user, "--scope", "read-posts write-posts",
                    "--password-stdin", input=self.password)
        self.process = None

    def carnet(self, *args, input=None):
        p = subprocess.run([BUILD / "bin/carnet", *args], input=input, text=True,
                           env=self.env, capture_output=True)
        if p.returncode:
            raise RuntimeError("carnet %s: %s" % (" ".join(args), p.stderr))
        return p.stdout

    def client(self, *args):
        made = json.loads(self.carnet("client", "add", "--name", "bench", "--json", *args))
        return {k: v for k, v in made.items() if k in ("client_id", "client_secret")}

    def start(self):
        self.process = subprocess.Popen(
            ["lighttpd", "-D", "-f", HERE / "bench.conf"], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)
        time.sleep(0.3)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None
            time.sleep(0.3)

    def remove(self):
        self.stop()
        subprocess.run(["rm", "-rf", self.dir])

    def pids(self):
        return tree(self.process.pid)

    def workers(self, program):
        return [p for p in self.pids() if os.path.basename(
            os.readlink("/proc/%d/exe" % p)) == program and
            Path("/proc/%d/comm" % p).read_text() != "carnet-porter\n"]

    def db(self):
        return closing(sqlite3.connect(self.dir / "data/carnet.db", timeout=60))

    def token(self, client, **params):
        return post(self.url + "/oauth/token", {**client, **params})
