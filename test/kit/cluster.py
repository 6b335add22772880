"""A cluster of deploy/cluster on this machine, and what can be done to its parts."""
import base64
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from kit import expect, postgres, servers
from kit.site import BUILD, ROOT, Client, Site

SLOW_S = 180  # a part that takes longer is broken, however slow the machine is


def rest(place, path, body=None, auth=None, method=None):
    """Ask Patroni at HOST:PORT; None: no answer, or another status than 200."""
    headers = {"Content-Type": "application/json"}
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()
    request = urllib.request.Request(
        "http://%s%s" % (place, path), method=method, headers=headers,
        data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30 if body else 3) as r:
            return r.read().decode()
    except (OSError, ValueError):
        return None


class Cluster:
    NODES = ("pg1", "pg2", "pg3")

    def __init__(self, directory, network=None):
        self.dir, self.network = Path(directory), network
        self.ports = servers.Ports()  # it says until its end that the block is taken
        self.ports.take_block()
        self.base = min(self.ports.left)
        self.url = "http://127.0.0.1:%d" % self.base
        self.env = {**os.environ, "BUILD": str(BUILD), "CLUSTER_DIR": str(self.dir),
                    "CLUSTER_PORT": str(self.base)}

    def command(self, *args):
        log = self.dir / "command.log"
        with open(log, "a") as out:
            p = subprocess.run(["sh", ROOT / "deploy/cluster/cluster.sh", *args], cwd=ROOT,
                               env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                               timeout=900)
        assert p.returncode == 0, (args, log.read_text()[-2000:])

    def secret(self, name):
        lines = (self.dir / "secrets").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    # What it is like

    def host(self, node):
        return ("10.0.0.1" + node[-1]) if self.network else "127.0.0.1"

    def rest(self, node):
        return "%s:%d" % (self.host(node), self.base + 40 + int(node[-1]))

    def uri(self, node, user):
        """Its PostgreSQL, past HAProxy."""
        return "postgresql://%s:%s@%s:%d/carnet" % (
            user, self.secret("superuser" if user == "postgres" else user),
            self.host(node), self.base + 30 + int(node[-1]))

    def members(self):
        """The members by node, as one that answers tells it; {}: none does."""
        for node in self.NODES:
            if answer := rest(self.rest(node), "/cluster"):
                return {"pg" + m["name"][-1]: m for m in json.loads(answer)["members"]}
        return {}

    def primary(self):
        """The node that takes writes, or None: while another takes its place."""
        found = [n for n in self.NODES if rest(self.rest(n), "/primary") is not None]
        return found[0] if len(found) == 1 else None

    def sync_standby(self):
        found = [n for n, m in self.members().items() if m["role"] == "sync_standby"]
        return found[0] if found else None

    def is_whole(self):
        """There is a primary, and two standbys have what it has."""
        members, primary = self.members(), self.primary()
        return (len(members) == 3 and primary is not None
                and any(m["role"] == "sync_standby" for m in members.values())
                and all(m.get("state") in ("running", "streaming") for m in members.values())
                and self.standbys_of(primary) == 2)

    def standbys_of(self, node):
        """Patroni has the state of a member from its last turn; PostgreSQL knows."""
        try:
            return postgres.query(self.uri(node, "postgres"), "SELECT count(*) FROM"
                                  " pg_stat_replication WHERE state = 'streaming'")[0][0]
        except psycopg2.Error:
            return 0

    def wait_whole(self):
        expect.until(self.is_whole, SLOW_S)

    def wait_other_primary(self, old):
        return expect.until(lambda: (now := self.primary()) != old and now, SLOW_S)

    # Processes

    def pid(self, part):
        return expect.until(lambda: self.pid_now(part))

    def pid_now(self, part):
        try:
            pid = int((self.dir / (part + ".pid")).read_text())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None  # its keeper starts it anew

    def postmaster(self, node):
        return int((self.dir / node / "data/postmaster.pid").read_text().split()[0])

    def postgres(self, node):
        """All processes of its PostgreSQL, the postmaster first."""
        data = str((self.dir / node / "data").resolve())
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "cwd") == data:
                    found.append(int(entry.name))
            except OSError:
                pass  # it ended, or is another user's
        first = self.postmaster(node)
        return sorted(found, key=lambda pid: (pid != first, pid))

    def signal(self, pids, number):
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self, part):
        """kill -9 of its process, or of PostgreSQL alone: it is started again."""
        pid = self.postmaster(part) if part in self.NODES else self.pid(part)
        self.signal([pid], signal.SIGKILL)

    def kill_machine(self, part):
        """Everything of it, at once, and nothing starts it again before start."""
        pids = [int((self.dir / (part + ".keeper")).read_text()), self.pid(part)]
        if part in self.NODES:
            pids += self.postgres(part)
        self.signal(pids, signal.SIGKILL)

    def start(self, part):
        self.command("start", part)

    @contextmanager
    def frozen(self, pids):
        """They do not run, and their connections stay open."""
        self.signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(pids, signal.SIGCONT)

    def switch_over(self):
        """By hand, as patronictl switchover does.  Patroni answers when it is done, or
        refuses while it is about something else."""
        old = expect.until(self.primary, SLOW_S)

        def is_done():
            standby = self.sync_standby()
            if standby:
                rest(self.rest(old), "/switchover",
                     {"leader": "machine" + old[-1], "candidate": "machine" + standby[-1]},
                     "patroni:" + self.secret("restapi"))
            return self.primary() not in (None, old)

        expect.until(is_done, SLOW_S)

    def set_parameters(self, **parameters):
        assert rest(self.rest(expect.until(self.primary)), "/config",
                    {"postgresql": {"parameters": parameters}},
                    "patroni:" + self.secret("restapi"), "PATCH")

    # Sites

    def site(self):
        """What clients see, by HAProxy."""
        return self.known(Site(self.dir / "front1", self.url))

    def front(self, n):
        """One front end, without HAProxy."""
        return self.known(Site(self.dir / ("front%d" % n),
                               "http://127.0.0.1:%d" % (self.base + 50 + n)))

    def known(self, site):
        made = (self.dir / "front1/install.txt").read_text()
        site.password_client = Client(
            *re.search(r"password client +(\S+)\n +its secret +(\S+)", made).groups())
        return site


class Network:
    """A bridge, and a network namespace for each machine: only what each cannot reach tells
    it that it is cut off.  This process has a network of its own for it."""

    def __init__(self, directory):
        self.dir, self.holders = Path(directory), []
        self.ip("link set lo up")
        self.ip("link add machines type bridge")
        self.ip("addr add 10.0.0.1/24 dev machines")
        self.ip("link set machines up")
        for n in (1, 2, 3):
            self.add(n)

    def ip(self, words, *before):
        subprocess.run([*before, "ip", *words.split()], check=True, capture_output=True)

    def add(self, n):
        holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net",
                                   "sleep", "infinity"])
        self.holders.append(holder)
        its = "/proc/%d/ns/net" % holder.pid
        expect.until(lambda: os.readlink(its) != os.readlink("/proc/self/ns/net"))
        (self.dir / ("machine%d" % n)).symlink_to(its)
        self.ip("link add m%d type veth peer name eth0 netns %d" % (n, holder.pid))
        self.ip("link set m%d master machines up" % n)
        for words in ("addr add 10.0.0.1%d/24 dev eth0" % n, "link set eth0 up",
                      "link set lo up"):
            self.ip(words, *self.within("pg%d" % n))
        subprocess.run([*self.within("pg%d" % n), "sysctl", "-q", "-p",
                        ROOT / "deploy/cluster/sysctl.conf"], check=True)

    def within(self, node):
        return ["nsenter", "--net=%s" % (self.dir / ("machine" + node[-1]))]

    @contextmanager
    def cut(self, node):
        """What is sent to it, or by it, is lost: no connection ends by that."""
        self.ip("link set m%s nomaster" % node[-1])
        try:
            yield
        finally:
            self.ip("link set m%s master machines" % node[-1])

    def close(self):
        for holder in self.holders:
            holder.kill()
            holder.wait()


def own_network():
    """Leave the machine's network for an empty one; False: we may not."""
    CLONE_NEWNET = 0x40000000
    return (os.geteuid() == 0 and shutil.which("ip") is not None
            and ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0)


# A program on the cut-off side: it uses the connection that it has and, when that is gone,
# new ones.  It tells when it was answered.
WITNESS = """
import sys, time, psycopg2
uri, statement = sys.argv[1:]
db = None
while True:
    try:
        if db is None:
            db = psycopg2.connect(uri, target_session_attrs="read-write", connect_timeout=2)
            db.autocommit = True
        with db.cursor() as c:
            c.execute(statement)
        print(time.monotonic(), flush=True)
    except psycopg2.Error:
        db = None
    time.sleep(0.05)
"""


class Witness:
    def __init__(self, cluster, node, statement):
        self.process = subprocess.Popen(
            [*cluster.network.within(node), sys.executable, "-c", WITNESS,
             cluster.uri(node, "carnet"), statement],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True)
        self.first = float(self.process.stdout.readline())  # it has a connection

    def last(self):
        """End it; when it was answered last."""
        self.process.kill()
        return float((self.process.communicate()[0].split() or [self.first])[-1])


def mount(path, size):
    """A disk of its own, which can be full; False: we may not."""
    path.mkdir(mode=0o700, exist_ok=True)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=0700" % size,
                           "carnet-cluster", path], capture_output=True).returncode == 0


@contextmanager
def up(directory, disk="700m", has_network=False):
    """A cluster that is up; whether its PostgreSQL have disks of their own."""
    made = Cluster(directory, Network(directory) if has_network else None)
    mounted = [made.dir / n for n in made.NODES if mount(made.dir / n, disk)]
    try:
        made.command("up")
        if mounted:
            made.set_parameters(max_wal_size="192MB", min_wal_size="64MB")
        made.wait_whole()
        yield made, len(mounted) == len(made.NODES)
    finally:
        made.command("down")
        if made.network:
            made.network.close()
        for place in mounted:
            for _ in range(50):
                if subprocess.run(["umount", place], capture_output=True).returncode == 0:
                    break
                time.sleep(0.2)
