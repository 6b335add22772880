"""The servers of a site: lighttpd as make run starts it, or plain CGI.  The other web
servers are in deployments.py."""
import fcntl
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from kit import expect
from kit.site import BUILD, ROOT, Client, Site, database_options


class Ports:
    """Ports of 127.0.0.1 that nobody else takes before a server of ours does.  The
    kernel gives ports of ip_local_port_range to whoever connects, at any moment: ours
    are below it. The name of a socket, which lives as long as this process, tells other
    runs of tests that a block of ports is taken."""

    BLOCK = 100
    FIRST = 10000

    def __init__(self):
        self.names, self.left = [], []

    def take_block(self):
        text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text()
        blocks = list(range(self.FIRST, int(text.split()[0]) - self.BLOCK, self.BLOCK))
        # If the kernel gives all of them, no port is safe.
        blocks = blocks or list(range(self.FIRST, 60000, self.BLOCK))
        random.SystemRandom().shuffle(blocks)
        for first in blocks:
            name = socket.socket(socket.AF_UNIX)
            try:
                name.bind("\0carnet-test-ports-%d" % first)
            except OSError:
                name.close()
                continue
            self.names.append(name)
            self.left = list(range(first, first + self.BLOCK))
            return
        raise RuntimeError("each block of ports is taken")

    def next(self):
        while True:
            if not self.left:
                self.take_block()
            port = self.left.pop()
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind(("127.0.0.1", port))
                except OSError:
                    continue  # a server of this machine has it
            return port


free_port = Ports().next


def processes_with(variable):
    """The processes that have variable, NAME=value, in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (entry / "environ").read_bytes().split(b"\0"):
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found += [int(entry.name)] if state != "Z" else []
        except OSError:
            pass  # it ended, or is another user's
    return found


def name_of(pid):
    """The name of the file that the process runs; carnet-porter for a porter, which runs
    the file of its program."""
    try:
        with open("/proc/%d/comm" % pid) as f:
            if f.read() == "carnet-porter\n":
                return "carnet-porter"
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return None  # it ended


def kill_workers(site, program, name, n=None):
    """Send the signal to n processes of a program, or to all, and wait until they are
    gone."""
    def alive():
        return [pid for pid in processes_with("CARNET_RUN=%s" % site.dir)
                if name_of(pid) == program]

    victims = alive()[:n]
    assert victims, "no process of " + program
    for pid in victims:
        os.kill(pid, getattr(signal, "SIG" + name))
    expect.until(lambda: not set(victims) & set(alive()))


@contextmanager
def directory():
    """A directory that other users may enter: Apache may run CGI programs as one."""
    path = Path(tempfile.mkdtemp(prefix="carnet-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def stop(p, marker):
    """Send SIGTERM; p and all that it started must end within seconds."""
    p.send_signal(signal.SIGTERM)
    p.wait(60)
    expect.until(lambda: not processes_with(marker))


def assert_no_secret(log, secrets):
    text = log.read_text(errors="replace")
    assert "Sanitizer" not in text and "runtime error" not in text, text
    leaked = [s for s in secrets if len(s) > 15 and s in text]
    assert not leaked, leaked


def start_lighttpd(run_dir, host="127.0.0.1"):
    """Run deploy/run.sh on a free port.  Return the process and the site, when it has
    said ready; use another port if somebody was faster."""
    for attempt in range(5):
        port = free_port()
        env = {**os.environ, "BUILD": str(BUILD), "PORT": str(port),
               "HOST": host, "RUN_DIR": str(run_dir),
               "DATABASE": "".join(database_options()[1:])}
        p = subprocess.Popen(["sh", "deploy/run.sh"], cwd=ROOT, env=env, text=True,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = p.stdout.readline()
        url = "http://%s:%d" % (host, port)
        if line == "ready: %s\n" % url:
            return p, Site(run_dir, url)
        p.wait(60)
    raise RuntimeError("deploy/run.sh does not get ready: " + line)


@contextmanager
def lighttpd(host="127.0.0.1"):
    with directory() as path:
        p, site = start_lighttpd(path, host)
        made = (path / "install.txt").read_text()
        site.password_client = Client(
            *re.search(r"password client +(\S+)\n +its secret +(\S+)", made).groups())
        site.secrets.add(site.password_client.secret)
        site.log, site.process = path / "error.log", p
        try:
            yield site
        finally:
            stop(p, "CARNET_RUN=%s" % path)
            p.stdout.close()
        assert_no_secret(site.log, site.secrets)


def configure(site, first="", last=""):
    """Put lines before carnet.conf and after it.  A process takes them up with its next
    request, a second later."""
    site.conf.write_text(first + site.conf.read_text() + last)
    time.sleep(1.2)


def nobody_hashes(site):
    """Take the locks of all slots to hash, the first bytes of a file, until it is closed."""
    f = open(site.dir / "data/slots", "a+b")
    F_OFD_SETLKW = 38
    fcntl.fcntl(f, F_OFD_SETLKW,
                struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1024, 0))
    return f


def answers(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def plain_cgi(*install_options):
    """Plain CGI, without a web server."""
    with directory() as path:
        site = Site(path, "http://127.0.0.1")
        site.serve_by_cgi()
        site.install(*install_options)
        yield site
