"""A cluster of deploy/cluster on this machine, and what can be done to its parts."""
import base64
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from kit import expect, servers
from kit.site import BUILD, ROOT, Client, Site

SLOW_S = 180  # a part that takes longer is broken, however slow the machine is


def rest(port, path, body=None, auth=None, method=None):
    """Ask Patroni; None: no answer, or another status than 200."""
    headers = {"Content-Type": "application/json"}
    if auth:
        headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()
    request = urllib.request.Request(
        "http://127.0.0.1:%d%s" % (port, path), method=method, headers=headers,
        data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=30 if body else 3) as r:
            return r.read().decode()
    except (OSError, ValueError):
        return None


class Cluster:
    NODES = ("pg1", "pg2", "pg3")

    def __init__(self, directory):
        self.dir = Path(directory)
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

    def rest_port(self, node):
        return self.base + 40 + int(node[-1])

    def members(self):
        """The members by node, as one that answers tells it; {}: none does."""
        for node in self.NODES:
            if answer := rest(self.rest_port(node), "/cluster"):
                return {"pg" + m["name"][-1]: m for m in json.loads(answer)["members"]}
        return {}

    def primary(self):
        """The node that takes writes, or None: while another takes its place."""
        found = [n for n in self.NODES if rest(self.rest_port(n), "/primary") is not None]
        return found[0] if len(found) == 1 else None

    def sync_standby(self):
        found = [n for n, m in self.members().items() if m["role"] == "sync_standby"]
        return found[0] if found else None

    def is_whole(self):
        members = self.members()
        return (len(members) == 3 and self.primary() is not None
                and any(m["role"] == "sync_standby" for m in members.values())
                and all(m.get("state") in ("running", "streaming") for m in members.values()))

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
        """By hand, as patronictl switchover does."""
        old = expect.until(self.primary, SLOW_S)
        said = rest(self.rest_port(old), "/switchover",
                    {"leader": "machine" + old[-1],
                     "candidate": "machine" + self.sync_standby()[-1]},
                    "patroni:" + self.secret("restapi"))
        assert said, "the switch-over was refused"
        return self.wait_other_primary(old)

    def set_parameters(self, **parameters):
        assert rest(self.rest_port(expect.until(self.primary)), "/config",
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


def mount(path, size):
    """A disk of its own, which can be full; False: we may not."""
    path.mkdir(mode=0o700, exist_ok=True)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%s,mode=0700" % size,
                           "carnet-cluster", path], capture_output=True).returncode == 0


@contextmanager
def up(directory, disk="700m"):
    """A cluster that is up; whether its PostgreSQL have disks of their own."""
    made = Cluster(directory)
    mounted = [made.dir / n for n in made.NODES if mount(made.dir / n, disk)]
    try:
        made.command("up")
        if mounted:
            made.set_parameters(max_wal_size="192MB", min_wal_size="64MB")
        made.wait_whole()
        yield made, len(mounted) == len(made.NODES)
    finally:
        made.command("down")
        for place in mounted:
            for _ in range(50):
                if subprocess.run(["umount", place], capture_output=True).returncode == 0:
                    break
                time.sleep(0.2)
