"""A throwaway root: this machine's system with a layer above it that takes all writes,
in namespaces (mount, network, process) of its own.  Packages are installed there,
servers listen on port 80, and nothing of it is left."""
import ctypes
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import requests
from urllib3 import poolmanager
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from kit.site import Http, Site

INIT = Path(__file__).with_name("throwaway_init.py")
CLONE_NEWNET = 0x40000000
UNSHARE = ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork",
           "--kill-child"]


class Root:
    def __init__(self, pid):
        self.pid = pid
        self.path = Path("/proc/%s/root" % pid)

    def run(self, *command, check=True, **kw):
        """Run a command there, as root; return the finished process."""
        p = subprocess.run(
            ["nsenter", "--target", self.pid, "--mount", "--net", "--pid", "--ipc",
             "--uts", "--root", "--wdns=/", *command],
            text=True, timeout=120, stdin=kw.pop("stdin", None) or subprocess.DEVNULL
            if "input" not in kw else None, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                 "DEBIAN_FRONTEND": "noninteractive"}, **kw)
        assert not check or p.returncode == 0, (command, p.stdout)
        return p

    def processes(self):
        """The names of the processes there."""
        space = os.readlink("/proc/%s/ns/pid" % self.pid)
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "ns/pid") == space:
                    found.append((entry / "comm").read_text().strip())
            except OSError:
                pass  # it ended
        return found

    @contextmanager
    def network(self):
        """A socket that is made inside belongs to the root's network."""
        libc = ctypes.CDLL(None, use_errno=True)
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        theirs = os.open("/proc/%s/ns/net" % self.pid, os.O_RDONLY)
        try:
            assert libc.setns(theirs, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                assert libc.setns(ours, CLONE_NEWNET) == 0
        finally:
            os.close(ours)
            os.close(theirs)


@contextmanager
def throwaway(systemd=None):
    """A Root; or a text that says why this machine cannot have one.  systemd: the
    program that is the first process there."""
    if os.getuid() != 0:
        yield "only root can make a throwaway root"
        return
    with tempfile.TemporaryDirectory(prefix="carnet-root-") as top:
        try:
            p = subprocess.Popen([*UNSHARE, *(["--cgroup"] if systemd else []), sys.executable,
                                  INIT, top, *([systemd] if systemd else [])], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        except FileNotFoundError as e:
            yield str(e)
            return
        try:
            line = p.stdout.readline().split()
            if line[:1] == ["ready"]:
                yield Root(line[1])
            else:
                yield "no throwaway root here: " + p.communicate()[1].strip()
        finally:
            p.stdin.close()
            if systemd:
                p.kill()  # its first process dies with it, and all others with that
            p.wait(60)
            p.stdout.close()
            p.stderr.close()


class Adapter(requests.adapters.HTTPAdapter):
    """Send requests to servers in the root."""

    def __init__(self, root):
        self.root = root
        super().__init__()

    def init_poolmanager(self, *args, **kw):
        root = self.root

        class Connection(HTTPConnection):
            def _new_conn(self):
                with root.network():
                    return super()._new_conn()

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection

        self.poolmanager = poolmanager.PoolManager(*args, **kw)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool}


class PackagedSite(Site):
    """The package as it is installed in the root, for its administrator."""

    def __init__(self, root):
        super().__init__(root.path / "var/lib/carnet", "http://localhost",
                         root.path / "etc/carnet/carnet.conf")
        self.root = root
        self.http.mount(self.url, Adapter(root))

    def command(self, *args, input=None, env=None):
        return self.root.run("env", *("%s=%s" % kv for kv in (env or {}).items()),
                             "carnet", *args, input=input or "", check=False)
