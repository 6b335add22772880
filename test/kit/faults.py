"""Programs as FastCGI processes on sockets of their own, and faults below them."""
import io
import os
import pwd
import resource
import shutil
import sqlite3
import struct
import subprocess
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from kit import fastcgi, plaincgi, servers
from kit.site import BUILD, ROOT, Site

SANITIZED = b"__asan_init" in (BUILD / "cgi-bin/token").read_bytes()


def shim(folder):
    """The shared object that makes faults; see test/fault/shim.c."""
    if SANITIZED:
        pytest.skip("nothing can be preloaded before the sanitizers")
    made = Path(folder) / "shim.so"
    if not made.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-w", "-o", made,
                        ROOT / "test/fault/shim.c", "-ldl"], check=True)
    return made


class Faults:
    """Say which call of which kind fails, in a process with env in its environment; and
    see where it crashed."""

    KINDS = ("write", "sync", "malloc")

    def __init__(self, folder):
        self.state, self.trace = Path(folder) / "state", Path(folder) / "trace"
        self.env = {"LD_PRELOAD": str(shim(folder)), "FAULT_STATE": str(self.state),
                    "FAULT_TRACE": str(self.trace)}
        self.arm()

    def arm(self, kind=None, n=0):
        """From now on the n-th call of that kind fails; without a kind none does."""
        self.trace.write_text("")
        numbers = [x for k in self.KINDS for x in (n if k == kind else 0, 0)]
        with open(self.state, "r+b" if self.state.exists() else "wb") as f:
            f.write(struct.pack("=6q", *numbers))

    def count(self, kind):
        """How many calls there were since arm."""
        numbers = struct.unpack("=6q", self.state.read_bytes())
        return numbers[2 * self.KINDS.index(kind) + 1]

    def callers(self):
        """The objects on the stack of the crash, the innermost first, without the C
        library: first the one that crashed, then its caller."""
        names = [Path(line).name for line in self.trace.read_text().splitlines()]
        return [n for n in names if not n.startswith(
            ("libc.so", "ld-linux", "shim.so", "linux-vdso"))]


def check_sound(site, database="data/carnet.db"):
    with closing(sqlite3.connect(site.dir / database, timeout=60)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


class Adapter(requests.adapters.BaseAdapter):
    """A web server inside requests, in front of FastCGI processes."""

    def __init__(self, programs):
        super().__init__()
        self.programs = programs

    def send(self, request, **_):
        path = urlsplit(request.url).path
        script = next(s for s in plaincgi.ROUTES if (path + "/").startswith(s + "/"))
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        env = plaincgi.meta_variables(request, script)
        out, err = self.programs[plaincgi.ROUTES[script]].send(fastcgi.request(
            [(k.encode(), v.encode()) for k, v in env.items()], body))
        r = requests.Response()
        r.request, r.url, r.log = request, request.url, err.decode(errors="replace")
        head, _, content = out.partition(b"\r\n\r\n")
        fields = CaseInsensitiveDict(
            line.split(": ", 1) for line in head.decode("ascii").split("\r\n") if line)
        r.status_code = int(fields.pop("Status", "0 none").split()[0])
        r.headers, r.raw = fields, io.BytesIO(content)
        return r

    def close(self):
        pass


@contextmanager
def served(*programs, env=None, user=None, settings="", build=BUILD):
    """A site, and a process of each program.  user: who runs them, if root runs the
    tests.  build: where their cgi-bin/ is."""
    with servers.directory() as path:
        site = Site(path, "http://127.0.0.1")
        site.install()
        if settings:
            site.conf.write_text(settings + "\n" + site.conf.read_text())
        if user:
            uid = pwd.getpwnam(user).pw_uid
            for p in [path, *path.rglob("*")]:
                os.chown(p, uid, -1)
        env = {**os.environ, "CARNET_CONF": str(site.conf), **(env or {})}
        site.programs = {}
        for name in programs:
            site.programs[name] = start(name, path, env, user, build)
        site.http.mount(site.url, Adapter(site.programs))
        try:
            yield site
        finally:
            for p in site.programs.values():
                p.stop()


def start(name, path, env, user=None, build=BUILD):
    """Like fastcgi.Program; another user may run it."""
    if user is None:
        return fastcgi.Program(build / "cgi-bin" / name, path, env)
    import socket
    p = fastcgi.Program.__new__(fastcgi.Program)
    p.name, p.address = name, str(path / (name + ".sock"))
    p.log = open(path / (name + ".log"), "ab")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(p.address)
    listener.listen(16)
    # That user may be unable to reach the build.
    program = Path(shutil.copy(build / "cgi-bin" / name, path / name))
    program.chmod(0o755)
    p.process = subprocess.Popen([program], stdin=listener, stdout=subprocess.DEVNULL,
                                 stderr=p.log, env=env, user=user)
    listener.close()
    return p


def limit(site, program, which, soft):
    """Set the soft limit of a running process; return the old one."""
    pid = site.programs[program].process.pid
    old = resource.prlimit(pid, which)
    resource.prlimit(pid, which, (old[0] if soft is None else soft, old[1]))
    return old[0]
