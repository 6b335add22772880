"""systemd's units, read as systemd reads them, and their sockets, opened as it opens
them."""
import os
import select
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager

from kit import plaincgi
from kit.site import ROOT

UNITS = ROOT / "deploy/systemd"


def read(*paths):
    """A unit and its drop-ins: (section, name): values.  An empty value drops those
    before it, if there are any (systemd.unit(5))."""
    found, section = {}, None
    for path in paths:
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and line[0] not in "#;":
                name, _, value = line.partition("=")
                values = found.setdefault((section, name), [])
                if value == "" and values:
                    values.clear()
                else:
                    values.append(value)
    return found


def most_exposed(service):
    """What systemd-analyze(1) security may find, of 100; the network alone is 15."""
    return 25 if "courier" in service else 10


class Unit:
    """carnet@NAME: its socket, and the one process that starts when somebody first
    connects. place(text) replaces the paths of the units by ours."""

    def __init__(self, name, drop_ins, place, as_user, log):
        unit = read(UNITS / "carnet@.socket", *drop_ins)
        service = read(UNITS / "carnet@.service")
        self.name, self.process = name, None
        self.listener = self.listen(place, *unit["Socket", "ListenStream"],
                                    mode=int(unit["Socket", "SocketMode"][0], 8),
                                    group=as_user and unit["Socket", "SocketGroup"][0])
        assert unit["Socket", "Accept"] == ["no"]
        assert service["Service", "StandardInput"] == ["socket"]
        self.command = self.fill(place, *service["Service", "ExecStart"]).split()
        env = dict(self.fill(place, text).split("=", 1)
                   for text in service["Service", "Environment"])
        self.how = {
            "env": {**plaincgi.kept_environment(), **env}, "stdin": self.listener,
            "stdout": log, "stderr": log, "umask": int(service["Service", "UMask"][0], 8)}
        if as_user:
            self.how.update(user=as_user, group=as_user, extra_groups=[])

    def fill(self, place, text):
        return place(text.replace("%i", self.name))

    def listen(self, place, where, mode, group):
        where = self.fill(place, where)
        if where.startswith("/"):
            s = socket.socket(socket.AF_UNIX)
            s.bind(where)
            os.chmod(where, mode)
            if group:
                shutil.chown(where, "root", group)
        else:
            host, _, port = where.rpartition(":")
            s = socket.create_server((host, int(port)))
        s.listen(128)
        return s

    def is_idle(self):
        return self.process is None or self.process.poll() is not None

    def start(self):
        """If the start fails, systemd closes the socket, and those who wait are refused."""
        try:
            self.process = subprocess.Popen(self.command, **self.how)
        except OSError:
            self.listener.accept()[0].close()

    def stop(self):
        self.listener.close()
        if not self.is_idle():
            self.process.terminate()
            assert self.process.wait(60) == 0, self.name


def watch(units, ended):
    while not ended.is_set():
        idle = {u.listener: u for u in units if u.is_idle()}
        for listener in select.select(list(idle), [], [], 0.05)[0]:
            idle[listener].start()


@contextmanager
def sockets(names, place, drop_ins, as_user, log):
    """What systemctl enable --now carnet@NAME.socket does for each name.  drop_ins:
    those of a name."""
    with log.open("w") as out:
        units = [Unit(name, drop_ins.get(name, []), place, as_user, out)
                 for name in names]
        ended = threading.Event()
        thread = threading.Thread(target=watch, args=(units, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            for unit in units:
                unit.stop()
