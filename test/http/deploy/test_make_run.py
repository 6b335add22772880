"""make run: it has the port alone, survives a start that was interrupted, and ends all
that it started, whichever process is ended first, and by which signal."""
import os
import pty
import shutil
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager

import pytest

from kit import expect, servers
from kit.site import BUILD, ROOT, Site


def environment(mark):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return {**env, "MADE_BY_TEST": mark}


def command(run_dir, port):
    return ["make", "run", "BUILD=%s" % BUILD, "PORT=%d" % port, "RUN_DIR=%s" % run_dir]


def as_from_a_terminal():
    """The shell that runs the tests may ignore these signals, as nohup does."""
    for name in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(name, signal.SIG_DFL)


class Run:
    """make run in a session and process group of its own, as from a shell."""

    def __init__(self, run_dir, port=None, **how):
        self.dir, self.port = run_dir, port or servers.free_port()
        name = "%s %d" % (run_dir, self.port)
        self.mark = "MADE_BY_TEST=" + name
        self.p = subprocess.Popen(
            command(run_dir, self.port), cwd=ROOT, env=environment(name),
            text=True, start_new_session=True, preexec_fn=as_from_a_terminal,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.STDOUT, **how})

    def ready(self):
        said = []
        for line in self.p.stdout:
            said.append(line)
            if line.startswith("ready: http://127.0.0.1:%d" % self.port):
                return self
        raise AssertionError("".join(said))

    def site(self):
        return Site(self.dir, "http://127.0.0.1:%d" % self.port)

    def left(self):
        return {pid: servers.name_of(pid) for pid in servers.processes_with(self.mark)}

    def pids(self, name):
        """Our processes of that name, in the order of their start."""
        return sorted(pid for pid, n in self.left().items() if n == name)

    def is_over(self):
        expect.until(lambda: not self.left())
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", self.port))


@contextmanager
def running(run_dir, **how):
    r = Run(run_dir, **how)
    try:
        yield r
    finally:
        for pid in r.left():  # only if the test failed
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        r.p.wait(60)
        if r.p.stdout:
            r.p.stdout.close()


@pytest.fixture
def run_dir():
    with servers.directory() as path:
        yield path / "run"


def shell_of(r):
    """The shell of deploy/run.sh, which is a child of the second keeper."""
    back = r.pids("keep")[1]
    with open("/proc/%d/task/%d/children" % (back, back)) as f:
        return int(f.read().split()[0])


VICTIMS = {
    "make": lambda r: os.kill(r.p.pid, r.signal),
    "group": lambda r: os.killpg(r.p.pid, r.signal),
    "front": lambda r: os.kill(r.pids("keep")[0], r.signal),
    "back": lambda r: os.kill(r.pids("keep")[1], r.signal),
    "both keepers": lambda r: [os.kill(pid, r.signal) for pid in r.pids("keep")],
    "shell": lambda r: os.kill(shell_of(r), r.signal),
    "lighttpd": lambda r: os.kill(r.pids("lighttpd")[0], r.signal),
}


@pytest.mark.parametrize("name, victim", [
    *[(s, v) for s in ("INT", "TERM", "HUP") for v in ("make", "group", "front")],
    *[("KILL", v) for v in VICTIMS], ("TERM", "shell"), ("TERM", "lighttpd")])
def test_nothing_is_left(run_dir, name, victim):
    """doc/deploy.md, Two commands: stopped is stopped."""
    with running(run_dir) as r:
        r.ready()
        assert r.site().get("/oauth/jwks").status_code == 200
        assert len(r.left()) > 20 and r.pids("token")
        r.signal = getattr(signal, "SIG" + name)
        VICTIMS[victim](r)
        r.is_over()


@contextmanager
def in_terminal(run_dir):
    """make run at a terminal of its own: Ctrl-C goes to its process group."""
    pid, master = pty.fork()
    port = servers.free_port()
    if pid == 0:
        os.chdir(ROOT)
        os.execvpe("make", command(run_dir, port), environment(str(run_dir)))
    r = Run.__new__(Run)
    r.dir, r.port, r.mark = run_dir, port, "MADE_BY_TEST=%s" % run_dir
    said = b""
    try:
        while b"Ctrl-C stops it." not in said:
            said += os.read(master, 4096)
        yield r, master
    finally:
        for left in r.left():
            os.kill(left, signal.SIGKILL)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-C again", "closed"])
def test_a_terminal_ends_it(run_dir, how):
    """After Ctrl-C no program is started again; a closed window hangs up."""
    with in_terminal(run_dir) as (r, master):
        if how == "closed":
            os.close(master)
        else:
            os.write(master, b"\x03")
        r.is_over()


class Stranger(threading.Thread):
    """Has the port, answers every request, and remembers what it was sent."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.heard = self.socket.getsockname()[1], []
        self.start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            with c:
                self.heard.append(c.recv(65536))
                c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def test_a_port_that_another_has(run_dir):
    """make run says that the port is taken, and fails.  It sends the other server
    nothing, and makes nothing.  The next start, with a port of its own, is whole."""
    other = Stranger()
    with running(run_dir, port=other.port) as r:
        said = r.p.communicate(timeout=100)[0]
        assert r.p.returncode != 0
        assert "ready" not in said and "port %d is taken" % other.port in said
        assert not r.left()
    assert other.heard == [] and list(run_dir.iterdir()) == []
    other.socket.close()
    with running(run_dir) as r:
        r.ready()
        whole(r.site())
        r.p.terminate()
        r.is_over()


def whole(site):
    """The demo user signs in and reads the three posts."""
    r = site.post("/api/oauth/password/token", data={
        "username": site.email, "password": site.password, "scope": "read-posts"})
    token = expect.tokens(r)["access_token"]
    assert len(site.get("/api/posts", token=token).json()["data"]) == 3


def break_off(run_dir):
    """Kill a start while it makes the site; False: it was too fast."""
    with running(run_dir) as r:
        expect.until(lambda: any((run_dir / name).exists() for name in (
            ".making/carnet.conf", "carnet.conf")))
        os.killpg(r.p.pid, signal.SIGKILL)
        r.is_over()
    return not (run_dir / "carnet.conf").exists()


def test_a_start_that_was_broken_off(run_dir):
    """It was killed while it made the site: the next start is whole."""
    for _ in range(20):  # a slow machine may look too late
        if break_off(run_dir):
            break
        shutil.rmtree(run_dir)
    assert (run_dir / ".making").is_dir() and not (run_dir / "carnet.conf").exists()
    with running(run_dir) as r:
        r.ready()
        whole(r.site())
        r.p.terminate()
        r.is_over()


def test_a_directory_that_is_served_already(run_dir):
    with running(run_dir) as r:
        r.ready()
        with running(run_dir) as second:
            said = second.p.communicate(timeout=100)[0]
            assert second.p.returncode != 0 and "is served already" in said
        whole(r.site())
        r.p.terminate()
        r.is_over()


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_what_is_no_port(run_dir, port):
    p = subprocess.run([*command(run_dir, 1)[:3], "RUN_DIR=%s" % run_dir, "PORT=" + port],
                       cwd=ROOT, env=environment("none"), text=True, capture_output=True)
    assert p.returncode != 0 and "ready" not in p.stdout
    assert "a port is a number from 1 to 65535" in p.stderr


@pytest.mark.parametrize("host", ["example.org", "0.0.0.0", "localhost.example"])
def test_what_is_no_host(run_dir, host):
    """It listens on this machine alone."""
    p = subprocess.run([*command(run_dir, servers.free_port()), "HOST=" + host],
                       cwd=ROOT, env=environment("none"), text=True, capture_output=True)
    assert p.returncode != 0 and "ready" not in p.stdout
    assert "HOST is localhost or 127.0.0.1" in p.stderr
    assert not (run_dir / "carnet.conf").exists()


def test_the_host_may_change(run_dir):
    """The issuer is the one of this start, and the playground's client follows; HOST of the
    environment does not count."""
    clients = set()

    def said_of(name):
        return [line for line in (run_dir / "carnet.conf").read_text().splitlines()
                if line.startswith(name)]
    for host, words in (("127.0.0.1", []), ("localhost", ["HOST=localhost"]),
                        ("127.0.0.1", [])):
        port = servers.free_port()
        p = subprocess.Popen([*command(run_dir, port), *words], cwd=ROOT, text=True,
                             env={**environment("none"), "HOST": "a-shell-sets-this"},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        with p:
            said = next((line for line in p.stdout if line.startswith("ready:")), "")
            p.terminate()
            p.stdout.read()
        assert said == "ready: http://%s:%d\n" % (host, port)
        assert said_of("issuer") == ["issuer = http://%s:%d" % (host, port)]
        client, = said_of("playground_client = ")
        clients.add(client)
        shown = Site(run_dir, "").carnet_json("client", "show", client.split()[-1])
        here = ["http://%s:%d/oauth/playground" % (host, port)]
        assert (shown["redirect_uris"], shown["post_logout_redirect_uris"]) == (here, here)
    assert len(clients) == 1


def test_a_file_in_the_way_is_not_touched(run_dir):
    """A directory that has keys already, and no carnet.conf."""
    (run_dir / "keys").mkdir(parents=True)
    (run_dir / "keys/mine.pem").write_text("mine")
    with running(run_dir) as r:
        said = r.p.communicate(timeout=100)[0]
        assert r.p.returncode != 0 and "keys is in the way" in said
    assert (run_dir / "keys/mine.pem").read_text() == "mine"
